"""The stage pretrain on a small corpus, in a process of its own or in several; `python tiny_pretraining.py
FOLDER CONFIG`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from foretaste.contracts.tables import PHRASES, write_table
from foretaste.pipeline import ranks
from foretaste.pipeline.step import Step
from foretaste.stages import pretrain

#: Each phrase decides the next one, so there is something to learn.
CHAIN = (
    ("take", "pan"),
    ("open", "fridge"),
    ("wash", "onion"),
    ("cut", "onion"),
    ("pour", "water"),
    ("stir", None),
)


def write_corpus(path: Path, recipes: int = 60) -> Path:
    """Recipes of one to nine phrases; every fifth is held out."""
    random, rows = np.random.default_rng(0), []
    for recipe in range(recipes):
        start = random.integers(len(CHAIN))
        for order in range(1 + recipe % 9):
            verb, thing = CHAIN[(start + order) % len(CHAIN)]
            rows.append(
                (
                    f"r{recipe}",
                    "val" if recipe % 5 == 0 else "train",
                    order,
                    verb,
                    thing,
                    f"{verb} {thing}" if thing else verb,
                )
            )
    columns = [pa.array(column, type=field.type) for column, field in zip(zip(*rows), PHRASES.schema)]
    write_table(path, PHRASES, pa.table(columns, schema=PHRASES.schema))
    return path


def settings(**changes: Any) -> dict[str, Any]:
    """An `lms` entry of a preset; ``view``, ``network``, ``objective``, ``training`` and others change it key
    by key.
    """
    base = {
        "init": "tiny",
        "view": {"kind": "masked_text", "window": [1, 6], "mask": "tokens", "rate": 0.3},
        "network": {"kind": "masked_lm"},
        "objective": [{"loss": {"kind": "cross_entropy"}, "of": "token"}],
        "training": {
            "steps": 9,
            "batch": 8,
            "buckets": True,
            "checkpoint_steps": 3,
            "optimizer": {"kind": "adamw", "lr": 0.003, "weight_decay": 0.01},
            "schedule": {"kind": "linear", "warmup": 0.3},
        },
    }
    for key, value in changes.items():
        base[key] = {**base[key], **value} if isinstance(value, dict) else value
    return base


def run(
    corpus: Path, lm: Path, out: Path, config: dict[str, Any], generator: Path | None = None
) -> dict[str, Any]:
    """Run the stage; returns metrics.json."""
    inputs = {"phrases": corpus, "lm": lm, **({"generator": generator} if generator else {})}
    outputs = {"checkpoint": out / "checkpoint", "metrics": out / "metrics.json"}
    pretrain.run(
        Step(
            stage="pretrain",
            inputs=inputs,
            outputs=outputs,
            config=config,
            scratch=out / "scratch",
        )
    )
    return json.loads((out / "metrics.json").read_text()) if (out / "metrics.json").exists() else {}


if __name__ == "__main__":
    folder, arguments = Path(sys.argv[1]), json.loads(sys.argv[2])
    if (stop := arguments.pop("kill_at", None)) is not None:
        import foretaste.training.updates as updates

        taken, forward = 0, updates.forward

        def killing(*inputs: Any) -> Any:
            global taken
            taken += 1
            if taken == stop:
                while not list(Path(arguments["out"]).glob("scratch/step-*")):
                    time.sleep(0.01)  # checkpoints are written while the training goes on
                os.kill(os.getpid(), signal.SIGKILL)
            return forward(*inputs)

        updates.forward = killing
    run(folder / "phrases.parquet", folder / "lm", Path(arguments["out"]), arguments["config"])
    if ranks.is_rank():
        ranks.leave()
