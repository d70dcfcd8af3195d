"""The second half of `make classify`: completes what `python -m bot.classify` says of an archive's lines.

    python -m bot.classify --model PATH < in.jsonl | python -m services.nlu.archive > out.jsonl

Each line leaves with its own keys and a whole Classification (family, agency, urgency and emergency too), in order; a line
with an `error` stays as it is. Needs no server and no database. Exit status 0; 1 if a line is not from bot.classify.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from services.chat.gateway import Classified, Ranked
from services.chat.triage import Triage
from services.nlu.service import classification
from services.settings import ROOT
from services.taxonomy import Taxonomy, load_taxonomy

NLU_DATA = ROOT / "nlu_data"
_OWN = ("danger", "abstained")


def complete(lines: Iterable[bytes], taxonomy: Taxonomy, triage: Triage) -> Iterator[dict[str, Any]]:
    """Completed lines. Raises ValueError for one that bot.classify has not written."""
    for number, line in enumerate(lines, 1):
        row = json.loads(line)
        if "error" in row and "ranking" not in row:
            yield row
            continue
        try:
            yield {**{k: v for k, v in row.items() if k not in _OWN}, **_classified(row, taxonomy, triage)}
        except (KeyError, TypeError) as error:
            raise ValueError(f"line {number}: {error!r}") from None


def _classified(row: dict[str, Any], taxonomy: Taxonomy, triage: Triage) -> dict[str, Any]:
    ranking = [Ranked(name=item["intent"], confidence=item["confidence"]) for item in row["ranking"]]
    found = Classified(
        intent=Ranked(name="nlu_fallback" if row["abstained"] else row["intent"]),
        intent_ranking=ranking,
        danger=row.get("danger"),
    )
    whole = classification(taxonomy, triage, text=row["text"], found=found, model_version=row["model_version"])
    return whole.model_dump(mode="json")


def main() -> int:
    taxonomy = load_taxonomy(NLU_DATA / "taxonomy.yml")
    triage = Triage.load(NLU_DATA / "emergency" / "cues.yml", NLU_DATA / "taxonomy.yml")
    sink = sys.stdout.buffer
    try:
        for row in complete(sys.stdin.buffer, taxonomy, triage):
            try:
                encoded = json.dumps(row, ensure_ascii=False).encode()
            except UnicodeEncodeError:  # half an emoji has no UTF-8, only an escape
                encoded = json.dumps(row).encode()
            sink.write(encoded + b"\n")
        sink.flush()
    except BrokenPipeError:  # the reader has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except ValueError as error:
        print(f"services.nlu.archive: not from bot.classify: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
