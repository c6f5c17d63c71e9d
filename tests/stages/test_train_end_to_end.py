"""A student that is trained end to end, on frames and from published weights, by the stages train and
score.
"""

from __future__ import annotations

import json
from pathlib import Path

import barcode
import pyarrow as pa
import pytest
import torch
from made_up_tables import make_classes, make_tables
from safetensors.torch import load_file

from foretaste.contracts.errors import ConfigError
from foretaste.contracts.tables import VIDEOS, write_table
from foretaste.pipeline.step import Step
from foretaste.pipeline.video_files import video_files
from foretaste.scores.verify import verify
from foretaste.settings import families
from foretaste.settings.first_weights import trained
from foretaste.stages import score, train
from foretaste.video.probe import probe

VIT = {"kind": "vit", "image": 32, "patch": 16, "width": 8, "layers": 1, "heads": 2}
STUDENT = {
    "view": {
        "kind": "clip", "frames": 3, "rate": 1.0,
        "geometry": {"size": 32, "scoring_side": 48, "training_sides": [48, 52]}, "past": True,
    },
    "network": {
        "kind": "avt", "width": 16, "layers": 1, "heads": 2, "dropout": 0.2, "past": True, "backbone": {**VIT,
        "weights": "weights/vit.pth"},
    },
    "objective": [
        {"loss": {"kind": "cross_entropy"}, "of": "action"},
        {"loss": {"kind": "feature_mse"}, "of": "next_features", "to": "features", "over": "all"},
        {"loss": {"kind": "cross_entropy"}, "of": "past_action", "weight": 0.1, "reduction": "positions"},
    ],
    "training": {
        "kind": "loop", "epochs": 1, "batch": 3, "optimizer": {"kind": "sgd", "lr": 1e-3},
        "schedule": {"kind": "cosine", "warmup": 0.5},
    },
}  # fmt: skip
PROTOCOL = {
    "tau_a": 1.0,
    "history_rule": None,
    "history_from": None,
    "history_length": None,
    "prior_exponent": 0.0,
}


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Three videos of 35 s with six segments each, their tables, and weights in timm's layout."""
    folder = tmp_path_factory.mktemp("data")
    make_tables(folder, make_classes(), {"training": 2, "validation": 1}, per_video=6)
    (folder / "videos").mkdir()
    for number, name in enumerate(("tr00", "tr01", "va00")):
        barcode.write_clip(
            folder / "videos" / f"{name}.mp4", 70, fps=2.0, numbers=range(100 * number, 100 * number + 70)
        )
    columns, issues = probe(folder / "videos", video_files(folder / "videos").items())
    assert not issues
    write_table(folder / "videos.parquet", VIDEOS, pa.table(columns, schema=VIDEOS.schema))
    torch.manual_seed(5)
    state = {
        name: parameter.detach()
        for name, parameter in families.build("models", VIT, sources=None).named_parameters()
    }
    torch.save({**state, "head.weight": torch.zeros(3, 8), "head.bias": torch.zeros(3)}, folder / "vit.pth")
    return folder


def steps(data: Path, out: Path, model: dict) -> tuple[Step, Step]:
    """The steps that train and score the student, as the workflow writes them."""
    settings = {"folds": 0, "held_out": 0, "calibrate": False, **model}
    places = {key: data / f"{key}.parquet" for key in ("samples", "segments", "videos")} | {
        "classes": data / "classes.json"
    }
    outputs = {"checkpoint": out / "checkpoint", "log": out / "log.jsonl", "config": out / "config.yaml"}
    config = {
        "model": settings,
        "seed": 0,
        "evaluated": "validation",
        "video_folders": {"rgb": str(data / "videos")},
    }
    first = Step(
        stage="train",
        inputs={**places, "weights": data / "vit.pth"},
        outputs=outputs,
        config=config,
        scratch=out / "t",
    )
    scored = {**settings, "network": trained(settings["network"]), "training": {"kind": "loop"}}
    second = Step(
        stage="score",
        inputs={**places, "checkpoint": out / "checkpoint"},
        outputs={"scores": out / "scores"},
        config={**config, "model": scored, "protocol": PROTOCOL, "data": {"licence": None, "terms": None}},
        scratch=out / "s",
    )
    return first, second


def test_trained_from_published_weights_and_scored_without_them(data, tmp_path):
    first, second = steps(data, tmp_path, STUDENT)
    train.run(first)
    manifest = json.loads((tmp_path / "checkpoint" / "manifest.json").read_text())
    assert manifest["network"]["backbone"] == VIT
    assert str(data) not in (tmp_path / "config.yaml").read_text(), "a place is no setting"
    assert set(json.loads((tmp_path / "log.jsonl").read_text().splitlines()[-2])["parts"]) == {
        "action.cross_entropy",
        "next_features.feature_mse",
        "past_action.cross_entropy",
    }
    score.run(second)
    scores = verify(tmp_path / "scores")
    assert scores.splits == ("training", "validation") and scores.logits("validation", "action").shape == (
        6,
        20,
    )


@pytest.mark.parametrize("rate", [1e-12, 1e-2])
def test_training_starts_from_the_weights_and_moves_them(data, tmp_path, rate):
    first, _ = steps(
        data,
        tmp_path,
        {**STUDENT, "training": {**STUDENT["training"], "optimizer": {"kind": "sgd", "lr": rate}}},
    )
    train.run(first)
    given, got = (
        torch.load(data / "vit.pth", weights_only=True),
        load_file(tmp_path / "checkpoint" / "model.safetensors"),
    )
    for name in ("patch_embed.proj.weight", "cls_token", "blocks.0.attn.qkv.weight"):
        moved = (got[f"backbone.{name}"] - given[name]).abs().max().item()
        assert moved < 1e-9 if rate < 1e-9 else moved > 1e-7, name


def test_weights_that_are_named_but_not_given_are_an_error(data, tmp_path):
    first, _ = steps(data, tmp_path, STUDENT)
    del first.inputs["weights"]
    with pytest.raises(ConfigError, match="vit with weights needs weights"):
        train.run(first)
