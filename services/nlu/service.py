"""Classification without a conversation, and the registry of models."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.chat.gateway import Classified, Ranked
from services.chat.second_opinion import second_opinion
from services.chat.triage import Triage
from services.database import utcnow
from services.nlu.models import Model
from services.nlu.schemas import Classification, EmergencyFound, RankedIntent
from services.taxonomy import Taxonomy

NOTHING_KNOWN = "out_of_scope"


class ModelUnusable(Exception):
    """The archive is missing, or is not the one that was registered."""


def classification(
    taxonomy: Taxonomy, triage: Triage, *, text: str, found: Classified, model_version: str
) -> Classification:
    """Joins the classifier's ranking with what the taxonomy and the triage know about it.

    The emergency is what a conversation would have been shown: by the cues, or else by the classifier's second opinion.
    """
    ranking = [item for item in found.intent_ranking if item.name is not None and item.name in taxonomy][:5]
    # Nothing to rank: an empty text, or one without a letter.
    best = ranking[0] if ranking else Ranked(name=NOTHING_KNOWN, confidence=0.0)
    intent = taxonomy.get(str(best.name))
    emergency = triage.check(text) or second_opinion(taxonomy, found)
    return Classification(
        intent=intent.name,
        confidence=best.confidence,
        family=intent.family,
        agency=intent.owner,
        urgency=intent.urgency,
        ranking=[RankedIntent(intent=str(item.name), confidence=item.confidence) for item in ranking],
        abstained=not ranking or found.intent.name == "nlu_fallback",
        emergency=EmergencyFound(line=emergency.line, cue=emergency.cue) if emergency else None,
        model_version=model_version,
    )


async def current_model(session: AsyncSession) -> Model | None:
    """The model promoted last."""
    statement = select(Model).where(Model.promoted_at.is_not(None)).order_by(Model.promoted_at.desc()).limit(1)
    return (await session.execute(statement)).scalar_one_or_none()


async def register_model(session: AsyncSession, *, report: dict[str, Any], state_dir: Path, promote: bool) -> Model:
    """Registers a trained archive from the trainer's report {path, sha256, data_sha256, ...}.

    Raises ModelUnusable when the archive is outside `state_dir` or its checksum is another.
    """
    path = _inside(Path(report["path"]), state_dir)
    version = path.name.removesuffix(".tar.gz")
    checked(state_dir / path, report["sha256"])
    existing = (await session.execute(select(Model).where(Model.version == version))).scalar_one_or_none()
    model = existing or Model(
        version=version,
        path=str(path),
        sha256=report["sha256"],
        data_sha256=report["data_sha256"],
        report=json.loads(json.dumps(report)),
    )
    if promote:
        model.promoted_at = utcnow()
    session.add(model)
    await session.flush()
    return model


def _inside(path: Path, folder: Path) -> Path:
    """The path relative to the folder that it must be in. Raises ModelUnusable."""
    whole, root = path.resolve(), folder.resolve()
    if not whole.is_relative_to(root):
        raise ModelUnusable(f"{whole} is outside {root}")
    return whole.relative_to(root)


def checked(path: Path, sha256: str) -> Path:
    """The path, if it holds what was registered. Raises ModelUnusable."""
    if not path.is_file():
        raise ModelUnusable(f"{path.name} is missing")
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise ModelUnusable(f"{path.name} is not the archive that was registered")
    return path
