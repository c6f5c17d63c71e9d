"""Predictions on videos of the kitchen by models that the workflow trained: equal to what scoring says of the
same windows, and with nothing but the exported folder.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from said_by_predict import check_as_cached

from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import VIDEOS, read_table
from foretaste.contracts.view import Sources
from foretaste.features.store import FeatureStore
from foretaste.prediction.gathering import open_model
from foretaste.prediction.material import samples_of
from foretaste.prediction.predictor import Predictor
from foretaste.prediction.watched import watch
from foretaste.scores.reader import open_scores
from foretaste.training.checkpoint import load_model
from foretaste.training.material import build_view
from foretaste.training.samples import join
from foretaste.training.scoring import score
from foretaste.views import features

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def results(finished) -> Path:
    return finished.folder / "results/kitchen_micro"


@pytest.fixture(scope="module")
def student(results) -> Path:
    return results / "lm_avt_micro/seed0/student_recipe_lm"


def test_200_windows_of_the_kitchen_are_as_scored(results, student):
    predictor = Predictor(open_model(student), "cpu")
    shards = (results / "features/frames_micro/0.h5",)
    width = FeatureStore(shards).origin.width
    videos = read_table(results / "videos.parquet", VIDEOS)
    compared, worst = 0, 0.0
    for name in FeatureStore(shards).videos:
        video = watch((results / f"world/videos/{name}.mp4").resolve())
        stops_s = video.times_s(0.1)
        samples = samples_of(stops_s - 10.0, stops_s, predictor.facts, predictor.classes)
        at = samples.schema.get_field_index("video_id")
        samples = samples.set_column(at, samples.schema.field(at), pa.array([name] * samples.num_rows))
        tables = {"videos": videos, "features": shards, "feature_width": width}
        # Features were made of what samples show: later windows are not there to be compared.
        config = features.Config(frames=10, rate=1.0)
        lacking = features.unseen(config, Sources(samples=samples, **tables))
        samples = samples.filter(pa.array(np.equal(lacking, None)))
        sources = Sources(samples=samples, classes=predictor.classes, **tables)
        model, _ = load_model(student / "checkpoint", sources)
        view = build_view(predictor.facts.view, sources)
        scored = score(model, join(view, samples, range(len(view)))).logits["action"]
        said = list(predictor.moments(video, samples["window_stop_s"].to_numpy()))
        worst = max(worst, np.abs(np.stack([one.logits["action"] for one in said]) - scored).max())
        compared += len(said)
    assert compared >= 200
    assert worst <= 1e-6


def test_samples_are_as_in_the_score_cache(results, student):
    assert check_as_cached(student, results / "samples/anticipation.parquet", results / "world/videos") == 4


def test_the_example_needs_the_folder_and_nothing_else(finished, results, student, tmp_path):
    finished.run("foretaste", "export", str(student), "--out", str(tmp_path / "student"))
    page = (ROOT / "docs/predict.md").read_text(encoding="utf-8")
    program = re.search(r"^```python\n(.*?)^```", page, re.M | re.S)[1]
    assert len([line for line in program.splitlines() if line]) <= 10
    video = tmp_path / "video.mp4"
    video.write_bytes((results / "world/videos/P03_01.mp4").read_bytes())
    program = program.replace("results/kitchen/world/videos/P13_01.mp4", "video.mp4")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment,
        text=True,
        capture_output=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 20
    predictor = Predictor(open_model(student), "cpu")
    moment = next(predictor.moments(watch(video), np.array([9.5])))
    best, probability = moment.top("action", 1)[0]
    assert lines[-1] == f"9.5 s  {predictor.classes.names('action')[best]} {probability:.2f}"


def test_truth_and_teacher_are_found_by_the_model(finished, results, student, tmp_path):
    video = results / "world/videos/P03_01.mp4"
    finished.run("foretaste", "predict", str(student), str(video), "--json", str(tmp_path / "o.json"))
    said = json.loads((tmp_path / "o.json").read_text())
    segments = pq.read_table(results / "segments.parquet")
    own = segments.filter(pc.equal(segments["video_id"], "P03_01")).sort_by("start_s").to_pylist()
    assert [(one["start_s"], one["name"]) for one in said["truth"]] == [
        (one["start_s"], one["action"]) for one in own
    ]
    teacher = open_scores(results / "lm_avt_micro/seed0/teacher_recipe_lm/scores")
    logits = teacher.logits("validation", "action", [one["segment_id"] for one in own])
    for one, row in zip(said["truth"], logits, strict=True):
        assert one["teachers"][0][0]["class"] == row.argmax()
    assert said["model"]["model"] == "student_recipe_lm"


@pytest.mark.parametrize(
    ("model", "why"),
    [("teacher_recipe_lm", "sees the actions before"), ("teacher_lm_counts", "an average is no network")],
)
def test_what_cannot_see_a_video_is_refused(finished, results, model, why):
    folder = results / "lm_avt_micro/seed0" / model
    done = finished.run(
        "foretaste", "predict", str(folder), str(results / "world/videos/P03_01.mp4"), check=False
    )
    assert done.returncode == 1 and why in done.stdout


def test_a_copy_that_lost_its_store_is_told(results, student, tmp_path):
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-rL", student, copy], check=True)
    with pytest.raises(DataError, match="not among results"):
        open_model(copy)
