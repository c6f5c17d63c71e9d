"""``report.html``: one self-contained page about a system. Nothing is loaded from elsewhere; light and dark
follow the reader.

This module turns results into what the template prints: labels, colours, places on an axis. It computes no
result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from foretaste.contracts.metrics import METRICS
from foretaste.evaluation.compare import Interval
from foretaste.report import verdict
from foretaste.report.figures import ticks
from foretaste.report.filmstrips import Frame, Opinion
from foretaste.report.gains import ClassGain
from foretaste.report.setting_line import setting_line, terms_text

#: Hues that the style sheet defines; a student has the colour of its teacher.
HUES = 8


@dataclass(frozen=True, kw_only=True)
class Example:
    """One validation sample: ``why`` it is shown (gained, lost, drawn), what came before, frames, and what
    models expected.
    """

    sample_id: str
    video_id: str
    why: str
    truth: str
    tau_a: float
    history: tuple[str, ...] | None
    frames: tuple[Frame, ...]
    opinions: tuple[Opinion, ...]


@dataclass(frozen=True, kw_only=True)
class Content:
    """Everything that the page shows.

    summary
        What ``summary.json`` holds.
    models
        name -> label, role, mentions, whether it only counted, of every model of the preset.
    intervals
        model -> interval of the primary metric.
    headline
        The pair (a, b) that the page opens with, or None.
    diagram, charts
        Finished SVG: the pipeline, and (title, chart) of each learning curve.
    language_models
        ``world``, ``lm`` and what its metrics.json holds, of every language model that was pretrained for
        these models.
    dropped
        Samples that were dropped, by split and reason (``evaluation.dropped``).
    issues
        Rows of the issues tables; provenance: (model, seed, facts) of every score file.
    """

    summary: Mapping[str, Any]
    paper: str
    models: Mapping[str, Mapping[str, Any]]
    intervals: Mapping[str, Interval | None]
    headline: tuple[str, str] | None
    diagram: Markup
    charts: Sequence[tuple[str, Markup]] = ()
    gains: Sequence[ClassGain] = ()
    thirds: Sequence[tuple[str, int, int, int, float]] = ()
    examples: Sequence[Example] = ()
    language_models: Sequence[Mapping[str, Any]] = ()
    dropped: Sequence[Mapping[str, Any]] = ()
    issues: Sequence[Mapping[str, Any]] = ()
    provenance: Sequence[Mapping[str, Any]] = ()
    libraries: Mapping[str, str] = field(default_factory=dict)


def colours(models: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """A CSS colour for every model: teachers in turn, students as (the first of) their teachers, the others
    grey.
    """
    teachers = [name for name, model in models.items() if model["role"] == "teacher"]
    found = {name: f"var(--hue{i % HUES + 1})" for i, name in enumerate(teachers)}
    plain = 0
    for name, model in models.items():
        if name not in found:
            taught = [found[other] for other in model.get("mentions", ()) if other in found]
            plain += not taught
            found[name] = taught[0] if taught else f"var(--plain{min(plain, 2)})"
    return found


def render(content: Content) -> str:
    """The page as HTML."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": number,
        "signed": signed,
        "duration": duration,
        "words": words,
        "arrows": arrows,
        "tick": tick,
    }
    environment.filters |= {"limits": _limits}
    summary = content.summary
    palette = colours(content.models)
    primary, headline = summary["primary_metric"], _headline(content)
    return environment.get_template("page.html.jinja").render(
        c=content,
        summary=summary,
        metrics=METRICS,
        primary=primary,
        primary_name=METRICS[primary].title,
        palette=palette,
        groups=[
            group
            for group in (_group(content, role, palette) for role in ("student", "teacher"))
            if group["rows"]
        ],
        differences=_differences(content, palette),
        headline=headline,
        settings=_settings(summary["arms"]),
        bars=_bars(content.gains),
        costs=_costs(summary["stages"]),
        parts=summary["heads"][1:],
        by_head=_by_head(summary),
        small=_small(summary, headline),
    )


