"""Sign-in and sign-out pages."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Query, Request, Response, status
from fastapi.responses import RedirectResponse

from admin.auth import cookies, csrf, service
from admin.auth.deps import ClientIp, CurrentUser, ServicesDep, public
from admin.templating import render

router = APIRouter()

HOME = "/admin/cases"

# `state` of the sign-in page: why the person is here.
NOTICES = {
    "expired": "일정 시간 사용하지 않았거나 로그인한 지 오래되어 로그아웃되었습니다. 다시 로그인해 주십시오. "
    "작성하시던 답변은 이 브라우저에 남아 있습니다.",
    "signed-out": "로그아웃되었습니다.",
}
WRONG = "로그인하지 못했습니다. 아이디와 비밀번호를 확인해 주십시오. 5회 잘못 입력하면 15분 동안 로그인할 수 없습니다."


def safe_next(target: str | None) -> str:
    """Where to go after sign-in: a page of this panel or its start, never another site."""
    if not target or not target.startswith("/admin/") or "\\" in target or any(ord(char) < 32 for char in target):
        return HOME
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or parts.path.startswith(("/admin/login", "/admin/logout")):
        return HOME
    return target


def _page(
    request: Request,
    services: ServicesDep,
    *,
    next_page: str,
    notice: str | None = None,
    error: str | None = None,
    username: str = "",
    status_code: int = 200,
) -> Response:
    token = cookies.read_cookie(request, cookies.PRE_SESSION) or csrf.new_token()
    context = {
        "csrf_token": token,
        "next_page": next_page,
        "notice": notice,
        "error": error,
        "username": username,
    }
    response = render(request, "login.html", context, status_code=status_code)
    cookies.set_cookie(response, cookies.PRE_SESSION, token, settings=services.settings)
    return response


@router.get("/login", name="sign_in_page")
@public
async def sign_in_page(
    request: Request,
    services: ServicesDep,
    next_page: Annotated[str | None, Query(alias="next")] = None,
    state: str | None = None,
) -> Response:
    return _page(request, services, next_page=safe_next(next_page), notice=NOTICES.get(state or ""))


@router.post("/login", name="sign_in")
@public
async def sign_in(
    request: Request,
    services: ServicesDep,
    ip: ClientIp,
    username: Annotated[str, Form(max_length=100)] = "",
    password: Annotated[str, Form(max_length=200)] = "",
    next_page: Annotated[str, Form(alias="next", max_length=500)] = "",
) -> Response:
    await csrf.check(request, expected=cookies.read_cookie(request, cookies.PRE_SESSION))
    target = safe_next(next_page)
    try:
        signed_in = await service.sign_in(
            services.db,
            username=username,
            password=password,
            ip=ip,
            old_token=cookies.read_cookie(request, cookies.SESSION),
        )
    except service.BadCredentials:
        return _page(
            request,
            services,
            next_page=target,
            error=WRONG,
            username=username,
            status_code=status.HTTP_401_UNAUTHORIZED,
        )
    response = RedirectResponse(target, status_code=status.HTTP_303_SEE_OTHER)
    cookies.set_cookie(response, cookies.SESSION, signed_in.token, settings=services.settings)
    cookies.delete_cookie(response, cookies.PRE_SESSION, settings=services.settings)
    return response


@router.post("/logout", name="sign_out")
async def sign_out(request: Request, services: ServicesDep, user: CurrentUser, ip: ClientIp) -> Response:
    token = cookies.read_cookie(request, cookies.SESSION) or ""
    await service.sign_out(services.db, token=token, user=user, ip=ip)
    response = RedirectResponse("/admin/login?state=signed-out", status_code=status.HTTP_303_SEE_OTHER)
    cookies.delete_cookie(response, cookies.SESSION, settings=services.settings)
    return response
