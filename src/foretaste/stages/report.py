"""Put the models of a system side by side: summary.json for programs, report.html for people."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from foretaste.contracts.classes import read_classes
from foretaste.contracts.tables import ISSUES, SAMPLES, SEGMENTS, VIDEOS, read_table
from foretaste.evaluation import arms_table, diagram
from foretaste.evaluation.curves import charts
from foretaste.evaluation.examples import examples, shown_models
from foretaste.evaluation.gains import by_frequency, class_gains, joined
from foretaste.evaluation.intervals import Comparer, check_against, comparisons, ranked
from foretaste.evaluation.protocols import targets
from foretaste.evaluation.report import Content, colours, render
from foretaste.evaluation.summary import METRICS, Run, arms, summarise
from foretaste.evaluation.timing import by_rule, read_cost
from foretaste.pipeline import artifact, console
from foretaste.pipeline.provenance import LIBRARIES
from foretaste.pipeline.step import Step
from foretaste.scores.reader import open_scores


def run(step: Step) -> None:
    """Write ``summary`` and ``report``."""
    config, inputs, models, split = step.config, step.inputs, step.config["models"], step.config["split"]
    samples = [read_table(path, SAMPLES) for path in inputs["samples"]]
    worlds = [ranked(*both, split, read_classes(path)) for *both, path in zip(config["worlds"], samples, inputs["classes"], strict=True)]
    scores = {(r["world"], r["model"], r["seed"]): path for r, path in zip(config["runs"], inputs["scores"], strict=True)}
    for (world, model, seed), path in scores.items():
        worlds[config["worlds"].index(world)].read(model, seed, path, split)
    found = arms(
        [Run(**r, metrics=artifact.read_json(path)) for r, path in zip(config["runs"], inputs["metrics"], strict=True)],
        config["worlds"],
        models,
    )
    comparer = Comparer(worlds=worlds, teachers={n: m["mentions"] for n, m in models.items()}, teacher_seeds=config["teacher_seeds"])
    pairs = [tuple(pair) for pair in config["comparisons"] if set(pair) <= set(found)]
    compared = comparisons(comparer, pairs, list(METRICS))
    check_against(found, compared)
    stages = by_rule(zip(config["jobs"], (read_cost(Path(path)) for path in config["benchmarks"]), strict=True))
    header = {name: config[name] for name in ("title", "dataset", "system", "worlds", "split", "primary_metric")}
    header |= {"samples": sum(len(world.wanted) for world in worlds), "videos": sum(len(np.unique(world.videos)) for world in worlds)}
    summary = summarise(header, found, compared, stages)
    artifact.write_json(step.outputs["summary"], summary)
    headline = next((pair for pair in (config["headline"], *pairs) if pair and tuple(pair) in pairs), None)
    content = Content(
        summary=summary, paper=config["paper"], models=models, headline=headline and tuple(headline),
        intervals={model: comparer.interval(model, None, config["primary_metric"]) for model in found},
        diagram=diagram.draw(diagram.pipeline({name: models[name] for name in found}, config["pretrained"]), colours(models)),
        charts=charts([(log["model"], path) for log, path in zip(config["logs"], inputs["logs"], strict=True)], models, colours(models)),
        issues=[row for path in inputs["issues"] for row in read_table(path, ISSUES).to_pylist()],
        provenance=[_provenance(key, path, models) for key, path in scores.items()], libraries={name: version(name) for name in LIBRARIES},
        **(_closely(step, worlds, samples, scores, tuple(headline)) if headline else {}),
    )  # fmt: skip
    with artifact.whole(step.outputs["report"]) as partial:
        partial.write_text(render(content), encoding="utf-8")
    for line in (*arms_table.table(summary), f"report: {step.outputs['report']}"):
        console.say(line)


def _closely(step: Step, worlds: list, samples: list, scores: dict, pair: tuple[str, str]) -> dict[str, Any]:
    """What the page shows of the headline's two models: classes, and single samples of the first world."""
    models, first, split = step.config["models"], worlds[0], step.config["split"]
    tables = {"samples": samples[0], "segments": read_table(step.inputs["segments"][0], SEGMENTS)}
    if "videos" in step.inputs:
        tables["videos"] = read_table(step.inputs["videos"], VIDEOS)
    lists = {m: scores[first.name, m, first.seeds(m)[0]] for m in shown_models(models, pair, sorted({model for model, _ in first.ranks}))}
    folder = step.config.get("video_folder")
    shown = examples(first, tables, lists, pair, split, history=step.config["history"], video_folder=Path(folder) if folder else None)
    gains = []
    for world, table in zip(worlds, samples, strict=True):
        counts = np.bincount(targets(table, "training").labels["action"], minlength=len(world.classes.action))
        gains.append(
            class_gains(world.classes.action, world.wanted.labels["action"], world.hits(pair[0], 5), world.hits(pair[1], 5), counts)
        )
    return {"gains": joined(gains), "thirds": by_frequency(joined(gains)), "examples": shown}


def _provenance(key: tuple[str, str, int], path: Path, models: dict[str, Any]) -> dict[str, Any]:
    manifest = open_scores(path).manifest
    training = manifest["splits"].get("training", {}).get("scored")
    return {
        "world": key[0],
        "label": models[key[1]]["label"],
        "seed": key[2],
        "identity": manifest["identity"],
        "training": training,
        "code": manifest["record"]["code"],
    }
