"""What every step of the workflow reads, writes and depends on. The Snakemake rules ask this module and add
nothing.

A ``Folder`` is one that a step writes as a whole; Snakemake is told of the ``manifest.json`` in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline import families
from foretaste.pipeline.catalogue import Catalogue
from foretaste.pipeline.config import validated
from foretaste.pipeline.described import Described, Folder, samples_of, tables
from foretaste.pipeline.first_weights import first_weights, trained
from foretaste.pipeline.model_config import ModelConfig
from foretaste.pipeline.protocol import protocol
from foretaste.pipeline.report_plan import describe_report
from foretaste.pipeline.seen import seen, watched
from foretaste.pipeline.taken import needs_videos, task_of, tasks_seen_through, watching
from foretaste.pipeline.text_plan import TextPlan


class Plan:
    """The steps of one run. ``wildcards`` are Snakemake's, or any mapping with the same names."""

    def __init__(self, catalogue: Catalogue):
        self.catalogue = catalogue
        self.run = catalogue.run
        self.results = catalogue.results
        self.text = TextPlan(catalogue)

    def describe(self, stage: str, wildcards: Mapping[str, str]) -> Described:
        """The step of ``stage`` for these wildcards."""
        if "system" in wildcards:
            self.catalogue.check_fits(wildcards["dataset"], wildcards["system"])
        steps = getattr(self.text, stage, None) or getattr(self, f"_{stage}")
        described = steps(**dict(wildcards))
        return replace(described, threads=self.run.threads.get(stage, 1))

    def _make_kitchen(self, dataset: str, part: str) -> Described:
        world = self.catalogue.dataset(dataset).world
        if world is None:
            raise ConfigError(
                f"{dataset} is not a generated dataset",
                f"workflow/datasets/{dataset}.yaml",
                "world: {...}",
                "use another dataset",
            )
        return Described(
            inputs={},
            outputs={"part": Folder(f"{self.results}/{dataset}/world/{part}")},
            config={"world": world},
        )

    def _read_annotations(self, dataset: str) -> Described:
        settings = self.catalogue.dataset(dataset)
        data_root = self.run.data_root if settings.world is None else f"{self.results}/{dataset}/world"
        if settings.world is None:
            reader = families.load(
                "annotations", settings.reader["kind"], f"workflow/datasets/{dataset}.yaml: reader"
            )
            options = {key: value for key, value in settings.reader.items() if key != "kind"}
            files = [
                str(path)
                for path in reader.files(validated(reader.Config, options, "reader"), Path(data_root))
            ]
        else:
            files = [Folder(f"{data_root}/annotations")]
        folder = f"{self.results}/{dataset}"
        return Described(
            inputs={"annotations": files},
            outputs={
                "segments": f"{folder}/segments.parquet",
                "classes": f"{folder}/classes.json",
                "issues": f"{folder}/issues/read_annotations.parquet",
            },
            config={"reader": settings.reader, "on_bad_input": self.run.on_bad_input, "dataset": dataset},
            places={"data_root": data_root},
        )

    def _make_samples(self, dataset: str, task: str) -> Described:
        config: dict[str, Any] = {"task": task_of(self.catalogue, dataset, task)}
        inputs: dict[str, Any] = self._tables(dataset, "segments")
        if needs_videos(self.catalogue, dataset, task):
            inputs |= self._tables(dataset, "videos")
        seeing = watching(self.catalogue, dataset, task)
        if not seeing:  # text alone: every segment is a sample
            config["task"].pop("earliest_stop_s", None)
        else:
            of_views, views = watched(self.catalogue, dataset, seeing)
            inputs |= of_views
            config |= {"views": views, "on_bad_input": self.run.on_bad_input, "dataset": dataset}
        return Described(
            inputs=inputs, outputs={"samples": samples_of(self.results, dataset, task)}, config=config
        )

    def _probe_videos(self, dataset: str) -> Described:
        return Described(
            inputs={
                "segments": f"{self.results}/{dataset}/segments.parquet",
                "files": self.catalogue.videos(dataset).files(),
            },
            outputs={
                "videos": f"{self.results}/{dataset}/videos.parquet",
                "issues": f"{self.results}/{dataset}/issues/probe_videos.parquet",
            },
            config={
                "patterns": self.catalogue.videos(dataset).patterns(),
                "on_bad_input": self.run.on_bad_input,
            },
            places={"video_folders": self.catalogue.videos(dataset).folders()},
        )

    def _train_backbone(self, dataset: str, backbone: str) -> Described:
        folder = f"{self.results}/{dataset}/backbones/{backbone}"
        settings = self.catalogue.named("backbones", backbone, dataset)
        return Described(
            inputs=self._tables(dataset, "segments", "videos", "classes"),
            outputs={
                "checkpoint": Folder(f"{folder}/checkpoint"),
                "metrics": f"{folder}/metrics.json",
                "log": f"{folder}/log.jsonl",
            },
            config={
                "model": settings.model_dump(mode="json", exclude={"grid", "files"}),
                "dataset": dataset,
                "evaluated": self.catalogue.dataset(dataset).evaluated,
            },
            places={"video_folders": self.catalogue.videos(dataset).folders()},
            processes=self.run.processes.get(backbone, 1),
        )

    def _extract_features(self, dataset: str, backbone: str, shard: str) -> Described:
        settings = self.catalogue.named("backbones", backbone, dataset)
        return Described(
            inputs={
                **self._tables(dataset, "segments", "videos"),
                "checkpoint": Folder(f"{self.results}/{dataset}/backbones/{backbone}/checkpoint"),
            },
            outputs={
                "features": f"{self.results}/{dataset}/features/{backbone}/{shard}.h5",
                "issues": f"{self.results}/{dataset}/issues/extract_features-{backbone}-{shard}.parquet",
            },
            config={
                "network": settings.network,
                "picture": settings.view.get("picture", {}),
                "grid": settings.grid.model_dump(mode="json"),
                "tasks": tasks_seen_through(self.catalogue, dataset, backbone),
                "on_bad_input": self.run.on_bad_input,
            },
            places={"video_folders": self.catalogue.videos(dataset).folders()},
        )

    def _gather_issues(self, dataset: str) -> Described:
        folder = f"{self.results}/{dataset}/issues"
        parts = {f"{folder}/read_annotations.parquet"}
        for system in self.catalogue.systems_of(dataset):
            preset = self.catalogue.system(dataset, system)
            made = {name: backbone for name, backbone in preset.backbones.items() if backbone.files is None}
            for name, backbone in made.items():
                parts |= {
                    f"{folder}/extract_features-{name}-{shard}.parquet"
                    for shard in range(backbone.grid.shards)
                }
            pixels = any(
                self.catalogue.shows(view) in ("pixels", "boxes")
                for model in preset.models.values()
                if isinstance(model, ModelConfig)
                for view in model.each_view
            )
            if made or pixels:  # features that are given as files need no video
                parts.add(f"{folder}/probe_videos.parquet")
        return Described(
            inputs={"issues": sorted(parts)},
            outputs={"issues": f"{self.results}/{dataset}/issues.parquet"},
            config={},
        )

    def _train(self, dataset: str, system: str, seed: str, model: str) -> Described:
        settings = self.catalogue.model(dataset, system, model)
        folder = self._own_folder(dataset, system, seed, model)
        inputs, config, places = seen(self.catalogue, dataset, system, settings)
        for other in sorted(settings.mentions - set(settings.live)):
            inputs[f"scores_{other}"] = Folder(
                f"{self.catalogue.model_folder(dataset, system, other, int(seed))}/scores"
            )
        config["model"] = {
            **settings.model_dump(mode="json", exclude={"role", "label", "maps", "views"}),
            "view": config.pop("view"),
        }
        for teacher in settings.live:
            its_inputs, its_config, its_places = self._live(dataset, system, seed, teacher)
            inputs |= its_inputs
            places |= its_places
            config.setdefault("live", {})[teacher] = its_config
        if settings.training.kind == "counting" and settings.training.source == "recipe_truth":
            inputs["recipe_truth"] = Folder(f"{self.results}/{dataset}/world/recipes")
        if (weights := first_weights(settings.network)) is not None:
            inputs["weights"] = f"{self.run.data_root}/{weights}"
        outputs = {
            "checkpoint": Folder(f"{folder}/checkpoint"),
            "log": f"{folder}/log.jsonl",
            "config": f"{folder}/config.yaml",
        }
        config |= {"seed": int(seed), "evaluated": self.catalogue.dataset(dataset).evaluated}
        return Described(
            inputs=inputs,
            outputs=outputs,
            config=config,
            places=places,
            processes=self.run.processes.get(model, 1),
        )

    def _live(
        self, dataset: str, system: str, seed: str, teacher: str
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
        """What a teacher needs that speaks while its student is trained, by names that are none of the
        student's: ``live.<teacher>.<input>``.
        """
        settings = self.catalogue.model(dataset, system, teacher)
        inputs, config, places = seen(self.catalogue, dataset, system, settings)
        shared = ("samples", "extra", "segments", "classes")
        own = {name: path for name, path in inputs.items() if name not in shared}
        folder = self.catalogue.model_folder(dataset, system, teacher, int(seed))
        own["checkpoint"] = Folder(f"{folder}/checkpoint")
        named = {f"live.{teacher}.{name}": path for name, path in own.items()}
        return named, {"network": trained(settings.network), **config}, places

    def _score(self, dataset: str, system: str, seed: str, model: str) -> Described:
        settings = self.catalogue.model(dataset, system, model)
        folder = self._own_folder(dataset, system, seed, model)
        inputs, config, places = seen(self.catalogue, dataset, system, settings)
        config["model"] = {
            **settings.model_dump(
                mode="json", include={"folds", "held_out", "calibrate", "lm", "backbone", "maps"}
            ),
            "network": trained(settings.network),
            "training": {"kind": settings.training.kind},
            "view": config.pop("view"),
        }
        return Described(
            inputs={**inputs, "checkpoint": Folder(f"{folder}/checkpoint")},
            outputs={"scores": Folder(f"{folder}/scores")},
            config={
                **config,
                "seed": int(seed),
                "protocol": protocol(self.catalogue, dataset, system, model),
            },
            places=places,
            processes=self.run.processes.get("score", 1),
        )

    def _average(self, dataset: str, system: str, seed: str, model: str) -> Described:
        settings = self.catalogue.model(dataset, system, model)
        parts = [(other, part) for other in settings.average for part in settings.seeds or (int(seed),)]
        scores = [
            Folder(f"{self.catalogue.model_folder(dataset, system, other, part)}/scores")
            for other, part in parts
        ]
        return Described(
            inputs={"scores": scores, **self._samples(dataset, system), **self._tables(dataset, "classes")},
            outputs={"scores": Folder(f"{self._own_folder(dataset, system, seed, model)}/scores")},
            config={
                **settings.model_dump(mode="json", exclude={"role", "label"}),
                "parts": [other for other, _ in parts],
                "primary_metric": self.catalogue.system(dataset, system).primary_metric,
                "protocol": protocol(self.catalogue, dataset, system, model),
            },
        )

    def _evaluate(self, dataset: str, system: str, seed: str, model: str) -> Described:
        folder = self._own_folder(dataset, system, seed, model)
        return Described(
            inputs={
                "scores": Folder(f"{folder}/scores"),
                **self._samples(dataset, system),
                **self._tables(dataset, "classes"),
            },
            outputs={"metrics": f"{folder}/metrics.json"},
            config={
                "split": self.catalogue.dataset(dataset).evaluated,
                "protocol": protocol(self.catalogue, dataset, system, model),
                "dataset": dataset,
                "task": self.catalogue.system(dataset, system).task,
                "system": system,
                "seed": int(seed),
                "model": model,
            },
        )

    def _report(self, dataset: str, system: str, scope: str) -> Described:
        return describe_report(self.catalogue, dataset, system, scope)

    def _samples(self, dataset: str, system: str) -> dict[str, str]:
        task = self.catalogue.system(dataset, system).task
        return {"samples": samples_of(self.results, dataset, task)}

    def _tables(self, dataset: str, *names: str) -> dict[str, str]:
        return tables(self.results, dataset, *names)

    def _own_folder(self, dataset: str, system: str, seed: str, model: str) -> str:
        return f"{self.results}/{dataset}/{system}/seed{seed}/{model}"
