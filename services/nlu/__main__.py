"""The model registry from the command line.

python -m services.nlu register < report.json    registers and promotes the archive that bot.train reported
python -m services.nlu current [--format N]      prints the path of the promoted model; exit 3 if there is none, or if it
                                                 is stored in another format than N, which the bot could not load
"""

from __future__ import annotations

import asyncio
import json
import sys

from services.database import Database
from services.nlu import service
from services.settings import Settings, settings_or_exit


async def register(settings: Settings) -> int:
    report = json.loads(sys.stdin.read().strip().splitlines()[-1])
    database = Database(settings)
    async with database.transaction() as session:
        model = await service.register_model(session, report=report, state_dir=settings.state_dir, promote=True)
        print(model.version)
    await database.aclose()
    return 0


async def current(settings: Settings, wanted: str | None = None) -> int:
    database = Database(settings)
    async with database.transaction() as session:
        model = await service.current_model(session)
    await database.aclose()
    if model is None:
        return 3
    if wanted is not None and model.report.get("format") != wanted:
        print(f"model: {model.version} has format {model.report.get('format')}, not {wanted}", file=sys.stderr)
        return 3
    print(service.checked(settings.state_dir / model.path, model.sha256))
    return 0


def main(arguments: list[str]) -> int:
    settings = settings_or_exit()
    try:
        match arguments:
            case ["register"]:
                return asyncio.run(register(settings))
            case ["current"]:
                return asyncio.run(current(settings))
            case ["current", "--format", wanted]:
                return asyncio.run(current(settings, wanted))
    except service.ModelUnusable as error:
        print(f"model: {error}", file=sys.stderr)
        return 3
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
