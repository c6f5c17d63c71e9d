"""What a run's names mean: datasets, systems, models, language models and backbones."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from foretaste.contracts.errors import ConfigError, unknown
from foretaste.settings.average_config import AverageConfig
from foretaste.settings.components import check_parts, check_settings, schemas, with_defaults
from foretaste.settings.config import DatasetConfig, SystemConfig, TextConfig, validated
from foretaste.settings.definitions import DEFINED, definition
from foretaste.settings.model_config import ModelConfig, TermConfig
from foretaste.settings.names import check_name
from foretaste.settings.overrides import check_all_meant
from foretaste.settings.places import check_folder, check_holds_no_data
from foretaste.settings.pooled import check_pool
from foretaste.settings.preset_checks import check_components, check_preset
from foretaste.settings.preset_files import Files, merge
from foretaste.settings.resources import check_asked
from foretaste.settings.result_paths import PATHS
from foretaste.settings.run_config import RunConfig
from foretaste.settings.table_config import TABLE
from foretaste.settings.task_checks import task_of
from foretaste.settings.training_config import LoopConfig

#: What ``processes`` calls every scoring.
SCORE = "score"


class Catalogue:
    """The resolved configuration of one run."""

    #: What views of the video are made from.
    OF_VIDEO = ("features", "pixels", "boxes")
    #: What a view may be made from; ``views``: several by name.
    SHOWN = ("history", "narration", "text", "views", *OF_VIDEO)
    #: Views that say of every sample whether they can show it, before any model is trained.
    ASKED = ("narration", *OF_VIDEO)

    def __init__(self, settings: Mapping[str, Any], root: Path, targets: Sequence[str] = ()):
        self.run: RunConfig = validated(RunConfig, settings, "config.yaml")
        self.files = Files(root, self.run.set)
        self._asked = asked_for(targets, self.files.names("systems"))
        self.results = self.run.results_root
        check_folder(self.results, "config.yaml.results_root")
        check_holds_no_data(self.results, self.run.data_root)
        self.components, self._settings = (
            schemas(self.files.root / "workflow" / "schemas" / f"{name}.json")
            for name in ("components", "settings")
        )
        self._overridden(TextConfig(), "config.yaml")
        named = _rule_names(self.files.root / "Snakefile")
        for stage in self.run.threads:
            if stage not in PATHS:
                raise unknown("stage", stage, PATHS, "config.yaml: threads")
        # Every system is a target, alone and with all its seeds: its name may be no other rule's.
        names = self.files.names("systems")
        taken = {*PATHS, "name_results", "fetch_result", *named, *(f"{name}_seeds" for name in names)}
        for name in names:
            check_name("system", name, f"workflow/systems/{name}.yaml", taken)
        check_all_meant(
            {name: self.files.merged("systems", name, self.run.dataset) for name in self.systems},
            self.run.set,
        )
        for system in self.systems:
            self.check_fits(self.run.dataset, system)
        self._check_processes()

    @property
    def systems(self) -> tuple[str, ...]:
        """The systems of this run."""
        return self.systems_of(self.run.dataset)

    def systems_of(self, dataset: str) -> tuple[str, ...]:
        """The systems that are run on a dataset: this run's, also on what its dataset pools; those that its
        targets name; or those that the dataset names.
        """
        of_this_run = (self.run.dataset, *self.dataset(self.run.dataset).pool)
        named = self.run.systems if dataset in of_this_run else ()
        asked = tuple(system for system in self._asked if self.fits(dataset, system))
        return named or asked or self.dataset(dataset).systems

    def _check_processes(self) -> None:
        """Several processes are for what this run trains by the loop, or scores; each has a sample of every
        batch.
        """
        trainings: dict[str, LoopConfig] = {}
        for system in self.systems:
            trainings |= loops(self.system(self.run.dataset, system))
        for name, processes in self.run.processes.items():
            if name == SCORE:
                continue
            if name not in trainings:
                raise unknown("training", name, [*trainings, SCORE], "config.yaml: processes")
            pieces = trainings[name].batch // trainings[name].accumulate
            if processes > pieces:
                raise ConfigError(
                    f"{processes} processes for {name}",
                    f"config.yaml: processes.{name}",
                    f"at most {pieces}, a sample of each batch for every one",
                    "ask for fewer, or raise batch in its preset",
                )
        check_asked(self.run.resources, self.run.processes, list(trainings))

    @cache  # noqa: B019 (one Catalogue lives as long as the process)
    def fits(self, dataset: str, system: str) -> bool:
        """Whether a preset is made for a dataset: it says so (``datasets``), or is one of the dataset's own
        systems, a base of one, or based on one.
        """
        made_for = self.files.merged("systems", system).get("datasets", ())
        if made_for:
            return not set(made_for).isdisjoint(self.files.chain("datasets", dataset))
        bases = self.files.chain("systems", system)
        return any(
            own in bases or system in self.files.chain("systems", own)
            for own in self.dataset(dataset).systems
        )

    @cache  # noqa: B019 (one Catalogue lives as long as the process)
    def check_fits(self, dataset: str, system: str) -> None:
        """Raise ConfigError, listing the systems that fit, unless ``system`` is made for ``dataset``; for a
        term of it that cannot be on this dataset; and for a name that means something else to it than to the
        other systems of this run.
        """
        if not self.fits(dataset, system):
            fitting = [name for name in self.files.names("systems") if self.fits(dataset, name)]
            raise ConfigError(
                f"the system {system} is not made for the dataset {dataset}",
                self.files.where("systems", system),
                f"one of {', '.join(fitting)}",
                "use one of these, or name the dataset in the preset's datasets",
            )
        preset, where = self.system(dataset, system), self.files.where("systems", system)
        check_components(preset, self.heads(dataset), self.components, where)
        together = dict.fromkeys((*self.systems_of(dataset), system))
        for kind in DEFINED:
            for name in getattr(preset, kind):
                definition(self.files, kind, name, dataset, together)

    @cache  # noqa: B019 (one Catalogue lives as long as the process)
    def dataset(self, name: str) -> DatasetConfig:
        """The resolved dataset, its components checked."""
        settings = self.files.dataset(name)
        check_parts(settings, f"workflow/datasets/{name}.yaml", self.components)
        if settings.world is not None:
            where = f"workflow/datasets/{name}.yaml: world"
            check_settings(settings.world, self._settings["world"], where)
        self._check_datasets(settings.pool, f"workflow/datasets/{name}.yaml: pool")
        pooled = {other: self.files.dataset(other) for other in settings.pool}
        _, _, written = next(self.files.layers("datasets", name))
        check_pool(settings, written, pooled, f"workflow/datasets/{name}.yaml")
        for task in settings.tasks:
            task_of(settings, task, f"workflow/datasets/{name}.yaml", self.components)
        return settings

    @cache  # noqa: B019 (one Catalogue lives as long as the process)
    def system(self, dataset: str, name: str) -> SystemConfig:
        """The resolved system on ``dataset``, its components checked, with this run's overrides of the
        history.
        """
        system = self.files.system(name, dataset)
        check_parts(system, self.files.where("systems", name), self.components)
        for text, settings in system.texts.items():
            self._check_phrases(settings, f"{self.files.where('systems', name)}: texts.{text}")
        check_preset(system, self.files.where("systems", name))
        self._check_datasets(system.datasets, f"{self.files.where('systems', name)}: datasets")
        overrides = {"rule": self.run.history_rule, "source": self.run.history_from}
        history = system.history.model_copy(update={key: value for key, value in overrides.items() if value})
        return system.model_copy(update={"history": history})

    def _check_datasets(self, names: Sequence[str], where: str) -> None:
        for name in names:
            if name not in self.files.names("datasets"):
                raise unknown("dataset", name, self.files.names("datasets"), where)

    def shows(self, view: Mapping[str, Any]) -> str:
        """What a view is made from, as its member says: ``history`` (its settings are the system's unless it
        names its own), ``features``, ``pixels`` (it needs the videos), ``boxes`` (these and the videos),
        ``narration`` or ``text``.
        """
        return self.components["views"][view["kind"]]["shows"]

    def model(self, dataset: str, system: str, name: str) -> ModelConfig | AverageConfig:
        """One model of a preset; an unknown name lists the models."""
        models = self.system(dataset, system).models
        if name not in models:
            raise unknown("model", name, models, f"workflow/systems/{system}.yaml")
        return models[name]

    def named(self, kind: str, name: str, dataset: str | None = None) -> Any:
        """The language model, backbone, frame store or text (``kind``: "lms", "backbones", "frame_stores",
        "texts") of that name: as this run's systems define it or, where none of them does, as all presets do.
        """
        for systems in (self.systems_of(dataset or self.run.dataset), self.files.names("systems")):
            found = definition(self.files, kind, name, dataset, systems)
            if found is not None:
                return validated(DEFINED[kind], found, f"{kind}.{name}")
        raise ConfigError(
            f"no preset defines {name!r} under {kind}",
            "workflow/systems",
            "a preset that defines it",
            "correct the name",
        )

    @cache  # noqa: B019 (one Catalogue lives as long as the process)
    def text(self, name: str) -> TextConfig:
        """How recipes become the text ``name``: as the presets say, with this run's settings laid over it."""
        return self._overridden(
            self.named("texts", name), f"texts.{name} with openie and phrases of config.yaml"
        )

    def _overridden(self, text: TextConfig, where: str) -> TextConfig:
        own = {"openie": self.run.openie, "phrases": self.run.phrases}
        settings = validated(
            TextConfig, merge(text.model_dump(mode="json", exclude_defaults=True), own), where
        )
        check_parts(settings, where, self.components)
        self._check_phrases(settings, where)
        return settings

    def _check_phrases(self, text: TextConfig, where: str) -> None:
        check_settings(text.phrases, self._settings["phrases"], f"{where}.phrases")

    def loss_settings(self, term: TermConfig) -> dict[str, Any]:
        """Every setting of a term's loss, also those that a preset leaves to their defaults."""
        return with_defaults(term.loss, "losses", self.components)

    def heads(self, dataset: str) -> list[str]:
        """The heads that a dataset may have, the main one first, as its reader says."""
        reader = self.dataset(dataset).reader
        settings = with_defaults(reader, "annotations", self.components)
        return [head.format(**settings) for head in self.components["annotations"][reader["kind"]]["heads"]]


