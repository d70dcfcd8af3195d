"""Examples that are not for teaching an intent: their block of the training data says so.

- intent: fire
  metadata: {use: calibration}
  examples: |
    - ...
"""

from __future__ import annotations

from rasa.shared.nlu.constants import METADATA, METADATA_INTENT
from rasa.shared.nlu.training_data.message import Message

CALIBRATION = "calibration"
"""Tells what the confidence is worth."""
DANGER = "danger"
"""Someone's life is at risk now; whatever the intent."""
NO_DANGER = "no_danger"
"""Sounds like danger and is none; whatever the intent."""


def purpose(message: Message) -> str | None:
    """One of the above, or None for an ordinary utterance of its intent."""
    metadata = (message.get(METADATA) or {}).get(METADATA_INTENT) or {}
    use = metadata.get("use")
    return str(use) if use else None
