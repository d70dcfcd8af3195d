from __future__ import annotations

from pathlib import Path

import pytest

from services.agencies.registry import (
    InvalidRegistry,
    Registry,
    RegistryError,
    UnknownAgency,
    UnroutableIntent,
    UnservedRegion,
)
from services.taxonomy import Taxonomy

ROOT = Path(__file__).resolve().parents[3]
REAL = ROOT / "services/agencies/registry.yml"
TAXONOMY = ROOT / "nlu_data/taxonomy.yml"

SMALL_TAXONOMY = """
intents:
  road_damage: {family: civil, ko: 도로 파손, owner: 도로과, kind: report, urgency: 1, slots: [], line: "120"}
  scam: {family: civil, ko: 사기, owner: 경찰청, kind: report, urgency: 2, slots: [], line: "112"}
  abuse_violence: {family: welfare, ko: 폭력, owner: 경찰청, kind: none, urgency: 3, slots: [], line: "112"}
  greet: {family: dialogue, ko: 인사}
"""
SMALL = """version: 1
home: "99110"
agencies:
  - {id: road, name: 도로과, owner: 도로과, region: "99110", phone: "120", hours: 평일, connector: open311,
     base_url: "${AGENCY_BASE_URL}/a", jurisdiction_id: j, services: {road_damage: R1}}
  - {id: road-province, name: 도 도로과, owner: 도로과, region: "98", phone: "120", hours: 평일, connector: none}
  - {id: police-112, name: "112 신고", owner: 경찰청, region: 전국, phone: "112", hours: 24시간, connector: none}
  - {id: police-fraud, name: 사기 신고, owner: 경찰청, region: 전국, phone: "112", hours: 24시간, connector: open311,
     base_url: "${AGENCY_BASE_URL}/a", jurisdiction_id: j, services: {scam: S1}}
"""


@pytest.fixture
def real() -> Registry:
    return Registry.load(REAL, TAXONOMY, {"AGENCY_BASE_URL": "http://127.0.0.1:9/"})


def small(directory: Path, text: str = SMALL, variables: dict[str, str] | None = None) -> Registry:
    (directory / "registry.yml").write_text(text, encoding="utf-8")
    (directory / "taxonomy.yml").write_text(SMALL_TAXONOMY, encoding="utf-8")
    return Registry.load(
        directory / "registry.yml",
        directory / "taxonomy.yml",
        {"AGENCY_BASE_URL": "http://agency.test"} if variables is None else variables,
    )


def test_every_need_with_an_owner_reaches_an_agency_of_that_owner(real: Registry) -> None:
    for intent in Taxonomy.load(TAXONOMY):
        if intent.owner is None:
            with pytest.raises(UnroutableIntent):
                real.route(intent.name)
        else:
            assert real.route(intent.name).owner == intent.owner


def test_nothing_is_ever_sent_for_a_need_that_people_call_for(real: Registry) -> None:
    for intent in Taxonomy.load(TAXONOMY):
        if intent.owner and not intent.fileable:
            agency = real.route(intent.name)
            assert (agency.connector, agency.base_url, agency.services) == ("none", None, {})
            assert agency.phone == intent.line


def test_every_report_is_sent_with_a_service_code(real: Registry) -> None:
    for intent in Taxonomy.load(TAXONOMY):
        if intent.kind == "report":
            agency = real.route(intent.name)
            assert agency.connector == "open311"
            assert agency.services[intent.name]


def test_the_agency_s_address_is_filled_in(real: Registry) -> None:
    assert real.get("hanbit-road").base_url == "http://127.0.0.1:9/municipality/open311/v2"


def test_an_unknown_agency_has_a_named_error(real: Registry) -> None:
    with pytest.raises(UnknownAgency):
        real.get("nobody")


def test_one_owner_may_have_one_desk_that_is_sent_to_and_one_that_is_called(tmp_path: Path) -> None:
    registry = small(tmp_path)
    assert registry.route("scam").id == "police-fraud"
    assert registry.route("abuse_violence").id == "police-112"


@pytest.mark.parametrize(
    ("region", "agency"),
    [(None, "road"), ("99110", "road"), ("9911010100", "road"), ("98", "road-province"), ("98765", "road-province")],
)
def test_the_nearest_agency_answers(tmp_path: Path, region: str | None, agency: str) -> None:
    assert small(tmp_path).route("road_damage", region).id == agency


@pytest.mark.parametrize("region", ["11680", "서울", "", "9911", "９９１１０"])
def test_a_place_that_nobody_serves_is_refused_unless_the_file_says_otherwise(tmp_path: Path, region: str) -> None:
    with pytest.raises(UnservedRegion):
        small(tmp_path).route("road_damage", region)