def asked_for(targets: Sequence[str], systems: Collection[str]) -> tuple[str, ...]:
    """The systems that the targets of a run name, each once: `<system>`, `<system>_seeds`, `<system>_worlds`,
    `<system>_<table>`, or a path of one's results.
    """
    plain = [re.sub(f"_(seeds|worlds|{TABLE})$", "", target) for target in targets]
    named = [part for target in (*targets, *plain) for part in target.split("/")]
    return tuple(dict.fromkeys(name for name in named if name in systems))


def loops(system: SystemConfig) -> dict[str, LoopConfig]:
    """What a system trains by the loop, by name: its models, and the language models and backbones that they
    use.
    """
    models = [one for one in system.models.values() if isinstance(one, ModelConfig)]
    lms = {one.lm: system.lms[one.lm].training for one in models if one.lm in system.lms}
    backbones = {
        one.backbone: system.backbones[one.backbone].training
        for one in models
        if one.backbone in system.backbones
    }
    own = {name: getattr(one, "training", None) for name, one in system.models.items()}
    return {
        name: training
        for name, training in {**own, **lms, **backbones}.items()
        if isinstance(training, LoopConfig)
    }


def _rule_names(path: Path) -> list[str]:
    """The names of the rules that a file of the workflow spells out."""
    return sorted(re.findall(r"^rule (\w+):", path.read_text(encoding="utf-8"), re.M))
