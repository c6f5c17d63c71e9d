"""A tiny dataset in CSV and feature files, presets over it, and their steps as the workflow writes them, run
by the stages themselves: all of a run but Snakemake.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tiny_lm
from jobs import give_names_of, job_file, run_here
from workflow_copy import copy_workflow

from foretaste.features.shard import GRID_RULE, Origin, VideoFeatures, write_features
from foretaste.pipeline.jobs import read_job
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.running import step_of
from foretaste.pipeline.step import Step
from foretaste.pipeline.store import Store
from foretaste.settings.catalogue import Catalogue

ROOT = Path(__file__).parents[1]
VIDEOS = {"training": ("a", "b", "c", "d"), "validation": ("e", "f")}
ACTIONS = (("take", "cup"), ("fill", "kettle"), ("pour", "water"), ("stir", "tea"))
#: name of a backbone -> D of its features, which lie in data_root.
WIDTHS = {"wide": 12, "narrow": 6}
DATASET = {
    "title": "Tea",
    "tau_a": 1.0,
    "tau_o": 4.0,
    "reader": {"kind": "csv", "file": "tea.csv"},
    "systems": ["mine"],
}


class PresetRun:
    """A checkout with one dataset, ``tea``, and one preset, ``mine``, of ``models``."""

    def __init__(self, folder: Path, models: dict[str, Any]):
        self.folder, self.results = folder, folder / "results"
        copy_workflow(folder)
        tiny_lm.make(folder / "data" / "weights" / "tiny")
        tiny_lm.write_tokenizer(folder / "data" / "weights" / "tiny")
        self._write_data()
        (folder / "workflow" / "datasets" / "tea.yaml").write_text(json.dumps(DATASET))
        self.write_preset(models)

    def write_preset(self, models: dict[str, Any]) -> None:
        """The preset with these models in place of others."""
        backbones = {name: {"files": f"{name}.h5", "grid": {"fps": 1.0}} for name in WIDTHS}
        preset = {
            "title": "Mine",
            "paper": "None",
            "datasets": ["tea"],
            "primary_metric": "class_mean_recall5",
            "history": {"rule": "start", "source": "all_splits", "length": 5},
            "backbones": backbones,
            "lms": {"tiny": {"init": "weights/tiny"}},
            "models": models,
        }
        # JSON is YAML.
        (self.folder / "workflow" / "systems" / "mine.yaml").write_text(json.dumps(preset))

    def plan(self, **settings: Any) -> Plan:
        """The steps of the preset as it stands, with ``settings`` of config.yaml."""
        places = {"data_root": str(self.folder / "data"), "results_root": str(self.results)}
        run = {"dataset": "tea", "systems": "mine", **places, **settings}
        return Plan(Catalogue(run, self.folder))

    def job(self, stage: str, model: str | None = None, **settings: Any) -> Path:
        """The file of a step, written."""
        names = {"dataset": "tea"}
        if stage == "make_samples":
            names["task"] = "anticipation"
        if model is not None:
            names |= {"system": "mine", "seed": "0", "model": model}
        return job_file(self.plan(**settings), stage, names)

    def step(self, stage: str, model: str | None = None) -> Step:
        """What a stage is handed; what it reads must have been made."""
        return step_of(read_job(self.job(stage, model)), Store(self.results))

    def make(self, stage: str, model: str | None = None, processes: int = 1, **settings: Any) -> Path:
        """Run one step unless its result is there; returns the folder of the model, whose names are of this
        step then. ``settings``: of config.yaml.
        """
        # All models are scored in one number of processes, each is trained in its own.
        spread = {"processes": {"score" if stage == "score" else model: processes}} if processes > 1 else {}
        path = self.job(stage, model, **spread, **settings)
        assert read_job(path)["record"]["processes"] == processes
        self._run(path)
        return self.of(model) if model else self.results / "tea"

    def forget(self, stage: str, model: str) -> None:
        """Take a result away, with its names."""
        job = read_job(self.job(stage, model))
        shutil.rmtree(self.results / ".store" / job["key"])
        shutil.rmtree(self.of(model))

    def _run(self, path: Path) -> None:
        record = read_job(path)["record"]
        if record["processes"] == 1:
            run_here(path, record["stage"])
        else:
            command = ["-m", "foretaste", record["stage"], "--step", str(path)]
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "FORETASTE_PLAIN": "1"}
            done = subprocess.run(
                [sys.executable, *command], env=environment, capture_output=True, text=True, timeout=300
            )
            assert done.returncode == 0, done.stdout + done.stderr
        give_names_of(path)

    def of(self, model: str) -> Path:
        """Where the files of a model lie."""
        return self.results / "tea" / "mine" / "seed0" / model

    def tables(self) -> None:
        """Segments, classes, samples and the language model."""
        self.make("read_annotations")
        self.make("make_samples")
        self._run(job_file(self.plan(), "fetch_weights", {"weights": "tiny"}))

    def log(self, model: str) -> list[dict[str, Any]]:
        """The lines of a training's log."""
        text = (self.of(model) / "log.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def _write_data(self) -> None:
        random = np.random.default_rng(0)
        lines = ["video,start,stop,verb,noun,split"]
        for split, videos in VIDEOS.items():
            for video in videos:
                for at, action in enumerate(random.integers(0, len(ACTIONS), size=6)):
                    verb, noun = ACTIONS[at % 4 if at < 4 else action]
                    lines.append(f"{video},{6 + 3 * at},{8 + 3 * at},{verb},{noun},{split}")
        (self.folder / "data" / "tea.csv").write_text("\n".join(lines) + "\n")
        grid = np.arange(40, dtype=np.int32)
        for name, width in WIDTHS.items():
            origin = Origin(
                grid_fps=1.0, grid_rule=GRID_RULE, width=width, dtype="float32", backbone="{}",
                weights_sha256="0", picture="{}",
            )  # fmt: skip
            made = [
                VideoFeatures(
                    video_id=video, feat=random.normal(size=(40, width)).astype(np.float32), grid_index=grid,
                    pts_s=grid + 0.0, valid=grid >= 0, source_sha256="0", decoder="none", rotation=0,
                )
                for videos in VIDEOS.values() for video in videos
            ]  # fmt: skip
            write_features(self.folder / "data" / f"{name}.h5", origin, made)
