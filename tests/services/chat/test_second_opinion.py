"""The classifier's second opinion on danger: it may add an alarm, never take one away."""

from __future__ import annotations

import pytest

from services.chat.gateway import Parse, Ranked
from services.chat.second_opinion import second_opinion
from services.settings import ROOT
from services.taxonomy import Taxonomy, load_taxonomy


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return load_taxonomy(ROOT / "nlu_data" / "taxonomy.yml")


def parse(*ranking: tuple[str, float], danger: float | None) -> Parse:
    return Parse(intent_ranking=[Ranked(name=name, confidence=c) for name, c in ranking], danger=danger)


def test_danger_takes_the_likeliest_urgent_need_for_its_kind(taxonomy: Taxonomy) -> None:
    found = second_opinion(
        taxonomy, parse(("neighbor_noise", 0.5), ("abuse_violence", 0.3), ("fire", 0.1), danger=0.95)
    )
    assert found is not None
    assert (found.intent, found.line, found.cue) == ("abuse_violence", "112", "학대·가정폭력")


def test_danger_of_no_known_kind_is_for_119(taxonomy: Taxonomy) -> None:
    found = second_opinion(taxonomy, parse(("greet", 0.9), danger=0.95))
    assert found is not None
    assert (found.intent, found.line) == ("medical_rescue", "119")


@pytest.mark.parametrize("danger", [0.0, 0.3])
def test_a_model_that_sees_no_danger_adds_no_alarm(taxonomy: Taxonomy, danger: float) -> None:
    assert second_opinion(taxonomy, parse(("fire", 0.99), danger=danger)) is None


def test_a_model_without_an_opinion_speaks_through_a_sure_intent(taxonomy: Taxonomy) -> None:
    assert second_opinion(taxonomy, parse(("fire", 0.9), danger=None)) is not None
    assert second_opinion(taxonomy, parse(("fire", 0.6), danger=None)) is None
    assert second_opinion(taxonomy, parse(("greet", 0.6), ("fire", 0.9), danger=None)) is None
    assert second_opinion(taxonomy, parse(("roadkill", 0.99), danger=None)) is None
    assert second_opinion(taxonomy, parse(danger=None)) is None
