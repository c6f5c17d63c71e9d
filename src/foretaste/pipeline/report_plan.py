"""What a report reads: every model of a system, for its seeds, on one dataset or on the worlds that one
pools.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from foretaste.contracts.errors import ConfigError, unknown
from foretaste.contracts.modalities import FLOW
from foretaste.pipeline.attending import attention
from foretaste.pipeline.locations import Locations
from foretaste.pipeline.planned import Planned, samples_of, tables
from foretaste.pipeline.rebuilding import command
from foretaste.pipeline.seen import HEARD
from foretaste.settings.average_config import AverageConfig
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.config import SystemConfig
from foretaste.settings.model_config import ModelConfig
from foretaste.settings.overrides import meant
from foretaste.settings.sweeps import points
from foretaste.settings.table_config import TABLE, TableConfig


@dataclass(frozen=True)
class ReportPlan:
    """The models, seeds and worlds of one report."""

    catalogue: Catalogue
    dataset: str
    system: str
    scope: str

    @property
    def at(self) -> Locations:
        """Where files lie."""
        return Locations(self.catalogue)

    @property
    def worlds(self) -> tuple[str, ...]:
        """The datasets whose samples the report is about."""
        return self.catalogue.dataset(self.dataset).pool or (self.dataset,)

    @property
    def table(self) -> TableConfig | None:
        """The table that the report is about, if it is about one.

        Raises ConfigError for one that the preset does not have, or has for another dataset, and for a row
        of a model that the preset does not have.
        """
        if not re.fullmatch(TABLE, self.scope):
            return None
        preset = self.catalogue.system(self.dataset, self.system)
        where = f"{self.catalogue.files.where('systems', self.system)}: tables"
        if self.scope not in preset.tables:
            raise unknown("table", self.scope, preset.tables, where)
        table = preset.tables[self.scope]
        if table.dataset not in self.catalogue.files.chain("datasets", self.dataset):
            raise ConfigError(
                f"{self.scope} on {self.dataset}",
                where,
                f"{table.dataset}, the dataset of the paper's table",
                f"--config dataset={table.dataset}",
            )
        for model in table.rows:
            if model not in preset.models:
                raise unknown("model", model, preset.models, f"{where}.{self.scope}.rows")
        return table

    @property
    def models(self) -> dict[str, ModelConfig | AverageConfig]:
        """The models of the report; scope ``teachers`` keeps those that need no video, a table its rows and
        those that they learn from.
        """
        models = self.catalogue.system(self.dataset, self.system).models
        if self.table is not None:
            names = list(self.table.rows)
            for name in names:  # which grows
                names += [other for other in sorted(models[name].mentions) if other not in names]
            return {name: models[name] for name in names}
        return {
            name: model
            for name, model in models.items()
            if self.scope != "teachers" or self._reads_text(name)
        }

    def _reads_text(self, name: str) -> bool:
        model = self.catalogue.model(self.dataset, self.system, name)
        if isinstance(model, AverageConfig):
            return all(self._reads_text(other) for other in model.average)
        shown = {self.catalogue.shows(view) for view in model.each_view}
        return model.role == "teacher" and shown.isdisjoint(self.catalogue.OF_VIDEO)

    def seeds(self, model: str) -> list[int]:
        """The seeds of a model: those of the run, or of the study; fewer where its teachers' seeds are
        fewer.
        """
        preset = self.catalogue.system(self.dataset, self.system)
        study = self.scope == "seeds" or self.table is not None or len(self.worlds) > 1
        seeds = preset.study_seeds if study else self.catalogue.run.seeds
        settings = self.models[model]
        if isinstance(settings, AverageConfig) and settings.seeds:
            return [0]
        if settings.role == "teacher":
            return sorted({seed % preset.teacher_seeds for seed in seeds})
        return list(seeds)

    def runs(self) -> Iterator[tuple[str, str, int, str]]:
        """World, model, seed and folder of everything that the report compares."""
        for world in self.worlds:
            for model in self.models:
                for seed in self.seeds(model):
                    yield (
                        world,
                        model,
                        seed,
                        self.at.model_folder(world, self.system, model, seed),
                    )

    def _language_models(self) -> list[str]:
        return sorted(
            {model.lm for model in self.models.values() if isinstance(model, ModelConfig) and model.lm}
        )

    def pretrained(self) -> list[tuple[str, str]]:
        """World and name of the language models that were pretrained on recipes for the report's models."""
        names = [
            name for name in self._language_models() if self.catalogue.named("lms", name).training is not None
        ]
        return [(world, name) for world in self.worlds for name in names]

    def text_issues(self) -> list[str]:
        """The issues tables of the recipe corpora that the models' language models have read."""
        folder, found = f"{self.catalogue.results}/text", []
        for world, lm in self.pretrained():
            corpus = self.at.corpus(world)
            text = self.at.text_name(corpus, lm)
            found.append(f"{folder}/{corpus}/issues.parquet")
            found += [
                f"{folder}/{text}/issues/extract_openie-{shard}.parquet" for shard in self._text_shards(lm)
            ]
        return list(dict.fromkeys(found))

    def _text_shards(self, lm: str) -> range:
        return range(self.catalogue.text(self.catalogue.named("lms", lm).text).openie.shards)

    def pictures(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What samples of the first world are shown from, if models see its video: inputs, and places."""
        world = self.worlds[0]
        shown = {self.catalogue.shows(view) for _, view in self.views()}
        if not self._backbones(world) and shown.isdisjoint(("pixels", "boxes")):
            return {}, {}
        videos = self.at.videos(world)
        inputs = {**tables(self.catalogue.results, world, "videos"), "video_files": videos.files()}
        if "boxes" in shown:
            inputs["boxes"] = self.at.boxes(world)
        return inputs, {"video_folders": videos.folders()}

    def pairs(self) -> list[tuple[str, str]]:
        """The models that are compared: those of the preset or, in a table, each row with its baseline."""
        if self.table is None:
            compared = self.catalogue.system(self.dataset, self.system).comparisons
            return [pair for pair in compared if set(pair) <= set(self.models)]
        return self.table.pairs

    def beside(self) -> dict[str, Any]:
        """What is shown beside frames: how optical flow is computed, where models see flow that is; how they
        hear.
        """
        world, found = self.worlds[0], {}
        for model, view in self.views():
            if view.get("modality") == FLOW and model.reads_store(view):
                method = self.catalogue.named("frame_stores", model.frame_store, world).flow
                found |= {"flow": method} if method else {}
            if view["kind"] == HEARD:
                found["sound"] = {name: view[name] for name in ("length_s", "mel") if name in view}
        return found

    def views(self) -> Iterator[tuple[ModelConfig, Mapping[str, Any]]]:
        """Every view of the models, with its model."""
        for model in self.models.values():
            if isinstance(model, ModelConfig):
                yield from ((model, view) for view in model.each_view)

    def _backbones(self, world: str) -> list[str]:
        names = {
            model.backbone
            for model in self.models.values()
            if isinstance(model, ModelConfig) and model.backbone
        }
        return sorted(name for name in names if self.catalogue.named("backbones", name, world).files is None)


def plan_report(catalogue: Catalogue, dataset: str, system: str, scope: str) -> Planned:
    """The step of the stage ``report``."""
    plan = ReportPlan(catalogue, dataset, system, scope.strip("/"))
    preset, runs = catalogue.system(dataset, system), list(plan.runs())
    loops = [
        run
        for run in runs
        if isinstance(plan.models[run[1]], ModelConfig) and plan.models[run[1]].training.kind == "loop"
    ]
    inputs: dict[str, Any] = {
        "metrics": [f"{folder}/metrics.json" for *_, folder in runs],
        "scores": [f"{folder}/scores" for *_, folder in runs],
        "logs": [f"{folder}/log.jsonl" for *_, folder in loops],
    }
    if lms := plan.pretrained():
        inputs["lms"] = [
            f"{catalogue.results}/lm/{plan.at.corpus(world)}/{lm}/metrics.json" for world, lm in lms
        ]
    inputs["samples"] = [samples_of(catalogue.results, world, preset.task) for world in plan.worlds]
    for table in ("segments", "classes"):
        inputs[table] = [tables(catalogue.results, world, table)[table] for world in plan.worlds]
    places: dict[str, Any] = {}
    if plan.scope == "teachers":
        inputs["issues"] = [
            f"{catalogue.results}/{world}/issues/read_annotations.parquet" for world in plan.worlds
        ]
    else:
        inputs["issues"] = [f"{catalogue.results}/{world}/issues.parquet" for world in plan.worlds]
    inputs["issues"] += plan.text_issues()
    if plan.scope != "teachers":
        shown, shown_from = plan.pictures()
        inputs |= shown
        places |= shown_from
    pairs = plan.pairs()
    for a, b in pairs:
        once = 1 in (len(plan.seeds(a)), len(plan.seeds(b)))  # it is compared with every seed of the other
        if plan.seeds(a) != plan.seeds(b) and not once:
            raise ConfigError(
                f"{a} has the seeds {plan.seeds(a)}, {b} has {plan.seeds(b)}",
                f"{catalogue.files.where('systems', system)}: comparisons",
                "pairs with the same seeds",
                "set teacher_seeds, or compare other models",
            )
    return Planned(
        inputs=inputs,
        config={
            "title": preset.title,
            "paper": preset.paper,
            "dataset": dataset,
            "system": system,
            "split": catalogue.dataset(plan.worlds[0]).evaluated,
            "primary_metric": preset.primary_metric,
            **plan.beside(),
            "history": preset.history.model_dump(mode="json") if _reads_history(plan, preset) else None,
            "attention": attention(catalogue, plan.models),
            "command": command(
                catalogue.run, dataset, f"{dataset}/{system}{scope}/report.html", _given(plan)
            ),
            "set": meant(catalogue.files.merged("systems", system, dataset), catalogue.run.set),
            "teacher_seeds": preset.teacher_seeds,
            "comparisons": pairs,
            "headline": pairs[0] if pairs else None,
            "sweeps": [vars(point) for point in points(preset.sweep, plan.models)],
            "chosen_on_training": catalogue.dataset(plan.worlds[0]).choose is not None,
            "worlds": list(plan.worlds),
            "models": {name: _facts(catalogue, model) for name, model in plan.models.items()},
            "runs": [{"world": world, "model": model, "seed": seed} for world, model, seed, _ in runs],
            "logs": [{"world": world, "model": model, "seed": seed} for world, model, seed, _ in loops],
            "lms": [{"world": world, "lm": lm} for world, lm in lms],
            **({} if plan.table is None else {"table": plan.table.model_dump(mode="json")}),
            "pretrained": sorted(name for name, lm in preset.lms.items() if lm.training is not None),
        },
        places=places,
    )


def _given(plan: ReportPlan) -> list[str]:
    """The settings that name what is given to a run: where the datasets lie, and recipes."""
    worlds = [plan.catalogue.dataset(world) for world in plan.worlds]
    if all(world.world is not None for world in worlds):
        return []
    return ["data_root", *(["recipes"] if plan.pretrained() else [])]


def _reads_history(plan: ReportPlan, preset: SystemConfig) -> bool:
    shown = {plan.catalogue.shows(view) for _, view in plan.views()}
    return preset.task == "anticipation" and "history" in shown


def _facts(catalogue: Catalogue, model: ModelConfig | AverageConfig) -> dict[str, Any]:
    """What the report says of a model, and which arrows lead to it."""
    facts = {"label": model.label, "role": model.role, "mentions": sorted(model.mentions)}
    if isinstance(model, AverageConfig):
        made_of = {"lm": None, "backbone": None, "frame_store": None}
        return {**facts, **made_of, "averaged": True, "counted": False, "reuse": None}
    counted = model.training.kind == "counting" and model.training.source == "samples"
    reuse = model.reuse and model.reuse.name
    facts |= {name: getattr(model, name) for name in ("lm", "backbone", "frame_store")}
    facts |= {"averaged": False, "counted": counted}
    return {**facts, "reuse": reuse}
