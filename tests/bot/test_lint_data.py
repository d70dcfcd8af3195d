"""The linter of nlu_data: every check can fail."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from bot import lint_data
from bot.lint_data import Data, Finding, language, lint, squeezed

INTENTS = {"road_damage": "civil", "streetlight": "civil", "greet": "dialogue"}
SAID = {
    "road_damage": "{} 사거리 도로가 {}센티쯤 파였어요",
    "streetlight": "{} 골목 가로등이 {}일째 깜깜해요",
    "greet": "{} 아침 {}시에 안부 여쭙니다",
}
PLACES = ("은행나무", "방앗간", "우체국", "철물점", "약수터", "정미소", "세탁소", "꽃집", "서점", "빵집")


class Home:
    """A small nlu_data without a fault, to be spoilt."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "nlu_data"
        self.utterances = {
            intent: [pattern.format(place, number) for place in PLACES for number in range(1, 11)]
            + [f"{intent} in English, number {number}" for number in range(10)]
            for intent, pattern in SAID.items()
        }
        self.write("taxonomy.yml", yaml.safe_dump({"intents": {k: {"family": v} for k, v in INTENTS.items()}}))
        for intent in INTENTS:
            self.save(intent)
        self.freeze("frozen_test/civil.jsonl", "차선이 지워져서 밤에 안 보입니다", "road_damage")
        self.freeze("frozen_test/dialogue.jsonl", "안녕하세요", "greet")

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def save(self, intent: str, *, family: str = "", use: str = "", folder: str = "utterances") -> None:
        lines = "".join(f"    - {text}\n" for text in self.utterances[intent])
        metadata = f"  metadata: {{use: {use}}}\n" if use else ""
        block = f'version: "3.1"\nnlu:\n- intent: {intent}\n{metadata}  examples: |\n{lines}'
        self.write(f"{folder}/{family or INTENTS.get(intent, 'civil')}/{intent}.yml", block)

    def freeze(self, name: str, text: str, intent: str) -> None:
        self.write(name, json.dumps({"text": text, "intent": intent}, ensure_ascii=False) + "\n")

    def say(self, *texts: str, intent: str = "road_damage") -> None:
        self.utterances[intent] += texts
        self.save(intent)

    def found(self) -> list[Finding]:
        return lint(Data(self.folder), fast=True)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def only(found: list[Finding], check: str, *, error: bool = True) -> str:
    """The message of the one finding there is."""
    assert [(f.check, f.error) for f in found] == [(check, error)], found
    return found[0].message


def test_faultless_data_pass(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert home.found() == []
    assert lint_data.main(["--data", str(home.folder), "--fast"]) == 0
    assert "training           330        3" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text",
    ["차선이 없어졌습니다", "차선이  없어졌습니다!!", "차선이없어졌습니다ㅎㅎ"[:-2], "차선이 없어졌습니다\u200b"],
)
def test_the_same_words_twice(home: Home, text: str) -> None:
    home.say("차선이 없어졌습니다", text)
    message = only(home.found(), "identical")
    assert message.startswith("utterances/civil/road_damage.yml:116: also at utterances/civil/road_damage.yml:115")


def test_the_same_words_for_two_needs(home: Home) -> None:
    home.say("여기가 어두워요")
    home.say("여기가 어두워요.", intent="streetlight")
    assert "streetlight and road_damage" in only(home.found(), "identical")


def test_words_apart_are_not_the_same() -> None:
    assert squeezed("네!") == squeezed(" 네 ")
    assert squeezed("👍") == "👍"
    assert squeezed("3번") != squeezed("4번")


@pytest.mark.parametrize("text", ["차선이 지워져서 밤에 안 보입니다", "차선이 지워져서 밤에는 안 보입니다"])
def test_a_leak_of_the_frozen_set(home: Home, text: str) -> None:
    home.say(text)
    assert "(frozen" in only(home.found(), "leak")


