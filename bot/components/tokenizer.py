"""Korean morphemes as Rasa tokens."""

from __future__ import annotations

import re
from typing import Any

from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message

from bot.components.align import align
from bot.components.analyzers import ANALYZERS, AnalyzerUnavailable, analyzer
from bot.components.normalize import REPLACEMENT, normalize

POS_KEY = "pos"
"""Key of `Token.data` that holds the analyzer's part of speech."""
UNKNOWN_POS = "UNK"
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
"""Emoji and rare Han: JNI hands them to Java's analyzers in halves, which come back as undecodable text."""
_CHUNK = 300
"""Characters analysed at once: Kkma's time explodes on long sentences, and alignment stays local."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class KoNLPyTokenizer(Tokenizer):
    """Tokenizes with one of KoNLPy's analyzers (https://konlpy.org, `konlpy.tag`).

    Each token's `start` and `end` are offsets in the text as the citizen wrote it, its `text` is that surface, its `lemma`
    the analyzer's form, and its `data["pos"]` the part of speech in the analyzer's own tag set. A text that is not blank
    has at least one token.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`analyzer`: one of mecab (default, no JVM), okt, komoran, hannanum, kkma."""
        return {
            "analyzer": "mecab",
            "intent_tokenization_flag": False,
            "intent_split_symbol": "_",
            "token_pattern": None,
            "prefix_separator_symbol": None,
        }

    @staticmethod
    def supported_languages() -> list[str] | None:
        """None: other languages pass through as Latin, Han or unknown tokens."""
        return None

    @staticmethod
    def required_packages() -> list[str]:
        """What Rasa checks before training; it wants names that are both a module and a distribution."""
        return ["konlpy"]

    def __init__(self, config: dict[str, Any]) -> None:
        """Checks the configuration; the analyzer itself is made at first use.

        Raises:
            AnalyzerUnavailable: the configured name is unknown.
        """
        super().__init__(config)
        self._analyzer = str(config["analyzer"])
        if self._analyzer not in ANALYZERS:
            raise AnalyzerUnavailable(f"unknown analyzer '{self._analyzer}'; choose one of {', '.join(ANALYZERS)}")

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,  # noqa: ARG003
        resource: Resource,  # noqa: ARG003
        execution_context: ExecutionContext,  # noqa: ARG003
    ) -> KoNLPyTokenizer:
        """Creates the component (Rasa calls this while it builds the graph)."""
        return cls(config)

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        """The tokens of one attribute of a message.

        Raises:
            AnalyzerUnavailable: the analyzer needs a JVM and there is none.
        """
        tokens: list[Token] = self._apply_token_pattern(tokens_of(message.get(attribute) or "", self._analyzer))
        return tokens


def tokens_of(text: str, analyzer_name: str = "mecab") -> list[Token]:
    """Tokens of a text, as `KoNLPyTokenizer` makes them; [] if the text is blank or invisible."""
    normal = normalize(text)
    pos = analyzer(analyzer_name).pos
    tokens: list[Token] = []
    for chunk_start, chunk_end in _chunks(normal.text):
        chunk = normal.text[chunk_start:chunk_end]
        if analyzer_name != "mecab":
            chunk = _ASTRAL.sub(REPLACEMENT, chunk)
        tagged = [(form.strip(), tag) for form, tag in pos(chunk) if form.strip()] or [(chunk.strip(), UNKNOWN_POS)]
        for (form, tag), (start, end) in zip(tagged, align([form for form, _ in tagged], chunk)):
            first, last = normal.surface_span(chunk_start + start, chunk_start + end)
            tokens.append(Token(text[first:last], first, last, data={POS_KEY: tag}, lemma=form))
    return tokens


def _chunks(text: str) -> list[tuple[int, int]]:
    """Spans of at most `_CHUNK` characters, cut at blanks where there are any; blank spans are left out."""
    spans = []
    start = 0
    while start < len(text):
        end = min(start + _CHUNK, len(text))
        if end < len(text):
            blank = text.rfind(" ", start + 1, end)
            end = blank if blank > start else end
        if text[start:end].strip():
            spans.append((start, end))
        start = end
    return spans
