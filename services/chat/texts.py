"""What the assistant says where it is not Rasa that speaks. 해요체 throughout.

The questions of the forms and the answers to each need are in bot/domain.
"""

from __future__ import annotations

from services.cases.deadlines import SEOUL
from services.cases.models import Case
from services.chat.enums import Language
from services.taxonomy import Intent

GREETING: dict[Language, str] = {
    Language.KO: (
        "안녕하세요. 저는 인공지능(AI) 민원 도우미예요.\n"
        "불편하신 점이나 궁금하신 점을 편하게 말씀해 주세요. 민원 접수, 복지, 재난 안내를 도와드려요.\n"
        "사람과 이야기하고 싶으시면 언제든 '상담원 연결'을 눌러 주세요. 위급하면 바로 119나 112에 전화하세요."
    ),
    Language.EN: (
        "Hello. I am an AI assistant for public services.\n"
        "Tell me in your own words what you need: a complaint, welfare or help in a disaster.\n"
        "You can ask for a person at any time. In an emergency, call 119 (fire, rescue) or 112 (police) right away."
    ),
    Language.ZH: (
        "您好，我是公共服务人工智能（AI）助手。\n"
        "请用您自己的话告诉我需要什么帮助：投诉举报、福利或灾害信息。\n"
        "您随时可以要求转接工作人员。遇到紧急情况，请立即拨打119（火警、急救）或112（报警）。"
    ),
}

QUICK_CHOICES: dict[Language, tuple[str, ...]] = {
    Language.KO: (
        "도로가 파였어요",
        "불법 주정차 신고",
        "가로등이 꺼졌어요",
        "받을 수 있는 복지 찾기",
        "접수한 민원 확인",
    ),
    Language.EN: ("There is a pothole", "Report illegal parking", "A streetlight is out", "Find welfare benefits"),
    Language.ZH: ("路面有坑", "举报违章停车", "路灯不亮", "查找福利"),
}

OUTAGE = (
    "죄송해요. 지금 답변을 드리기 어려운 상태예요. 말씀하신 내용은 안전하게 저장했고, 담당자가 확인할 수 있게 전달했어요.\n"
    "급하시면 정부민원안내 {line}번으로 전화해 주세요. 잠시 뒤 다시 말씀해 주셔도 돼요."
)
QUEUED = "상담원을 기다리고 있어요. 말씀하신 내용은 상담원이 그대로 볼 수 있으니 이어서 적어 주세요."
CLOSED = "이 대화는 끝났어요. 새로 시작하시려면 화면의 '새 대화'를 눌러 주세요."
HANDED_OVER = (
    "상담원에게 연결해 드릴게요. 순서가 되면 담당자가 이 창에서 답해 드려요.\n"
    "기다리시는 동안 하실 말씀을 적어 두시면 상담원이 먼저 읽어요. 급하시면 110번으로 전화해 주세요."
)
AFTER_EMERGENCY = "위험한 상황이 아니거나 다 해결되었으면, 하시던 말씀을 이어서 적어 주세요."

FILING_FOR = "{need}에 대해 담당 부서에 남길 내용을 여쭤볼게요."
CONFIRM = "이렇게 접수할까요?\n{summary}"
CONFIRM_UNCLEAR = "접수할지 알려 주세요. 고칠 곳이 있으면 '위치 고치기'처럼 말씀해 주셔도 돼요."
WHICH_TO_CORRECT = "어느 부분을 고칠까요?"
CANCELLED = "접수를 그만두었어요. 적어 주신 내용은 기관에 보내지 않았어요. 다른 도움이 필요하면 말씀해 주세요."
MORE_HELP = "더 필요하신 것이 있으면 골라 주세요."
CLARIFY = "제가 잘 이해했는지 확인하고 싶어요. 아래에서 가까운 것을 골라 주시거나, 조금 다르게 말씀해 주세요."
STILL_UNSURE = "제가 잘 알아듣지 못했어요. 상담원에게 연결해 드릴까요? 다른 말로 다시 적어 주셔도 돼요."


def button(title: str, payload: str | None = None) -> dict[str, str]:
    return {"title": title, "payload": payload or title}


CANCEL_BUTTON = button("접수 취소")
PERSON_BUTTON = button("상담원 연결", "/handoff_human")
CONFIRM_BUTTONS = [button("네, 접수해 주세요"), button("아니요, 고칠게요"), CANCEL_BUTTON]


def more_help_buttons(intent: Intent) -> list[dict[str, str]]:
    return [
        button("담당자에게 질문 남기기", f'/file_case{{"case_intent": "{intent.name}"}}'),
        PERSON_BUTTON,
    ]


_REASK: dict[str, str] = {
    "location": "어디인지 알 수 있게 조금만 더 적어 주세요. 도로명, 가까운 건물이나 정류장 이름도 좋아요.",
    "when": "언제 있었던 일인지 알려 주세요. '어제 저녁 7시쯤', '매일 아침'처럼 적어 주시면 돼요.",
    "vehicle": "차량 번호를 '12가3456'처럼 적어 주세요.",
    "contact": "연락받으실 전화번호나 이메일을 적어 주세요.",
    "detail": "무슨 일인지 한두 문장으로 적어 주세요.",
    "photo": "사진이 있으면 어떤 모습인지 적어 주세요.",
    "region": "사시는 시·군·구 이름을 적어 주세요. 예를 들면 '한빛시'처럼요.",
    "age_band": "연령대를 알려 주세요. 예를 들면 '60대'처럼요.",
    "household": "함께 사는 가족을 알려 주세요. 예를 들면 '혼자 살아요'처럼요.",
    "language": "편하신 언어를 알려 주세요.",
}


def reask(slot: str, *, required: bool) -> str:
    hint = _REASK[slot]
    return hint if required else f"{hint} 모르시면 '건너뛰기'라고 하셔도 돼요."


def due_text(case: Case) -> str:
    if case.due_at is None:
        return ""
    due = case.due_at.astimezone(SEOUL)
    return f"{due.year}년 {due.month}월 {due.day}일까지 답변을 드릴 예정이에요."


def filed(case: Case) -> str:
    return (
        f"접수했어요. 접수번호는 {case.receipt_no}예요.\n"
        f"{case.agency_name}에 전달할게요. {due_text(case)}\n"
        "아래 비밀번호는 지금만 보여 드려요. 접수번호와 함께 적어 두시면 언제든 처리 상황을 확인할 수 있어요."
    )


def filed_late(case: Case) -> str:
    return (
        f"답이 늦어 죄송해요. 앞서 말씀하신 민원은 접수되었어요. 접수번호는 {case.receipt_no}예요.\n"
        f"{case.agency_name}에 전달할게요. {due_text(case)}\n"
        "처리 상황은 이 대화창에서도 알려 드려요. 조회용 비밀번호는 상담원에게 물어봐 주세요."
    )


def case_status(case: Case, status_name: str) -> str:
    return f"접수번호 {case.receipt_no} 민원은 지금 '{status_name}' 상태예요. 담당 기관은 {case.agency_name}예요. {due_text(case)}"


def outage(line: str | None) -> str:
    return OUTAGE.format(line=line or "110")
