"""A dataset as the stages of a run would meet it: their plan, what the readers read, what the probe sees, the
samples of its tasks. Each is made once, when a check first asks for it, with the settings that the plan gives
the stage.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from foretaste.annotations.segments import Annotations
from foretaste.contracts.errors import ForetasteError
from foretaste.doctor.findings import NothingToCheckError
from foretaste.doctor.published import Published
from foretaste.pipeline.configured import Configured
from foretaste.pipeline.planned import Planned
from foretaste.settings import families
from foretaste.settings.config import validated
from foretaste.settings.model_config import ModelConfig

Made = TypeVar("Made")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the command line asks for beside the dataset.

    every_frame
        Whether every frame of the videos is decoded.
    scores
        Score caches that are to fit the dataset.
    """

    every_frame: bool = False
    scores: tuple[Path, ...] = ()


class Examined:
    """The dataset ``name`` of a run."""

    def __init__(self, made: Configured, name: str, known: Published | None, options: Asked):
        self.made, self.name, self.published, self.asked = made, name, known, options
        self.catalogue, self.run = made.catalogue, made.catalogue.run
        self.settings = self.catalogue.dataset(name)
        self._made: dict[str, Any] = {}

    @property
    def data_root(self) -> Path:
        """The folder where the run's data lie."""
        return Path(self.run.data_root)

    @property
    def where(self) -> str:
        """The file that describes it."""
        return f"workflow/datasets/{self.name}.yaml"

    @property
    def labels(self) -> Planned:
        """What ``read_annotations`` would be given."""
        return self.once("labels", lambda: self.plan("read_annotations"))

    @property
    def labels_root(self) -> Path:
        """The folder that label files are named in; NothingToCheckError for a world that is not made."""
        root = Path(self.labels.places["data_root"])
        if self.settings.world is not None and not root.is_dir():
            raise NothingToCheckError(f"{root} is not made yet; the workflow makes it, and needs no data")
        return root

    @property
    def label_files(self) -> list[Path]:
        """The files that the reader reads."""
        settings = dict(self.labels.config["reader"])
        reader = families.load("annotations", settings.pop("kind"), f"{self.where}: reader")
        config = validated(reader.Config, settings, f"{self.where}: reader")
        return reader.files(config, self.labels_root)

    @property
    def annotations(self) -> Annotations:
        """What the reader reads, bad rows among it."""
        return self.once("annotations", self._read)

    @property
    def segments(self) -> pa.Table:
        """The rows that can be used."""
        return self.annotations.segments

    @property
    def tasks(self) -> list[str]:
        """The tasks of the run's systems, each once."""
        found: dict[str, None] = {}
        for system in self.catalogue.systems_of(self.name):
            found[self.catalogue.system(self.name, system).task] = None
            for model in self.models(system).values():
                found |= dict.fromkeys(model.extra)
        return list(found)

    def models(self, system: str) -> dict[str, ModelConfig]:
        """The models of a system that are no averages."""
        models = self.catalogue.system(self.name, system).models
        return {name: model for name, model in models.items() if isinstance(model, ModelConfig)}

    def defined(self, kind: str, system: str) -> dict[str, Any]:
        """The "backbones", "lms" or "frame_stores" that models of a system use, by name."""
        used = {getattr(model, kind.removesuffix("s")) for model in self.models(system).values()} - {None}
        return {name: self.catalogue.named(kind, name, self.name) for name in sorted(used)}

    def plan(self, stage: str, **names: str) -> Planned:
        """The step of ``stage`` as the workflow would plan it."""
        return self.made.graph.plan.describe(stage, {"dataset": self.name, **names})

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """What ``make`` makes, or the error that it raises, made when first asked for."""
        if name not in self._made:
            try:
                self._made[name] = make()
            except (ForetasteError, NothingToCheckError) as error:
                self._made[name] = error
        if isinstance(found := self._made[name], ForetasteError | NothingToCheckError):
            raise found
        return found

    def _read(self) -> Annotations:
        reader = self.labels.config["reader"]
        return families.build(
            "annotations", reader, "reader", root=self.labels_root, dataset=self.name
        ).read()
