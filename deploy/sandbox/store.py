"""What the sandbox agencies hold: requests, every POST that came, and events on their way to the assistant.

SQLite with a write-ahead log and `synchronous=FULL`: a call that has returned is on disk, whatever kills the process.
Calls block for a disk write; the web handlers make them in threads.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import uuid4

from deploy.sandbox.catalogue import Endpoint, Service

KST = timezone(timedelta(hours=9))

_SCHEMA = """
CREATE TABLE IF NOT EXISTS requests (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    endpoint TEXT NOT NULL, agency_id TEXT NOT NULL, service_code TEXT NOT NULL,
    idempotency_key TEXT, reference TEXT, form TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'open', note TEXT, requested_at TEXT NOT NULL, updated_at TEXT NOT NULL,
    UNIQUE (endpoint, idempotency_key)
);
CREATE INDEX IF NOT EXISTS requests_by_reference ON requests (endpoint, reference);
CREATE TABLE IF NOT EXISTS posts (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    endpoint TEXT NOT NULL, idempotency_key TEXT, fault TEXT NOT NULL, received_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL UNIQUE, request_seq INTEGER NOT NULL REFERENCES requests (seq), agency_id TEXT NOT NULL,
    type TEXT NOT NULL, text TEXT NOT NULL, occurred_at TEXT NOT NULL,
    due_at REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, delivered_at TEXT, last_failure TEXT
);
CREATE INDEX IF NOT EXISTS events_pending ON events (request_seq, seq) WHERE delivered_at IS NULL;
"""

_PREFIX = {Endpoint.MUNICIPALITY: "HB", Endpoint.MINISTRY: "GOV"}


@dataclass(frozen=True)
class HeldRequest:
    """A request as the agency holds it. Times are ISO 8601 with offset; `status` is open or closed."""

    id: str
    seq: int
    endpoint: Endpoint
    agency_id: str
    service_code: str
    idempotency_key: str | None
    reference: str | None
    form: Mapping[str, str]
    status: str
    note: str | None
    requested_at: str
    updated_at: str


@dataclass(frozen=True)
class HeldEvent:
    event_id: str
    request_id: str
    reference: str | None
    agency_id: str
    type: str
    text: str
    occurred_at: str
    attempts: int
    delivered_at: str | None
    last_failure: str | None


class AlreadyClosed(Exception):
    """The request has had its answer."""


class Store:
    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = directory / "sandbox.sqlite3"
        path.touch(mode=0o600)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def note_post(self, endpoint: Endpoint, idempotency_key: str | None, fault: str) -> None:
        """A POST has come, whatever becomes of it."""
        with self._transaction() as db:
            db.execute(
                "INSERT INTO posts (endpoint, idempotency_key, fault, received_at) VALUES (?, ?, ?, ?)",
                (endpoint, idempotency_key, fault, _iso()),
            )

    def accept(
        self,
        service: Service,
        form: Mapping[str, str],
        *,
        idempotency_key: str | None,
        event_text: str,
        event_delay: float,
    ) -> HeldRequest:
        """Holds a new request and its "accepted" event, due in `event_delay` seconds; or returns the key's request."""
        with self._transaction() as db:
            if idempotency_key is not None:
                known = db.execute(
                    "SELECT * FROM requests WHERE endpoint = ? AND idempotency_key = ?",
                    (service.endpoint, idempotency_key),
                ).fetchone()
                if known:
                    return _request(known)
            now = _iso()
            row = db.execute(
                "INSERT INTO requests (endpoint, agency_id, service_code, idempotency_key, reference, form,"
                " requested_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
                (
                    service.endpoint,
                    service.agency_id,
                    service.code,
                    idempotency_key,
                    form.get("account_id"),
                    json.dumps(form, ensure_ascii=False),
                    now,
                    now,
                ),
            ).fetchone()
            self._add_event(db, row, "accepted", event_text, event_delay)
            return _request(row)

    def add_event(self, request: HeldRequest, type_: str, text: str) -> str:
        """Notes what the agency says, closes the request if it is the answer; returns the event's id.

        Raises AlreadyClosed.
        """
        with self._transaction() as db:
            row = db.execute(
                "UPDATE requests SET status = ?, note = ?, updated_at = ?"
                " WHERE seq = ? AND status = 'open' RETURNING *",
                ("closed" if type_ == "answered" else "open", text, _iso(), request.seq),
            ).fetchone()
            if row is None:
                raise AlreadyClosed(request.id)
            return self._add_event(db, row, type_, text, 0.0)

    def get(self, request_id: str) -> HeldRequest | None:
        _, _, number = request_id.rpartition("-")
        if not (number.isascii() and number.isdigit() and len(number) < 16):
            return None
        found = self._select("SELECT * FROM requests WHERE seq = ?", int(number))
        return found[0] if found and found[0].id == request_id else None

    def requests(self, *, endpoint: Endpoint | None = None, limit: int | None = None) -> list[HeldRequest]:
        """The newest first."""
        return self._select(
            "SELECT * FROM requests WHERE endpoint = coalesce(?, endpoint) ORDER BY seq DESC LIMIT ?",
            endpoint,
            limit or -1,
        )

    def by_reference(self, endpoint: Endpoint, reference: str) -> list[HeldRequest]:
        return self._select(
            "SELECT * FROM requests WHERE endpoint = ? AND reference = ? ORDER BY seq", endpoint, reference
        )

    def posts_by_key(self) -> dict[str, int]:
        """Idempotency key → POSTs that came with it, those that failed included; "" is for those without a key."""
        rows = self._rows("SELECT coalesce(idempotency_key, '') AS key, count(*) AS n FROM posts GROUP BY key")
        return {row["key"]: row["n"] for row in rows}

    def events(self) -> list[HeldEvent]:
        return [_event(row) for row in self._rows(f"{_EVENTS} ORDER BY e.seq")]

    def due_events(self, agencies: Iterable[str], *, now: float, limit: int) -> list[HeldEvent]:
        """Undelivered events of these agencies that are due, at most one a request: its events arrive in order."""
        rows = self._rows(
            f"{_EVENTS} WHERE {_NEXT} AND e.due_at <= ? ORDER BY e.due_at LIMIT ?", _json(agencies), now, limit
        )
        return [_event(row) for row in rows]

    def next_due(self, agencies: Iterable[str]) -> float | None:
        """Unix time at which the next event is due."""
        sql = f"SELECT min(e.due_at) AS due FROM events e WHERE {_NEXT}"  # noqa: S608  (a constant)
        row = self._rows(sql, _json(agencies))[0]
        return None if row["due"] is None else float(row["due"])

    def mark_delivered(self, event_id: str) -> None:
        with self._transaction() as db:
            db.execute(
                "UPDATE events SET delivered_at = ?, attempts = attempts + 1, last_failure = NULL WHERE event_id = ?",
                (_iso(), event_id),
            )

    def mark_failed(self, event_id: str, failure: str, *, due_at: float) -> None:
        with self._transaction() as db:
            db.execute(
                "UPDATE events SET attempts = attempts + 1, last_failure = ?, due_at = ? WHERE event_id = ?",
                (failure, due_at, event_id),
            )

    def _add_event(self, db: sqlite3.Connection, row: sqlite3.Row, type_: str, text: str, delay: float) -> str:
        event_id = uuid4().hex
        at = datetime.now(UTC) + timedelta(seconds=delay)
        db.execute(
            "INSERT INTO events (event_id, request_seq, agency_id, type, text, occurred_at, due_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (event_id, row["seq"], row["agency_id"], type_, text, _iso(at), at.timestamp()),
        )
        return event_id

    def _select(self, sql: str, *values: object) -> list[HeldRequest]:
        return [_request(row) for row in self._rows(sql, *values)]

    def _rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")


