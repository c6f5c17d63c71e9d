"""The settings that decide a number, as they stand in ``metrics.json``; null where one does not apply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.taken import task_of
from foretaste.settings.average_config import AverageConfig, SoftminConfig
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.model_config import ModelConfig, TermConfig
from foretaste.settings.parts import labels_of


def protocol(catalogue: Catalogue, dataset: str, system: str, model: str) -> dict[str, Any]:
    """Those of one model of a system on a dataset."""
    settings = catalogue.model(dataset, system, model)
    task = task_of(catalogue, dataset, catalogue.system(dataset, system).task)
    labels = labels_of(catalogue.system(dataset, system), model)
    return {
        "tau_a": task.get("tau_a"),
        **_history(catalogue, dataset, system, model),
        "prior_exponent": getattr(settings, "prior_exponent", 0.0),
        **_ensemble(settings),
        "labelled_share": None if labels is None else labels.share,
        "test_views": _test_views(catalogue, dataset, system, settings),
        "window": _window(catalogue, dataset, system, settings),
        "terms": [
            _term(catalogue, term, settings.live)
            for term in getattr(settings, "objective", ())
            if term.weight
        ],
    }


def without_names(protocol: dict[str, Any], aliases: Mapping[str, str]) -> dict[str, Any]:
    """``protocol`` with other models by their ``aliases``, as those know them who do not know names."""
    terms = [{**term, "to": renamed(term["to"], aliases)} for term in protocol["terms"]]
    weights = protocol["ensemble_weights"]
    if isinstance(weights, Mapping):
        weights = {aliases[model]: weight for model, weight in weights.items()}
    return {**protocol, "terms": terms, "ensemble_weights": weights}


def renamed(to: str, names: Mapping[str, str]) -> str:
    """A term's ``to`` with its model as ``names`` call it."""
    model, dot, field = to.partition(".")
    return f"{names.get(model, model)}{dot}{field}"


def _term(catalogue: Catalogue, term: TermConfig, live: Sequence[str]) -> dict[str, Any]:
    """A term of an objective with every setting of it and of its loss."""
    loss = catalogue.loss_settings(term)
    names = {"of", "to", "weight", "over", "reduction", "class_weights"}
    return {
        **term.model_dump(mode="json", include=names),
        "through": None if term.through is None else term.through["kind"],
        "live": None if term.teacher is None else term.teacher in live,
        "loss": term.loss["kind"],
        "temperature": None,
        "t_squared": None,
        "top_k": loss.pop("k", None),
        **loss,
    }


def _ensemble(settings: ModelConfig | AverageConfig) -> dict[str, Any]:
    """The settings of an average; what is fitted is known once the scores are made."""
    if not isinstance(settings, AverageConfig):
        return {"ensemble_weights": None, "ensemble_seeds": None, "fitted_on": None}
    return {
        "ensemble_weights": _weights(settings),
        "ensemble_seeds": list(settings.seeds) or None,
        "fitted_on": "fitted" if settings.fits else None,
    }


def _weights(settings: AverageConfig) -> str | dict[str, float]:
    weights = settings.weights
    if isinstance(weights, tuple):
        return dict(zip(settings.average, weights))
    if not isinstance(weights, SoftminConfig):
        return weights
    if weights.kind == "held_out":
        return "fitted"
    return f"by each training row's label (gamma {weights.gamma:g}), equal in other splits"


def _window(
    catalogue: Catalogue, dataset: str, system: str, settings: ModelConfig | AverageConfig
) -> str | None:
    """``target`` of a teacher that is shown the action itself: its numbers are none of anticipation."""
    if isinstance(settings, ModelConfig):
        shown = [view.get("window") for view in settings.as_scored.each_view]
    else:
        parts = [catalogue.model(dataset, system, name) for name in settings.average]
        shown = [_window(catalogue, dataset, system, part) for part in parts]
    return "target" if "target" in shown else None


def _test_views(
    catalogue: Catalogue, dataset: str, system: str, settings: ModelConfig | AverageConfig
) -> dict[str, Any] | list[dict[str, Any] | None] | None:
    """The several views that samples were scored in; of an average, those of its parts where they differ."""
    if isinstance(settings, ModelConfig):
        return None if settings.test_views is None else settings.test_views.model_dump(mode="json")
    parts = [catalogue.model(dataset, system, name) for name in settings.average]
    found: list[Any] = []
    for part in parts:
        own = _test_views(catalogue, dataset, system, part)
        found += [own] if own not in found else []
    return found[0] if len(found) == 1 else found


def _history(catalogue: Catalogue, dataset: str, system: str, model: str) -> dict[str, Any]:
    """What a text teacher, or the teachers behind a model, see of the past: null where nothing, a list where
    they differ.
    """
    defaults = catalogue.system(dataset, system).history.model_dump(mode="json")
    seen = [{**defaults, **own} for own in _histories(catalogue, dataset, system, model)]
    values = {
        key: list(dict.fromkeys(one[key] for one in seen)) or [None] for key in ("rule", "source", "length")
    }
    if len(values["rule"]) > 1:
        raise ConfigError(
            f"teachers under the history rules {' and '.join(values['rule'])}",
            f"workflow/systems/{system}.yaml: models.{model}",
            "one rule, for it decides what the numbers mean",
            "give the teachers one rule",
        )
    names = {"rule": "history_rule", "source": "history_from", "length": "history_length"}
    return {names[key]: value[0] if len(value) == 1 else value for key, value in values.items()}


def _histories(catalogue: Catalogue, dataset: str, system: str, model: str) -> list[dict[str, Any]]:
    settings = catalogue.model(dataset, system, model)
    if isinstance(settings, ModelConfig):
        own = [view for view in settings.each_view if catalogue.shows(view) == "history"]
        if own:
            names = ("rule", "source", "length")
            return [{key: view[key] for key in names if key in view} for view in own]
    return [
        one for other in sorted(settings.mentions) for one in _histories(catalogue, dataset, system, other)
    ]
