"""Which results are taken for those that are planned: what was accepted, and what presets reuse by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.graph import Choice, Chosen, as_planned
from foretaste.pipeline.records import differences
from foretaste.pipeline.store import Store
from foretaste.pipeline.why import told
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.model_config import ModelConfig, ReuseConfig

#: (key, record) of the shared result of a name.
Shared = Callable[[str], tuple[str, Mapping[str, Any]]]

#: Differences that an error tells.
TOLD = 8


def chosen(catalogue: Catalogue, store: Store, shared: Shared) -> Chosen:
    """The choice of a run."""
    shared = cache(shared)

    def of(stage: str, names: Mapping[str, str], record: Mapping[str, Any]) -> Choice:
        planned = as_planned(stage, names, record).key
        if stage == "score" and (reuse := _reuse(catalogue, names)) is not None:
            return Choice(_pinned(reuse, names["model"], record, *shared(reuse.name)), pinned=True)
        return Choice(store.accepted(planned))

    return of


def _reuse(catalogue: Catalogue, names: Mapping[str, str]) -> ReuseConfig | None:
    settings = catalogue.model(names["dataset"], names["system"], names["model"])
    return settings.reuse if isinstance(settings, ModelConfig) else None


def _pinned(
    reuse: ReuseConfig, model: str, planned: Mapping[str, Any], key: str, stored: Mapping[str, Any]
) -> str:
    """The key of shared scores; ConfigError where they are no scores, or differ and may not."""
    if not key.startswith(("score/", "average/")):
        raise ConfigError(f"{reuse.name} is {key}", f"models.{model}.reuse", "scores", "name other ones")
    found = [told(*one) for one in differences(planned, stored)]
    if found and not reuse.differs:
        more = f" and {len(found) - TOLD} more" if len(found) > TOLD else ""
        raise ConfigError(
            f"{reuse.name} was made of something else (here -> there is: {'; '.join(found[:TOLD])}{more})",
            f"models.{model}.reuse",
            "scores of what is planned here",
            f"reuse: {{name: {reuse.name}, differs: true}} if that is meant",
        )
    return key
