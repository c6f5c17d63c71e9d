"""Put the models of a system side by side: summary.json for programs, report.html for people."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from foretaste.contracts.classes import read_classes
from foretaste.contracts.modalities import RGB
from foretaste.contracts.tables import ISSUES, SAMPLES, SEGMENTS, VIDEOS, of_modality, read_table
from foretaste.evaluation.intervals import ranked
from foretaste.evaluation.protocols import read_metrics
from foretaste.evaluation.summary import Run, summarise
from foretaste.pipeline import artifact, console
from foretaste.pipeline.provenance import LIBRARIES
from foretaste.pipeline.step import Step
from foretaste.report import arms_table
from foretaste.report.curves import charts
from foretaste.report.diagram import draw, pipeline
from foretaste.report.dropped import dropped
from foretaste.report.examples import examples, shown_models
from foretaste.report.gains import by_frequency
from foretaste.report.page import Content, colours, render
from foretaste.report.study import Study
from foretaste.report.timing import by_rule, read_cost


def run(step: Step) -> None:
    """Write ``summary`` and ``report``."""
    config, inputs = step.config, step.inputs
    study = _read(step)
    stages = by_rule(
        zip(config["jobs"], (read_cost(Path(path)) for path in config["benchmarks"]), strict=True)
    )
    header = {
        name: config[name] for name in ("title", "dataset", "system", "worlds", "split", "primary_metric")
    }
    summary = summarise({**header, "heads": study.heads, **study.size}, study.arms, study.compared, stages)
    palette = colours(study.models)
    content = Content(
        summary=summary,
        paper=config["paper"],
        models=study.models,
        headline=study.headline,
        intervals=study.intervals(config["primary_metric"]),
        diagram=draw(pipeline(study.models, config["pretrained"]), palette),
        charts=charts(
            [(log["model"], path) for log, path in zip(config["logs"], inputs["logs"], strict=True)],
            study.models,
            palette,
            study.heads[0],
        ),
        language_models=[
            {**lm, **artifact.read_json(path)}
            for lm, path in zip(config["lms"], inputs.get("lms", ()), strict=True)
        ],
        dropped=dropped(study.tables),
        issues=[row for path in inputs["issues"] for row in read_table(path, ISSUES).to_pylist()],
        provenance=study.provenance(),
        libraries={name: version(name) for name in LIBRARIES},
        **_closely(step, study),
    )
    artifact.write_json(step.outputs["summary"], summary)
    with artifact.whole(step.outputs["report"]) as partial:
        partial.write_text(render(content), encoding="utf-8")
    for line in (*arms_table.table(summary), f"report: {step.outputs['report']}"):
        console.say(line)


def _read(step: Step) -> Study:
    config, inputs = step.config, step.inputs
    tables = [read_table(path, SAMPLES) for path in inputs["samples"]]
    spaces = [read_classes(path) for path in inputs["classes"]]
    worlds = [
        ranked(name, table, config["split"], space)
        for name, table, space in zip(config["worlds"], tables, spaces, strict=True)
    ]
    scores = {
        (r["world"], r["model"], r["seed"]): path
        for r, path in zip(config["runs"], inputs["scores"], strict=True)
    }
    for (world, model, seed), path in scores.items():
        worlds[config["worlds"].index(world)].read(model, seed, path, config["split"])
    metrics = map(read_metrics, inputs["metrics"])
    runs = [Run(**run, metrics=one) for run, one in zip(config["runs"], metrics, strict=True)]
    return Study.of(runs, worlds, tables, scores, config)


def _closely(step: Step, study: Study) -> dict[str, Any]:
    """What the page shows of the headline's two models: classes, and single samples of the first world."""
    if study.headline is None:
        return {}
    first = study.worlds[0]
    tables = {"samples": study.tables[0], "segments": read_table(step.inputs["segments"][0], SEGMENTS)}
    folder = None
    if "videos" in step.inputs:
        tables["videos"], folder = (
            of_modality(read_table(step.inputs["videos"], VIDEOS), RGB),
            Path(step.config["video_folders"][RGB]),
        )
    lists = {
        name: study.scores[first.name, name, first.seeds(name)[0]]
        for name in shown_models(study.models, study.headline)
    }
    shown = examples(
        first,
        tables,
        lists,
        study.headline,
        step.config["split"],
        history=step.config["history"],
        video_folder=folder,
    )
    gains = study.gains()
    return {"gains": gains, "thirds": by_frequency(gains), "examples": shown}
