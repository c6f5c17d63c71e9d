"""The file of published weights that a network starts from: the setting ``weights`` of whichever of its parts
has one.

It is named relative to data_root. The training step reads it, so its sha256 is part of that step's identity;
a trained network holds weights of its own and is built without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from foretaste.contracts.errors import ConfigError


def first_weights(network: Mapping[str, Any]) -> str | None:
    """The file that ``network`` names, at any depth; raises ConfigError where its parts name several."""
    found = sorted(set(_named(network)))
    if len(found) > 1:
        raise ConfigError(
            f"several files of weights: {', '.join(found)}",
            "network",
            "one part with weights",
            "drop all but one",
        )
    return found[0] if found else None


def trained(network: Mapping[str, Any]) -> dict[str, Any]:
    """``network`` as it is built once it is trained: without the file that it started from."""
    return {
        key: trained(value) if isinstance(value, Mapping) else value
        for key, value in network.items()
        if key != "weights"
    }


def _named(network: Mapping[str, Any]) -> list[str]:
    inner = [name for value in network.values() if isinstance(value, Mapping) for name in _named(value)]
    return [*inner, network["weights"]] if network.get("weights") is not None else inner
