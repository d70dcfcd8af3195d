"""A realistic day at the desk: cases in every state, conversations, deliveries that worked and that did not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update

from admin.auth.enums import Role
from services.agencies.models import Delivery, DeliveryAttempt
from services.cases import service as cases
from services.cases.enums import CaseOrigin, CaseStatus, DeliveryStatus
from services.cases.models import Case
from services.chat.enums import Author, QueueReason
from services.chat.models import Turn
from services.chat.service import queue_session, transcript
from services.database import utcnow
from services.nlu.models import Model
from services.runtime import Services
from tests.admin.panel import make_case, make_conversation, make_user

MODEL = "20261120-093012-f3a91c"

CASES: list[tuple[str, str, str, float, CaseStatus]] = [
    # intent, words, place, hours until due, status
    (
        "streetlight",
        "골목 가로등이 일주일째 깜빡거려요. 밤에 아이들 다니는 길이라 걱정됩니다.",
        "한빛시 새터동 14-2 앞",
        -26,
        CaseStatus.ACCEPTED,
    ),
    (
        "illegal_dumping",
        "빌라 앞에 누가 매트리스랑 폐가전을 계속 버립니다. CCTV 확인 부탁드려요",
        "솔밭길 33",
        4.5,
        CaseStatus.IN_PROGRESS,
    ),
    ("water_supply", "아파트 앞 도로에서 맑은 물이 계속 솟아올라요", "한빛대로 201 정문", 1.2, CaseStatus.RECEIVED),
    (
        "neighbor_noise",
        "윗집 발소리 때문에 두 달째 잠을 못 잡니다",
        "은하아파트 103동",
        70,
        CaseStatus.AWAITING_CITIZEN,
    ),
    (
        "construction_noise",
        "공사장이 새벽 5시부터 돌을 깨요. 먼지도 심합니다",
        "중앙로 77 공사현장",
        96,
        CaseStatus.ASSIGNED,
    ),
    ("illegal_parking", "소방차 전용구역에 흰색 차가 매일 주차합니다", "별빛초등학교 후문", 120, CaseStatus.RECEIVED),
    (
        "crisis_neighbor",
        "옆집 할아버지가 며칠째 안 보이고 신문이 쌓여 있어요",
        "달맞이길 5, 2층",
        2,
        CaseStatus.RECEIVED,
    ),
    ("suggestion", "버스 정류장마다 그늘막을 설치해 주세요", "", 300, CaseStatus.RECEIVED),
]


STEPS: dict[CaseStatus, tuple[CaseStatus, ...]] = {
    CaseStatus.RECEIVED: (),
    CaseStatus.ACCEPTED: (CaseStatus.ACCEPTED,),
    CaseStatus.ASSIGNED: (CaseStatus.ACCEPTED, CaseStatus.ASSIGNED),
    CaseStatus.IN_PROGRESS: (CaseStatus.ACCEPTED, CaseStatus.IN_PROGRESS),
    CaseStatus.AWAITING_CITIZEN: (CaseStatus.ACCEPTED, CaseStatus.AWAITING_CITIZEN),
}


def evidence(intent: str, confidence: float, *others: tuple[str, float]) -> dict[str, Any]:
    ranking = [(intent, confidence), *others]
    return {
        "intent": intent,
        "confidence": confidence,
        "ranking": [{"intent": name, "confidence": value} for name, value in ranking],
        "model_version": MODEL,
        "chosen_by": "model",
    }


async def _set(services: Services, case: Case, **values: Any) -> None:
    async with services.db.transaction() as session:
        await session.execute(update(Case).where(Case.id == case.id).values(**values))


async def make_day(services: Services) -> UUID:
    """Returns the id of the case that is worth a look: a long conversation, evidence, a dead delivery."""
    await make_user(services, phone="031-000-1234", display_name="김민원")
    await make_user(
        services, username="chief", role=Role.ADMINISTRATOR, display_name="박관리", department="디지털정책과"
    )
    for intent, words, place, hours, status in CASES:
        case = await make_case(
            services,
            intent=intent,
            description=words,
            slots={"location": place} if place else {},
            evidence=evidence(intent, 0.87, ("road_damage", 0.05)),
        )
        await _advance(services, case, status)
        await _set(services, case, due_at=utcnow() + timedelta(hours=hours))
    await _emergency(services)
    await _waiting(services)
    async with services.db.transaction() as session:
        session.add(
            Model(
                version=MODEL,
                path="models/m.tar.gz",
                sha256="ab" * 32,
                data_sha256="cd" * 32,
                report={"accuracy": 0.9312, "macro_f1": 0.9187},
                promoted_at=utcnow(),
            )
        )
    return await _pothole(services)


async def _advance(services: Services, case: Case, status: CaseStatus) -> None:
    async with services.db.transaction() as session:
        for step in STEPS[status]:
            await cases.move_case(
                session,
                case_id=case.id,
                version=None,
                target=step,
                actor=cases.SYSTEM,
                calendar=services.calendar,
                reason="소음이 심한 시간대를 알려 주십시오." if step is CaseStatus.AWAITING_CITIZEN else None,
            )


async def _emergency(services: Services) -> None:
    chat = await make_conversation(
        services,
        (Author.CITIZEN, "아래층에서 연기가 올라오고 타는 냄새가 나요 불난 것 같아요"),
        (Author.BOT, "지금 바로 119에 전화해 주세요. 이 챗봇은 119·112 신고를 대신하지 않습니다."),
    )
    await make_case(
        services,
        intent="fire",
        origin=CaseOrigin.EMERGENCY,
        description="아래층에서 연기가 올라오고 타는 냄새가 나요 불난 것 같아요",
        slots={},
        session_id=chat,
        evidence={"emergency": {"line": "119", "cue": "불난 것 같아요", "intent": "fire"}},
    )


async def _waiting(services: Services) -> None:
    for reason, words in (
        (QueueReason.REQUESTED, "그냥 사람이랑 얘기하고 싶어요. 어제 접수한 건 때문에요"),
        (QueueReason.OUTAGE, "기초연금 신청하려면 뭐가 필요한가요?"),
    ):
        chat = await make_conversation(services, (Author.CITIZEN, words))
        async with services.db.transaction() as session:
            await queue_session(session, session_id=chat, reason=reason)


async def _pothole(services: Services) -> UUID:
    chat = await make_conversation(
        services,
        (Author.BOT, "안녕하세요. 저는 한빛시의 AI 도우미예요. 불편한 점을 평소 말하듯 적어 주세요."),
        (Author.CITIZEN, "집앞 도로가 움푹 파여서 어제 차바퀴가 터졌어요 빨리좀 고처주세요"),
        (Author.BOT, "도로 파손으로 접수할게요. 어디인가요? 가까운 건물이나 도로 이름도 괜찮아요."),
        (Author.CITIZEN, "새터로 12 한빛마트 앞 횡단보도 바로 옆이요"),
        (Author.BOT, "연락받으실 번호를 알려 주세요. 건너뛰셔도 됩니다."),
        (Author.CITIZEN, "[전화번호] 이쪽으로 전화주세요"),
        (Author.BOT, "접수했어요. 한빛시 도로과로 전달합니다."),
    )
    case = await make_case(
        services,
        intent="road_damage",
        description="집앞 도로가 움푹 파여서 어제 차바퀴가 터졌어요 빨리좀 고처주세요",
        slots={"location": "새터로 12 한빛마트 앞 횡단보도 바로 옆", "contact": "[전화번호]"},
        private={"contact": "010-1234-5678 이쪽으로 전화주세요"},
        session_id=chat,
        lat=37.123456,
        lon=127.123456,
        evidence=evidence(
            "road_damage",
            0.823,
            ("sewer", 0.091),
            ("traffic_facility", 0.034),
            ("collapse_sinkhole", 0.021),
            ("road_occupation", 0.008),
        ),
    )
    now = utcnow()
    async with services.db.transaction() as session:
        messages = [row for row in await transcript(session, session_id=chat) if row.author == Author.CITIZEN]
        session.add(
            Turn(message_id=messages[0].id, session_id=chat, intent="road_damage", confidence=0.823, answered_by="rasa")
        )
        delivery = Delivery(case_id=case.id, agency_id=case.agency_id, status=DeliveryStatus.DEAD)
        delivery.attempts = [
            DeliveryAttempt(
                number=1,
                started_at=now,
                finished_at=now,
                outcome="AgencyTimeout",
                reason="기관 서버가 제시간에 응답하지 않았습니다.",
            ),
            DeliveryAttempt(
                number=2,
                started_at=now,
                finished_at=now,
                outcome="interrupted",
                reason="보내는 도중 작업자가 멈추어 결과를 알 수 없습니다.",
            ),
            DeliveryAttempt(
                number=3, started_at=now, finished_at=now, outcome="AgencyRefused", reason="기관이 접수를 거절했습니다."
            ),
        ]
        session.add(delivery)
    await _advance(services, case, CaseStatus.IN_PROGRESS)
    await _set(services, case, due_at=utcnow() + timedelta(days=3, hours=2))
    return case.id
