"""A student learns from an LMDB with a key a frame: imported by the command, then given as files."""

from __future__ import annotations

import json
import shutil

import lmdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from preset_run import VIDEOS, PresetRun

from foretaste.__main__ import main
from foretaste.contracts.errors import DataError
from foretaste.scores.reader import open_scores

STUDENT = {
    "role": "student",
    "label": "sees",
    "backbone": "wide",
    "view": {"kind": "features", "frames": 4, "rate": 1.0},
    "network": {"kind": "avt", "width": 16, "layers": 1, "heads": 2, "dropout": 0.0, "positions": 8},
    "objective": [{"loss": {"kind": "cross_entropy"}, "of": "action"}],
    "training": {"epochs": 2, "batch": 8, "optimizer": {"kind": "adamw", "lr": 1e-2}},
}
FPS, SECONDS = 30, 24
#: Windows end a second before an action: the last action starts at 21 s.
LAST_SEEN = 20 * FPS


def write(folder, change=lambda frame, vector: vector):
    """Noise for every frame but each sixth, as of a video of 25 frames a second; ``change`` may leave one
    out (None).
    """
    random = np.random.default_rng(0)
    shutil.rmtree(folder, ignore_errors=True)
    with lmdb.open(str(folder), map_size=1 << 24) as opened, opened.begin(write=True) as transaction:
        for video in sorted(video for videos in VIDEOS.values() for video in videos):
            for frame in range(1, SECONDS * FPS):
                vector = change(frame, random.normal(size=12).astype(np.float32))
                if frame % 6 and vector is not None:
                    transaction.put(f"{video}_frame_{frame:010d}.jpg".encode(), vector.tobytes())


def import_into(run, folder):
    shutil.rmtree(run.folder / "data" / "imported", ignore_errors=True)
    out = str(run.folder / "data" / "imported")
    assert main(["import-features", str(folder), "--out", out, "--dtype", "float32"]) == 0


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    run = PresetRun(tmp_path_factory.mktemp("imported"), {"student": STUDENT})
    preset = run.folder / "workflow" / "systems" / "mine.yaml"
    content = json.loads(preset.read_text())
    content["backbones"]["wide"]["files"] = "imported/*.h5"
    preset.write_text(json.dumps(content))
    return run


def trained(run):
    """Weights and scores of a student of the features that lie there now."""
    run.tables()
    folder = run.make("train", "student")
    weights = (folder / "checkpoint" / "model.safetensors").read_bytes()
    scores = open_scores(run.make("score", "student") / "scores")
    return weights, {split: scores.logits(split, "action").tobytes() for split in scores.splits}


def test_a_student_of_imported_features_sees_nothing_after_its_window(run, tmp_path):
    write(tmp_path / "rgb")
    import_into(run, tmp_path / "rgb")
    weights, scores = trained(run)
    samples = pq.read_table(run.results / "tea" / "samples" / "anticipation.parquet")
    assert set(samples["dropped_because"].to_pylist()) == {None}
    assert max(samples["window_stop_s"].to_pylist()) * FPS == LAST_SEEN
    assert set(scores) == {"training", "validation"}

    write(
        tmp_path / "later", lambda frame, vector: np.full(12, 99, np.float32) if frame > LAST_SEEN else vector
    )
    import_into(run, tmp_path / "later")
    assert trained(run) == (weights, scores)

    # The last frame that is seen is every sixth and so not there: the one before it is.
    write(tmp_path / "last", lambda frame, vector: vector + 1 if frame == LAST_SEEN - 1 else vector)
    import_into(run, tmp_path / "last")
    changed, others = trained(run)
    assert changed != weights and others["validation"] != scores["validation"]


def test_a_window_with_a_hole_is_no_sample_and_no_zeros(run, tmp_path):
    hole = range(10 * FPS - 12, 10 * FPS + 1)
    write(tmp_path / "hole", lambda frame, vector: None if frame in hole else vector)
    import_into(run, tmp_path / "hole")
    run.make("read_annotations")
    with pytest.raises(DataError, match="window shows a frame without features"):
        run.make("make_samples")
