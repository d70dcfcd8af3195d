"""What the assistant says where it is not Rasa that speaks, in every language. Korean is in 해요체 throughout.

The Korean questions of the form and the Korean answers to each need are in bot/domain; the names of the needs and their
answers in other languages are in nlu_data/translations.yml.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.cases.deadlines import SEOUL
from services.cases.enums import STATUS_NAMES_IN
from services.cases.models import Case
from services.chat.enums import Language
from services.chat.translations import Translations
from services.taxonomy import Intent

KO, EN, ZH = Language.KO, Language.EN, Language.ZH

Button = dict[str, str]
Texts = dict[Language, str]

GREETING: Texts = {
    KO: (
        "안녕하세요. 저는 인공지능(AI) 민원 도우미예요.\n"
        "불편하신 점이나 궁금하신 점을 편하게 말씀해 주세요. 민원 접수, 복지, 재난 안내를 도와드려요.\n"
        "사람과 이야기하고 싶으시면 언제든 '상담원 연결'을 눌러 주세요. 위급하면 바로 119나 112에 전화하세요."
    ),
    EN: (
        "Hello. I am an AI assistant for public services.\n"
        "Tell me in your own words what you need: a complaint, welfare or help in a disaster.\n"
        "You can ask for a person at any time. In an emergency, call 119 (fire, rescue) or 112 (police) right away."
    ),
    ZH: (
        "您好，我是公共服务人工智能（AI）助手。\n"
        "请用您自己的话告诉我需要什么帮助：投诉举报、福利或灾害信息。\n"
        "您随时可以要求转接工作人员。遇到紧急情况，请立即拨打119（火警、急救）或112（报警）。"
    ),
}


def button(title: str, payload: str | None = None) -> Button:
    return {"title": title, "payload": payload or title}


# The choice that switches the language; turns.py answers it, Rasa never sees it.
LANGUAGE_PAYLOAD = "/language "
LANGUAGE_NAMES: Texts = {KO: "한국어", EN: "English", ZH: "中文"}


def language_button(language: Language) -> Button:
    return button(LANGUAGE_NAMES[language], f"{LANGUAGE_PAYLOAD}{language}")


QUICK_CHOICES: dict[Language, tuple[Button, ...]] = {
    KO: (
        button("도로가 파였어요"),
        button("불법 주정차 신고"),
        button("가로등이 꺼졌어요"),
        button("받을 수 있는 복지 찾기"),
        button("접수한 민원 확인"),
    ),
    EN: (
        button("There is a pothole", "/road_damage"),
        button("Report illegal parking", "/illegal_parking"),
        button("A streetlight is out", "/streetlight"),
        button("Visa and help for foreigners", "/foreign_resident"),
        button("Find welfare benefits", "/benefit_search"),
        button("Check my case", "/case_status"),
        language_button(KO),
    ),
    ZH: (
        button("路面有坑", "/road_damage"),
        button("举报违章停车", "/illegal_parking"),
        button("路灯不亮", "/streetlight"),
        button("签证与外国人支援", "/foreign_resident"),
        button("查找福利", "/benefit_search"),
        button("查询我的诉求", "/case_status"),
        language_button(KO),
    ),
}

SWITCHED: Texts = {
    KO: "이제 한국어로 안내해 드릴게요.",
    EN: "I will go on in English. Names of agencies stay in Korean. To return to Korean, press 한국어.",
    ZH: "接下来我用中文为您服务，机关名称保留韩文。如需改回韩语，请点“한국어”。",
}


def switch_buttons(*, now: Language, before: Language) -> list[Button]:
    """The way back: to Korean from every other language, and from Korean to the one spoken before, or to all."""
    if now is not KO:
        return [language_button(KO)]
    return [language_button(before)] if before is not KO else [language_button(EN), language_button(ZH)]


OTHER_NEEDS: Texts = {
    KO: "말씀 중에 다른 일도 있었어요. 이어서 도와드릴까요?",
    EN: "You also mentioned something else. Shall we go on with it?",
    ZH: "您还提到了其他事情，需要我继续为您处理吗？",
}

_OUTAGE: Texts = {
    KO: (
        "죄송해요. 지금 답변을 드리기 어려운 상태예요. 말씀하신 내용은 안전하게 저장했고, 담당자가 확인할 수 있게 전달했어요.\n"
        "급하시면 정부민원안내 {line}번으로 전화해 주세요. 잠시 뒤 다시 말씀해 주셔도 돼요."
    ),
    EN: (
        "I am sorry, I cannot answer right now. What you wrote is safely stored and an officer can see it.\n"
        "If it is urgent, please call {line}, or 1345 for an interpreter. You may also write again in a moment."
    ),
    ZH: (
        "抱歉，目前暂时无法答复。您所写的内容已安全保存，并已转给工作人员。\n"
        "如有急事，请拨打{line}，需要翻译请拨打1345。您也可以稍后再次留言。"
    ),
}
QUEUED: Texts = {
    KO: "상담원을 기다리고 있어요. 말씀하신 내용은 상담원이 그대로 볼 수 있으니 이어서 적어 주세요.",
    EN: "You are waiting for an officer, who will see everything you write here. Please go on writing.",
    ZH: "正在等待工作人员。您所写的内容工作人员都能看到，请继续留言。",
}
CLOSED: Texts = {
    KO: "이 대화는 끝났어요. 새로 시작하시려면 화면의 '새 대화'를 눌러 주세요.",
    EN: "This conversation has ended. To begin again, please press 'Start a new one'.",
    ZH: "本次对话已结束。如需重新开始，请点“开始新对话”。",
}
HANDED_OVER: Texts = {
    KO: (
        "상담원에게 연결해 드릴게요. 순서가 되면 담당자가 이 창에서 답해 드려요.\n"
        "기다리시는 동안 하실 말씀을 적어 두시면 상담원이 먼저 읽어요. 급하시면 110번으로 전화해 주세요."
    ),
    EN: (
        "I will connect you to an officer, who will answer here when it is your turn.\n"
        "You may already write what you need; the officer reads it first. "
        "If it is urgent, please call 110, or 1345 for an interpreter."
    ),
    ZH: (
        "现在为您转接工作人员，轮到您时会在本窗口答复。\n"
        "等待期间您可以先留言，工作人员会先阅读。如有急事，请拨打110，需要翻译请拨打1345。"
    ),
}
AFTER_EMERGENCY: Texts = {
    KO: "위험한 상황이 아니거나 다 해결되었으면, 하시던 말씀을 이어서 적어 주세요.",
    EN: "If there is no danger or it is over, please go on with what you were saying.",
    ZH: "如果没有危险或情况已经解决，请继续刚才的内容。",
}

FILING_FOR: Texts = {
    KO: "{need}에 대해 담당 부서에 남길 내용을 여쭤볼게요.",
    EN: "I will ask what to pass on to the office in charge about: {need}.",
    ZH: "关于“{need}”，我来询问需要转给主管部门的内容。",
}
_STARTED: Texts = {
    KO: "{need}에 대한 말씀이군요. 몇 가지만 여쭤보고 {owner}에 접수할게요. 전화는 {line}이에요.",
    EN: "This is about: {need}. I will ask you a few questions and then file it with {owner}. You can also call {line}.",
    ZH: "您反映的是“{need}”。我先问几个问题，然后提交给{owner}。您也可以拨打{line}。",
}
_NOTED: Texts = {
    KO: "말씀하신 내용에서 {names} 적어 두었어요.",
    EN: "From what you wrote, I have noted the {names}.",
    ZH: "我已从您所写的内容中记下{names}。",
}
_HANDLED_BY: Texts = {
    KO: "{owner}에서 맡고 있어요. 전화는 {line}이에요.",
    EN: "{owner} handles this. Phone: {line}. With an interpreter: 1345 (for foreign residents).",
    ZH: "此事由{owner}负责，电话：{line}。需要翻译请拨打1345（外国人综合咨询）。",
}
_CALL_FIRST: Texts = {
    KO: "지금 위험하다면 바로 {line}에 전화하세요.",
    EN: "If anyone is in danger now, call {line} at once; interpreters are available.",
    ZH: "如果现在有危险，请立即拨打{line}，可提供翻译。",
}
CONFIRM: Texts = {
    KO: "이렇게 접수할까요?\n{summary}",
    EN: "Shall I file it like this?\n{summary}",
    ZH: "这样提交可以吗？\n{summary}",
}
CONFIRM_UNCLEAR: Texts = {
    KO: "접수할지 알려 주세요. 고칠 곳이 있으면 '위치 고치기'처럼 말씀해 주셔도 돼요.",
    EN: "Please tell me whether to file it. If something is wrong, you can say, for example, 'Change the place'.",
    ZH: "请告诉我是否提交。如需修改，可以说“修改地点”。",
}
WHICH_TO_CORRECT: Texts = {KO: "어느 부분을 고칠까요?", EN: "Which part should I change?", ZH: "需要修改哪一部分？"}
_CHANGE: Texts = {KO: "{name} 고치기", EN: "Change the {name}", ZH: "修改{name}"}
CANCELLED: Texts = {
    KO: "접수를 그만두었어요. 적어 주신 내용은 기관에 보내지 않았어요. 다른 도움이 필요하면 말씀해 주세요.",
    EN: "I have stopped. Nothing of what you wrote was sent to an agency. If you need anything else, please tell me.",
    ZH: "已取消提交，您所写的内容没有发送给任何机关。如需其他帮助，请告诉我。",
}
MORE_HELP: Texts = {
    KO: "더 필요하신 것이 있으면 골라 주세요.",
    EN: "If you need more, please choose.",
    ZH: "如果还有其他需要，请选择。",
}
CLARIFY: Texts = {
    KO: "제가 잘 이해했는지 확인하고 싶어요. 아래에서 가까운 것을 골라 주시거나, 조금 다르게 말씀해 주세요.",
    EN: "I want to be sure that I understand. Which of these did you mean? You can also say it in other words.",
    ZH: "我想确认是否理解正确。请选择最接近的一项，或者换一种说法告诉我。",
}
STILL_UNSURE: Texts = {
    KO: "제가 잘 알아듣지 못했어요. 상담원에게 연결해 드릴까요? 다른 말로 다시 적어 주셔도 돼요.",
    EN: "I am sorry, I still do not understand. Shall I connect you to an officer? You can also try other words.",
    ZH: "抱歉，我还是没有理解。需要为您转接工作人员吗？您也可以换一种说法再写一次。",
}

CANCEL_BUTTON: dict[Language, Button] = {KO: button("접수 취소"), EN: button("Cancel"), ZH: button("取消提交")}
PERSON_BUTTON: dict[Language, Button] = {
    KO: button("상담원 연결", "/handoff_human"),
    EN: button("Talk to a person", "/handoff_human"),
    ZH: button("转人工", "/handoff_human"),
}
CONFIRM_BUTTONS: dict[Language, tuple[Button, ...]] = {
    KO: (button("네, 접수해 주세요"), button("아니요, 고칠게요"), CANCEL_BUTTON[KO]),
    EN: (button("Yes, please file it"), button("No, change something"), CANCEL_BUTTON[EN]),
    ZH: (button("是的，请提交"), button("不对，要修改"), CANCEL_BUTTON[ZH]),
}
_ASK_OFFICER: Texts = {KO: "담당자에게 질문 남기기", EN: "Leave a question for an officer", ZH: "给工作人员留言"}


def more_help_buttons(intent: Intent, language: Language) -> list[Button]:
    return [
        button(_ASK_OFFICER[language], f'/file_case{{"case_intent": "{intent.name}"}}'),
        PERSON_BUTTON[language],
    ]


def change_button(name: str, language: Language) -> Button:
    return button(_CHANGE[language].format(name=name))


def _sentences(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def started(intent: Intent, translations: Translations, language: Language) -> str:
    """The form has been opened for a need; in Korean it is Rasa that says so."""
    said = _STARTED[language].format(need=translations.name(intent, language), owner=intent.owner, line=intent.line)
    return _sentences(said, translations.answer(intent, language))


def noted(names: Sequence[str], language: Language) -> str:
    """What the first message has told already; `names` of slots in that language."""
    *first, last = names
    if language is KO:
        listed = f"{', '.join(first)}{_particle(first[-1], '과', '와')} {last}" if first else last
        listed += _particle(last, "을", "를")
    elif language is ZH:
        listed = f"{'、'.join(first)}和{last}" if first else last
    else:
        listed = f"{', '.join(first)} and {last}" if first else last
    return _NOTED[language].format(names=listed)


def _particle(word: str, after_consonant: str, after_vowel: str) -> str:
    return after_consonant if (ord(word[-1]) - ord("가")) % 28 else after_vowel


def answer(intent: Intent, translations: Translations, language: Language) -> str:
    """Information about a need, or an answer in the dialogue; in Korean it is Rasa that gives it."""
    said = translations.answer(intent, language)
    if intent.family == "dialogue":
        return said
    if intent.urgency == 3:
        return _sentences(_CALL_FIRST[language].format(line=intent.line), said)
    return _sentences(said, _HANDLED_BY[language].format(owner=intent.owner, line=intent.line))


# The form's questions. The Korean ones are in bot/domain/responses/forms.yml.
QUESTIONS: dict[str, Texts] = {
    "location": {
        EN: "Where was it? Please write the street address, or a building or bus stop nearby.",
        ZH: "地点在哪里？请写道路名地址，或附近的建筑、车站名称。",
    },
    "when": {
        EN: 'When was it? For example, "yesterday around 7 pm" or "every morning".',
        ZH: "是什么时候？例如“昨天晚上7点左右”“每天早上”。",
    },
    "photo": {
        EN: "Do you have a photo? If so, please write what it shows. An officer will ask for it if it is needed.",
        ZH: "有现场照片吗？如果有，请写明拍到了什么。需要时工作人员会另行索取。",
    },
    "contact": {
        EN: (
            "Which phone number or email can the officer use to reach you? It is stored encrypted, and only the officer "
            "sees it. Please do not write your registration number."
        ),
        ZH: "请留下工作人员可以联系您的电话或邮箱。信息会加密保存，仅工作人员可见。请不要填写登记号。",
    },
    "vehicle": {
        EN: 'What is the number of the vehicle? For example, "12가3456".',
        ZH: "车牌号是多少？例如“12가3456”。",
    },
    "detail": {
        EN: "Please tell me a little more: what happened, and what would you like to be done?",
        ZH: "请再详细说明一下：发生了什么，您希望如何处理？",
    },
    "region": {
        EN: "Which city or district (시·군·구) do you live in? With the neighbourhood (읍·면·동) it is even clearer.",
        ZH: "您住在哪个市、郡、区（시·군·구）？如能写到邑、面、洞（읍·면·동）会更准确。",
    },
    "age_band": {EN: "What is your age group?", ZH: "您的年龄段是？"},
    "household": {
        EN: 'Who lives with you? For example, "I live alone" or "with two children".',
        ZH: "您和谁一起生活？例如“一个人住”“和两个孩子一起住”。",
    },
    "language": {EN: "Which language do you prefer?", ZH: "您希望使用哪种语言？"},
}
SKIP: Texts = {KO: "건너뛰기", EN: "Skip", ZH: "跳过"}
_ANSWERS: dict[str, dict[Language, tuple[str, ...]]] = {
    "age_band": {
        EN: ("20s or 30s", "40s or 50s", "60s", "70 or older"),
        ZH: ("20至39岁", "40至59岁", "60多岁", "70岁以上"),
    },
    "language": {
        EN: ("한국어", "English", "中文", "Tiếng Việt"),
        ZH: ("한국어", "English", "中文", "Tiếng Việt"),
    },
}


def question_buttons(slot: str, language: Language, *, required: bool) -> list[Button]:
    offered = [*_ANSWERS.get(slot, {}).get(language, ()), *([] if required else [SKIP[language]])]
    return [button(title) for title in offered]


REASK: dict[str, Texts] = {
    "location": {
        KO: "어디인지 알 수 있게 조금만 더 적어 주세요. 도로명, 가까운 건물이나 정류장 이름도 좋아요.",
        EN: "Please write a little more so that the place can be found: a street, a building or a bus stop nearby.",
        ZH: "请再写清楚一点，以便找到地点，例如道路名、附近的建筑或车站。",
    },
    "when": {
        KO: "언제 있었던 일인지 알려 주세요. '어제 저녁 7시쯤', '매일 아침'처럼 적어 주시면 돼요.",
        EN: "Please tell me when it was, for example 'yesterday around 7 pm' or 'every morning'.",
        ZH: "请告诉我时间，例如“昨天晚上7点左右”“每天早上”。",
    },
    "vehicle": {
        KO: "차량 번호를 '12가3456'처럼 적어 주세요.",
        EN: "Please write the number of the vehicle like '12가3456'.",
        ZH: "请像“12가3456”这样填写车牌号。",
    },
    "contact": {
        KO: "연락받으실 전화번호나 이메일을 적어 주세요.",
        EN: "Please write a phone number or an email address.",
        ZH: "请填写可以联系您的电话或邮箱。",
    },
    "detail": {
        KO: "무슨 일인지 한두 문장으로 적어 주세요.",
        EN: "Please tell me in one or two sentences what it is about.",
        ZH: "请用一两句话说明是什么事。",
    },
    "photo": {
        KO: "사진이 있으면 어떤 모습인지 적어 주세요.",
        EN: "If you have a photo, please write what it shows.",
        ZH: "如果有照片，请写明拍到了什么。",
    },
    "region": {
        KO: "사시는 시·군·구 이름을 적어 주세요. 예를 들면 '한빛시'처럼요.",
        EN: "Please write the name of your city or district, for example '한빛시'.",
        ZH: "请填写您所在的市、郡、区名称，例如“한빛시”。",
    },
    "age_band": {
        KO: "연령대를 알려 주세요. 예를 들면 '60대'처럼요.",
        EN: "Please tell me your age group, for example '60s'.",
        ZH: "请告诉我您的年龄段，例如“60多岁”。",
    },
    "household": {
        KO: "함께 사는 가족을 알려 주세요. 예를 들면 '혼자 살아요'처럼요.",
        EN: "Please tell me who lives with you, for example 'I live alone'.",
        ZH: "请告诉我和您一起生活的家人，例如“一个人住”。",
    },
    "language": {
        KO: "편하신 언어를 알려 주세요.",
        EN: "Which language do you prefer?",
        ZH: "请告诉我您方便使用的语言。",
    },
}
_MAY_SKIP: Texts = {
    KO: "모르시면 '건너뛰기'라고 하셔도 돼요.",
    EN: "If you do not know, you can say 'skip'.",
    ZH: "如果不清楚，可以说“跳过”。",
}


def reask(slot: str, language: Language, *, required: bool) -> str:
    hint = REASK[slot][language]
    between = "" if language is ZH else " "
    return hint if required else f"{hint}{between}{_MAY_SKIP[language]}"


_DUE: Texts = {
    KO: "{year}년 {month}월 {day}일까지 답변을 드릴 예정이에요.",
    EN: "You should have an answer by {day} {month_name} {year}.",
    ZH: "预计在{year}年{month}月{day}日之前答复。",
}
_MONTHS = "Jan. Feb. March April May June July Aug. Sept. Oct. Nov. Dec."  # strftime would ask the machine's locale


def due_text(case: Case, language: Language = KO) -> str:
    if case.due_at is None:
        return ""
    due = case.due_at.astimezone(SEOUL)
    return _DUE[language].format(year=due.year, month=due.month, day=due.day, month_name=_MONTHS.split()[due.month - 1])


_FILED: Texts = {
    KO: (
        "접수했어요. 접수번호는 {number}예요.\n"
        "{agency}에 전달할게요. {due}\n"
        "아래 비밀번호는 지금만 보여 드려요. 접수번호와 함께 적어 두시면 언제든 처리 상황을 확인할 수 있어요."
    ),
    EN: (
        "Your case is filed. The receipt number is {number}.\n"
        "It goes to {agency}. {due}\n"
        "The PIN below is shown only now. With it and the receipt number you can check your case at any time."
    ),
    ZH: (
        "已提交，受理编号为{number}。\n"
        "将转交{agency}。{due}\n"
        "下方的确认码仅显示这一次。请与受理编号一起记下，以便随时查询进度。"
    ),
}
_FILED_LATE: Texts = {
    KO: (
        "답이 늦어 죄송해요. 앞서 말씀하신 민원은 접수되었어요. 접수번호는 {number}예요.\n"
        "{agency}에 전달할게요. {due}\n"
        "처리 상황은 이 대화창에서도 알려 드려요. 조회용 비밀번호는 상담원에게 물어봐 주세요."
    ),
    EN: (
        "I am sorry for the late answer. The case you told me about is filed. The receipt number is {number}.\n"
        "It goes to {agency}. {due}\n"
        "You will read in this chat how it goes on. Please ask an officer for the PIN."
    ),
    ZH: (
        "抱歉答复晚了。您之前的诉求已提交，受理编号为{number}。\n"
        "将转交{agency}。{due}\n"
        "处理进度也会在本窗口通知您。查询用的确认码请向工作人员询问。"
    ),
}
_CASE_STATUS: Texts = {
    KO: "접수번호 {number} 민원은 지금 '{status}' 상태예요. 담당 기관은 {agency}예요. {due}",
    EN: "Your case {number} is now: {status}. It is with {agency}. {due}",
    ZH: "受理编号{number}的诉求目前状态为“{status}”，负责机关是{agency}。{due}",
}


def _about(template: Texts, case: Case, language: Language) -> str:
    return template[language].format(
        number=case.receipt_no,
        agency=case.agency_name,
        status=STATUS_NAMES_IN[language][case.status],
        due=due_text(case, language),
    )


def filed(case: Case, language: Language = KO) -> str:
    return _about(_FILED, case, language)


def filed_late(case: Case, language: Language = KO) -> str:
    return _about(_FILED_LATE, case, language)


def case_status(case: Case, language: Language = KO) -> str:
    return _about(_CASE_STATUS, case, language)


def outage(language: Language, line: str | None = None) -> str:
    return _OUTAGE[language].format(line=line or "110")
