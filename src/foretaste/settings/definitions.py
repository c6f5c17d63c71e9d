"""What a name under ``lms``, ``backbones``, ``frame_stores`` or ``texts`` of presets means.

Results of that name lie outside any system, so presets that are run together mean one thing by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from foretaste.contracts.errors import ConfigError
from foretaste.settings.backbone_config import BackboneConfig
from foretaste.settings.config import FrameStoreConfig, LmConfig, TextConfig
from foretaste.settings.preset_files import Files

#: Where a preset defines such names -> the class of their settings.
DEFINED = {
    "lms": LmConfig,
    "backbones": BackboneConfig,
    "frame_stores": FrameStoreConfig,
    "texts": TextConfig,
}


def definition(
    files: Files, kind: str, name: str, dataset: str | None, systems: Iterable[str]
) -> dict[str, Any] | None:
    """The settings that ``systems`` give the name ``name`` of ``kind``; None where none of them has it.

    Raises ConfigError where they differ.
    """
    found: dict[str, Any] = {}
    for system in systems:
        settings = files.merged("systems", system, dataset).get(kind, {}).get(name)
        if settings is not None:
            found[system] = settings
    if any(settings != next(iter(found.values())) for settings in found.values()):
        raise ConfigError(
            f"{kind}.{name} differs between presets",
            ", ".join(found),
            "one definition in all presets of a run",
            "run them one by one (systems=NAME), or give the variant a name of its own",
        )
    return next(iter(found.values()), None)
