"""The one channel of this assistant: the services' gateway, over HTTP on loopback.

    GET  /webhooks/gateway/          {"status": "ok", "model_version"}, 503 while no model is loaded
    POST /webhooks/gateway/webhook   {sender, message, message_id, metadata?, retry?}
                                     → {"messages": [...], "parse": {...}, "model_version", "replayed"}
    POST /webhooks/gateway/classify  {texts: [...]} → {"results": [{intent, intent_ranking}], "model_version"}

Every route wants the header `X-Rasa-Token` (401). A body that is not what the route expects is answered with 400, a
message that could not be handled with 500 (`action_failed`, `timed_out` after five seconds, `internal`), each with
{"error": code}. After a 500 nothing of the turn is stored, and the message may be sent again.
"""

from __future__ import annotations

import asyncio
import hmac
import os
from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any

import structlog
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.channels.rest import RestInput
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.classification import MAX_TEXTS, classify, model_version
from bot.turn import ActionFailed, TurnTimedOut, public_parse, take_turn

TOKEN_HEADER = "X-Rasa-Token"  # noqa: S105
TOKEN_VARIABLE = "RASA_TOKEN"  # noqa: S105

log = structlog.get_logger(__name__)

Handler = Callable[[Request], Coroutine[Any, Any, HTTPResponse]]


class BadRequest(ValueError):
    """The body is not what the route expects; the message says what is missing."""


class GatewayInput(RestInput):
    """Rasa's REST channel, made idempotent, loud about failures, and telling how each message was understood."""

    @classmethod
    def name(cls) -> str:
        """Mounted at /webhooks/gateway."""
        return "gateway"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:  # noqa: ARG002
        """The routes; Rasa's own message handler is not used, since it would parse a second time."""
        routes = Blueprint("gateway_channel")
        running: set[asyncio.Future[Any]] = set()

        @routes.get("/")
        @guarded
        async def health(request: Request) -> HTTPResponse:
            agent = _ready_agent(request)
            if agent is None:
                return _error("no_model", 503)
            return response.json({"status": "ok", "model_version": model_version(agent)})

        @routes.post("/webhook")
        @guarded
        async def webhook(request: Request) -> HTTPResponse:
            body = _object(request)
            message = _user_message(body)
            retry = body.get("retry", False)
            if not isinstance(retry, bool):
                raise BadRequest("retry must be true or false")
            agent = _ready_agent(request)
            if agent is None:
                return _error("no_model", 503)
            turn = asyncio.ensure_future(take_turn(agent, message, retry=retry))
            running.add(turn)
            turn.add_done_callback(running.discard)
            # a gateway that hangs up must not cut a turn whose action has already acted: its retry finds the answer
            done = await asyncio.shield(turn)
            return response.json(
                {
                    "messages": done.messages,
                    "parse": done.parse,
                    "model_version": model_version(agent),
                    "replayed": done.replayed,
                }
            )

        @routes.post("/classify")
        @guarded
        async def classify_texts(request: Request) -> HTTPResponse:
            texts = _object(request).get("texts")
            if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
                raise BadRequest("texts must be a list of strings")
            if len(texts) > MAX_TEXTS:
                raise BadRequest(f"at most {MAX_TEXTS} texts at once")
            agent = _ready_agent(request)
            if agent is None:
                return _error("no_model", 503)
            parses = [public_parse(parse) for parse in await classify(agent, [_clean(text) for text in texts])]
            results = [{key: p[key] for key in ("intent", "intent_ranking", "danger")} for p in parses]
            return response.json({"results": results, "model_version": model_version(agent)})

        return routes


def guarded(handler: Handler) -> Handler:
    """Checks the token in constant time and turns every error into a JSON answer."""

    @wraps(handler)
    async def checked(request: Request) -> HTTPResponse:
        expected = os.environ.get(TOKEN_VARIABLE, "")
        given = request.headers.get(TOKEN_HEADER, "")
        if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
            return _error("unauthorized", 401)
        try:
            return await handler(request)
        except BadRequest as error:
            return _error("bad_request", 400, str(error))
        except TurnTimedOut:
            log.error("gateway.turn.timed_out")
            return _error("timed_out", 500)
        except ActionFailed:
            log.error("gateway.action.failed", exc_info=True)
            return _error("action_failed", 500)
        except Exception:
            log.error("gateway.failed", exc_info=True)
            return _error("internal", 500)

    return checked


def _error(code: str, status: int, detail: str | None = None) -> HTTPResponse:
    return response.json({"error": code, **({"detail": detail} if detail else {})}, status=status)


def _ready_agent(request: Request) -> Agent | None:
    agent: Agent | None = getattr(request.app.ctx, "agent", None)
    return agent if agent is not None and agent.is_ready() else None


def _object(request: Request) -> dict[str, Any]:
    try:
        body = request.json
    except Exception as error:
        raise BadRequest("the body is not JSON") from error
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object")
    return body


def _user_message(body: dict[str, Any]) -> UserMessage:
    for key in ("sender", "message", "message_id"):
        if not isinstance(body.get(key), str) or not body[key]:
            raise BadRequest(f"{key} must be a string that is not empty")
    metadata = {} if body.get("metadata") is None else body["metadata"]
    if not isinstance(metadata, dict):
        raise BadRequest("metadata must be an object")
    return UserMessage(
        text=_clean(body["message"]),
        output_channel=CollectingOutputChannel(),
        sender_id=body["sender"],
        input_channel=GatewayInput.name(),
        message_id=body["message_id"],
        metadata={**metadata, "message_id": body["message_id"]},
    )


def _clean(text: str) -> str:
    """The text with lone surrogates (half an emoji) replaced: they can be neither stored nor sent."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