def _group(content: Content, role: str, palette: Mapping[str, str]) -> dict[str, Any]:
    """The table of the arms of one role, each with its place on the axis of the primary metric."""
    primary, main = content.summary["primary_metric"], content.summary["heads"][0]
    arms = {name: arm for name, arm in content.summary["arms"].items() if arm["role"] == role}
    shown = [metric for metric in METRICS if any(arm[main][metric] is not None for arm in arms.values())]
    best = {metric: _best(metric, [arm[main] for arm in arms.values()]) for metric in shown}
    axis = Axis.around(
        [
            value
            for name, arm in arms.items()
            for value in _values(content.intervals[name], arm[main][primary])
        ]
    )
    rows = []
    for name, arm in arms.items():
        found, spread = content.intervals[name], arm[main][primary]
        interval = None if found is None else asdict(found)
        drawn = interval is not None and verdict.has_interval(interval)
        rows.append(
            {
                "name": name,
                "label": arm["label"],
                "colour": palette[name],
                "hollow": role == "teacher",
                "seeds": len(arm["seeds"]),
                "settings": setting_line(arm["protocol"]),
                "counting": _counting(name, content),
                "interval": interval,
                "arm": arm,
                "numbers": arm[main],
                "low": axis.at(interval["low"]) if drawn else None,
                "high": axis.at(interval["high"]) if drawn else None,
                "at": axis.at(spread["mean"]) if spread else None,
                "dots": [axis.at(v) for v in spread["values"]] if spread else [],
                "best": [
                    metric
                    for metric in shown
                    if arm[main][metric] and arm[main][metric]["mean"] == best[metric]
                ],
            }
        )
    title = {
        "student": "Students: video alone at inference",
        "teacher": "Teachers and counts: labels of the past",
    }[role]
    return {"title": title, "role": role, "rows": rows, "axis": axis, "metrics": shown}


def _best(metric: str, arms: Sequence[Mapping[str, Any]]) -> float | None:
    """The best mean of a metric among the numbers of some arms: the highest, or the lowest of an error."""
    means = [numbers[metric]["mean"] for numbers in arms if numbers[metric]]
    better = max if METRICS[metric].counts_hits else min
    return better(means, default=None)


def _values(interval: Interval | None, spread: Mapping[str, Any] | None) -> list[float]:
    """What an axis has to hold of an arm: the ends of its interval, its mean and its seeds."""
    ends = [] if interval is None or interval.low is None else [interval.low, interval.high]
    return ends if spread is None else [*ends, spread["mean"], *spread["values"]]


def _counting(name: str, content: Content) -> str | None:
    """What counting alone gives, beside a teacher that reads the same histories: the best of the counts in
    the primary metric.
    """
    primary, arms = content.summary["primary_metric"], content.summary["arms"]
    main = content.summary["heads"][0]
    own, context = arms[name][main][primary], ("history_rule", "history_from")
    counts = [
        arm[main][primary]["mean"]
        for other, arm in arms.items()
        if content.models[other].get("counted")
        and arm[main][primary]
        and all(arm["protocol"][k] == arms[name]["protocol"][k] for k in context)
    ]
    if arms[name]["role"] != "teacher" or content.models[name].get("counted") or own is None or not counts:
        return None
    return f"counting alone {number(max(counts))}, {signed(own['mean'] - max(counts))}"


@dataclass(frozen=True)
class Axis:
    """Round tick values, and the place of a value between the first and the last of them, in per cent of the
    width.
    """

    values: tuple[float, ...]

    @classmethod
    def around(cls, values: Sequence[float], about: int = 4) -> Axis:
        """The axis that holds all of ``values``."""
        return cls(tuple(ticks(min(values), max(values), about)) if values else (0.0, 1.0))

    def at(self, value: float) -> float:
        """Per cent from the left."""
        return round(100 * (value - self.values[0]) / (self.values[-1] - self.values[0]), 3)


def _differences(content: Content, palette: Mapping[str, str]) -> dict[str, Any]:
    """Every comparison in the primary metric, on one axis that holds 0."""
    primary, arms = content.summary["primary_metric"], content.summary["arms"]
    mine = [one for one in content.summary["comparisons"] if one["metric"] == primary]
    ends = [(one["low"], one["high"]) if verdict.has_interval(one) else (one["difference"],) for one in mine]
    axis = Axis.around([0.0, *(value for pair in ends for value in pair)], 6)
    rows = [
        {
            **one,
            "a_label": arms[one["a"]]["label"],
            "b_label": arms[one["b"]]["label"],
            "colour": palette[one["a"]],
            "from": axis.at(one["low"]) if verdict.has_interval(one) else None,
            "to": axis.at(one["high"]) if verdict.has_interval(one) else None,
            "at": axis.at(one["difference"]),
            "sure": verdict.sure(one),
            "limits": limits,
            "headline": (one["a"], one["b"]) == content.headline,
        }
        for one, limits in zip(mine, verdict.rows(mine, signed), strict=True)
    ]
    return {"axis": axis, "rows": rows}