def test_what_shares_only_some_words_is_no_leak(home: Home) -> None:
    home.say("차선이 다 벗겨졌는데 다시 그어 주세요")
    assert home.found() == []


def test_a_leak_of_everyday_words_is_a_warning(home: Home) -> None:
    home.say("안녕하세요!", intent="greet")
    assert "안녕하세요" in only(home.found(), "leak", error=False)
    assert lint_data.main(["--data", str(home.folder), "--fast"]) == 0


def test_leaks_between_calibration_training_and_frozen(home: Home) -> None:
    home.say("맨홀 옆 아스팔트가 주저앉았어요")
    calibration = "nlu:\n- intent: road_damage\n  metadata: {use: calibration}\n  examples: |\n"
    home.write("calibration/civil.yml", calibration + "    - 맨홀 옆 아스팔트가 주저앉았네요\n")
    assert "(calibration" in only(home.found(), "leak")
    home.write("calibration/civil.yml", calibration + "    - 차선이 지워져서 밤에 안 보여요\n    - 차선 다 지워짐\n")
    assert only(home.found(), "leak").startswith("calibration/civil.yml:5: ")


def test_an_emergency_example_of_the_blind_set(home: Home) -> None:
    emergency = "nlu:\n- intent: road_damage\n  metadata: {use: danger}\n  examples: |\n    - 사람이 깔렸어요\n"
    home.write("emergency/examples/danger.yml", emergency)
    assert home.found() == []
    home.freeze("../tests/services/chat/emergency_blind_true.jsonl", "사람이 깔렸어요!", "road_damage")
    assert "blind" in only(home.found(), "leak")


def test_too_few_utterances(home: Home) -> None:
    del home.utterances["streetlight"][:12]
    home.save("streetlight")
    assert only(home.found(), "balance") == "streetlight has 98 utterances, fewer than 100"
    home.say("가로등이 두 개 나갔어요", "보안등 좀 달아 주세요", intent="streetlight")
    assert home.found() == []
    del home.utterances["greet"][:12]
    home.save("greet")
    only(home.found(), "balance", error=False)


def test_other_languages_are_scarce(home: Home) -> None:
    home.utterances["road_damage"] = home.utterances["road_damage"][:102]
    home.save("road_damage")
    assert "2.0% of other languages" in only(home.found(), "balance", error=False)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("제 번호 010-2345-6789 로 전화 주세요", "telephone number"),
        ("０１０ ２３４５ ６７８９", "telephone number"),
        ("집 전화는 02-345-6789 예요", "telephone number"),
        ("+82 10-2345-6789", "telephone number"),
        ("주민번호 900101-1234567 입니다", "resident number"),
        ("9001011234567", "resident number"),
        ("카드 1234-5678-9012-3456 결제 취소", "card number"),
        ("hong.gildong@example.com 으로 보내 주세요", "e-mail address"),
    ],
)
def test_personal_data(home: Home, text: str, kind: str) -> None:
    home.say(text)
    assert f": {kind}: " in only(home.found(), "personal")


@pytest.mark.parametrize(
    "text", ["접수번호 20260318-000017 조회", "1588-1234 로 전화했어요", "2026년 11월 22일 14시 30분 120 상담"]
)
def test_public_numbers_are_not_personal(home: Home, text: str) -> None:
    home.say(text)
    assert home.found() == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("/restart", "begins with /"),
        ("도로가 [종로구](region 에서 파였어요", "half a mark"),
        ("도로가 {파였어요", "half a mark"),
        ("도로 ${HOME} 파임", "environment variable"),
        ("", "no words"),
    ],
)
def test_what_rasa_would_misread(home: Home, text: str, why: str) -> None:
    home.say(text)
    assert why in only(home.found(), "format")


def test_a_whole_mark_and_plain_brackets_are_read_well(home: Home) -> None:
    home.say("[종로구](region) 길이 울퉁불퉁해요", "[급함] 보도블록이 들렸어요")
    assert home.found() == []


