"""``docs/results.md`` and ``docs/results-tables.md``: the numbers of finished runs as pages, made from their
``summary.json`` files and from nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from foretaste.contracts.errors import DataError
from foretaste.contracts.metrics import METRICS
from foretaste.pipeline import artifact
from foretaste.report import verdict
from foretaste.report.results_overview import overview
from foretaste.report.setting_line import setting_line
from foretaste.report.summaries import read_summary
from foretaste.report.written import arrows, number, signed

#: Numbers of others, beside ours: ``{"format", "datasets": {<dataset>: {"title", "notes", "rows": [{"label",
#: "history_rule", "action", "source"}]}}}``; a row whose rule is null (its source does not state one) stands
#: under every rule.
PUBLISHED = "published.json"

#: History rules, in the order of the page; last a run in which nobody reads a history.
RULES = ("end", "start", "all", "")

_INTRODUCTION = """# Tables of results

What they come to is on [the page before](results.md). Made by `foretaste results-page docs/results/*.json`;
each table is one run's `summary.json`. Numbers are per cent, ± the standard deviation over seeds; – stands
where a dataset has no such classes. The primary metric, named in the preset beforehand, is **bold**. *Rows in
italics* are others' numbers (the *independent program* counts and trains on the same files; it is not part of
this repository). What the settings mean: `history_rule` says which earlier segments a text teacher may see
(`end`: those that stop by the end of the observation window, `start`: those that start before its end,
`all`); many-shot recall averages over the 819 official many-shot actions (`and`) or over those whose verb or
noun is many-shot (`or`).

