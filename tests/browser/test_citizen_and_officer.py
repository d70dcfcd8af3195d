"""The whole story in a real browser: a citizen with a phone reports, an officer at a desk answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Watched
from tests.support.system import Citizen, RunningSystem, eventually

pytestmark = [pytest.mark.system, pytest.mark.browser, pytest.mark.timeout(180)]

OpenPage = Callable[..., Any]
ANSWER = "현장을 확인했습니다. 내일 오전 중에 임시로 메우고, 이번 주 안에 다시 포장하겠습니다."


def say(page: Page, words: str) -> None:
    page.get_by_label("보낼 내용").fill(words)
    page.keyboard.press("Enter")


def last_answer(page: Page) -> Any:
    return page.locator(".log .row.bot").last


def sign_in(desk: Watched, system: RunningSystem, role: str) -> None:
    username, password = system.password(role)
    desk.page.get_by_label("아이디").fill(username)
    desk.page.get_by_label("비밀번호").fill(password)
    desk.page.get_by_role("button", name="로그인").click()
    expect(desk.page.get_by_role("heading", name="민원 목록", level=1)).to_be_visible()


def find_case(desk: Watched, receipt_no: str) -> Any:
    """The link to the one case that the list finds."""
    desk.page.get_by_label("검색어").fill(receipt_no)
    desk.page.get_by_role("button", name="조회").click()
    expect(desk.page.locator("#cases .receipt")).to_have_text([receipt_no])
    return desk.page.locator("#cases td.what a")


def test_a_citizen_reports_an_officer_answers_and_the_citizen_sees_it_without_reloading(
    system: RunningSystem, open_page: OpenPage
) -> None:
    with open_page("/", PHONE, has_touch=True) as phone, open_page("/admin/", DESKTOP) as desk:
        page: Page = phone.page
        expect(page.get_by_role("heading", name="무엇을 도와드릴까요?")).to_be_visible()
        phone.shot("phone-page", whole=True)
        phone.shot("desktop-page", size=DESKTOP)
        phone.assert_accessible()

        page.get_by_role("button", name="AI 민원 상담").click()
        expect(page.get_by_text("인공지능(AI) 민원 도우미예요")).to_be_visible()
        phone.shot("phone-widget-open")
        phone.assert_accessible()

        say(page, "집앞 도로가 움푹 파엿어요 차가 덜컹거려요")
        expect(last_answer(page)).to_contain_text("어디")
        say(page, "한빛시 중앙로 12 우체국 압")
        expect(last_answer(page)).to_contain_text("사진")
        phone.shot("phone-form")
        last_answer(page).get_by_role("button", name="건너뛰기").click()
        expect(last_answer(page)).to_contain_text("전화번호")
        say(page, "010-2345-6789")
        expect(last_answer(page)).to_contain_text("이렇게 접수할까요?")
        phone.shot("phone-confirm")
        last_answer(page).get_by_role("button", name="네, 접수해 주세요").click()

        receipt = page.locator(".card.receipt")
        expect(receipt.locator(".pin-value")).to_have_text(re.compile(r"\d{6}"))
        receipt_no = receipt.locator(".number").inner_text()
        pin = receipt.locator(".pin-value").inner_text()
        assert re.fullmatch(r"\d{8}-\d{6}", receipt_no)
        expect(receipt.locator(".badge")).to_have_text("접수됨")
        phone.shot("phone-receipt")
        phone.shot("desktop-receipt", size=DESKTOP)
        phone.assert_accessible()

        desk.shot("desktop-sign-in")
        desk.assert_accessible()
        sign_in(desk, system, "officer")
        found = find_case(desk, receipt_no)
        desk.shot("desktop-list")
        desk.assert_accessible()
        found.click()

        expect(desk.page.get_by_text(receipt_no).first).to_be_visible()
        transcript = desk.page.get_by_role("list", name="대화 내용")
        expect(transcript).to_contain_text("집앞 도로가 움푹 파엿어요 차가 덜컹거려요")
        expect(transcript).to_contain_text("[전화번호]")
        expect(desk.page.locator("body")).not_to_contain_text("010-2345-6789")
        evidence = desk.page.get_by_role("region", name="분류 근거")
        expect(evidence).to_contain_text("도로·보도 파손")
        expect(evidence.locator(".ranking li")).to_have_count(5)
        expect(desk.page.get_by_role("region", name="기관 전달")).to_contain_text("전달됨")
        desk.shot("desktop-case", whole=True)
        desk.shot("phone-case", whole=True, size=PHONE)
        desk.assert_accessible()

        desk.page.get_by_role("button", name="가려진 원문 보기").click()
        expect(desk.page.locator("#private")).to_contain_text("010-2345-6789")
        desk.page.get_by_label("민원인에게 보낼 글").fill(ANSWER)
        desk.page.get_by_role("button", name="답변 보내기").click()
        expect(desk.page.locator(".case-head")).to_contain_text("답변 완료")
        desk.shot("desktop-answered", whole=True)

        answer = page.locator(".row.officer")
        expect(answer).to_contain_text(ANSWER)
        expect(answer).to_contain_text("김민원")
        expect(receipt.locator(".badge")).to_have_text("답변 완료")
        phone.shot("phone-answered")
        phone.assert_accessible()

        page.get_by_role("button", name="대화창 닫기").click()
        page.get_by_label("접수번호", exact=True).fill(receipt_no)
        page.get_by_label("비밀번호(PIN)").fill(pin)
        page.get_by_role("button", name="조회하기").click()
        result = page.get_by_role("region", name="조회 결과")
        expect(result).to_contain_text("답변 완료")
        expect(result).to_contain_text(ANSWER)
        result.scroll_into_view_if_needed()
        phone.shot("phone-status")
        phone.shot("desktop-status", size=DESKTOP)
        phone.assert_accessible()


def test_an_emergency_stands_above_everything_with_its_number_to_call(
    system: RunningSystem, open_page: OpenPage
) -> None:
    with open_page("/", PHONE, has_touch=True) as phone:
        page: Page = phone.page
        page.get_by_role("button", name="AI 민원 상담").click()
        say(page, "집에 불이 났어요")
        call = page.get_by_role("link", name="119에 전화하기")
        expect(call).to_have_attribute("href", "tel:119")
        expect(call).to_be_in_viewport()
        phone.shot("phone-emergency")
        phone.shot("desktop-emergency", size=DESKTOP)
        phone.assert_accessible()


def test_an_emergency_told_in_english_is_answered_in_english_throughout(
    system: RunningSystem, open_page: OpenPage
) -> None:
    with open_page("/", PHONE, has_touch=True) as phone:
        page: Page = phone.page
        page.get_by_role("button", name="AI 민원 상담").click()
        say(page, "Please help, my father collapsed and is not breathing")
        card = page.locator(".emergency")
        expect(card.get_by_role("link", name="Call 119")).to_have_attribute("href", "tel:119")
        assert not re.search("[가-힣]", card.inner_text())
        phone.shot("phone-emergency-english")


def test_a_reload_keeps_the_conversation_but_not_the_pin(system: RunningSystem, open_page: OpenPage) -> None:
    with open_page("/", DESKTOP) as desktop:
        page: Page = desktop.page
        page.get_by_role("button", name="AI 민원 상담").click()
        for words, asked in (
            ("도로에 구멍이 났어요", "어디"),
            ("중앙로 31", "사진"),
            ("건너뛰기", "전화번호"),
            ("건너뛰기", "접수할까요"),
        ):
            say(page, words)
            expect(last_answer(page)).to_contain_text(asked)
        say(page, "네")
        expect(page.locator(".pin-value")).to_be_visible()
        page.reload()
        expect(page.locator(".card.receipt")).to_be_visible()
        expect(page.locator(".pin-value")).to_have_count(0)
        expect(page.locator(".row.citizen")).to_have_count(5)


def test_the_whole_form_can_be_filled_in_without_a_mouse(system: RunningSystem, open_page: OpenPage) -> None:
    with open_page("/", DESKTOP) as desktop:
        page: Page = desktop.page
        launcher = page.get_by_role("button", name="AI 민원 상담")
        launcher.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_label("보낼 내용")).to_be_focused()
        page.keyboard.type("가로등이 꺼졌어요")
        page.keyboard.press("Enter")
        expect(last_answer(page)).to_contain_text("어디")
        expect(page.get_by_label("보낼 내용")).to_be_focused()
        page.keyboard.press("Escape")
        expect(launcher).to_be_focused()


def test_what_a_citizen_writes_is_never_run_as_html(system: RunningSystem, open_page: OpenPage) -> None:
    citizen = Citizen(system)
    attack = "<img src=x onerror=alert(1)>중앙로 <b>12</b>"
    receipt = citizen.report_pothole(attack)
    eventually(lambda: citizen.read_case(receipt)["status"] == "accepted")
    with open_page("/admin/", DESKTOP) as desk:
        desk.page.on("dialog", lambda dialog: desk.complaints.append(f"a script ran: {dialog.message}"))
        sign_in(desk, system, "administrator")
        find_case(desk, receipt["receipt_no"]).click()
        expect(desk.page.get_by_role("list", name="대화 내용")).to_contain_text(attack)
        assert desk.page.locator("img[src=x]").count() == 0
