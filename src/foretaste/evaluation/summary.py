"""``summary.json``: the models of one system side by side, over seeds and, where worlds are pooled, over
worlds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from foretaste.contracts.errors import DataError
from foretaste.contracts.metrics import METRICS
from foretaste.evaluation.protocols import heads_in

FORMAT = 2

#: What may be fitted, and then differs from run to run; everything else of a protocol is a setting.
_FITTED = ("prior_exponent", "ensemble_weights")


@dataclass(frozen=True, kw_only=True)
class Run:
    """One ``metrics.json``: a model on one world with one seed."""

    world: str
    model: str
    seed: int
    metrics: Mapping[str, Any]


def arms(
    runs: Sequence[Run], worlds: Sequence[str], models: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """One entry a model that was run, in the order of ``models``.

    ``{"seeds", "<head>": {"<metric>": {"mean", "sd", "values"}}, "label", "role", "protocol"}``: ``values``
    hold one number a seed, the mean over worlds; ``sd`` is None for one seed; a metric that does not apply,
    and a head that a model does not answer, is None.

    Raises DataError where a world lacks a seed that another has, or where protocols differ.
    """
    found = {}
    spoken = dict.fromkeys(head for run in runs for head in heads_in(run.metrics))
    for model, facts in models.items():
        mine = {(run.world, run.seed): run.metrics for run in runs if run.model == model}
        if not mine:
            continue
        seeds = sorted({seed for _, seed in mine})
        missing = [(world, seed) for world in worlds for seed in seeds if (world, seed) not in mine]
        if missing:
            raise DataError(
                f"no metrics of {model}",
                f"world {missing[0][0]}, seed {missing[0][1]}",
                "every world with the same seeds",
                "run that seed",
            )
        protocols = [metrics["protocol"] for metrics in mine.values()]
        for protocol in protocols[1:]:
            different = [
                key for key in protocol if key not in _FITTED and protocol[key] != protocols[0].get(key)
            ]
            if different:
                raise DataError(
                    f"runs of {model} differ in {different[0]}",
                    "metrics.json",
                    "one protocol",
                    "evaluate all runs alike",
                )
        heads = {
            head: _head([[mine[world, seed].get(head) for world in worlds] for seed in seeds])
            for head in spoken
        }
        exponents = sorted({protocol["prior_exponent"] for protocol in protocols}, key=str)
        protocol = {**protocols[0], "prior_exponent": exponents[0] if len(exponents) == 1 else exponents}
        weights = [protocol.get("ensemble_weights") for protocol in protocols]
        if any(one != weights[0] for one in weights):
            protocol["ensemble_weights"] = weights
        found[model] = {
            "seeds": seeds,
            **heads,
            "label": facts["label"],
            "role": facts["role"],
            "protocol": protocol,
        }
    return found


def _head(cells: list[list[Mapping[str, float | None] | None]]) -> dict[str, Any] | None:
    if any(cell is None for row in cells for cell in row):
        return None
    return {metric: _spread([[cell[metric] for cell in row] for row in cells]) for metric in METRICS}


def _spread(values: list[list[float | None]]) -> dict[str, Any] | None:
    """Mean and standard deviation over seeds of the means over worlds."""
    if any(value is None for row in values for value in row):
        return None
    means = [fmean(row) for row in values]
    return {"mean": fmean(means), "sd": stdev(means) if len(means) > 1 else None, "values": means}


def summarise(
    header: Mapping[str, Any],
    found: Mapping[str, Any],
    comparisons: Sequence[Mapping[str, Any]],
    stages: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """The content of ``summary.json``; ``header``: dataset, system, title, worlds, split, samples,
    primary_metric ...

    ``models`` keeps the order of the arms, which a JSON object has not.
    """
    return {
        "format": FORMAT,
        **header,
        "models": list(found),
        "arms": dict(found),
        "comparisons": list(comparisons),
        "stages": list(stages),
    }