@pytest.mark.parametrize(
    "block",
    [
        "nlu:\n- intent: greet\n  examples: |\n      인사 없이 시작\n",
        "nlu:\n- intent: greet\n  metadata: {use: calibration}\n  examples: |\n    - 처음 뵙겠어요\n",
        "nlu:\n- examples: |\n    - 처음 뵙겠어요\n",
        "nlu:\n- intent: [\n",
        "stories: []\n",
    ],
)
def test_files_that_rasa_would_skip_or_misuse(home: Home, block: str) -> None:
    home.write("utterances/dialogue/more.yml", block)
    only(home.found(), "format")


def test_calibration_must_not_be_trained_on(home: Home) -> None:
    home.write("calibration/civil.yml", "nlu:\n- intent: road_damage\n  examples: |\n    - 아스팔트가 주저앉았네요\n")
    assert "metadata use is None" in only(home.found(), "format")


def test_intents_and_the_taxonomy(home: Home) -> None:
    home.utterances["potholes"] = ["아스팔트가 벗겨졌네요"] + [f"포장이 {n}군데 깨짐" for n in range(110)]
    home.save("potholes")
    assert "potholes is not in the taxonomy" in next(f for f in home.found() if f.check == "taxonomy").message


def test_an_intent_without_utterances(home: Home) -> None:
    (home.folder / "utterances/civil/streetlight.yml").unlink()
    assert only(home.found(), "taxonomy") == "streetlight has no utterances"


def test_an_intent_in_another_familys_folder(home: Home) -> None:
    (home.folder / "utterances/dialogue/greet.yml").unlink()
    home.save("greet", family="civil")
    assert "greet is of the family dialogue" in home.found()[0].message


def test_errors_exit_with_one_and_nothing_with_two(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    home.say("/restart")
    assert lint_data.main(["--data", str(home.folder), "--fast", "--quiet"]) == 1
    assert "/restart" in capsys.readouterr().out
    assert lint_data.main(["--data", str(home.folder / "nowhere"), "--fast"]) == 2
    assert "bot.lint_data: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("길이 파였어요", "ko"),
        ("TV수신료 왜 나와요", "ko"),
        ("🙏", "ko"),
        ("Where is it?", "en and other Latin"),
        ("Bóng đèn bị hỏng", "vi"),
        ("路灯坏了", "zh"),
        ("街灯が消えています", "ja"),
        ("Фонарь не горит", "ru and other Cyrillic"),
        ("ไฟดับ", "th"),
    ],
)
def test_languages(text: str, name: str) -> None:
    assert language(text) == name


def test_what_the_classifier_takes_for_another_intent(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = home.utterances["streetlight"][5:100:13]
    home.utterances["streetlight"] = [text for text in home.utterances["streetlight"] if text not in wrong]
    home.save("streetlight")
    home.say(*wrong)
    found = lint(Data(home.folder))
    labels = [f for f in found if f.check == "labels"]
    assert {f.message.rsplit(": ", 1)[1] for f in labels} & set(wrong)
    assert not any(f.error for f in found)
    assert lint_data.main(["--data", str(home.folder), "--show", "1"]) == 0
    assert "labels: warnings" in capsys.readouterr().out


def test_a_leak_by_meaning_only(home: Home) -> None:
    home.freeze("frozen_test/civil.jsonl", "Where can I get a passport photo taken?", "road_damage")
    home.say("Where could I have my passport picture taken?")
    assert [f.check for f in lint(Data(home.folder), fast=True)] == []
    leaks = [f for f in lint(Data(home.folder)) if f.check == "leak"]
    assert not only(leaks, "leak", error=False).endswith("frozen")


def test_the_projects_own_data_hold() -> None:
    assert lint_data.main(["--fast", "--quiet"]) == 0
