"""What a dataset may say that only pools others in a report."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from foretaste.contracts.errors import ConfigError
from foretaste.settings.config import DatasetConfig

#: What it says of itself; everything else is read from the datasets that it pools.
OWN = ("title", "systems", "pool", "source", "licence", "terms")


def check_pool(
    settings: DatasetConfig, written: Collection[str], pooled: Mapping[str, DatasetConfig], where: str
) -> None:
    """Raise ConfigError for a pooled dataset that pools others which pool, or itself; and for a key that is
    ``written`` beside ``pool`` with a value that none of the ``pooled`` datasets (by name) has: nothing would
    read it. What it inherits of a base is one of theirs, or of no concern.
    """
    for name, other in pooled.items():
        itself = other is settings
        if other.pool:
            raise ConfigError(
                f"{name}, which is this dataset itself" if itself else f"{name}, which pools others itself",
                f"{where}: pool",
                "datasets that are trained on",
                "leave it out" if itself else f"name {', '.join(other.pool)} in its place",
            )
    for key in written if pooled else ():
        said = getattr(settings, key)
        if key not in OWN and all(said != getattr(other, key) for other in pooled.values()):
            raise ConfigError(
                f"{key}: {said!r} beside pool, which no dataset that is pooled has",
                f"{where}: {key}",
                f"{key} as {' or '.join(pooled)} has it, for it is read there alone",
                "set it in each dataset that is pooled, and leave it out here",
            )
