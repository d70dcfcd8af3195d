"""Every text exists in Korean, English and Chinese, and the form understands its own buttons in each of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.cases import enums, flows
from services.cases.enums import CaseStatus
from services.chat import forms, texts
from services.chat.enums import Language
from services.chat.forms import Outcome, interpret, interpret_confirmation
from services.chat.marked_yaml import ExpertFileError
from services.chat.translations import FOREIGN, Translations
from services.settings import ROOT
from services.taxonomy import Slot, load_taxonomy

TAXONOMY = load_taxonomy(ROOT / "nlu_data" / "taxonomy.yml")
FILE = ROOT / "nlu_data" / "translations.yml"
TRANSLATIONS = Translations.load(FILE, TAXONOMY)
RESPONSES = {
    name: variants
    for path in sorted((ROOT / "bot" / "domain" / "responses").glob("*.yml"))
    for name, variants in yaml.safe_load(path.read_text(encoding="utf-8"))["responses"].items()
}
# Their Korean is what Rasa says: bot/domain/responses/forms.yml.
KOREAN_IN_THE_BOT = {"QUESTIONS", "_ANSWERS"}

HANGUL = re.compile(r"[가-힣]")
LATIN_SENTENCE = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,} [A-Za-z]{2,}")


def tables(value: Any, name: str) -> Iterator[tuple[str, dict[Language, Any]]]:
    """Every mapping by language in a module, also inside of other mappings."""
    if isinstance(value, dict):
        if value and all(isinstance(key, Language) for key in value):
            yield name, value
        else:
            for key, inner in value.items():
                yield from tables(inner, f"{name}.{key}")


TABLES = [
    table
    for module in (texts, forms, flows, enums)
    for name, value in vars(module).items()
    for table in tables(value, f"{module.__name__.rsplit('.')[-1]}.{name}")
]


def test_the_tables_are_found() -> None:
    assert {"texts.GREETING", "texts.REASK.location", "forms.SLOT_NAMES_IN", "flows._STATUS_CHANGED"} <= {
        name for name, _ in TABLES
    }


@pytest.mark.parametrize(("name", "table"), TABLES)
def test_no_table_lacks_a_language(name: str, table: dict[Language, Any]) -> None:
    wanted = set(FOREIGN) if name.split(".")[1] in KOREAN_IN_THE_BOT else set(Language)
    assert set(table) == wanted
    first = next(iter(table.values()))
    for value in table.values():
        assert value or name == "forms._LABELS_IN"
        if isinstance(first, str) and isinstance(value, str):
            assert set(re.findall(r"{\w+}", value)) == set(re.findall(r"{\w+}", first)) or name == "texts._DUE"
        if name == "forms.SLOT_NAMES_IN" or name == "enums.STATUS_NAMES_IN":
            assert set(value) == set(first)


def test_every_question_has_words_in_every_language() -> None:
    assert set(texts.QUESTIONS) == set(texts.REASK) == set(forms.SLOT_NAMES)
    for slot in forms.SLOT_NAMES:
        assert f"utter_ask_case_form_{slot}" in RESPONSES


def test_every_need_has_a_name_and_an_answer_in_every_language() -> None:
    seen: dict[Language, set[str]] = {language: set() for language in Language}
    for intent in TAXONOMY:
        for language in Language:
            name = TRANSLATIONS.name(intent, language)
            assert 0 < len(name) <= 40
            seen[language].add(name)
        assert f"utter_{intent.name}" in RESPONSES
        for language in FOREIGN:
            said = texts.answer(intent, TRANSLATIONS, language)
            assert said
            if intent.line:
                assert intent.line in said
                assert str(intent.owner) in said or intent.urgency == 3
            assert len(said) < 700
    assert all(len(names) == len(TAXONOMY) for names in seen.values()), "two needs of one name cannot be chosen between"


def test_each_language_is_written_in_its_own_letters() -> None:
    for intent in TAXONOMY:
        assert not HANGUL.search(TRANSLATIONS.name(intent, Language.EN))
        assert not HANGUL.search(TRANSLATIONS.name(intent, Language.ZH))
        assert not LATIN_SENTENCE.search(TRANSLATIONS.answer(intent, Language.ZH))
        assert not re.search(r"[\u4e00-\u9fff]", TRANSLATIONS.answer(intent, Language.EN).replace("中文", ""))


def broken(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "translations.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_missing_need_or_language_is_named_with_its_line(tmp_path: Path) -> None:
    whole = FILE.read_text(encoding="utf-8")
    without_a_need = re.sub(r"  fire:\n(?:    .*\n)+", "", whole)
    with pytest.raises(ExpertFileError, match="missing: fire"):
        Translations.load(broken(tmp_path, without_a_need), TAXONOMY)
    without_chinese = whole.replace("    name: {en: Fire, zh: 火灾}", "    name: {en: Fire}")
    with pytest.raises(ExpertFileError, match=r"translations.yml:\d+: missing: zh"):
        Translations.load(broken(tmp_path, without_chinese), TAXONOMY)
    half = re.sub(r"(  fire:\n    name: .*\n    en: .*\n)    zh: .*\n", r"\1", whole)
    with pytest.raises(ExpertFileError, match="in every language"):
        Translations.load(broken(tmp_path, half), TAXONOMY)
    silent = re.sub(r"(  passport:\n    name: .*\n)    en: .*\n    zh: .*\n", r"\1", whole)
    with pytest.raises(ExpertFileError, match="in every language"):
        Translations.load(broken(tmp_path, silent), TAXONOMY)


# the form ---------------------------------------------------------------------------------------------------------

PARKING = TAXONOMY.get("illegal_parking")


@pytest.mark.parametrize("language", Language)
def test_the_buttons_of_the_confirmation_mean_what_they_say(language: Language) -> None:
    said = [choice["payload"] for choice in texts.CONFIRM_BUTTONS[language]]
    assert [interpret_confirmation(PARKING, text).outcome for text in said] == [
        Outcome.FILE,
        Outcome.CHOOSE_CORRECTION,
        Outcome.CANCEL,
    ]


@pytest.mark.parametrize("language", Language)
def test_every_part_can_be_corrected_by_its_button(language: Language) -> None:
    for intent in TAXONOMY:
        for slot in intent.slots:
            said = texts.change_button(forms.SLOT_NAMES_IN[language][slot.name], language)["payload"]
            assert interpret_confirmation(intent, said).value == slot.name


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("slot", list(forms.SLOT_NAMES))
def test_every_question_may_be_skipped_and_cancelled_by_its_words(slot: str, language: Language) -> None:
    optional = Slot(slot, required=False)
    assert interpret(optional, texts.SKIP[language], tries=0).outcome is Outcome.SKIPPED
    assert interpret(optional, texts.CANCEL_BUTTON[language]["payload"], tries=0).outcome is Outcome.CANCEL
    for choice in texts.question_buttons(slot, language, required=True):
        assert interpret(optional, choice["payload"], tries=0).outcome is Outcome.FILLED


@pytest.mark.parametrize(
    "text",
    [
        "Yes",
        "yes please",
        "Yes, file it",
        "ok go ahead",
        "That's correct",
        "looks good",
        "submit it now",
        "是的",
        "对",
        "没问题",
        "没错，提交吧",
        "可以，请提交",
        "确认提交",
    ],
)
def test_a_yes_files_in_other_languages(text: str) -> None:
    assert interpret_confirmation(PARKING, text).outcome is Outcome.FILE


@pytest.mark.parametrize(
    "text",
    [
        "yes but wait",
        "don't file it",
        "do not send it",
        "file it later",
        "not yet",
        "I don't want to file it",
        "yes?",
        "no problem",
        "it",
        "别提交",
        "先不要提交",
        "等一下",
        "不可以",
        "取消",
        "可以吗？",
        "it is wrong",
        "this is not correct",
    ],
)
def test_what_is_no_clear_yes_files_nothing_in_other_languages(text: str) -> None:
    assert interpret_confirmation(PARKING, text).outcome is not Outcome.FILE


@pytest.mark.parametrize(
    ("text", "slot"),
    [
        ("the time is wrong", "when"),
        ("Please change my address", "location"),
        ("Fix the licence plate", "vehicle"),
        ("地点不对", "location"),
        ("请修改时间", "when"),
        ("车牌号写错了", "vehicle"),
    ],
)
def test_a_correction_is_understood_in_other_languages(text: str, slot: str) -> None:
    assert interpret_confirmation(PARKING, text).value == slot


@pytest.mark.parametrize(
    "text", ["No", "No, change something", "something is wrong", "不对", "不是", "我要修改", "修改一下"]
)
def test_a_no_asks_which_part_is_wrong_in_other_languages(text: str) -> None:
    assert interpret_confirmation(PARKING, text).outcome is Outcome.CHOOSE_CORRECTION


@pytest.mark.parametrize(
    "text", ["I don't have a photo", "I'm not sure", "no idea", "没有照片", "不记得了", "我不知道"]
)
def test_not_knowing_skips_in_other_languages(text: str) -> None:
    assert interpret(Slot("photo", required=False), text, tries=0).outcome is Outcome.SKIPPED


@pytest.mark.parametrize(
    "text",
    [
        "No Brand store",
        "Stop & Shop",
        "Bus stop in front of city hall",
        "人工湖旁边",
        "取消街5号",
        "Pass Road 3",
        "无锡餐厅",
    ],
)
def test_a_place_is_a_place_in_other_languages(text: str) -> None:
    assert interpret(Slot("location", required=True), text, tries=0).outcome is Outcome.FILLED


@pytest.mark.parametrize(
    "text", ["last Monday evening", "about two hours ago", "always", "昨晚", "上周三下午", "一直这样"]
)
def test_a_time_may_be_vague_in_other_languages(text: str) -> None:
    assert interpret(Slot("when", required=True), text, tries=0).outcome is Outcome.FILLED


@pytest.mark.parametrize("text", ["Talk to a person", "please connect me to an officer", "转人工", "我要人工服务"])
def test_a_person_is_one_sentence_away_in_other_languages(text: str) -> None:
    assert interpret(Slot("location", required=True), text, tries=0).outcome is Outcome.PERSON


@pytest.mark.parametrize("text", ["I asked to connect to an officer twice", "我去找工作人员他们不理我"])
def test_a_complaint_about_a_person_is_not_a_wish_for_one_in_other_languages(text: str) -> None:
    assert interpret(Slot("detail", required=True), text, tries=0).outcome is Outcome.FILLED


def test_the_summary_is_in_the_citizens_language_and_hides_what_is_masked() -> None:
    road = TAXONOMY.get("road_damage")
    filled = {"location": "12 Jungang-ro", "photo": forms.SKIPPED, "contact": "[전화번호]"}
    shown = forms.summary(road, filled, language=Language.EN, need=TRANSLATIONS.name(road, Language.EN))
    assert shown == "· About: Damaged road or pavement\n· Place: 12 Jungang-ro\n· Contact: [phone number]"
    shown = forms.summary(road, filled, language=Language.ZH, need=TRANSLATIONS.name(road, Language.ZH))
    assert shown == "· 类别: 道路或人行道破损\n· 地点: 12 Jungang-ro\n· 联系方式: [电话号码]"


def test_every_status_has_a_name_in_every_language() -> None:
    for language in Language:
        assert set(enums.STATUS_NAMES_IN[language]) == set(CaseStatus)
