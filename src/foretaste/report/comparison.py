"""Several finished runs on one page, side by side: an HTML file in the look of a report, made from their
``summary.json`` and from nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from markupsafe import Markup

from foretaste.contracts.errors import ConfigError, unknown
from foretaste.contracts.metrics import METRICS
from foretaste.report import verdict
from foretaste.report.axis import Axis
from foretaste.report.colours import HUES
from foretaste.report.figures import Series, lines
from foretaste.report.page import environment
from foretaste.report.setting_line import setting_line
from foretaste.report.summaries import read_summary
from foretaste.report.tracks import Difference, differences
from foretaste.report.written import signed


@dataclass(frozen=True)
class Run:
    """A run, what it is called on the page, and its colour."""

    name: str
    colour: str
    summary: Mapping[str, Any]

    @property
    def head(self) -> str:
        """The head that its numbers are about."""
        return self.summary["heads"][0]

    @property
    def primary(self) -> str:
        """The metric that its preset named."""
        return self.summary["primary_metric"]

    def spread(self, model: str, metric: str) -> Mapping[str, Any] | None:
        """Mean, standard deviation and values over seeds; None for what the run does not have."""
        numbers = self.summary["arms"].get(model, {}).get(self.head) or {}
        return numbers.get(metric)

    def cost(self, what: str) -> float | None:
        """A sum over its stages, of memory the most; None where nothing was measured."""
        known = [stage[what] for stage in self.summary["stages"] if stage.get(what) is not None]
        return (max if what == "max_rss_mb" else sum)(known) if known else None


@dataclass(frozen=True)
class Line:
    """A model: its spread in each run, and where it lies on the axis: colour and per cent, one a run that has
    it.
    """

    label: str
    role: str
    spreads: Sequence[Mapping[str, Any] | None]
    dots: Sequence[tuple[str, float]]


@dataclass(frozen=True)
class Numbers:
    """A metric of all models and runs; ``primary``: whether a preset named it."""

    title: str
    primary: bool
    axis: Axis
    lines: Sequence[Line]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A comparison of a run in its primary metric."""

    pair: str
    run: Run
    metric: str
    track: Difference


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """``alike``: whether all runs are about one head of the same samples, as far as dataset, split and counts
    tell;
    ``settings``: (label of a model, its settings in each run) where they differ; ``over``: (title, SVG) of
    each metric against a setting.
    """

    runs: Sequence[Run]
    alike: bool
    numbers: Sequence[Numbers]
    axis: Axis
    differences: Sequence[Row]
    settings: Sequence[tuple[str, Sequence[str]]]
    over: Sequence[tuple[str, Markup]]


def page(files: Sequence[Path], over: str | None = None) -> str:
    """The page of some ``summary.json`` files, in their order.

    over
        A number among the settings of a protocol (``tau_a``, ``history_length``), in which runs differ: the
        primary metric is drawn against it. Whether the runs differ in nothing else is the caller's to know.
    Raises ConfigError for a setting that there is not, is no number, or is the same everywhere; DataError for
    what is no summary.
    """
    summaries = [read_summary(path) for path in files]
    named = zip(names(files), summaries, strict=True)
    runs = [Run(name, f"var(--hue{i % HUES + 1})", summary) for i, (name, summary) in enumerate(named)]
    found = compare(runs, over)
    return environment().get_template("comparison.html.jinja").render(vars(found) | {"METRICS": METRICS})


def names(files: Sequence[Path]) -> list[str]:
    """What tells files apart: their folders, and their names unless they are summary.json; what they share is
    left out.
    """
    parts = [(*path.parent.parts, *(() if path.stem == "summary" else (path.stem,))) for path in files]
    whole = ["/".join(one) or "." for one in parts]
    if len(set(parts)) == 1:
        return whole
    first, last = _shared(parts), _shared([one[::-1] for one in parts])
    short = ["/".join(one[first : len(one) - last]) for one in parts]
    return short if len(set(short)) == len(set(whole)) and all(short) else whole


def _shared(parts: Sequence[tuple[str, ...]]) -> int:
    """How many of their first parts all have."""
    return next(n for n, found in enumerate(zip_longest(*parts)) if len(set(found)) > 1)


def compare(runs: Sequence[Run], over: str | None) -> Comparison:
    """What the page shows."""
    compared = list(_compared(runs))
    axis, drawn = differences([one for _, one, _ in compared], [limits for _, _, limits in compared])
    facts = {(run.summary["dataset"], run.summary["split"], run.summary["samples"], run.head) for run in runs}
    return Comparison(
        runs=runs,
        alike=len(facts) == 1,
        numbers=list(_numbers(runs)),
        axis=axis,
        differences=[_row(run, one, track) for (run, one, _), track in zip(compared, drawn, strict=True)],
        settings=list(_settings(runs)),
        over=[] if over is None else list(_over(runs, over)),
    )


def _models(runs: Sequence[Run]) -> dict[str, Mapping[str, Any]]:
    """model -> its arm in the first run that has it; students first."""
    found: dict[str, Mapping[str, Any]] = {}
    for run in runs:
        for model in run.summary["models"]:
            found.setdefault(model, run.summary["arms"][model])
    return dict(sorted(found.items(), key=lambda item: item[1]["role"] != "student"))


