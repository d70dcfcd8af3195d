"""Personal data leaves a text before it is stored, logged or sent to the bot.

ko-pii finds the well-formed identifiers; the recognisers below add what a checksum rejects but a person still typed
(a resident registration number with a wrong digit is personal data too). Names and addresses stay: a place is what
most complaints are about, and name detection alone takes words such as 도로 for names (measured: `도로가` → PERSON).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import ko_pii

# Label of ko-pii → what a reader sees instead.
LABELS: dict[str, str] = {
    "RRN": "[주민등록번호]",
    "FRN": "[외국인등록번호]",
    "PHONE": "[전화번호]",
    "CARD": "[카드번호]",
    "ACCOUNT": "[계좌번호]",
    "PASSPORT": "[여권번호]",
    "DRIVER_LICENSE": "[운전면허번호]",
    "EMAIL": "[이메일]",
}

_OWN: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("RRN", re.compile(r"(?<!\d)\d{6}\s*[-–~.]\s*[1-8]\d{6}(?!\d)|(?<!\d)\d{2}[01]\d[0-3]\d\s?[1-8]\d{6}(?!\d)")),
    ("PHONE", re.compile(r"(?<!\d)01[016789][\s.\-–·]{0,3}\d{3,4}[\s.\-–·]{0,3}\d{4}(?!\d)")),
    (
        "EMAIL",
        re.compile(
            r"[A-Za-z0-9._%+-]{1,64}\s?(?:@|골뱅이)\s?[A-Za-z0-9-]{1,63}(?:\s?(?:\.|닷|점)\s?[A-Za-z]{2,10}){1,3}"
        ),
    ),
)


@dataclass(frozen=True)
class Finding:
    """Offsets are characters in the cleaned text."""

    label: str
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Masked:
    text: str
    original: str
    findings: tuple[Finding, ...]

    @property
    def changed(self) -> bool:
        return bool(self.findings)


def mend(text: str) -> str:
    """The text with each lone surrogate (half an emoji, cut off by a phone) as U+FFFD, which pydantic lets in."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def clean(text: str) -> str:
    """Text that PostgreSQL, JSON and Rasa can hold: no NUL, no lone surrogates, no control characters but newlines."""
    text = mend(text)
    kept = (ch if ch in "\n\t" or unicodedata.category(ch) != "Cc" else " " for ch in text)
    return "".join(kept).strip()


def mask(text: str) -> Masked:
    """Masks what identifies a person. The result's `original` is the cleaned text, unmasked."""
    cleaned = clean(text)
    found = [
        Finding(item.label, item.start, item.end, cleaned[item.start : item.end])
        for item in ko_pii.detect_all(cleaned, include=list(LABELS))
    ]
    for label, pattern in _OWN:
        found += [Finding(label, m.start(), m.end(), m.group()) for m in pattern.finditer(cleaned)]
    kept: list[Finding] = []
    for finding in sorted(found, key=lambda item: (item.start, -item.end)):
        if not kept or finding.start >= kept[-1].end:
            kept.append(finding)
        elif finding.end > kept[-1].end:  # they overlap: together they are masked, or the tail of the second would show
            first = kept.pop()
            kept.append(Finding(first.label, first.start, finding.end, cleaned[first.start : finding.end]))
    parts: list[str] = []
    position = 0
    for finding in kept:
        parts += [cleaned[position : finding.start], LABELS[finding.label]]
        position = finding.end
    parts.append(cleaned[position:])
    return Masked("".join(parts), cleaned, tuple(kept))
