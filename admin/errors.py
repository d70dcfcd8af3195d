"""What the panel's pages say when something goes wrong. Elsewhere the services app answers with problem documents."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from admin.auth import csrf
from admin.auth.errors import RoleRequired, SignInRequired
from admin.auth.service import ADDRESS_WINDOW, TooManyAttempts
from admin.templating import render
from services.cases.service import CaseNotFound, MoveNotAllowed, StaleCase
from services.problems import Problem

log = structlog.get_logger()

TITLES: dict[int, str] = {
    400: "요청을 이해하지 못했습니다",
    403: "볼 수 있는 권한이 없습니다",
    404: "찾을 수 없습니다",
    405: "지원하지 않는 요청입니다",
    409: "처리하지 못했습니다",
    413: "보낸 내용이 너무 큽니다",
    422: "입력한 내용을 확인해 주십시오",
    429: "요청이 너무 많습니다",
    500: "일시적인 문제가 생겼습니다",
    503: "지금은 이용할 수 없습니다",
}
TEXTS: dict[int, str] = {
    403: "이 화면은 권한이 있는 사람만 볼 수 있습니다. 필요하시면 시스템 관리자에게 권한을 요청해 주십시오.",
    404: "주소가 바뀌었거나 삭제된 화면입니다. 목록에서 다시 찾아 주십시오.",
    409: "그사이 다른 변경이 있었습니다. 화면을 새로 고친 뒤 다시 시도해 주십시오.",
    422: "입력한 값의 형식이 올바르지 않습니다. 이전 화면으로 돌아가 다시 입력해 주십시오.",
    429: "잠시 뒤 다시 시도해 주십시오.",
    500: "문제가 기록되었습니다. 잠시 뒤 다시 시도해 주시고, 계속되면 시스템 관리자에게 알려 주십시오.",
}
FORM_EXPIRED = "화면이 열린 지 오래되어 요청을 확인할 수 없습니다. 화면을 새로 고친 뒤 다시 시도해 주십시오."


def error_page(
    request: Request, status_code: int, *, text: str | None = None, retry_after: int | None = None
) -> Response:
    """A whole page; for htmx, the notice that it puts into the page's alert region."""
    context = {
        "status_code": status_code,
        "title": TITLES.get(status_code, TITLES[400] if status_code < 500 else TITLES[500]),
        "text": text or TEXTS.get(status_code, TEXTS[500] if status_code >= 500 else TEXTS[404]),
    }
    template = "errors/_notice.html" if "HX-Request" in request.headers else "errors/page.html"
    headers = {"Retry-After": str(retry_after)} if retry_after else None
    return render(request, template, context, status_code=status_code, headers=headers)


def sign_in_redirect(request: Request, *, expired: bool) -> Response:
    """To the sign-in page and from there back to the page that was open."""
    if "HX-Request" in request.headers:
        shown = request.headers.get("HX-Current-URL", "")
    elif request.method in csrf.SAFE_METHODS:
        shown = str(request.url)
    else:
        shown = request.headers.get("Referer", "")
    parts = urlsplit(shown)
    page = f"{parts.path}?{parts.query}" if parts.query else parts.path
    asked = {"next": page} if page.startswith("/admin/") and page != "/admin/" else {}
    if expired:
        asked["state"] = "expired"
    target = "/admin/login" + (f"?{urlencode(asked)}" if asked else "")
    if "HX-Request" in request.headers:
        return Response(status_code=401, headers={"HX-Redirect": target})
    return RedirectResponse(target, status_code=303)


def install(panel: FastAPI) -> None:
    @panel.exception_handler(SignInRequired)
    async def _sign_in(request: Request, error: SignInRequired) -> Response:
        return sign_in_redirect(request, expired=error.expired)

    @panel.exception_handler(RoleRequired)
    async def _role(request: Request, _: RoleRequired) -> Response:
        return error_page(request, 403)

    @panel.exception_handler(csrf.CsrfFailed)
    async def _csrf(request: Request, _: csrf.CsrfFailed) -> Response:
        return error_page(request, 403, text=FORM_EXPIRED)

    @panel.exception_handler(TooManyAttempts)
    async def _attempts(request: Request, _: TooManyAttempts) -> Response:
        text = "로그인 시도가 너무 많습니다. 5분 뒤 다시 시도해 주십시오."
        return error_page(request, 429, text=text, retry_after=int(ADDRESS_WINDOW.total_seconds()))

    @panel.exception_handler(CaseNotFound)
    async def _case(request: Request, _: CaseNotFound) -> Response:
        return error_page(request, 404, text="찾으시는 민원이 없습니다. 목록에서 다시 찾아 주십시오.")

    @panel.exception_handler(StaleCase)
    @panel.exception_handler(MoveNotAllowed)
    async def _conflict(request: Request, _: Exception) -> Response:
        return error_page(request, 409)

    @panel.exception_handler(Problem)
    async def _problem(request: Request, error: Problem) -> Response:
        own_words = error.detail if error.detail != type(error).detail else None
        return error_page(request, error.status, text=own_words, retry_after=error.retry_after)

    @panel.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        # A malformed id in an address is an address that does not exist.
        in_path = any(item["loc"][:1] == ("path",) for item in error.errors())
        return error_page(request, 404 if in_path else 422)

    @panel.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        return error_page(request, error.status_code)

    @panel.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> Response:
        log.error("panel_error", path=request.url.path, error=type(error).__name__, exc_info=error)
        return error_page(request, 500)