def _headline(content: Content) -> dict[str, Any] | None:
    rows = _differences(content, colours(content.models))["rows"]
    return next((_headline_words(row) for row in rows if row["headline"]), None)


def _limits(interval: Mapping[str, Any]) -> str:
    return verdict.limits(interval, number)


def _small(summary: Mapping[str, Any], headline: Mapping[str, Any] | None) -> str | None:
    """That the data are small, where the headline does not say so."""
    return None if headline is not None and verdict.caution(headline) is not None else verdict.small(summary)


def _headline_words(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with ``conclusion``: what its interval says, or why there is none."""
    caution = verdict.caution(row)
    if not verdict.has_interval(row):
        return {**row, "conclusion": f"There is no interval: {caution}. {verdict.meaning(caution)}"}
    ends = f"{row['level']} % interval {signed(row['low'])} to {signed(row['high'])} ({verdict.way(row)})"
    includes = "excludes" if verdict.sure(row) else "includes"
    says = (
        f"{ends}: it {includes} 0."
        if caution is None
        else f"{ends}, but {caution}. {verdict.meaning(caution)}"
    )
    spread = " One seed each: the spread of trainings is not in it." if row["unit"] == "video" else ""
    return {**row, "conclusion": says + spread}


def _by_head(summary: Mapping[str, Any]) -> list[str]:
    """The metrics of the other heads, where there are any: not the many-shot ones, which are about the
    first.
    """
    numbers = [arm.get(head) or {} for arm in summary["arms"].values() for head in summary["heads"][1:]]
    return [
        metric
        for metric in METRICS
        if not metric.startswith("many_shot") and any(one.get(metric) is not None for one in numbers)
    ]


def _settings(arms: Mapping[str, Any]) -> dict[str, Any]:
    """The protocol of every arm, as columns of settings; those that apply to none are left out."""
    rows = [
        (arm["label"], {**arm["protocol"], "terms": terms_text(arm["protocol"])}) for arm in arms.values()
    ]
    names = [name for name in rows[0][1] if any(protocol[name] is not None for _, protocol in rows)]
    return {"names": names, "rows": [(label, [protocol[name] for name in names]) for label, protocol in rows]}


def _bars(gains: Sequence[ClassGain], most: int = 36) -> dict[str, Any]:
    """Classes with a difference, the best and the worst where they are too many."""
    moved = [one for one in gains if abs(one.gain) > 1e-9]
    shown = moved if len(moved) <= most else [*moved[: most // 2], *moved[-(most // 2) :]]
    axis = Axis.around([0.0, *(one.gain for one in shown)], 6)
    rows = [
        {
            "class": one,
            "from": min(axis.at(0), axis.at(one.gain)),
            "width": abs(axis.at(one.gain) - axis.at(0)),
        }
        for one in shown
    ]
    return {
        "axis": axis,
        "rows": rows,
        "left_out": len(moved) - len(shown),
        "break_after": most // 2 if len(moved) > most else None,
        "better": sum(one.gain > 1e-9 for one in gains),
        "worse": sum(one.gain < -1e-9 for one in gains),
        "equal": len(gains) - len(moved),
    }


def _costs(stages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    longest = max((stage["wall_s"] or 0 for stage in stages), default=0) or 1
    total = {key: sum(stage[key] or 0 for stage in stages) for key in ("jobs", "wall_s", "cpu_s")}
    peak = max((stage["max_rss_mb"] or 0 for stage in stages), default=0)
    return {
        "rows": [(stage, round(100 * (stage["wall_s"] or 0) / longest, 2)) for stage in stages],
        "total": total,
        "peak": peak,
    }


def number(value: float | None, digits: int = 1) -> str:
    """Digits behind the point, a true minus sign, and an en dash for what is absent."""
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def tick(value: float) -> str:
    """A value on an axis, no digits more than it needs."""
    return f"{value:g}".replace("-", "−")


def signed(value: float, digits: int = 1) -> str:
    """As ``number``, with a plus sign."""
    return ("+" if value >= 0 else "") + number(value, digits)


def duration(seconds: float | None) -> str:
    """Seconds as people say them."""
    if seconds is None:
        return "–"
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def words(name: str) -> str:
    """A class name to read: ``take_pan`` as "take pan"."""
    return name.replace("_", " ")


def arrows(text: str) -> str:
    """ASCII arrows of a preset as arrows."""
    return text.replace("->", "→")
