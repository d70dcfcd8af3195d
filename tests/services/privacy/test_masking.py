"""Personal data is taken out of a text, and nothing else is."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from services.privacy.masking import LABELS
from services.privacy.service import clean, mask

PHONES = ["010-1234-5678", "01012345678", "010 1234 5678", "010.1234.5678", "010 - 1234 - 5678", "011-123-4567"]
RRNS = ["900101-1234567", "900101 - 1234567", "9001011234567", "900101.1234567", "010101-3123456"]
EMAILS = ["hong@example.com", "hong.gil-dong@mail.example.co.kr", "hong골뱅이naver.com", "hong 골뱅이 naver 닷 com"]

PLAIN = st.text(st.sampled_from("가나다 도로가 파였어요,.!?abc\n"), max_size=20)
SECRETS = st.sampled_from([*PHONES, *RRNS, *EMAILS])


@pytest.mark.parametrize("phone", PHONES)
@pytest.mark.parametrize("sentence", ["{}", "제 번호는 {}이에요", "{}로 전화 주세요", "연락처:{},감사합니다", "({})"])
def test_a_phone_number_is_masked_before_any_particle(phone: str, sentence: str) -> None:
    masked = mask(sentence.format(phone))
    assert masked.text == sentence.format("[전화번호]")
    assert masked.changed
    assert masked.original == sentence.format(phone)


@pytest.mark.parametrize("rrn", RRNS)
@pytest.mark.parametrize("sentence", ["{}", "주민번호는 {}입니다", "{}이요"])
def test_a_resident_registration_number_is_masked_though_its_check_digit_is_wrong(rrn: str, sentence: str) -> None:
    assert mask(sentence.format(rrn)).text == sentence.format("[주민등록번호]")


@pytest.mark.parametrize("email", EMAILS)
def test_an_address_is_masked_though_spelled_out(email: str) -> None:
    masked = mask(f"메일은 {email} 이에요").text
    assert "hong" not in masked
    assert "[이메일]" in masked


@pytest.mark.parametrize(
    "text",
    [
        "도로가 파였어요",
        "중앙로 12 앞, 101동 1203호",
        "2026-02-13 16:30부터 소음이 나요",
        "12가3456 차량이 서 있어요",
        "접수번호 20260213-000421 확인해 주세요",
        "110번이나 120번으로 전화했어요",
        "3,000,000원을 냈어요",
        "위도 37.5665 경도 126.9780",
        "1234",
        "",
    ],
)
def test_what_names_nobody_stays(text: str) -> None:
    assert mask(text).text == text
    assert not mask(text).changed


def test_two_findings_in_one_sentence_are_both_masked() -> None:
    masked = mask("900101-1234567 그리고 010-1234-5678, hong@example.com")
    assert masked.text == "[주민등록번호] 그리고 [전화번호], [이메일]"
    assert [finding.text for finding in masked.findings] == ["900101-1234567", "010-1234-5678", "hong@example.com"]


@given(st.lists(st.one_of(PLAIN, SECRETS), max_size=8))
def test_no_part_of_a_secret_shows_and_what_surrounds_it_does(parts: list[str]) -> None:
    text = " , ".join(parts)
    masked = mask(text)
    for secret in (*PHONES, *RRNS):
        assert secret not in masked.text
    rest, position = [], 0
    for finding in masked.findings:
        assert masked.original[finding.start : finding.end] == finding.text
        rest.append(masked.original[position : finding.start])
        position = finding.end
    rest.append(masked.original[position:])
    shown = masked.text
    for piece in rest:
        at = shown.index(piece)
        shown = shown[at + len(piece) :]


def test_of_two_findings_that_overlap_nothing_shows() -> None:
    assert mask("hong@example.com9001hong@example.com").text == "[이메일]"


@given(st.lists(st.one_of(PLAIN, SECRETS), max_size=8))
def test_masking_twice_is_masking_once(parts: list[str]) -> None:
    once = mask(" , ".join(parts)).text
    assert mask(once).text == once


@settings(max_examples=300)
@given(st.text(st.sampled_from("0123456789-. @a가"), max_size=40))
@example("900101-1234567-010-1234-5678")
@example("010-1234-5678-900101-1234567")
def test_findings_never_overlap_and_leave_no_long_run_of_digits_from_one_of_them(text: str) -> None:
    masked = mask(text)
    ends = [(finding.start, finding.end) for finding in masked.findings]
    assert all(first[1] <= second[0] for first, second in pairwise(ends))
    assert not any(
        finding.text and finding.text in masked.text and len(finding.text) > 8 for finding in masked.findings
    )


@given(st.text())
def test_text_without_digits_and_signs_is_only_cleaned(text: str) -> None:
    assume(not any(char.isdigit() for char in text))
    assume("@" not in text and "골뱅이" not in text)
    assert mask(text).text == clean(text)


@given(st.text(st.characters()))
def test_clean_text_can_be_stored_and_sent_and_stays_clean(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode()
    assert "\x00" not in cleaned
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    "text", ["0" * 4000, "a" * 4000, "a@" * 2000, "010-" * 1000, "900101-1" * 500, " " * 4000, "1 " * 2000]
)
def test_the_longest_message_is_masked_at_once(text: str) -> None:
    started = time.perf_counter()
    mask(text)
    assert time.perf_counter() - started < 2


def test_every_label_reads_as_korean_in_brackets() -> None:
    assert all(label.startswith("[") and label.endswith("]") for label in LABELS.values())