def test_the_demonstration_serves_places_outside_as_its_own(tmp_path: Path) -> None:
    registry = small(tmp_path, SMALL.replace("agencies:", "outside: home\nagencies:"))
    assert registry.route("road_damage", "11680").id == "road"


@pytest.mark.parametrize("intent", ["greet", "unheard_of"])
def test_a_need_without_an_owner_has_a_named_error(tmp_path: Path, intent: str) -> None:
    with pytest.raises(UnroutableIntent):
        small(tmp_path).route(intent)


@pytest.mark.parametrize(
    ("written", "instead", "line", "words"),
    [
        ('"120", hours: 평일, connector: open311', "전화, hours: 평일, connector: open311", 4, "phone"),
        ("hours: 평일, connector: none", "connector: none", 6, "hours: Field required"),
        ("id: police-112", "id: road", 7, "already road's"),
        ("owner: 경찰청, region: 전국, phone: \"112\", hours: 24시간, connector: none", "owner: 해경, region: 전국,"
         ' phone: "112", hours: 24시간, connector: none', 7, "no owner in the taxonomy"),
        ("{scam: S1}", "{scam: S1, road_damage: S2}", 9, "belongs to 도로과"),
        ("{scam: S1}", "{scam: S1, abuse_violence: S2}", 9, "nothing is ever sent"),
        ("{scam: S1}", "{scam: S1, scams: S2}", 9, "no such intent"),
        ("{scam: S1}", "{scam: R1}", 9, "service code R1 is already road's"),
        ("{scam: S1}", "{scam: S1, scam: S2}", 9, "written twice"),
        ("services: {scam: S1}", "color: red, services: {scam: S1}", 9, "Extra inputs"),
        ("connector: none}\n  - {id: police-112", "connector: fax}\n  - {id: police-112", 6, "connector"),
        ("region: \"98\", phone", "region: 부산, phone", 6, "region"),
        ("jurisdiction_id: j, services: {road_damage: R1}", "jurisdiction_id: j", 4, "needs base_url"),
        ('"${AGENCY_BASE_URL}/a", jurisdiction_id: j, services: {road_damage', '"ftp://x", jurisdiction_id: j,'
         " services: {road_damage", 5, "http(s) URL"),
        ("hours: 24시간, connector: none", "hours: 24시간, connector: none, link: http://x.test", 7, "deep_link"),
        ("version: 1", "version: 2", 1, "version"),
        ('home: "99110"', 'home: "９９１１０"', 2, "home"),
        ("  - {id: police-112", "  - [id: police-112", 7, "expected"),
    ],
)  # fmt: skip
def test_each_mistake_names_its_line(tmp_path: Path, written: str, instead: str, line: int, words: str) -> None:
    assert SMALL.count(written) == 1
    with pytest.raises(InvalidRegistry) as caught:
        small(tmp_path, SMALL.replace(written, instead))
    assert [p for p in caught.value.problems if p.startswith(f"registry.yml:{line}: ") and words in p], str(
        caught.value
    )


def test_all_mistakes_are_told_at_once_in_the_file_s_order(tmp_path: Path) -> None:
    text = SMALL.replace('home: "99110"', "home: here").replace(
        'phone: "112", hours: 24시간, connector: none', "phone: x"
    )
    with pytest.raises(InvalidRegistry) as caught:
        small(tmp_path, text)
    lines = [int(problem.split(":")[1]) for problem in caught.value.problems]
    assert lines == sorted(lines)
    assert {2, 7} <= set(lines)


def test_a_need_that_nobody_answers_for_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(InvalidRegistry, match=r"registry\.yml:3: agencies: no agency answers for scam \(경찰청\)"):
        small(tmp_path, "\n".join(line for line in SMALL.splitlines() if "police" not in line and "scam" not in line))


def test_an_address_without_its_value_stops_the_start_and_a_shared_one_is_told_once() -> None:
    with pytest.raises(InvalidRegistry) as caught:
        Registry.load(REAL, TAXONOMY, {})
    assert len(caught.value.problems) == 2
    assert all("${AGENCY_BASE_URL} is not set" in problem for problem in caught.value.problems)


@pytest.mark.parametrize("text", ["", "[]", "7", "agencies: {}", "agencies: [7]", "\t"])
def test_any_other_file_is_a_named_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(RegistryError, match=r"^registry\.yml:1: "):
        small(tmp_path, text)
