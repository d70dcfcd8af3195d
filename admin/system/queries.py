"""What administrators can look at besides the desk."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.nlu.models import Model

MAX_MODELS = 50

# Scores that a model's report may hold, and what they are called.
SCORES = {"accuracy": "정확도", "macro_f1": "매크로 F1"}


@dataclass(frozen=True)
class RegisteredModel:
    model: Model
    in_use: bool
    scores: list[tuple[str, float]]


async def registered_models(session: AsyncSession) -> list[RegisteredModel]:
    """The newest first. The one promoted last is in use."""
    models = list((await session.execute(select(Model).order_by(Model.trained_at.desc()).limit(MAX_MODELS))).scalars())
    newest = select(Model.id).where(Model.promoted_at.is_not(None)).order_by(Model.promoted_at.desc()).limit(1)
    in_use = (await session.execute(newest)).scalar_one_or_none()
    return [RegisteredModel(model, model.id == in_use, _scores(model)) for model in models]


def _scores(model: Model) -> list[tuple[str, float]]:
    found = ((name, model.report.get(key)) for key, name in SCORES.items())
    return [(name, float(value)) for name, value in found if isinstance(value, int | float)]
