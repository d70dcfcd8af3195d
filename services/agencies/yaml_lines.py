"""YAML that remembers where it was written, so that a mistake in a file can name its line.

Anchors and merge keys work as in plain YAML; a value from an anchor has the anchor's line. Unlike PyYAML, a key
written twice in one mapping is an error: otherwise the last one would win without a word.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

Path = tuple[str | int, ...]


class YamlError(Exception):
    """Not YAML, or a key written twice. `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"{line}: {message}")
        self.line = line
        self.message = message


@dataclass(frozen=True)
class LinedDocument:
    """`data` as yaml.safe_load gives it; `line_of` any path of keys and indexes in it."""

    data: Any
    _lines: dict[Path, int]

    def line_of(self, path: Path) -> int:
        """The line (from 1) of the longest known beginning of the path."""
        for end in range(len(path), -1, -1):
            if (line := self._lines.get(path[:end])) is not None:
                return line
        return 1


def parse(text: str) -> LinedDocument:
    """Raises YamlError."""
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        lines: dict[Path, int] = {}
        data = None
        if root is not None:
            _refuse_repeated_keys(root, set())
            data = loader.construct_document(root)
            _note_lines(loader, root, (), lines)
        return LinedDocument(data, lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(mark.line + 1 if mark else 1, error.problem or "not YAML") from None
    except yaml.YAMLError as error:
        raise YamlError(1, str(error)) from None
    finally:
        loader.dispose()


def _refuse_repeated_keys(node: yaml.Node, seen: set[int]) -> None:
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        written: set[str] = set()
        for key, value in node.value:
            if key.value in written:
                raise YamlError(key.start_mark.line + 1, f"{key.value} is written twice")
            if isinstance(key, yaml.ScalarNode):
                written.add(key.value)
            _refuse_repeated_keys(value, seen)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_repeated_keys(value, seen)


def _note_lines(loader: yaml.SafeLoader, node: yaml.Node, path: Path, lines: dict[Path, int]) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        # construct_document has already replaced `<<` by the merged pairs, the mapping's own after them.
        for key, value in node.value:
            inner = (*path, loader.construct_object(key))
            lines[inner] = key.start_mark.line + 1
            _note_lines(loader, value, inner, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _note_lines(loader, value, (*path, index), lines)
