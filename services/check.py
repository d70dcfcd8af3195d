"""`python -m services.check`: are the settings and the files that experts edit usable? One line for the first that is not.

The launcher asks before it starts anything, so that a slip in a YAML file is named at once and not after minutes.
"""

from __future__ import annotations

import sys

from services.agencies.service import RegistryError
from services.chat.translations import load_translations
from services.chat.triage import EmergencyCards, ExpertFileError, Triage
from services.runtime import load_registry
from services.settings import settings_or_exit
from services.taxonomy import load_taxonomy


def main() -> int:
    settings = settings_or_exit()
    try:
        taxonomy = load_taxonomy(settings.taxonomy_path)
        load_translations(settings.translations_path, taxonomy)
        load_registry(settings.registry_path, settings.taxonomy_path, settings.agency_base_url)
        Triage.load(settings.emergency_cues_path, settings.taxonomy_path)
        EmergencyCards.load(settings.emergency_cards_path, settings.taxonomy_path)
    except (RegistryError, ExpertFileError, OSError) as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
