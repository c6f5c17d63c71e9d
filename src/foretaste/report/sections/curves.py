"""Learning curves from training logs (``log.jsonl``: one JSON object a step, and one a monitor and epoch)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from markupsafe import Markup

from foretaste.contracts.errors import DataError
from foretaste.report.figures import Series, lines
from foretaste.report.finished_runs import FinishedRuns

TITLE = "Learning curves"

Curve = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Curves:
    """(title, finished SVG) of each quantity."""

    charts: Sequence[tuple[str, Markup]]


def build(runs: FinishedRuns) -> Curves | None:
    """None where nothing was trained."""
    logs = zip(runs.settings["logs"], runs.inputs["logs"], strict=True)
    by_model = [(log["model"], path) for log, path in logs]
    found = charts(by_model, runs.models, runs.palette, runs.heads[0])
    return Curves(found) if found else None


def read_curves(path: Path, head: str) -> dict[str, Curve]:
    """Curves of one log, (epoch, value): ``training loss``, mean of the epoch's steps, ``<monitor> loss`` and
    ``<monitor> top1`` of a head.

    What is drawn of training is the loss on the head's labels, which all arms have, and not the whole
    objective, which differs by arm (unless there is no such term).
    """
    steps: dict[int, list[float]] = {}
    monitors: dict[str, list[tuple[float, float]]] = {}
    for number, text in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), 1):
        try:
            line = json.loads(text)
            epoch = line["epoch"]
            if "monitor" in line:
                for quantity in ("loss", "top1"):
                    if (value := line.get(f"{head}_{quantity}")) is not None:
                        points = monitors.setdefault(f"{line['monitor']} {quantity}", [])
                        points.append((float(epoch), value))
                continue
            loss = line["parts"].get(f"{head}.cross_entropy", line["loss"])
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"not a line of a training log ({error})",
                f"{path}: line {number}",
                "epoch, loss, parts",
                "train again",
            ) from error
        if loss is not None:
            steps.setdefault(epoch, []).append(loss)
    curves = {name: tuple(points) for name, points in monitors.items()}
    return (
        curves
        if not steps
        else {"training loss": tuple((float(e), fmean(v)) for e, v in sorted(steps.items())), **curves}
    )


def mean_curve(curves: Sequence[Curve]) -> Curve:
    """The mean over seeds at the epochs that all of them have."""
    values: list[Mapping[float, float]] = [dict(curve) for curve in curves]
    epochs = sorted(set.intersection(*(set(v) for v in values))) if values else []
    return tuple((epoch, fmean(v[epoch] for v in values)) for epoch in epochs)


def charts(
    logs: Sequence[tuple[str, Path]],
    models: Mapping[str, Mapping[str, str]],
    colours: Mapping[str, str],
    head: str,
) -> list[tuple[str, Markup]]:
    """(title, chart) of every quantity that the students' or the teachers' logs hold, students first.

    logs
        (model, ``log.jsonl``), one a training.
    """
    found: dict[tuple[str, str], dict[str, list[Curve]]] = {}
    for model, path in logs:
        for quantity, curve in read_curves(path, head).items():
            found.setdefault((models[model]["role"], quantity), {}).setdefault(model, []).append(curve)
    made = []
    for (role, quantity), by_model in sorted(
        found.items(), key=lambda item: (item[0][0] != "student", list(found).index(item[0]))
    ):
        used: set[str] = set()
        series = []
        for model, curves in by_model.items():
            series.append(
                Series(
                    models[model]["label"],
                    colours[model],
                    mean_curve(curves),
                    tuple(curves),
                    dashed=colours[model] in used,
                )
            )
            used.add(colours[model])
        title = f"{role.capitalize()}s: {_readable(quantity)}"
        made.append((title, lines(series, "epoch", title)))
    return made


def _readable(quantity: str) -> str:
    if quantity == "training loss":
        return "loss on the labels, training rows (nats)"
    monitor, _, name = quantity.rpartition(" ")
    return {
        "loss": f"loss on the labels, {monitor} rows (nats)",
        "top1": f"top-1, {monitor} rows (%)",
    }[name]
