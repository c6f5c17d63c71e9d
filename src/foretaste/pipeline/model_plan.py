"""The steps of teachers and students: trained, scored, averaged and evaluated.

What is trained, scored and averaged does not know what it is called: the models that an objective mentions
are ``target_1``, ``target_2`` ... in the order in which it does, the parts of an average ``part_1`` and so
on. So equal models of two systems are one. Names come back where numbers are written down (``evaluate``).
"""

from __future__ import annotations

from typing import Any

from foretaste.pipeline.locations import Locations
from foretaste.pipeline.planned import Planned, samples_of, tables
from foretaste.pipeline.protocol import protocol, renamed, without_names
from foretaste.pipeline.seen import seen
from foretaste.settings.average_config import AverageConfig
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.first_weights import first_weights, trained
from foretaste.settings.model_config import LabelsConfig, ModelConfig
from foretaste.settings.parts import behind, labels_of


class ModelPlan:
    """A method a stage; its arguments are the names in the paths of what it makes."""

    def __init__(self, catalogue: Catalogue):
        self.catalogue, self.run, self.results = catalogue, catalogue.run, catalogue.results
        self.at = Locations(catalogue)

    def train(self, dataset: str, system: str, seed: str, model: str) -> Planned:
        """One model of a system, trained."""
        settings = self.catalogue.model(dataset, system, model)
        inputs, config, folders = seen(self.catalogue, dataset, system, settings)
        targets = targets_of(settings)
        for teacher, target in targets.items():
            if teacher not in settings.live:
                inputs[f"scores_{target}"] = self._scores(dataset, system, teacher, int(seed))
                speaks_of = behind(self.catalogue.system(dataset, system), teacher)
                if settings.looks and all(one.kept_looks for _, one in speaks_of):
                    config.setdefault("by_look", []).append(target)
                continue
            teaching = self.catalogue.model(dataset, system, teacher)
            speakers = {target: teacher}
            if isinstance(teaching, AverageConfig):
                speakers = {f"{target}.{part}": model for model, part in parts_of(teaching).items()}
                config.setdefault("means", {})[target] = dict(zip(speakers, teaching.shares))
            for speaker, one in speakers.items():
                its_inputs, its_config, its_folders = self._live(dataset, system, seed, one)
                inputs |= {f"live.{speaker}.{name}": path for name, path in its_inputs.items()}
                folders |= its_folders
                config.setdefault("live", {})[speaker] = its_config
        left_out = {"role", "label", "maps", "views", "lm", "backbone", "frame_store", "live"}
        left_out |= {"objective", "reuse", "scored_view", "test_views", "kept_looks"}
        config["model"] = {
            **settings.model_dump(mode="json", exclude=left_out),
            "objective": [
                {**term.model_dump(mode="json"), "to": renamed(term.to, targets)}
                for term in settings.objective
            ],
            "view": config.pop("view"),
        }
        if settings.training.kind == "counting" and settings.training.source == "recipe_truth":
            inputs["recipe_truth"] = f"{self.results}/{dataset}/world/recipes"
        if (weights := first_weights(settings.network)) is not None:
            inputs["weights"] = f"{self.run.data_root}/{weights}"
        config |= {"seed": int(seed), "evaluated": self.catalogue.dataset(dataset).evaluated}
        return Planned(
            inputs=inputs,
            config=config,
            places={**_places(folders), **self.run.tracked(f"{dataset}/{system}/seed{seed}/{model}")},
            processes=self.run.processes.get(model, 1),
        )

    def _live(
        self, dataset: str, system: str, seed: str, teacher: str
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
        """What a teacher needs that speaks while its student is trained, beside what they share."""
        settings = self.catalogue.model(dataset, system, teacher)
        inputs, config, folders = seen(self.catalogue, dataset, system, settings)
        shared = ("samples", "extra", "segments", "classes")
        own = {name: path for name, path in inputs.items() if name not in shared}
        own["checkpoint"] = f"{self.at.model_folder(dataset, system, teacher, int(seed))}/checkpoint"
        return own, {"network": trained(settings.network), **_labels(settings.labels), **config}, folders

    def score(self, dataset: str, system: str, seed: str, model: str) -> Planned:
        """What a trained model says of every split."""
        settings = self.catalogue.model(dataset, system, model)
        inputs, config, folders = seen(self.catalogue, dataset, system, settings.as_scored)
        asked = {"folds", "held_out", "calibrate", "maps", "test_views", "kept_looks"}
        config["model"] = {
            **settings.model_dump(mode="json", include=asked),
            **_labels(settings.labels),
            "network": trained(settings.network),
            "training": {"kind": settings.training.kind},
            "view": config.pop("view"),
        }
        said = protocol(self.catalogue, dataset, system, model)
        config["protocol"] = without_names(said, targets_of(settings))
        # Scores say themselves how they may be used, so a change of it is a change of them.
        config["data"] = self.catalogue.dataset(dataset).model_dump(mode="json", include={"licence", "terms"})
        return Planned(
            inputs={
                **inputs,
                "checkpoint": f"{self.at.model_folder(dataset, system, model, int(seed))}/checkpoint",
            },
            config=config,
            places=_places(folders),
            processes=self.run.processes.get("score", 1),
        )

    def average(self, dataset: str, system: str, seed: str, model: str) -> Planned:
        """The mean of others' scores."""
        settings = self.catalogue.model(dataset, system, model)
        names, said = parts_of(settings), protocol(self.catalogue, dataset, system, model)
        parts = [(other, part) for other in settings.average for part in settings.seeds or (int(seed),)]
        return Planned(
            inputs={
                "scores": [self._scores(dataset, system, other, part) for other, part in parts],
                **self._samples(dataset, system),
                **self._tables(dataset, "classes"),
            },
            config={
                **settings.model_dump(mode="json", include={"space", "weights", "prior_exponent"}),
                "average": list(names.values()),
                "parts": [names[other] for other, _ in parts],
                "primary_metric": self.catalogue.system(dataset, system).primary_metric,
                "protocol": without_names(said, names),
                **_labels(labels_of(self.catalogue.system(dataset, system), model)),
            },
        )

    def evaluate(self, dataset: str, system: str, seed: str, model: str) -> Planned:
        """What a model's scores are worth."""
        settings = self.catalogue.model(dataset, system, model)
        return Planned(
            inputs={
                "scores": f"{self.at.model_folder(dataset, system, model, int(seed))}/scores",
                **self._samples(dataset, system),
                **self._tables(dataset, "classes"),
            },
            config={
                "split": self.catalogue.dataset(dataset).evaluated,
                "protocol": protocol(self.catalogue, dataset, system, model),
                "dataset": dataset,
                "task": self.catalogue.system(dataset, system).task,
                "system": system,
                "seed": int(seed),
                "model": model,
                "parts": parts_of(settings) if isinstance(settings, AverageConfig) else {},
            },
        )

    def _scores(self, dataset: str, system: str, model: str, seed: int) -> str:
        return f"{self.at.model_folder(dataset, system, model, seed)}/scores"

    def _samples(self, dataset: str, system: str) -> dict[str, str]:
        task = self.catalogue.system(dataset, system).task
        return {"samples": samples_of(self.results, dataset, task)}

    def _tables(self, dataset: str, *names: str) -> dict[str, str]:
        return tables(self.results, dataset, *names)


def _places(folders: dict[str, str]) -> dict[str, Any]:
    """Where the videos lie that a step decodes."""
    return {"video_folders": folders} if folders else {}


def _labels(given: LabelsConfig | None) -> dict[str, Any]:
    """The labels that a model is given, where they are not all: it is told no others when it is scored."""
    return {} if given is None else {"labels": given.model_dump(mode="json")}


def targets_of(settings: ModelConfig) -> dict[str, str]:
    """The models that an objective mentions -> what they are called where it is trained."""
    mentioned = dict.fromkeys(term.teacher for term in settings.objective if term.teacher is not None)
    return {teacher: f"target_{number}" for number, teacher in enumerate(mentioned, 1)}


def parts_of(settings: AverageConfig) -> dict[str, str]:
    """The models of an average -> what they are called where it is made."""
    return {model: f"part_{number}" for number, model in enumerate(settings.average, 1)}
