"""A foreign resident's main path, with a real Rasa: English and Chinese from the first word to the receipt."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.support.system import Citizen, RunningSystem

pytestmark = pytest.mark.system

KOREAN_SENTENCE = re.compile(r"[가-힣]+(?:요|니다|까)\b")


def choices_of(reply: dict[str, Any]) -> dict[str, str]:
    return {choice["title"]: choice["payload"] for message in reply["messages"] for choice in message["choices"]}


def words_of(reply: dict[str, Any]) -> str:
    return "\n".join(message["text"] for message in reply["messages"])


def test_a_pothole_is_filed_in_english(system: RunningSystem) -> None:
    citizen = Citizen(system, lang="en")
    heard = [
        citizen.hear("/road_damage"),
        citizen.hear("한빛시 중앙로 12 우체국 앞"),
        citizen.hear("Skip"),
        citizen.hear("Skip"),
    ]
    assert "Where was it?" in heard[0]
    assert "photo" in heard[1]
    assert "phone number or email" in heard[2]
    assert "Shall I file it like this?" in heard[3]
    assert "Place: 한빛시 중앙로 12 우체국 앞" in heard[3]
    which = citizen.say("No, change something")
    assert "Where was it?" in citizen.hear(choices_of(which)["Change the place"])
    assert "12 Jungang-ro" in citizen.hear("12 Jungang-ro, Hanbit-si")
    filed = citizen.say("Yes, please file it")
    assert filed["case"]["receipt_no"] in words_of(filed)
    assert "Your case is filed" in words_of(filed)
    status = citizen.say("/case_status")
    assert filed["case"]["receipt_no"] in words_of(status)
    assert not KOREAN_SENTENCE.search("\n".join([*heard, words_of(filed), words_of(status)]))


def test_in_the_middle_of_a_form_the_question_comes_again_in_the_language_asked_for(system: RunningSystem) -> None:
    citizen = Citizen(system)
    assert "어디" in citizen.hear("집 앞 도로가 파였어요")
    english = citizen.say("English please")
    assert "Where was it?" in words_of(english)
    assert "请写" in citizen.hear("请用中文")
    assert "照片" in citizen.hear("首尔市中区明洞")
    korean = citizen.say("/language ko")
    assert "사진" in words_of(korean)
    assert "전화번호" in citizen.hear("건너뛰기")
    assert "위치: 首尔市中区明洞" in citizen.hear("건너뛰기")


def test_the_dialogue_answers_in_the_language_of_the_citizen(system: RunningSystem) -> None:
    citizen = Citizen(system, lang="zh")
    greeting = citizen.say("你好")
    assert re.search(r"[\u4e00-\u9fff]", words_of(greeting))
    visa = citizen.say("/foreign_resident")
    assert "1345" in words_of(visa)
    assert "给工作人员留言" in choices_of(visa)
    question = citizen.say(choices_of(visa)["给工作人员留言"])
    assert "语言" in words_of(question)
    assert not KOREAN_SENTENCE.search(words_of(visa) + words_of(question))
    assert "市、郡、区" in citizen.hear("中文"), "the name of a language is the answer here"
