"""YAML that knows its lines, so that an expert who edits a data file is told where the mistake is.

ExpertFileError (a ValueError)
    path, line (from 1), problem (Korean or English, for people)
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

import yaml


class ExpertFileError(ValueError):
    """A data file that experts edit is malformed; str() reads "cues.yml:12: what is wrong"."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path.name}:{line}: {problem}")
        self.path, self.line, self.problem = path, line, problem


@dataclass(frozen=True)
class Entry:
    """One node of a YAML file. Every accessor raises ExpertFileError with the node's line when the shape is another."""

    path: Path
    node: yaml.Node

    @property
    def line(self) -> int:
        """The line the node begins on, from 1."""
        return int(self.node.start_mark.line) + 1

    def error(self, problem: str) -> ExpertFileError:
        """The error to raise about this node."""
        return ExpertFileError(self.path, self.line, problem)

    def text(self) -> str:
        """The node as a non-empty string."""
        if not isinstance(self.node, yaml.ScalarNode) or not self.node.value.strip():
            raise self.error("expected a text")
        return str(self.node.value)

    def number(self) -> int:
        """The node as a whole number, 0 or more."""
        text = self.text()
        if not text.isascii() or not text.isdigit():
            raise self.error(f"expected a whole number, not {text!r}")
        return int(text)

    def flag(self) -> bool:
        """The node as true or false."""
        text = self.text()
        if text not in ("true", "false"):
            raise self.error(f"expected true or false, not {text!r}")
        return text == "true"

    def items(self) -> Iterator["Entry"]:
        """The entries of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.error("expected a list")
        return (Entry(self.path, child) for child in self.node.value)

    def fields(self) -> dict[str, "Entry"]:
        """The entries of a mapping; a key twice is an error, which YAML itself would let pass."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.error("expected a mapping")
        fields: dict[str, Entry] = {}
        for key_node, value_node in self.node.value:
            key = Entry(self.path, key_node)
            if key.text() in fields:
                raise key.error(f"{key.text()!r} appears twice")
            fields[key.text()] = Entry(self.path, value_node)
        return fields

    def known_fields(self, required: AbstractSet[str], optional: AbstractSet[str] = frozenset()) -> dict[str, "Entry"]:
        """fields(), with no key missing and none misspelt."""
        fields = self.fields()
        if missing := required - fields.keys():
            raise self.error(f"missing: {', '.join(sorted(missing))}")
        if unknown := fields.keys() - required - optional:
            name = sorted(unknown)[0]
            raise fields[name].error(f"unknown name {name!r}")
        return fields


def load(path: Path) -> Entry:
    """The root of a YAML file (UTF-8). Raises ExpertFileError for broken YAML or an empty file, OSError for no file."""
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ExpertFileError(path, mark.line + 1 if mark else 1, str(error.problem)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ExpertFileError(path, 1, str(error)) from error
    if node is None:
        raise ExpertFileError(path, 1, "the file is empty")
    return Entry(path, node)
