"""The steps of workflow/rules/models.smk: teachers and students, trained, scored, averaged and evaluated."""

from __future__ import annotations

from typing import Any

from foretaste.pipeline.catalogue import Catalogue
from foretaste.pipeline.described import Described, Folder, samples_of, tables
from foretaste.pipeline.first_weights import first_weights, trained
from foretaste.pipeline.locations import Locations
from foretaste.pipeline.protocol import protocol
from foretaste.pipeline.seen import seen


class ModelPlan:
    """A method a stage; its arguments are the rule's wildcards."""

    def __init__(self, catalogue: Catalogue):
        self.catalogue, self.run, self.results = catalogue, catalogue.run, catalogue.results
        self.at = Locations(catalogue)

    def train(self, dataset: str, system: str, seed: str, model: str) -> Described:
        """One model of a system, trained."""
        settings = self.catalogue.model(dataset, system, model)
        folder = self._own_folder(dataset, system, seed, model)
        inputs, config, places = seen(self.catalogue, dataset, system, settings)
        for other in sorted(settings.mentions - set(settings.live)):
            inputs[f"scores_{other}"] = Folder(
                f"{self.at.model_folder(dataset, system, other, int(seed))}/scores"
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
        folder = self.at.model_folder(dataset, system, teacher, int(seed))
        own["checkpoint"] = Folder(f"{folder}/checkpoint")
        named = {f"live.{teacher}.{name}": path for name, path in own.items()}
        return named, {"network": trained(settings.network), **config}, places

    def score(self, dataset: str, system: str, seed: str, model: str) -> Described:
        """What a trained model says of every split."""
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

    def average(self, dataset: str, system: str, seed: str, model: str) -> Described:
        """The mean of others' scores."""
        settings = self.catalogue.model(dataset, system, model)
        parts = [(other, part) for other in settings.average for part in settings.seeds or (int(seed),)]
        scores = [
            Folder(f"{self.at.model_folder(dataset, system, other, part)}/scores") for other, part in parts
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

    def evaluate(self, dataset: str, system: str, seed: str, model: str) -> Described:
        """What a model's scores are worth."""
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

    def _samples(self, dataset: str, system: str) -> dict[str, str]:
        task = self.catalogue.system(dataset, system).task
        return {"samples": samples_of(self.results, dataset, task)}

    def _tables(self, dataset: str, *names: str) -> dict[str, str]:
        return tables(self.results, dataset, *names)

    def _own_folder(self, dataset: str, system: str, seed: str, model: str) -> str:
        return f"{self.results}/{dataset}/{system}/seed{seed}/{model}"
