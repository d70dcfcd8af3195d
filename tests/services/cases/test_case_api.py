"""`GET /api/v1/cases/{receipt_no}`: the citizen with number and PIN sees their case, nobody else anything."""

from __future__ import annotations

import httpx

from services.cases import flows
from services.cases import service as cases
from services.cases.enums import CaseStatus
from services.cases.routes import WRONG_PINS_AN_HOUR
from services.runtime import Services
from tests.support.filing import OFFICER, file_case, move


async def look(client: httpx.AsyncClient, receipt_no: str, pin: str | None) -> httpx.Response:
    headers = {"X-Case-Pin": pin} if pin is not None else {}
    return await client.get(f"/api/v1/cases/{receipt_no}", headers=headers)


async def test_number_and_pin_show_the_case(client: httpx.AsyncClient, services: Services) -> None:
    case = await file_case(services)
    answer = await look(client, case.receipt_no, cases.pin_of(services.settings, case))
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["receipt_no"], shown["intent"], shown["status"]) == (case.receipt_no, "road_damage", "received")
    assert shown["agency"] == {"id": "hanbit-road", "name": "한빛시 도로과"}
    assert shown["due_at"]
    assert [entry["text"] for entry in shown["timeline"]] == ["민원이 접수되었습니다."]


async def test_everything_wrong_is_the_same_404(client: httpx.AsyncClient, services: Services) -> None:
    case = await file_case(services)
    pin = cases.pin_of(services.settings, case)
    wrong = f"{(int(pin) + 1) % 1_000_000:06d}"
    bodies = []
    for receipt_no, given in [
        (case.receipt_no, wrong),
        (case.receipt_no, ""),
        (case.receipt_no, None),
        ("20260101-000000", pin),
        ("20260101-000013", pin),
        ("nonsense", pin),
        ("%00", pin),
        ("' OR 1=1 --", pin),
        ("２０２６０１０１-０００００１", pin),
        ("9" * 500, pin),
    ]:
        answer = await look(client, receipt_no, given)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), receipt_no
        bodies.append(answer.text)
    assert len(set(bodies)) == 1


async def test_after_ten_wrong_pins_even_the_right_one_has_to_wait(
    client: httpx.AsyncClient, services: Services
) -> None:
    case, other = await file_case(services), await file_case(services)
    for number in range(WRONG_PINS_AN_HOUR):
        assert (await look(client, case.receipt_no, f"x{number}")).status_code == 404
    refused = await look(client, case.receipt_no, cases.pin_of(services.settings, case))
    assert (refused.status_code, refused.headers["content-type"]) == (429, "application/problem+json")
    assert 1 <= int(refused.headers["retry-after"]) <= 3600
    assert (await look(client, other.receipt_no, cases.pin_of(services.settings, other))).status_code == 200


async def test_the_timeline_shows_only_what_is_for_the_citizen(client: httpx.AsyncClient, services: Services) -> None:
    case = await file_case(services, sealed=services.vault.seal_json({"contact": "010-1234-5678"}))
    await flows.reveal(services, case_id=case.id, actor=OFFICER)
    await move(services, case, CaseStatus.ACCEPTED, reason="접수했습니다")
    async with services.db.transaction() as session:
        await cases.record_opened(session, case_id=case.id, actor=OFFICER)
    await flows.answer(services, case_id=case.id, version=None, text="보수했습니다.", actor=OFFICER)
    answer = await look(client, case.receipt_no, cases.pin_of(services.settings, case))
    shown = answer.json()
    assert [entry["type"] for entry in shown["timeline"]] == ["filed", "moved", "answered"]
    assert (shown["status"], shown["status_name"]) == ("answered", "답변 완료")
    assert "1234" not in answer.text
    assert OFFICER.id not in answer.text