_EVENTS = "SELECT e.*, r.endpoint, r.requested_at, r.reference FROM events e JOIN requests r ON r.seq = e.request_seq"
_NEXT = (
    "e.delivered_at IS NULL AND e.agency_id IN (SELECT value FROM json_each(?)) AND NOT EXISTS (SELECT 1 FROM events b"
    " WHERE b.request_seq = e.request_seq AND b.seq < e.seq AND b.delivered_at IS NULL)"
)


def _json(values: Iterable[str]) -> str:
    return json.dumps(list(values))


def _iso(moment: datetime | None = None) -> str:
    return (moment or datetime.now(UTC)).astimezone(KST).isoformat(timespec="milliseconds")


def _request_id(row: sqlite3.Row, seq: str) -> str:
    return f"{_PREFIX[Endpoint(row['endpoint'])]}-{row['requested_at'][:4]}-{row[seq]:06d}"


def _request(row: sqlite3.Row) -> HeldRequest:
    return HeldRequest(
        id=_request_id(row, "seq"),
        seq=row["seq"],
        endpoint=Endpoint(row["endpoint"]),
        agency_id=row["agency_id"],
        service_code=row["service_code"],
        idempotency_key=row["idempotency_key"],
        reference=row["reference"],
        form=json.loads(row["form"]),
        status=row["status"],
        note=row["note"],
        requested_at=row["requested_at"],
        updated_at=row["updated_at"],
    )


def _event(row: sqlite3.Row) -> HeldEvent:
    return HeldEvent(
        event_id=row["event_id"],
        request_id=_request_id(row, "request_seq"),
        reference=row["reference"],
        agency_id=row["agency_id"],
        type=row["type"],
        text=row["text"],
        occurred_at=row["occurred_at"],
        attempts=row["attempts"],
        delivered_at=row["delivered_at"],
        last_failure=row["last_failure"],
    )
