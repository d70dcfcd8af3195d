"""Errors that cross HTTP, as RFC 9457 problem documents.

Problem
├── NotFound            404  unknown id, wrong token: indistinguishable on purpose
├── Unauthenticated     401
├── Forbidden           403
├── Conflict            409
├── PayloadTooLarge     413
├── UnsupportedMedia    415
├── Invalid             422
├── TooManyRequests     429
└── Unavailable         503

Domain packages raise their own named errors; routes translate them into these once.
"""

from __future__ import annotations

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as SQLAlchemyTimeout
from starlette.exceptions import HTTPException

log = structlog.get_logger()


class Problem(Exception):
    status = 500
    type = "about:blank"
    title = "Error"
    detail = "일시적인 문제가 생겼습니다. 잠시 뒤 다시 시도해 주세요."

    def __init__(self, detail: str | None = None, *, type_: str | None = None, retry_after: int | None = None) -> None:
        super().__init__(detail or self.detail)
        self.detail = detail or self.detail
        self.type = type_ or self.type
        self.retry_after = retry_after


class NotFound(Problem):
    status, type, title = 404, "/problems/not-found", "Not found"
    detail = "찾을 수 없습니다. 주소나 번호가 맞는지 확인해 주세요."


class Unauthenticated(Problem):
    status, type, title = 401, "/problems/unauthenticated", "Authentication required"
    detail = "인증 정보가 없거나 올바르지 않습니다."


class Forbidden(Problem):
    status, type, title = 403, "/problems/forbidden", "Forbidden"
    detail = "이 작업을 할 권한이 없습니다."


class Conflict(Problem):
    status, type, title = 409, "/problems/conflict", "Conflict"
    detail = "그사이 다른 변경이 있었습니다. 새로 고친 뒤 다시 시도해 주세요."


class PayloadTooLarge(Problem):
    status, type, title = 413, "/problems/too-large", "Too large"
    detail = "보내신 내용이 너무 큽니다. 나누어 보내 주세요."


class UnsupportedMedia(Problem):
    status, type, title = 415, "/problems/unsupported-media-type", "Unsupported media type"
    detail = "application/json 형식으로 보내 주세요."


class Invalid(Problem):
    status, type, title = 422, "/problems/invalid", "Invalid request"
    detail = "입력한 내용의 형식이 올바르지 않습니다."


class TooManyRequests(Problem):
    status, type, title = 429, "/problems/too-many-requests", "Too many requests"
    detail = "요청이 너무 많습니다. 잠시 뒤 다시 시도해 주세요."


class Unavailable(Problem):
    status, type, title = 503, "/problems/unavailable", "Unavailable"
    detail = "지금은 서비스를 이용할 수 없습니다. 잠시 뒤 다시 시도해 주세요."


MEDIA_TYPE = "application/problem+json"

_BY_STATUS: dict[int, type[Problem]] = {
    cls.status: cls
    for cls in (
        NotFound,
        Unauthenticated,
        Forbidden,
        Conflict,
        PayloadTooLarge,
        UnsupportedMedia,
        Invalid,
        TooManyRequests,
        Unavailable,
    )
}

# What a person reads for the commonest mistakes; pydantic's own messages are English and may quote the input.
_REASONS = {
    "missing": "빠진 항목이 있습니다",
    "string_too_short": "내용이 비어 있거나 너무 짧습니다",
    "string_too_long": "내용이 너무 깁니다",
    "too_long": "한 번에 보낼 수 있는 개수를 넘었습니다",
    "too_short": "내용이 비어 있습니다",
    "json_invalid": "JSON 형식이 올바르지 않습니다",
    "blank_text": "내용이 비어 있습니다",
    "extra_forbidden": "알 수 없는 항목이 있습니다",
}


def problem_response(problem: Problem, *, errors: list[dict[str, str]] | None = None) -> JSONResponse:
    body: dict[str, object] = {
        "type": problem.type,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
    }
    if errors:
        body["errors"] = errors
    headers = {"Retry-After": str(problem.retry_after)} if problem.retry_after else None
    return JSONResponse(body, status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)


def install(app: FastAPI) -> None:
    """Makes every error of the app a problem document without internals."""

    @app.exception_handler(Problem)
    async def _problem(_: Request, exc: Problem) -> JSONResponse:
        return problem_response(exc)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, exc: RequestValidationError) -> JSONResponse:
        errors = [
            {
                "field": ".".join(str(part) for part in item["loc"] if part != "body"),
                "reason": _REASONS.get(item["type"], "형식이 올바르지 않습니다"),
            }
            for item in exc.errors()
        ]
        listed = ", ".join(f"{error['field'] or '본문'}: {error['reason']}" for error in errors[:3])
        return problem_response(Invalid(f"입력한 내용을 확인해 주세요. {listed}."), errors=errors)

    @app.exception_handler(HTTPException)
    async def _http(_: Request, exc: HTTPException) -> JSONResponse:
        # 400 is FastAPI's word for a body that it could not even read (not UTF-8, nested too deep).
        cls = Invalid if exc.status_code == 400 else _BY_STATUS.get(exc.status_code)
        if cls is None:
            problem = Problem("요청을 처리할 수 없습니다.")
            problem.status, problem.title = exc.status_code, "Error"
            return problem_response(problem)
        return problem_response(cls())

    @app.exception_handler(OperationalError)
    @app.exception_handler(InterfaceError)
    @app.exception_handler(SQLAlchemyTimeout)
    async def _database_away(request: Request, exc: Exception) -> JSONResponse:
        # PostgreSQL is restarting: nothing of the transaction happened, the page sends its message again.
        log.warning("database_away", route=getattr(request.scope.get("route"), "path", None), error=type(exc).__name__)
        return problem_response(Unavailable(retry_after=1))

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, exc: Exception) -> JSONResponse:
        log.error(
            "unexpected_error",
            route=getattr(request.scope.get("route"), "path", None),
            error=type(exc).__name__,
            exc_info=exc,
        )
        return problem_response(Problem(type_="/problems/internal"))
