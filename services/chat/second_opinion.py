"""What the classifier adds to the emergency triage. It can only add an alarm, never take one away."""

from __future__ import annotations

from typing import Final

from services.chat.gateway import Parse
from services.chat.triage import LIFE_AT_RISK, Emergency
from services.taxonomy import Intent, Taxonomy

# From this probability of danger the classifier alarms where the cues did not (figures: nlu_data/DATASHEET.md).
DANGER: Final = 0.45
# A model without an opinion on danger alarms when it is as sure as this of an intent that is one.
SURE: Final = 0.8
# The kind of danger, where none of the likeliest intents is one: 119 answers for all of them.
UNKNOWN_KIND: Final = "medical_rescue"


def second_opinion(taxonomy: Taxonomy, parse: Parse) -> Emergency | None:
    """The danger that the classifier sees in a message, or None."""
    ranking = [item for item in parse.intent_ranking if item.name in taxonomy]
    urgent = [(taxonomy.get(str(item.name)), item.confidence) for item in ranking]
    urgent = [(intent, confidence) for intent, confidence in urgent if _is_danger(intent)]
    if parse.danger is not None:
        if parse.danger < DANGER:
            return None
        return _emergency(urgent[0][0] if urgent else taxonomy.get(UNKNOWN_KIND))
    if urgent and ranking[0].name == urgent[0][0].name and urgent[0][1] >= SURE:
        return _emergency(urgent[0][0])
    return None


def _is_danger(intent: Intent) -> bool:
    return intent.urgency >= LIFE_AT_RISK and intent.line is not None


def _emergency(intent: Intent) -> Emergency:
    return Emergency(line=str(intent.line), cue=intent.ko, intent=intent.name)
