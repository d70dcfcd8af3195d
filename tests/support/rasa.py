"""Rasa's gateway channel as the services see it from outside: real HTTP on a port of its own, answers as told.

POST /webhooks/gateway/webhook    {sender, message, message_id, ...} → {messages, parse, model_version}
POST /webhooks/gateway/classify   {texts} → {results, model_version}
GET  /webhooks/gateway/           {status, model_version}
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.support.system import free_port

MODEL = "20261122T000000Z-fa5e"

Turn = dict[str, Any]


def echo(turn: Turn) -> Turn:
    """Says what it heard, and understood a greeting."""
    return said([{"text": f"들은 말: {turn['message']}"}])


def said(messages: list[dict[str, Any]], *, intent: str = "greet", confidence: float = 0.9) -> Turn:
    """An answer of the channel with these messages."""
    ranking = [{"name": intent, "confidence": confidence}, {"name": "deny", "confidence": 0.01}]
    parse = {"intent": ranking[0], "intent_ranking": ranking}
    return {"messages": messages, "parse": parse, "model_version": MODEL, "replayed": False}


class FakeRasa:
    """`answers` makes the reply to a turn; `trouble` says what goes wrong instead, until it is set to None."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.port = free_port()
        self._server: ThreadingHTTPServer | None = None
        self.reset()

    def reset(self) -> None:
        self.turns: list[Turn] = []
        self.answers: Callable[[Turn], Turn] = echo
        self.classified: Callable[[list[str]], dict[str, Any]] = _in_order
        # None · "slow" · "drip" · "error500" · "bad_request" · "html" · "truncated" · "wrong_shape" · "no_model"
        self.trouble: str | None = None
        self.delay = 0.0
        if self._server is None:
            self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def heard(self) -> list[str]:
        return [str(turn["message"]) for turn in self.turns]

    def start(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Nobody listens any more: the next connection is refused."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, bytes, str]:
        if path.endswith("/webhook"):
            self.turns.append(body)
        troubles = {
            "error500": (500, b'{"error": "action_failed"}', "application/json"),
            "bad_request": (400, b'{"error": "bad_request"}', "application/json"),
            "html": (200, "<html>점검 중입니다</html>".encode(), "text/html"),
            "truncated": (200, b'{"messages": [{"text": "\xec\x95', "application/json"),
            "wrong_shape": (200, b'{"messages": "none", "results": 3}', "application/json"),
            "no_model": (503, b'{"error": "no_model"}', "application/json"),
        }
        if self.trouble in troubles:
            return troubles[self.trouble]
        if path.endswith("/webhook"):
            reply = self.answers(body)
        elif path.endswith("/classify"):
            reply = self.classified(body["texts"])
        else:
            reply = {"status": "ok", "model_version": MODEL}
        return 200, json.dumps(reply, ensure_ascii=False).encode(), "application/json"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        rasa = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._respond({})

            def do_POST(self) -> None:
                self._respond(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def _respond(self, body: dict[str, Any]) -> None:
                if self.headers["X-Rasa-Token"] != rasa.token:
                    status, content, kind = 401, b'{"error": "unauthorized"}', "application/json"
                else:
                    status, content, kind = rasa.answer(self.path, body)
                if rasa.trouble == "slow" or rasa.delay:
                    time.sleep(rasa.delay or 1.0)
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", kind)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    for byte in range(len(content) if rasa.trouble == "drip" else 0):
                        self.wfile.write(content[byte : byte + 1])
                        time.sleep(0.1)
                    if rasa.trouble != "drip":
                        self.wfile.write(content)
                except OSError:
                    return  # the gateway has hung up

            def log_message(self, *_: object) -> None:
                return

        return Handler


def _in_order(texts: list[str]) -> dict[str, Any]:
    """The k-th text is classified as road_damage with the confidence 0.k, so that a test sees the order."""
    results = []
    for number, _ in enumerate(texts):
        ranking = [
            {"name": "road_damage", "confidence": round(0.5 + number / 1000, 4)},
            *({"name": name, "confidence": 0.01} for name in ("streetlight", "sewer", "smoking", "animal")),
        ]
        results.append({"intent": ranking[0], "intent_ranking": ranking})
    return {"results": results, "model_version": MODEL}
