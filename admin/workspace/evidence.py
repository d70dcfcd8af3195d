"""How the assistant understood a case, ready to be read: from the case's own evidence and its conversation's turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from admin.workspace import labels
from services.cases.models import Case
from services.chat.models import Turn
from services.taxonomy import Taxonomy


@dataclass(frozen=True)
class Ranked:
    """One guess of the classifier; `confidence` from 0 to 1."""

    intent: str
    ko: str
    confidence: float


@dataclass(frozen=True)
class Cue:
    """Words that the emergency triage took for a danger, and the phone line it gave."""

    text: str
    line: str
    intent_ko: str


@dataclass(frozen=True)
class Evidence:
    intent: str
    intent_ko: str
    confidence: float | None
    ranking: tuple[Ranked, ...]
    model_version: str | None
    chosen_by: str
    cue: Cue | None


def intent_name(taxonomy: Taxonomy, intent: str) -> str:
    return taxonomy.get(intent).ko if intent in taxonomy else intent


def read_evidence(case: Case, turns: Sequence[Turn], taxonomy: Taxonomy) -> Evidence:
    """Old cases and other channels may hold less: what is missing is None or empty, never an error."""
    kept: Mapping[str, Any] = case.evidence or {}
    ranking = kept.get("ranking") or []
    cue = kept.get("emergency") or next((turn.emergency for turn in turns if turn.emergency), None)
    confidence = kept.get("confidence")
    return Evidence(
        intent=case.intent,
        intent_ko=intent_name(taxonomy, case.intent),
        confidence=float(confidence) if confidence is not None else None,
        ranking=tuple(
            Ranked(str(item["intent"]), intent_name(taxonomy, str(item["intent"])), float(item["confidence"]))
            for item in ranking[:5]
        ),
        model_version=kept.get("model_version"),
        chosen_by=_chosen_by(kept, cue),
        cue=_cue(cue, taxonomy) if cue else None,
    )


def _chosen_by(kept: Mapping[str, Any], cue: object) -> str:
    if "chosen_by" in kept:
        return labels.named(labels.CHOSEN_BY_NAMES, str(kept["chosen_by"]))
    if kept.get("emergency") or (cue and not kept):
        return "긴급 감지 규칙"
    return labels.CHOSEN_BY_NAMES["model"] if kept.get("ranking") else "분류 근거 없음"


def _cue(cue: Mapping[str, Any], taxonomy: Taxonomy) -> Cue:
    return Cue(
        text=str(cue.get("cue", "")),
        line=str(cue.get("line", "")),
        intent_ko=intent_name(taxonomy, str(cue.get("intent", ""))),
    )
