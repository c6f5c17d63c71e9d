"""The trained models that are behind another one's scores, and what they have in common."""

from __future__ import annotations

from collections.abc import Iterator

from foretaste.contracts.errors import ConfigError
from foretaste.settings.average_config import AverageConfig
from foretaste.settings.config import SystemConfig
from foretaste.settings.model_config import LabelsConfig, ModelConfig


def behind(system: SystemConfig, name: str) -> Iterator[tuple[str, ModelConfig]]:
    """The models, by name, whose scores those of ``name`` are made of: itself, or the parts of an average."""
    settings = system.models[name]
    if isinstance(settings, AverageConfig):
        for part in settings.average:
            yield from behind(system, part)
    else:
        yield name, settings


def labels_of(system: SystemConfig, name: str, where: str = "") -> LabelsConfig | None:
    """The labels that a model is given; None: all. ConfigError for an average of models that are given
    different ones, for its weights and its prior would tell some of them labels of the others.
    """
    given = {model: one.labels for model, one in behind(system, name)}
    (first, labels), *others = given.items()
    for other, own in others:
        if own != labels:
            raise ConfigError(
                f"{first} ({_said(labels)}) and {other} ({_said(own)}) averaged",
                where,
                "models that are given the same labels",
                f"give each the same `labels`; an average that a base has, and nobody needs, may be null:"
                f" models: {{{name}: null}}",
            )
    return labels


def _said(labels: LabelsConfig | None) -> str:
    return "all labels" if labels is None else f"labels: share {labels.share:g}, seed {labels.seed}"
