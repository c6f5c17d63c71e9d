"""The finished runs of one report, read, ranked and compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from foretaste.evaluation.compare import Interval
from foretaste.evaluation.intervals import Comparer, Ranked, check_against, comparisons
from foretaste.evaluation.protocols import targets
from foretaste.evaluation.summary import Run, arms
from foretaste.report.gains import ClassGain, class_gains, joined
from foretaste.scores.reader import open_scores


@dataclass(frozen=True, kw_only=True)
class Study:
    """Models of one system on one or more worlds.

    models
        name -> what the report says of it, in the order of the preset; only those that were run.
    worlds, tables
        The ranked validation samples of each world, and its table of samples.
    scores
        (world, model, seed) -> score file.
    arms, compared
        As in ``summary.json``.
    headline
        The pair that the report opens with; None where no pair was run.
    """

    models: dict[str, Mapping[str, Any]]
    worlds: Sequence[Ranked]
    tables: Sequence[pa.Table]
    scores: Mapping[tuple[str, str, int], Path]
    comparer: Comparer
    arms: dict[str, Any]
    compared: list[dict[str, Any]]
    headline: tuple[str, str] | None

    @classmethod
    def of(
        cls, runs: Sequence[Run], worlds: Sequence[Ranked], tables: Sequence[pa.Table],
        scores: Mapping[tuple[str, str, int], Path],
        settings: Mapping[str, Any],
    ) -> Study:  # fmt: skip
        """Compare what was run.

        settings
            ``models``, ``comparisons`` (pairs; those that were not run are left out), ``headline`` (a pair or
            None), ``teacher_seeds``.
        """
        models = {name: settings["models"][name] for name in dict.fromkeys(run.model for run in runs)}
        found = arms(runs, [world.name for world in worlds], models)
        mentions = {name: facts["mentions"] for name, facts in models.items()}
        comparer = Comparer(worlds=worlds, teachers=mentions, teacher_seeds=settings["teacher_seeds"])
        pairs = [(a, b) for a, b in settings["comparisons"] if a in models and b in models]
        wanted = [tuple(settings["headline"])] if settings["headline"] else []
        compared = comparisons(comparer, pairs)
        check_against(found, compared, worlds[0].classes.main)
        return cls(
            models=models,
            worlds=worlds,
            tables=tables,
            scores=scores,
            comparer=comparer,
            arms=found,
            compared=compared,
            headline=next((pair for pair in (*wanted, *pairs) if pair in pairs), None),
        )

    @property
    def heads(self) -> list[str]:
        """The heads of the dataset, the main one first."""
        return list(self.worlds[0].classes.heads)

    @property
    def size(self) -> dict[str, int]:
        """How many validation samples of how many videos were counted."""
        return {
            "samples": sum(len(world.wanted) for world in self.worlds),
            "videos": sum(len(np.unique(world.wanted.videos)) for world in self.worlds),
        }

    def intervals(self, metric: str) -> dict[str, Interval | None]:
        """The interval of every arm's own number."""
        return {model: self.comparer.interval(model, None, metric) for model in self.models}

    def gains(self) -> list[ClassGain]:
        """Recall@5 of every class with both models of the headline, all seeds and worlds together; best gain
        first.
        """
        a, b = self.headline
        found = []
        for world, table in zip(self.worlds, self.tables, strict=True):
            names = world.classes.names(world.classes.main)
            counts = np.bincount(targets(table, "training").labels[world.classes.main], minlength=len(names))
            found.append(
                class_gains(
                    names,
                    world.labels,
                    world.hits(a, 5),
                    world.hits(b, 5),
                    counts,
                )
            )
        return joined(found)

    def provenance(self) -> list[dict[str, Any]]:
        """Of every score file: world, label of the model, seed, identity, how the training rows were scored,
        code.
        """
        found = []
        for (world, model, seed), path in self.scores.items():
            manifest = open_scores(path).manifest
            training, code = manifest["splits"].get("training", {}).get("scored"), manifest["record"]["code"]
            one = {"world": world, "label": self.models[model]["label"], "seed": seed}
            found.append({**one, "identity": manifest["identity"], "training": training, "code": code})
        return found
