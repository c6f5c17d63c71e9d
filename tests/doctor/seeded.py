"""A small dataset that has nothing wrong, and the command that examines it."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import barcode
import numpy as np
import tiny_epic55
import yaml
from made_up_scores import digest, make_record
from workflow_copy import ROOT, copy_workflow

from foretaste.__main__ import main
from foretaste.contracts.classes import ClassSpace
from foretaste.models import weights
from foretaste.models.vit import Config, Vit
from foretaste.pipeline import artifact
from foretaste.scores.writer import ScoreWriter


def make_tiny(folder: Path, **changes: Any) -> Path:
    """A checkout in ``folder`` with the dataset ``tiny`` in EPIC-55's layout and the facts that are published
    of it; returns its data_root.
    """
    copy_workflow(folder)
    shutil.copy(ROOT / "config.yaml", folder)
    data = folder / "data"
    tiny_epic55.write_labels(data, first_s=2.4)
    _tell(data / "epic55/EPIC_train_action_labels.csv")
    settings = {
        "title": "Tiny",
        "systems": "lm_avt_counts",
        "reader": {"kind": "epic55"},
        "tau_a": 1.0,
        "tau_o": 4.0,
        **changes,
    }
    describe(folder, "datasets", "tiny", settings)
    preset = yaml.safe_load((folder / "workflow/systems/lm_avt_counts.yaml").read_text())
    describe(folder, "systems", "tiny_counts", {**preset, "datasets": ["tiny"]})
    describe(folder, "datasets", "tiny", {**settings, "systems": "tiny_counts"})
    facts = {
        "segments": {"training": 20, "validation": 20},
        "videos": {"training": 2, "validation": 2},
        "classes": {"action": 6, "verb": 4, "noun": 5},
    }
    describe(folder, "published", "tiny", facts)
    return data


def _tell(path: Path) -> None:
    """Frames at 60 a second, and narrations, into official labels."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        for end in ("start", "stop"):
            hours, minutes, seconds = row[f"{end}_timestamp"].split(":")
            time_s = 3600 * int(hours) + 60 * int(minutes) + float(seconds)
            row[f"{end}_frame"] = int(60 * time_s)
        row["narration"] = f"{row['verb']} {row['noun']}"
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


#: A system whose models see given features, and clips through a network with weights of others.
SEEING = """
title: Seen
primary_metric: top1
datasets: [tiny]
backbones:
  given: {grid: {fps: 2.0}, files: "features/given/*.h5"}
models:
  student_features:
    role: student
    label: features
    backbone: given
    view: {kind: features, frames: 4, rate: 1.0}
    network: {kind: frame_mlp, width: 8}
    objective: &labels [{loss: {kind: cross_entropy}, of: action}]
    training: &short {steps: 2, batch: 4, optimizer: {kind: adamw, lr: 1.0e-3, weight_decay: 0.05}}
  student_clip:
    role: student
    label: clips
    view: {kind: clip, frames: 4, rate: 1.0, geometry: {size: 32, scoring_side: 32, training_sides: [32, 36]}}
    network:
      kind: avt
      width: 8
      layers: 1
      heads: 2
      dropout: 0.0
      backbone:
        kind: vit
        image: 32
        patch: 8
        width: 8
        layers: 1
        heads: 2
        weights: weights/vit.safetensors
        pixels: {mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], order: rgb}
    objective: *labels
    training: *short
comparisons: [[student_clip, student_features]]
"""

#: Of its videos.
FPS, FRAMES = 10.0, 240


def make_seen(folder: Path) -> Path:
    """``tiny`` with what a dataset can have beside labels: videos, and what is stated of them; features, and
    weights. Returns its data_root.
    """
    data = make_tiny(folder, videos={"folder": "videos", "pattern": "**/*.mp4"})
    settings = yaml.safe_load((folder / "workflow/datasets/tiny.yaml").read_text())
    describe(folder, "datasets", "tiny", {**settings, "systems": "tiny_seen"})
    (folder / "workflow/systems/tiny_seen.yaml").write_text(SEEING)
    (data / "videos").mkdir()
    stated = ["video,resolution,duration,fps"]
    for number, name in enumerate(tiny_epic55.VIDEOS):
        numbers = [(7 * at + number) % 4096 for at in range(FRAMES)]
        barcode.write_clip(data / "videos" / f"{name}.mp4", FRAMES, fps=FPS, numbers=numbers)
        stated.append(f"{name},64x48,{FRAMES / FPS},{FPS}")
    (data / "epic55/EPIC_video_info.csv").write_text("\n".join(stated) + "\n")
    tiny_epic55.write_given(data / "features/given/0.h5")
    (data / "weights").mkdir()
    write_weights(data / "weights/vit.safetensors")
    return data


def write_weights(path: Path, width: int = 8, **pixels: Any) -> None:
    """Weights of the ViT of ``student_clip``, or of another width, or of other pixels."""
    usual = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225), "order": "rgb"}
    config = Config(image=32, patch=8, width=width, layers=1, heads=2, pixels={**usual, **pixels})
    weights.write(Vit(config, {}), weights.VIT, path)


def write_scores(folder: Path, samples: dict[str, dict[str, int]], classes: ClassSpace) -> Path:
    """Scores of a teacher that takes each sample (split -> sample -> action) for that action."""
    with artifact.whole(folder) as partial:
        writer = ScoreWriter(
            partial, model="teacher", record=make_record(), classes=classes, trained_on=("training",)
        )
        for split, labels in samples.items():
            logits = np.zeros((len(labels), len(classes.names("action"))))
            logits[np.arange(len(labels)), list(labels.values())] = 9.0
            inputs = [digest(name) for name in labels]
            folds = [at % 2 for at in range(len(labels))] if split == "training" else -1
            writer.write(split, list(labels), inputs, {"action": logits}, fold=folds)
        writer.finish()
    return folder


def describe(folder: Path, kind: str, name: str, settings: dict[str, Any]) -> None:
    """Write a file of the workflow."""
    (folder / "workflow" / kind / f"{name}.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))


def edit(path: Path, old: str, new: str) -> None:
    """Replace the first ``old`` in a file, where there must be one."""
    text = path.read_text()
    assert old in text, f"{path} holds no {old!r}"
    path.write_text(text.replace(old, new, 1))


def examined(capsys, dataset: str, *options: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code, and what each check came to, by its name."""
    capsys.readouterr()
    code = main(["doctor", dataset, "--json", *options])
    out, err = capsys.readouterr()
    assert out, err
    return code, {one["check"]: one for one in json.loads(out)["checks"]}


def told(result: dict[str, Any]) -> str:
    """Every finding of a check as text."""
    parts = ("what", "where", "expected", "to_do")
    return "\n".join(": ".join(found[part] for part in parts) for found in result["findings"])


@dataclass(frozen=True)
class Fault:
    """What is done to the data, the check that has to find it, and words that its finding must have."""

    plant: Callable[[Path], object]
    check: str
    words: tuple[str, ...]
    level: str = "FAIL"
    options: tuple[str, ...] = ()


def check(fault: Fault, code: int, found: dict[str, dict[str, Any]]) -> None:
    """The check has found the fault, and says what, where, what was expected and what to do."""
    result = found[fault.check]
    assert result["level"] == fault.level and code == (fault.level == "FAIL"), (result, code)
    for word in fault.words:
        assert word in told(result)
    for finding in result["findings"]:
        assert all(finding.values()), finding
