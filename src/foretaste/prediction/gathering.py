"""A model among results, as a package: its scores say what it saw, and their record leads to the results that
this was made by.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import SAMPLES, read_table
from foretaste.features.frame_store import FrameStore
from foretaste.features.shard import Origin, opened, read_origin
from foretaste.pipeline.store import entry_of, read_entry
from foretaste.prediction.package import (
    BACKBONE,
    NETWORK,
    START,
    Facts,
    FeaturesMade,
    Package,
    is_package,
    read_package,
)
from foretaste.scores.reader import open_scores
from foretaste.settings import families

#: An input of a record that another step made: its entry, and the file or folder in it.
_MADE = re.compile(r"([a-z_]+/[0-9a-f]{20}):(.+)")

#: What a model may see that a video alone does not show.
_NOT_OF_A_VIDEO = {
    "action_history": "the actions before, as somebody labelled them",
    "action_ids": "the actions before, as somebody labelled them",
    "narration": "narrations, which somebody wrote",
    "masked_text": "recipes",
    "boxes": "boxes, which somebody drew or a detector found",
    "audio": "sound, which is not read here",
}


def open_model(path: Path) -> Package:
    """The model at ``path``: a folder of ``foretaste export``, or the folder of a model among results."""
    if is_package(path):
        return read_package(path)
    scores = path / "scores"
    if not scores.is_dir():
        raise DataError(
            "no model" if not path.is_dir() else "a folder without scores",
            path,
            "results/<dataset>/<system>/seed<k>/<model> with scores/, or a folder of foretaste export",
            "correct the path, or let the workflow score the model: snakemake <the path>/scores",
        )
    return _Results(path).package()


class _Results:
    """A model among results."""

    def __init__(self, path: Path):
        self.path = path
        self.entry = _entry(path / "scores")
        self.record = read_entry(self.entry).record
        if self.record["stage"] != "score":
            raise DataError(
                f"scores of the stage {self.record['stage']}",
                path,
                "one trained model",
                "an average is no network: name one of the models that it is made of",
            )
        self.settings = self.record["config"]["model"]

    def package(self) -> Package:
        """With the parts where they lie in the store."""
        view = _of_video(self.settings["view"], self.path)
        parts = {NETWORK: self._input("checkpoint")}
        if "lm" in self.record["inputs"]:
            parts[START.format(NETWORK)] = self._input("lm")
        features = None
        if "features" in self.record["inputs"]:
            features = self._features(parts)
        scores = open_scores(self.path / "scores")
        task = self._task()
        facts = Facts(
            model=_names(self.path),
            task=task["kind"],
            ahead=families.load("tasks", task["kind"]).AHEAD,
            tau_a=float(task.get("tau_a") or 0.0),
            window_s=self._window_s(task, view),
            view=view,
            test_views=self.settings.get("test_views"),
            temperatures=dict(scores.manifest["facts"].get("temperatures") or {}),
            features=features,
            frames=self._frames(),
            threads=int(self.record["threads"]),
            scores=scores.identity,
            licence=self.record["config"]["data"].get("licence"),
            terms=self.record["config"]["data"].get("terms"),
        )
        return Package(facts=facts, parts=parts, labels=self._input("segments"), teachers=self._teachers())

    def _input(self, name: str, record: Mapping[str, Any] | None = None) -> Path:
        """Where an input lies that a step made."""
        value = (record or self.record)["inputs"][name]
        value = value[0] if isinstance(value, list) else value
        found = _MADE.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise DataError(
                f"{name} that the workflow did not make",
                self.path,
                "an input that a step of the workflow made",
                "of features that came as files no video can be made into more: train a backbone for them",
            )
        key, file = found.groups()
        place = self.entry.parents[1] / key / file
        if not place.exists():
            raise DataError(
                f"{name} is not in the store",
                place,
                "the results that the model was made from",
                "let the workflow make them again, or fetch them",
            )
        return place

    def _features(self, parts: dict[str, Path]) -> FeaturesMade:
        """How the features were made; what makes them is added to ``parts``."""
        shard = self._input("features")
        record = read_entry(shard.parent).record
        with opened(shard) as file:
            origin = read_origin(file, shard)
        if "weights" in record["inputs"]:
            raise DataError(
                "features of a published file of weights",
                self.path,
                "a backbone that was trained here, or one of a Hugging Face folder",
                "give the backbone a training of its own, so that it has a checkpoint",
            )
        if "checkpoint" in record["inputs"]:
            parts[BACKBONE] = self._input("checkpoint", record)
        if "pretrained" in record["inputs"]:
            parts[START.format(BACKBONE)] = self._input("pretrained", record)
        return _made(origin, record["config"]["grid"])

    def _frames(self) -> dict[str, dict[str, Any]]:
        """modality -> how its stored frames were made."""
        names = [name for name in self.record["inputs"] if re.fullmatch("frames_(rgb|flow)", name)]
        shards = {name.removeprefix("frames_"): self._input(name) for name in names}
        return {modality: asdict(FrameStore([shard]).origin) for modality, shard in shards.items()}

    def _task(self) -> dict[str, Any]:
        """The task that its samples are made by, resolved."""
        return read_entry(self._input("samples").parent).record["config"]["task"]

    def _window_s(self, task: Mapping[str, Any], view: Mapping[str, Any]) -> float:
        """How far windows reach back. A task whose windows are whole segments does not say it: it is what the
        view shows at most, or where that depends on the window the median of the samples.
        """
        if task.get("tau_o"):
            return float(task["tau_o"])
        if view.get("rate") and not view.get("sampler"):
            return view["frames"] / view["rate"]
        samples = read_table(self._input("samples"), SAMPLES)
        lengths = pc.subtract(samples["window_stop_s"], samples["window_start_s"]).to_numpy()
        return float(np.median(lengths))

    def _teachers(self) -> tuple[Path, ...]:
        """The scores of the teachers that it learnt from, as far as they are still there."""
        trained = read_entry(self._input("checkpoint").parent).record
        named = sorted(name for name in trained["inputs"] if name.startswith("scores_"))
        places = []
        for name in named:
            key, file = _MADE.fullmatch(trained["inputs"][name]).groups()
            places.append(self.entry.parents[1] / key / file)
        return tuple(place for place in places if place.is_dir())


def _made(origin: Origin, grid: Mapping[str, Any]) -> FeaturesMade:
    picture = json.loads(origin.picture)
    clip = picture.pop("clip", None)
    return FeaturesMade(
        network=json.loads(origin.backbone),
        weights_sha256=origin.weights_sha256,
        picture=picture,
        clip=clip,
        grid_fps=origin.grid_fps,
        dtype=origin.dtype,
        batch=grid["batch"],
        precision=grid["precision"],
    )


def _entry(path: Path) -> Path:
    entry = entry_of(path)
    if entry is None:
        raise DataError(
            "not among results",
            path,
            "a name that leads into a store of results",
            "copy the results folder with its links (cp -a), or export the model where it was trained",
        )
    return entry


def _of_video(view: Mapping[str, Any], where: Path) -> dict[str, Any]:
    """The view as it is shown of a video without labels. DataError for one that shows something else."""
    if view.get("kind") == "one_of":
        scored = view["scored"]
        return {**view, "views": {scored: _of_video(view["views"][scored], where)}}
    if "views" in view:
        return {**view, "views": {name: _of_video(one, where) for name, one in view["views"].items()}}
    if view["kind"] in _NOT_OF_A_VIDEO:
        raise DataError(
            f"a model that sees {_NOT_OF_A_VIDEO[view['kind']]}",
            where,
            "a model that sees video alone",
            "name a student",
        )
    if view.get("window") == "target":
        raise DataError(
            "a model that sees the action itself",
            where,
            "a model that sees what comes before",
            "name a student, or a model of the task recognition",
        )
    return {name: value for name, value in view.items() if name not in ("past", "past_ties")}


def _names(path: Path) -> dict[str, str]:
    """dataset, system, seed and model, as the path says them."""
    found = re.search(r"([^/]+)/([^/]+)/seed(\d+)/([^/]+)$", str(path.absolute()))
    return dict(zip(("dataset", "system", "seed", "model"), found.groups())) if found else {}
