"""One of the bot's actions, called over HTTP as Rasa calls it."""

from __future__ import annotations

from typing import Any

import httpx

from services.settings import Settings


async def run_action(
    client: httpx.AsyncClient,
    settings: Settings,
    action: str,
    *,
    session_id: str,
    text: str,
    intent: str,
    slots: dict[str, Any] | None = None,
    entities: list[dict[str, Any]] | None = None,
    needs: list[dict[str, Any]] | None = None,
    **metadata: Any,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The messages of the action and the slots that it set."""
    ranking = [{"name": name, "confidence": 0.3} for name in (intent, "streetlight", "sewer")]
    message = {
        "text": text,
        "intent": {"name": intent, "confidence": 0.9},
        "intent_ranking": ranking,
        "entities": entities or [],
        "needs": needs or [],
        "metadata": metadata,
    }
    tracker = {
        "sender_id": session_id,
        "slots": slots or {},
        "latest_message": message,
        "events": [],
        "paused": False,
        "followup_action": None,
        "active_loop": {},
        "latest_action_name": None,
    }
    answer = await client.post(
        "/internal/actions",
        json={"next_action": action, "sender_id": session_id, "tracker": tracker},
        headers={"X-Action-Token": settings.action_token.get_secret_value()},
    )
    assert answer.status_code == 200, answer.text
    body = answer.json()
    set_slots = {event["name"]: event["value"] for event in body["events"] if event["event"] == "slot"}
    return body["responses"], set_slots
