"""What a dataset may say that only pools others in a report."""

from __future__ import annotations

from collections.abc import Mapping

from foretaste.contracts.errors import ConfigError
from foretaste.settings.config import DatasetConfig

#: What it says of itself; everything else is read from the datasets that it pools.
OWN = ("title", "systems", "pool", "source", "licence", "terms")


def check_pool(settings: DatasetConfig, pooled: Mapping[str, DatasetConfig], where: str) -> None:
    """Raise ConfigError for a pooled dataset that pools others itself, and for a setting beside ``pool``,
    inherited or not, that is none of the ``pooled`` datasets' (by name): nothing would read it.
    """
    for name, other in pooled.items():
        if other.pool:
            raise ConfigError(
                f"{name}, which pools others itself",
                f"{where}: pool",
                "datasets that are trained on",
                f"name {', '.join(other.pool)} in its place",
            )
    for key in DatasetConfig.model_fields:
        said = getattr(settings, key)
        if pooled and key not in OWN and all(said != getattr(other, key) for other in pooled.values()):
            raise ConfigError(
                f"{key}: {said!r} beside pool, which no dataset that is pooled has",
                f"{where}: {key}",
                f"{key} as {' or '.join(pooled)} has it, for it is read there alone",
                "set it in each dataset that is pooled, and leave it out here",
            )