An interval says where the number would lie on other data sets of as many videos from the same source: each
video and each seed is left out in turn (jackknife; [performance.md](performance.md#intervals) says how often
it holds the truth). Tables that say *older percentile bootstrap* were made before that: their intervals of
class-mean and many-shot recall are too narrow, by about a third.
"""


def pages(files: Sequence[Path]) -> tuple[str, str]:
    """What helped and what did not, and the tables, for ``<dataset>_<history rule>.json`` files, with
    ``published.json`` if it is among them; of several systems under one rule the others are
    ``<dataset>_<history rule>.<system>.json``, and where nobody reads a history all
    ``<dataset>.<system>.json``.

    Raises DataError for a file whose name is not what it holds.
    """
    published: dict[str, Any] = {}
    found = []
    for path in files:
        if path.name == PUBLISHED:
            published = artifact.read_json(path)["datasets"]
            continue
        content = read_summary(path)
        found.append((*_named(path, content), content))
    found.sort(key=lambda one: (one[0], RULES.index(one[1])))
    titles = {dataset: facts["title"] for dataset, facts in published.items()}
    return overview(found, titles), _tables(found, published)


def _tables(found: Sequence[tuple[str, str, dict[str, Any]]], published: Mapping[str, Any]) -> str:
    lines = [_INTRODUCTION]
    for dataset in dict.fromkeys(one[0] for one in found):
        facts = published.get(dataset, {"title": dataset, "notes": [], "rows": []})
        lines += [f"## {facts['title']}", "", *(f"{note}\n" for note in facts["notes"])]
        for _, rule, summary in (one for one in found if one[0] == dataset):
            mine = [row for row in facts["rows"] if row["history_rule"] in (rule, None)]
            lines += _section(rule, summary, mine)
    return "\n".join(lines).rstrip("\n") + "\n"


def _named(path: Path, summary: Mapping[str, Any]) -> tuple[str, str]:
    stem, _, system = path.stem.partition(".")
    rules = {arm["protocol"]["history_rule"] for arm in summary["arms"].values()} - {None}
    dataset, _, rule = stem.rpartition("_") if rules or not system else (stem, "", "")
    fits = summary.get("dataset") == dataset and rule in RULES and system in ("", summary.get("system"))
    if not fits:
        raise DataError(
            f"a summary of {summary.get('dataset')!r}, {summary.get('system')!r}",
            path,
            f"<dataset>_<one of {', '.join(RULES[:-1])}>.json, <dataset>_<rule>.<system>.json, or where "
            "nobody reads a history <dataset>.<system>.json",
            "rename it",
        )
    if rules - {rule}:
        raise DataError(
            f"history rules {sorted(rules)}",
            path,
            f"only {rule}, as the name says",
            "rename it, or run again with this rule",
        )
    return dataset, rule


def _section(rule: str, summary: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    arms = {name: summary["arms"][name] for name in summary["models"]}
    worlds = f", means over {len(summary['worlds'])} worlds" if len(summary["worlds"]) > 1 else ""
    small = verdict.small(summary)
    counted = f"{summary['samples']} {summary['split']} samples of {summary['videos']} videos{worlds}"
    lines = [
        f"### History rule `{rule}`" if rule else f"### `{summary['system']}`", "",
        f"{arrows(summary['title'])} (`{summary['system']}`); {counted}.", "",
        *(() if small is None else (small, "")),
        *_arms(arms, rows, summary["primary_metric"], summary["heads"][0]), "",
        "Settings:", "", *_settings(arms), "",
    ]  # fmt: skip
    if summary["comparisons"]:
        lines += [*_comparisons(summary, arms), ""]
    cost = _cost(summary["stages"])
    return [*lines, *([cost, ""] if cost else [])]


def _arms(arms: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], primary: str, main: str) -> list[str]:
    shown = [metric for metric in METRICS if any(arm[main][metric] is not None for arm in arms.values())]
    lines = [
        "| model | seeds |" + "".join(f" {METRICS[metric].title} |" for metric in shown),
        "|---|---|" + "---|" * len(shown),
    ]
    for role in ("student", "teacher"):
        for name, arm in arms.items():
            if arm["role"] == role:
                cells = "".join(f" {_cell(arm[main][metric], metric == primary)} |" for metric in shown)
                lines.append(f"| {arm['label']} (`{name}`) | {len(arm['seeds'])} |{cells}")
    for row in rows:
        cells = "".join(f" {_italic(row[main].get(metric))} |" for metric in shown)
        lines.append(f"| *{row['label']}*, {row['source']} | – |{cells}")
    return lines


def _cell(spread: Mapping[str, Any] | None, bold: bool) -> str:
    if spread is None:
        return "–"
    mean = f"**{number(spread['mean'])}**" if bold else number(spread["mean"])
    return mean if spread["sd"] is None else f"{mean} ±{number(spread['sd'])}"


def _italic(value: float | None) -> str:
    return "–" if value is None else f"*{number(value)}*"


def _settings(arms: Mapping[str, Any]) -> list[str]:
    """One line a protocol, with the models that share it."""
    groups: dict[str, list[str]] = {}
    for name, arm in arms.items():
        protocol = arm["protocol"]
        gap = "" if protocol["tau_a"] is None else f"tau_a {protocol['tau_a']:g} s"
        line = "; ".join(part for part in (gap, setting_line(protocol)) if part) or "none"
        groups.setdefault(line, []).append(f"`{name}`")
    return [f"- {line}: {', '.join(names)}" for line, names in groups.items()]


def _comparisons(summary: Mapping[str, Any], arms: Mapping[str, Any]) -> list[str]:
    primary = summary["primary_metric"]
    mine = [one for one in summary["comparisons"] if one["metric"] == primary]
    if not mine:
        return []
    lines = [
        (
            f"| difference in {METRICS[primary].title}, points | | {mine[0]['level']} % interval"
            f" ({verdict.heading(mine)}) |"
        ),
        "|---|---|---|",
    ]
    for one, limits in zip(mine, verdict.rows(mine, signed), strict=True):
        names = f"{arms[one['a']]['label']} minus {arms[one['b']]['label']}"
        lines.append(f"| {names} | {signed(one['difference'])} | {limits} |")
    return lines


def _cost(stages: Sequence[Mapping[str, Any]]) -> str:
    known = [stage for stage in stages if stage["cpu_s"] is not None]
    if not known:
        return ""
    minutes, peak = (
        sum(stage["cpu_s"] for stage in known) / 60,
        max(stage["max_rss_mb"] or 0 for stage in known),
    )
    return f"Cost: {minutes:.0f} CPU-minutes, peak memory {peak / 1000:.1f} GB."