def _numbers(runs: Sequence[Run]) -> Iterator[Numbers]:
    """Every metric that a run has, those first that presets name."""
    named = [run.primary for run in runs]
    for metric in dict.fromkeys([*named, *METRICS]):
        rows = {model: [run.spread(model, metric) for run in runs] for model in _models(runs)}
        held = [spread["mean"] for spreads in rows.values() for spread in spreads if spread]
        if not held:
            continue
        axis = Axis.around(held)
        yield Numbers(
            title=METRICS[metric].title,
            primary=metric in named,
            axis=axis,
            lines=[
                _line(runs, _models(runs)[model], spreads, axis)
                for model, spreads in rows.items()
                if any(spreads)
            ],
        )


def _line(
    runs: Sequence[Run], arm: Mapping[str, Any], spreads: Sequence[Mapping[str, Any] | None], axis: Axis
) -> Line:
    placed = [(run.colour, axis.at(spread["mean"])) for run, spread in zip(runs, spreads) if spread]
    return Line(arm["label"], arm["role"], spreads, placed)


def _compared(runs: Sequence[Run]) -> Iterator[tuple[Run, Mapping[str, Any], str]]:
    """Run, comparison and its limits in words, pair by pair in the order of first appearance."""
    pairs: dict[tuple[str, str], list[tuple[Run, Mapping[str, Any], str]]] = {}
    for run in runs:
        mine = [one for one in run.summary["comparisons"] if one["metric"] == run.primary]
        for one, limits in zip(mine, verdict.rows(mine, signed), strict=True):
            pairs.setdefault((one["a"], one["b"]), []).append((run, one, limits))
    for found in pairs.values():
        yield from found


def _row(run: Run, one: Mapping[str, Any], track: Difference) -> Row:
    a, b = (run.summary["arms"][one[side]]["label"] for side in "ab")
    return Row(pair=f"{a} − {b}", run=run, metric=METRICS[one["metric"]].title, track=track)


def _settings(runs: Sequence[Run]) -> Iterator[tuple[str, Sequence[str]]]:
    """What was laid over the presets, and of the models whose settings differ between runs those of each."""
    laid = [", ".join(f"{path}={value}" for path, value in _set(run).items()) or "–" for run in runs]
    if len(set(laid)) > 1:
        yield "laid over the presets", laid
    for model, arm in _models(runs).items():
        lines_of = [_told(run, model) for run in runs]
        if len(set(lines_of) - {"–"}) > 1:
            yield arm["label"], lines_of


def _set(run: Run) -> Mapping[str, Any]:
    return run.summary.get("set") or {}


def _told(run: Run, model: str) -> str:
    if model not in run.summary["arms"]:
        return "–"
    protocol = run.summary["arms"][model]["protocol"]
    gap = "" if protocol.get("tau_a") is None else f"tau_a {protocol['tau_a']:g} s"
    return " · ".join(part for part in (gap, setting_line(protocol)) if part) or "–"


def _over(runs: Sequence[Run], setting: str) -> Iterator[tuple[str, Markup]]:
    protocols = [arm["protocol"] for run in runs for arm in run.summary["arms"].values()]
    known = sorted({name for protocol in protocols for name in protocol})
    if setting not in known:
        raise unknown("setting", setting, known, "--over")
    values = [protocol.get(setting) for protocol in protocols]
    if len({value for value in values if _is_number(value)}) < 2:
        raise ConfigError(
            f"{setting} is {', '.join(sorted({str(value) for value in values}))} in these runs",
            "--over",
            "a setting that is a number, and not the same in all runs",
            "compare runs that differ in it, or leave --over out",
        )
    for metric in dict.fromkeys(run.primary for run in runs):
        series = list(_series([run for run in runs if run.primary == metric], setting, metric))
        if series:
            yield METRICS[metric].title, lines(series, setting, METRICS[metric].title)


def _series(runs: Sequence[Run], setting: str, metric: str) -> Iterator[Series]:
    """A line a model that has the setting in several values, its own mean in each; ConfigError for one that
    two runs have in the same value with other means, of which a line shows one.
    """
    for number, (model, arm) in enumerate(_models(runs).items()):
        points: dict[float, list[float]] = {}
        for run in runs:
            spread, own = run.spread(model, metric), run.summary["arms"].get(model, arm)["protocol"]
            if spread and _is_number(own.get(setting)):
                points.setdefault(float(own[setting]), []).append(spread["mean"])
        if len(points) > 1:
            colour = f"var(--hue{number % HUES + 1})"
            line = tuple(
                (value, _only(means, arm, setting, value)) for value, means in sorted(points.items())
            )
            yield Series(arm["label"], colour, line, dashed=arm["role"] == "teacher")


def _only(means: Sequence[float], arm: Mapping[str, Any], setting: str, value: float) -> float:
    """The mean that all runs have with one value of a setting."""
    if len(set(means)) > 1:
        raise ConfigError(
            f"{arm['label']} twice with {setting} {value:g}, {means[0]:.2f} and {means[1]:.2f} %",
            "--over",
            "runs that differ in this setting alone",
            "leave one of these runs out, or leave --over out",
        )
    return means[0]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
