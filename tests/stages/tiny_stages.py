"""Steps that train and score on a made-up dataset, as the workflow writes them, and models to train."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tiny_lm
from made_up_tables import make_classes, make_tables

from foretaste.contracts.tables import SAMPLES, read_table
from foretaste.features.shard import GRID_RULE, Origin, VideoFeatures, write_features
from foretaste.pipeline.step import Step
from foretaste.stages import score, train

COUNTS = {
    "view": {"kind": "action_ids"},
    "network": {"kind": "counts"},
    "training": {"kind": "counting", "source": "samples"},
}

KL = {
    "loss": {"kind": "kl", "temperature": 1.0, "t_squared": True},
    "of": "action",
    "to": "counts",
    "weight": 4.0,
}

STUDENT = {
    "view": {"kind": "features", "frames": 4, "rate": 1.0},
    "network": {"kind": "avt", "width": 16, "layers": 1, "heads": 2, "dropout": 0.3, "positions": 8},
    "objective": [
        {"loss": {"kind": "cross_entropy"}, "of": "action"},
        {"loss": {"kind": "feature_mse"}, "of": "next_features", "to": "features", "over": "all"},
        KL,
    ],
    "training": {
        "kind": "loop", "epochs": 3, "batch": 32, "checkpoint_steps": 2, "optimizer": {"kind": "adamw",
        "lr": 3e-3},
        "schedule": {"kind": "cosine", "warmup": 0.2},
    },
}  # fmt: skip

PROTOCOL = {
    "tau_a": 1.0,
    "history_rule": "start",
    "history_from": "all_splits",
    "history_length": 5,
    "prior_exponent": 0.0,
}


def make_data(folder: Path) -> Path:
    """Tables of 6 + 4 videos, their features, and a language model."""
    labels = make_tables(folder, make_classes(), {"training": 6, "validation": 4})
    make_features(folder / "features.h5", labels)
    tiny_lm.make(folder / "lm")
    tiny_lm.write_tokenizer(folder / "lm")
    return folder


def make_features(path: Path, labels: dict[str, np.ndarray], late_s: float = 0.0) -> None:
    random = np.random.default_rng(0)
    table = read_table(path.parent / "samples.parquet", SAMPLES)
    videos = sorted(set(table["video_id"].to_pylist()))
    grid = np.arange(80, dtype=np.int32)
    origin = Origin(
        grid_fps=1.0,
        grid_rule=GRID_RULE,
        width=6,
        dtype="float32",
        backbone="{}",
        weights_sha256="0",
        picture="{}",
    )
    made = [
        VideoFeatures(
            video_id=video,
            feat=random.normal(size=(80, 6)).astype(np.float32),
            grid_index=grid,
            pts_s=grid + late_s,
            valid=grid >= 0,
            source_sha256="0",
            decoder="none",
            rotation=0,
        )
        for video in videos
    ]
    write_features(path, origin, made)


def steps(data: Path, out: Path, model: dict, **inputs) -> tuple[Step, Step]:
    """The steps that train and score one model, as the workflow writes them."""
    settings = {"objective": [], "folds": 0, "held_out": 0, "calibrate": False, **model}
    places = {key: data / f"{key}.parquet" for key in ("samples", "segments")} | {
        "classes": data / "classes.json"
    }
    if settings["view"]["kind"] == "features":
        places["features"] = [data / "features.h5"]
    if settings["view"]["kind"] == "action_history":
        places["lm"] = data / "lm"
    outputs = {"checkpoint": out / "checkpoint", "log": out / "log.jsonl", "config": out / "config.yaml"}
    first = Step(
        stage="train",
        inputs={**places, **inputs},
        outputs=outputs,
        config={"model": settings, "seed": 0, "evaluated": "validation"},
        scratch=out / "train",
    )
    config = {
        "model": {k: v for k, v in settings.items() if k != "objective"},
        "seed": 0,
        "protocol": PROTOCOL,
        "data": {"licence": "CC0", "terms": None},
    }
    config["model"] = {**config["model"], "training": {"kind": settings["training"]["kind"]}}
    second = Step(
        stage="score",
        inputs={**places, "checkpoint": out / "checkpoint"},
        outputs={"scores": out / "scores"},
        config=config,
        scratch=out / "score",
    )
    return first, second


def run(data: Path, out: Path, model: dict, **inputs) -> Path:
    first, second = steps(data, out, model, **inputs)
    train.run(first)
    score.run(second)
    return out


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
