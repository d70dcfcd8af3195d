"""What excuses a cue in one message: idioms, hypothetical endings, and contexts such as the past or a drama's plot."""

import sys
from bisect import bisect_left
from collections.abc import Iterator

from services.chat.triage_cues import Context, CueBook, Group
from services.chat.triage_patterns import Message, Pattern, Span
from services.chat.triage_text import SENTENCE_END, Reading


class Exceptions:
    """Each kind is worked out when the first cue asks, and then kept as a mask: one byte a character of the folded
    message, 1 where a cue does not count."""

    def __init__(self, book: CueBook, message: Message, reading: Reading) -> None:
        self._book, self._message, self._reading = book, message, reading
        self._folded = message.folded
        self._masks: dict[str, bytearray] = {}
        self._plea: bool | None = None
        self._people_at: list[int] | None = None

    def excuse(self, group: Group, span: Span) -> bool:
        """Whether an exception covers the cue at this span."""
        start, end = span
        return (
            (group.at_word and self._reading.spaced and not self._reading.begins_word(start))
            or 1 in self._phrase_mask("", self._book.phrases)[start:end]
            or 1 in self._phrase_mask(group.name, group.phrases)[start:end]
            or self._hypothetical(end)
            or self._in_context(group, span)
        )

    def _hypothetical(self, end: int) -> bool:
        kept = self._book.endings_kept.match(self._folded, end)
        return not kept and self._book.endings.match(self._folded, end) is not None

    def _in_context(self, group: Group, span: Span) -> bool:
        if self._plea is None:
            idioms = self._phrase_mask("", self._book.phrases)
            self._plea = any(1 not in idioms[start:end] for start, end in self._find(self._book.pleas))
        if self._plea:
            return False
        start, end = span
        return any(
            group.name in context.groups and 0 not in self._context_mask(context)[start:end]
            for context in self._book.contexts
        )

    def _phrase_mask(self, name: str, phrases: tuple[Pattern, ...]) -> bytearray:
        if name not in self._masks:
            mask = bytearray(len(self._folded))
            for start, end in self._find(phrases):
                if not (self._crosses_a_person(start, end) or self._crosses_into_a_word(start, end)):
                    mask[start:end] = b"\1" * (end - start)
            self._masks[name] = mask
        return self._masks[name]

    def _crosses_a_person(self, start: int, end: int) -> bool:
        """An idiom or a thing's name does not reach across a person: 나무 옆에서 할머니가 쓰러졌어요."""
        if self._people_at is None:
            self._people_at = sorted(place for place, _ in self._find(self._book.people))
        return start < _next(self._people_at, start + 1) < end

    def _crosses_into_a_word(self, start: int, end: int) -> bool:
        """Nor does it begin in the last syllable of another word: 이불 is not in 사람이 불 때문에."""
        return end > start + 1 and self._reading.begins_word(start + 1) and not self._reading.begins_word(start)

    def _context_mask(self, context: Context) -> bytearray:
        key = f"context {context.name}"
        if key not in self._masks:
            self._masks[key] = self._shade(context)
        return self._masks[key]

    def _shade(self, context: Context) -> bytearray:
        mask = bytearray(len(self._folded))
        words = list(self._find(context.words))
        if not words:
            return mask
        now = sorted(start for start, _ in self._find(context.unless))
        if context.whole_message or context.earlier:
            excused = 0 if now else len(mask) if context.whole_message else max(start for start, _ in words)
            return bytearray(b"\1" * excused).ljust(len(mask), b"\0")
        stops = sorted(start for start, _ in self._find(context.stops))
        for start, end in words:
            low, high = self._sentence(start, end)
            if low <= _next(now, low) < high:
                continue
            left = max(low, start - context.before)
            right = min(high, end + context.after, _next(stops, end))
            mask[left:right] = b"\1" * (right - left)
        return mask

    def _sentence(self, start: int, end: int) -> Span:
        high = self._folded.find(SENTENCE_END, end)
        return self._folded.rfind(SENTENCE_END, 0, start) + 1, len(self._folded) if high < 0 else high

    def _find(self, patterns: tuple[Pattern, ...]) -> Iterator[Span]:
        return (span for pattern in patterns for span in pattern.spans(self._message))


def _next(places: list[int], position: int) -> int:
    """The first of the sorted places at or after the position; beyond every text when there is none."""
    index = bisect_left(places, position)
    return places[index] if index < len(places) else sys.maxsize
