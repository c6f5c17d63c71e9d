"""How many modules a thing passes through on its way: ``python tests/trips.py`` prints three trips.

The stages run in this process on tiny data while every call into the package is watched. A module is on the
way if one of its functions is handed, or hands back, something that holds the marked thing: a line of a
recipe on its way to the language model that is trained on it, a segment to the report, a setting to its
stage.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import tiny_lm
from jobs import job_file, run_here
from watching import PACKAGE, watched

from foretaste.pipeline.plan import Plan
from foretaste.settings.catalogue import Catalogue

#: What is followed: a word in a recipe's line and in its id, the id of a segment, a learning rate.
LINE, SEGMENT, RATE = "zanzibar", "madagascar", 0.000997


def planned(
    root: Path, settings: dict[str, Any], steps: list[tuple[str, dict[str, str]]]
) -> Iterator[Callable]:
    """The steps, in order, each as a function that runs it in this process."""
    for stage, names in steps:
        path = job_file(Plan(Catalogue(settings, root)), stage, names)
        yield lambda path=path, stage=stage: run_here(path, stage)


def repository(folder: Path) -> Path:
    """A copy of the workflow with a data set and a preset of three models."""
    root = folder / "repository"
    source = PACKAGE.parents[1] / "workflow"
    for part in ("rules", "schemas"):
        shutil.copytree(source / part, root / "workflow" / part)
    for part in ("datasets", "systems"):
        (root / "workflow" / part).mkdir()
    (root / "Snakefile").write_text("")
    (root / "workflow/datasets/trips.yaml").write_text(DATASET)
    (root / "workflow/systems/trips.yaml").write_text(SYSTEM)
    return root


DATASET = """
title: Trips
systems: [trips]
reader:
  kind: csv
  file: trips/actions.csv
tau_a: 1.0
tau_o: 4.0
"""

SYSTEM = f"""
title: Trips
paper: none
datasets: [trips]
primary_metric: top1
texts: {{recipes: {{}}}}
lms:
  tiny:
    init: weights/tiny
    view: {{kind: masked_text, mask: tokens, rate: 0.3}}
    network: {{kind: masked_lm}}
    objective: [{{loss: {{kind: cross_entropy}}, of: token}}]
    training: {{steps: 2, batch: 4, optimizer: {{kind: adamw, lr: 1.0e-3}}}}
models:
  teacher_counts:
    role: teacher
    label: counts
    view: {{kind: action_ids}}
    network: {{kind: counts}}
    training: {{kind: counting}}
  teacher_recipe_lm:
    role: teacher
    label: reads
    lm: tiny
    view: {{kind: action_history}}
    network: {{kind: text_encoder}}
    objective: [{{loss: {{kind: cross_entropy}}, of: action}}]
    training: {{steps: 2, batch: 4, optimizer: {{kind: adamw, lr: {RATE}}}}}
comparisons: [[teacher_recipe_lm, teacher_counts]]
"""

ACTIONS = ("take,onion", "wash,onion", "cut,onion", "put,pan", "pour,water", "stir,water")


def write_data(folder: Path) -> None:
    """Six videos of the same six actions, eight recipes, and a language model with which to begin."""
    (folder / "trips").mkdir(parents=True)
    rows = ["video,start,stop,verb,noun,split,id"]
    for video in range(6):
        split = "training" if video < 4 else "validation"
        for at, action in enumerate(ACTIONS):
            name = SEGMENT if (video, at) == (5, 3) else f"v{video}_{at}"
            rows.append(f"v{video},{5 + 4 * at},{8 + 4 * at},{action},{split},{name}")
    (folder / "trips/actions.csv").write_text("\n".join(rows) + "\n")
    lines = ["Wash the onion.", "Cut the onion.", "Pour water in the pan and stir."]
    recipes = [
        {
            "id": LINE if number == 3 else f"r{number}",
            "title": "Soup",
            "partition": "val" if number == 0 else "train",
            "url": "",
            "ingredients": [],
            "instructions": [
                {"text": line} for line in (*lines, f"Chop the {LINE}.") if number == 3 or LINE not in line
            ],
        }
        for number in range(8)
    ]
    (folder / "layer1.json").write_text(json.dumps(recipes))
    tiny_lm.make(folder / "weights/tiny")
    tiny_lm.write_tokenizer(folder / "weights/tiny")


TEXT = [
    ("fetch_weights", {"weights": "tiny"}),
    ("read_recipes", {"corpus": "layer1"}),
    ("extract_openie", {"text": "layer1", "shard": "0"}),
    ("make_phrases", {"text": "layer1"}),
    ("pretrain", {"corpus": "layer1", "lm": "tiny"}),
]
MODELS = ("teacher_counts", "teacher_recipe_lm")


def _models(stage: str) -> list[tuple[str, dict[str, str]]]:
    return [(stage, {"dataset": "trips", "system": "trips", "seed": "0", "model": model}) for model in MODELS]


def trips(folder: Path) -> dict[str, list[str]]:
    """The modules of each trip, in the order in which they are reached."""
    write_data(folder / "data")
    root = repository(folder)
    results = folder / "results"
    settings = {
        "dataset": "trips",
        "results_root": str(results),
        "data_root": str(folder / "data"),
        "recipes": str(folder / "data/layer1.json"),
    }
    found: dict[str, list[str]] = {}
    labels = [
        ("read_annotations", {"dataset": "trips"}),
        ("make_samples", {"dataset": "trips", "task": "anticipation"}),
    ]
    end = [
        ("gather_issues", {"dataset": "trips"}),
        ("report", {"dataset": "trips", "system": "trips", "scope": "/teachers"}),
    ]
    order = [*labels, *TEXT, *_models("train"), *_models("score"), *_models("evaluate"), *end]
    runs = list(zip(order, planned(root, settings, order), strict=True))
    line = (LINE, [*TEXT])
    segment = (
        SEGMENT,
        [*labels, *_models("train")[:1], *_models("score")[:1], *_models("evaluate")[:1], end[1]],
    )
    for step, run in runs:
        for name, (mark, way) in {"recipe line": line, "segment": segment}.items():
            if step in way:
                with watched(mark) as passed:
                    run()
                known = found.setdefault(name, [])
                known += [module for module in passed if module not in known]
                break
        else:
            run()
    found["setting"] = setting(root, settings)
    return found


def setting(root: Path, settings: dict[str, Any]) -> list[str]:
    """A learning rate, from the preset to the stage that trains with it."""
    train = [_models("train")[1]]
    with watched(RATE) as passed:
        for run in planned(root, {**settings, "threads": {"train": 2}}, train):
            run()
    return passed[: passed.index("stages/train") + 1]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for name, modules in trips(Path(folder)).items():
            print(f"{name}: {len(modules)} modules: {' '.join(modules)}")
