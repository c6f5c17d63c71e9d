"""The finished runs of one report, read, ranked and compared: what every section of the page is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from foretaste.contracts.classes import ClassSpace, read_classes
from foretaste.contracts.modalities import RGB
from foretaste.contracts.tables import SAMPLES, VIDEOS, of_modality, read_table
from foretaste.evaluation.heads import HeadScores, head_logits, head_scores
from foretaste.evaluation.intervals import Comparer, Ranked, check_against, comparisons, ranked
from foretaste.evaluation.protocols import read_metrics
from foretaste.evaluation.summary import Run, arms, summarise
from foretaste.pipeline.store import read_entry
from foretaste.report.colours import colours
from foretaste.report.timing import by_rule
from foretaste.scores.exchange import read_split
from foretaste.video.frame_table import FrameTable, frame_tables

#: Settings of a report that stand in its summary as they are.
_HEADER = ("title", "dataset", "system", "worlds", "split", "primary_metric", "set")


@dataclass(frozen=True, kw_only=True)
class FinishedRuns:
    """Models of one system on one or more worlds.

    settings, inputs
        Of the report's step: what a section reads itself, such as logs, is found here.
    models
        name -> what the preset says of it, in the order of the preset; only those that were run.
    worlds, tables
        The ranked samples of the evaluated split of each world, and its table of samples.
    scores
        (world, model, seed) -> score file.
    arms, compared
        As in ``summary.json``; ``compared`` in the main head.
    compared_by_head
        The same in each other head that both arms answer.
    headline
        The pair (a, b) that the page opens with; None where no pair was run.
    """

    settings: Mapping[str, Any]
    inputs: Mapping[str, Any]
    models: dict[str, Mapping[str, Any]]
    worlds: Sequence[Ranked]
    tables: Sequence[pa.Table]
    scores: Mapping[tuple[str, str, int], Path]
    comparer: Comparer
    arms: dict[str, Any]
    compared: list[dict[str, Any]]
    compared_by_head: dict[str, list[dict[str, Any]]]
    headline: tuple[str, str] | None

    @classmethod
    def read(cls, settings: Mapping[str, Any], inputs: Mapping[str, Any]) -> FinishedRuns:
        """Read and compare what was run; pairs of ``comparisons`` of which a model was not run are left out.

        Raises DataError where scores and metrics do not fit each other.
        """
        tables = [read_table(path, SAMPLES) for path in inputs["samples"]]
        scores = {
            (run["world"], run["model"], run["seed"]): path
            for run, path in zip(settings["runs"], inputs["scores"], strict=True)
        }
        spaces = list(map(read_classes, inputs["classes"]))
        worlds = _ranked(settings, spaces, tables, scores, spaces[0].main)
        metrics = map(read_metrics, inputs["metrics"])
        runs = [Run(**run, metrics=one) for run, one in zip(settings["runs"], metrics, strict=True)]
        models = {name: settings["models"][name] for name in dict.fromkeys(run.model for run in runs)}
        found = arms(runs, [world.name for world in worlds], models)
        mentions = {name: facts["mentions"] for name, facts in models.items()}
        taught = {"teachers": mentions, "teacher_seeds": settings["teacher_seeds"]}
        comparer = Comparer(worlds=worlds, **taught)
        pairs = [(a, b) for a, b in settings["comparisons"] if a in models and b in models]
        by_head = {}
        for head in spaces[0].heads:
            answer = [model for model, arm in found.items() if arm.get(head) is not None]
            own = {run: path for run, path in scores.items() if run[1] in answer}
            there = [pair for pair in pairs if set(pair) <= set(answer)]
            in_head = worlds if head == worlds[0].head else _ranked(settings, spaces, tables, own, head)
            by_head[head] = comparisons(Comparer(worlds=in_head, **taught), there)
            check_against(found, by_head[head], head)
        wanted = [tuple(settings["headline"])] if settings["headline"] else []
        return cls(
            settings=settings,
            inputs=inputs,
            models=models,
            worlds=worlds,
            tables=tables,
            scores=scores,
            comparer=comparer,
            arms=found,
            compared=by_head.pop(worlds[0].head),
            compared_by_head={head: some for head, some in by_head.items() if some},
            headline=next((pair for pair in (*wanted, *pairs) if pair in pairs), None),
        )

    @cached_property
    def summary(self) -> dict[str, Any]:
        """What ``summary.json`` holds."""
        header = {name: self.settings[name] for name in _HEADER}
        size = {
            "samples": sum(len(world.wanted) for world in self.worlds),
            "videos": sum(len(np.unique(world.wanted.videos)) for world in self.worlds),
        }
        entries = [read_entry(Path(folder)) for folder in self.settings.get("costs", ())]
        header |= {"heads": self.heads, **size}
        made = summarise(header, self.arms, self.compared, by_rule(entries))
        table = {"table": self.settings["table"]} if "table" in self.settings else {}
        return {**made, "comparisons_by_head": self.compared_by_head, **table}

    @cached_property
    def videos(self) -> dict[str, FrameTable]:
        """video_id -> the frames that there are to show, of the first world; none of a run of text alone."""
        if "videos" not in self.inputs:
            return {}
        folder = Path(self.settings["video_folders"][RGB])
        return frame_tables(of_modality(read_table(self.inputs["videos"], VIDEOS), RGB), folder)

    @property
    def heads(self) -> list[str]:
        """The heads of the dataset, the main one first."""
        return list(self.worlds[0].classes.heads)

    @property
    def primary(self) -> str:
        """The metric that was named beforehand."""
        return self.settings["primary_metric"]

    @cached_property
    def palette(self) -> dict[str, str]:
        """model -> CSS colour."""
        return colours(self.models)

    def said(self, world: Ranked, model: str, seed: int, head: str) -> HeadScores | None:
        """What a model says of the world's samples in a head; None where its scores do not answer it."""
        path = self.scores[world.name, model, seed]
        scored = read_split(path, self.settings["split"])
        logits = head_logits(scored, world.wanted, world.classes, path)
        return head_scores(logits, world.classes).get(head)

    def label(self, model: str) -> str:
        """What a model is called on the page."""
        return self.models[model]["label"]


def _ranked(
    settings: Mapping[str, Any],
    spaces: Sequence[ClassSpace],
    tables: Sequence[pa.Table],
    scores: Mapping[tuple[str, str, int], Path],
    head: str,
) -> list[Ranked]:
    """The samples of every world with the ranks that every run gives them in a head."""
    worlds = {
        name: ranked(name, table, settings["split"], space, head)
        for name, table, space in zip(settings["worlds"], tables, spaces, strict=True)
    }
    for (world, model, seed), path in scores.items():
        worlds[world].read(model, seed, path, settings["split"])
    return list(worlds.values())
