"""The system `future` on generated clips in the layouts of JHMDB and THUMOS14: from lists and videos through
the probe to samples, recognition network and students, by the stages themselves.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from barcode import write_clip
from jobs import give_names_of, job_file, run_here
from workflow_copy import copy_workflow

from foretaste.annotations import jhmdb, thumos14
from foretaste.contracts.errors import ConfigError
from foretaste.contracts.view import Look
from foretaste.features.frame_store import FrameStore
from foretaste.pipeline.jobs import read_job
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.running import step_of
from foretaste.pipeline.store import Store
from foretaste.scores.reader import open_scores
from foretaste.settings.catalogue import Catalogue
from foretaste.training.material import build_view, read_sources

SYSTEM = "future_tiny"
TRAINING = {
    "epochs": None, "steps": 2, "batch": 8,
    "optimizer": {"kind": "adamw", "lr": 1e-3}, "schedule": {"kind": "constant", "drops": None},
}  # fmt: skip
TINY = {
    "frame_store": "tiny",
    "view": {"geometry": {"size": 32, "scoring_side": 36, "training_sides": [32, 40]}},
    "network": {"width": 0.04, "weights": None},
    "training": TRAINING,
}
FLOW = {**TINY, "network": {**TINY["network"], "pixels": {"mean": [0.5] * 2, "std": [0.5] * 2}}}
STORES = {"clips": None, "tiny": {"side": 40, "flow": "dis"}}
ARMS = ("baseline", "smoothed", "direct", "one_way", "two_way", "two_way_unlabelled")
ODD = ("Who's #1 & (why)!", "100% 'fun' [b]", "@20 $HOME; ls", "ümlaut, comma")


class FutureRun:
    """A checkout with the preset at a size that takes seconds, on one dataset whose files lie in ``data``."""

    def __init__(self, folder: Path, dataset: str, **extra: Any):
        self.folder, self.data, self.dataset = copy_workflow(folder), folder / "data", dataset
        self.results = folder / "results"
        arms = ARMS if dataset == "thumos14" else ARMS[:-1]
        models = {}
        for stream, settings in (("", TINY), ("_flow", FLOW)):
            named = ("teacher_future", *(f"student_{arm}" for arm in arms))
            models |= {f"{name}{stream}": settings for name in named}
            models[f"teacher_future_early{stream}"] = {**settings, "scored_view": TINY["view"]}
        models |= {name: {**models[name], **settings} for name, settings in extra.items()}
        preset = {"base": "future", "frame_stores": STORES, "models": models}
        # JSON is YAML.
        (folder / "workflow" / "systems" / f"{SYSTEM}.yaml").write_text(json.dumps(preset))

    def job(self, stage: str, **names: str) -> Path:
        places = {"data_root": str(self.data), "results_root": str(self.results)}
        run = {"dataset": self.dataset, "systems": SYSTEM, "on_bad_input": "skip", **places}
        return job_file(Plan(Catalogue(run, self.folder)), stage, {"dataset": self.dataset, **names})

    def make(self, stage: str, **names: str) -> None:
        path = self.job(stage, **names)
        run_here(path, read_job(path)["record"]["stage"])
        give_names_of(path)

    def tables(self, *tasks: str) -> None:
        """Segments, videos and samples."""
        for stage in ("read_annotations", "probe_videos"):
            self.make(stage)
        for modality in ("rgb", "flow"):
            self.make("store_frames", frame_store="tiny", modality=modality, shard="0")
        for task in tasks:
            self.make("make_samples", task=task)

    def model(self, stage: str, model: str) -> Path:
        names = {"system": SYSTEM, "seed": "0", "model": model}
        self.make(stage, **names)
        return self.results / self.dataset / SYSTEM / "seed0" / model

    def table(self, name: str) -> list[dict]:
        return pq.read_table(self.results / self.dataset / f"{name}.parquet").to_pylist()

    def terms(self, model: str) -> dict[str, float]:
        """What each term of a trained model was in its first step."""
        (line, *_) = (self.model("train", model) / "log.jsonl").read_text().splitlines()
        return json.loads(line)["parts"]


def write_jhmdb(data: Path, names: dict[str, list[str]]) -> None:
    """Lists of split 1, and a clip of 15 frames or more for every name of a class."""
    (data / "jhmdb" / "splits").mkdir(parents=True)
    for number, (action, clips) in enumerate(names.items()):
        folder = data / "jhmdb" / "videos" / action
        folder.mkdir(parents=True)
        lines = []
        for at, clip in enumerate(clips):
            lines.append(f"{clip}.avi {2 if at == len(clips) - 1 else 1} ")
            write_clip(folder / f"{clip}.avi", 15 + (7 * at + number) % 26, fps=30, codec="mpeg4")
        (data / "jhmdb" / "splits" / f"{action}_test_split1.txt").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> FutureRun:
    """JHMDB of two training clips and a test clip a class; some are called as nobody should."""
    run = FutureRun(tmp_path_factory.mktemp("jhmdb"), "jhmdb_s1")
    names = {action: [f"{action}_{at}" for at in range(3)] for action in jhmdb.CLASSES}
    for odd, action in zip(ODD, jhmdb.CLASSES):
        names[action][0] = f"{odd}_{action}_u_nm_np1_fr_goo_0"
    write_jhmdb(run.data, names)
    run.tables("early")
    return run


def test_odd_names_lead_from_lists_and_files_to_samples(clips):
    samples = clips.table("samples/early")
    videos = {row["video_id"] for row in samples}
    assert {row["dropped_because"] for row in samples} == {None} and clips.table("issues/probe_videos") == []
    assert len(videos) == 63 and all(any(video.startswith(odd) for video in videos) for odd in ODD)
    sides = {split: [row for row in samples if row["split"] == split] for split in ("training", "test")}
    assert (len(sides["training"]), len(sides["test"])) == (8 * 42, 21)
    frames = {row["video_id"]: round(row["duration_s"] * 30) for row in clips.table("videos")}
    for row in sides["test"]:
        assert np.floor(row["window_stop_s"] * 30 + 1e-6) + 1 == np.ceil(frames[row["video_id"]] / 5)


def test_recognition_network_and_students_of_both_losses_are_trained_on_clips(clips):
    clips.model("train", "teacher_future_flow")
    recognised = clips.model("train", "teacher_future") and clips.model("score", "teacher_future")
    assert open_scores(recognised / "scores").logits("test", "action", None).shape == (21, 21)
    for arm in ("direct", "two_way_flow"):
        terms = clips.terms(f"student_{arm}")
        assert len(terms) == 2 and all(np.isfinite(value) and value > 0 for value in terms.values()), terms
        scores = open_scores(clips.model("score", f"student_{arm}") / "scores")
        assert np.isfinite(scores.logits("test", "action", None)).all()


def test_the_network_that_is_asked_about_the_past_is_the_one_that_knows_actions(clips):
    """It is trained once, and sees in scoring what students see."""
    own, other = (read_job(clips.job("train", system=SYSTEM, seed="0", model=model)) for model in (
        "teacher_future", "teacher_future_early"
    ))  # fmt: skip
    assert own["key"] == other["key"]
    scored = [
        read_job(clips.job("score", system=SYSTEM, seed="0", model=model))["record"]["config"]
        for model in ("teacher_future", "teacher_future_early", "student_baseline")
    ]
    shown = [config["model"]["view"].get("window", "observed") for config in scored]
    assert shown == ["target", "observed", "observed"]
    assert [config["protocol"]["window"] for config in scored] == ["target", None, None]


def test_a_network_that_is_scored_with_another_view_speaks_from_its_scores_alone(tmp_path):
    taught = {"loss": {"kind": "kl", "temperature": 1.0, "t_squared": False}, "of": "action"}
    terms = [{"loss": {"kind": "cross_entropy"}, "of": "action"}, {**taught, "to": "teacher_future_early"}]
    student = {**TINY, "objective": terms, "live": ["teacher_future_early"]}
    with pytest.raises(ConfigError, match=r"teacher_future_early cannot speak live: .*scored_view"):
        FutureRun(tmp_path, "jhmdb_s1", student_smoothed=student).job("read_annotations")


def test_a_clip_that_is_shorter_than_its_window_is_dropped_and_says_so(tmp_path):
    run = FutureRun(tmp_path / "run", "jhmdb_s1")
    names = {action: [f"{action}_{at}" for at in range(3)] for action in jhmdb.CLASSES}
    write_jhmdb(run.data, names)
    write_clip(run.data / "jhmdb/videos/wave/wave_0.avi", 7, fps=30, codec="mpeg4")
    run.tables("early")
    dropped = [row for row in run.table("samples/early") if row["dropped_because"] is not None]
    assert {row["video_id"] for row in dropped} == {"wave_0"} and len(dropped) == 8
    assert {row["dropped_because"] for row in dropped} == {"ends within 0.2333 s after its window"}


@pytest.mark.slow
def test_clips_under_all_real_names_make_samples(shared_data, tmp_path):
    run = FutureRun(tmp_path / "run", "jhmdb_s1")
    zipfile.ZipFile(shared_data / "jhmdb/splits.zip").extractall(run.data / "jhmdb")
    made = write_clip(tmp_path / "one.avi", 15, fps=30, codec="mpeg4")
    for path in jhmdb.files(jhmdb.Config(), run.data):
        folder = run.data / "jhmdb/videos" / path.name.removesuffix("_test_split1.txt")
        folder.mkdir(parents=True)
        for line in path.read_text().splitlines():
            (folder / line.split()[0]).write_bytes(made.read_bytes())
    run.tables("early")
    rows = run.table("samples/early")
    assert len({row["video_id"] for row in rows}) == 928 and {row["dropped_because"] for row in rows} == {
        None
    }


BARE = "video_background_0000001"


def write_thumos14(data: Path) -> None:
    """A video of 12 s a class and split, the second instance of each before 2 s; and a video of no class."""
    folders = thumos14.Config()
    for split, folder, short in (("validation", folders.validation, "val"), ("test", folders.test, "test")):
        (data / folder).mkdir(parents=True)
        (data / "thumos14/videos" / split).mkdir(parents=True)
        for number, action in enumerate(thumos14.CLASSES, 1):
            video = f"video_{split}_{number:07}"
            rows = f"{video}  4.0 5.5\n{video}  1.5 2.5\n{video}  8.0 9.0\n"
            (data / folder / f"{action}_{short}.txt").write_text(rows)
            write_clip(data / "thumos14/videos" / split / f"{video}.mp4", 12 * 15, fps=15, codec="mpeg4")
        (data / folder / f"Ambiguous_{short}.txt").write_text(f"{video}  2.0 3.0\n")
    (data / "thumos14/videos/background").mkdir()
    write_clip(data / "thumos14/videos/background" / f"{BARE}.mp4", 12 * 15, fps=15, codec="mpeg4")


@pytest.fixture(scope="module")
def instances(tmp_path_factory) -> FutureRun:
    pairs = {"extra": ["pairs"]}
    run = FutureRun(
        tmp_path_factory.mktemp("thumos14"),
        "thumos14",
        teacher_future={**TINY, "maps": ["mixed_4f"], **pairs},
    )
    write_thumos14(run.data)
    path = run.folder / "workflow/datasets/thumos14.yaml"
    settings = path.read_text().replace("count: 3000", "count: 30, unlabelled: 5")
    path.write_text(settings.replace("videos: {", "videos: {unlabelled: true, "))
    run.tables("anticipation", "pairs")
    return run


def test_pairs_are_drawn_from_videos_of_no_class_too(instances):
    """Their frames are kept as others' are."""
    videos = [row["video_id"] for row in instances.table("samples/pairs") if row["dropped_because"] is None]
    assert len(videos) == 35 and videos[30:] == [BARE] * 5 and BARE not in videos[:30]
    (store,) = instances.folder.glob("results/thumos14/frames/tiny/rgb/*.h5")
    assert BARE in FrameStore([store]).videos


def test_an_instance_before_two_seconds_is_dropped_and_says_so(instances):
    rows = instances.table("samples/anticipation")
    assert len(rows) == 2 * 20 * 3
    for row in rows:
        early = row["target_start_s"] < 2
        assert row["dropped_because"] == ("window stops before 1 s" if early else None)
        assert row["window_stop_s"] == row["target_start_s"] - 1
        assert row["target_stop_s"] <= row["target_start_s"] + 1


def test_pairs_teach_beside_instances(instances):
    instances.model("train", "teacher_future")
    terms = instances.terms("student_two_way_unlabelled")
    assert len(terms) == 3 and all(value > 0 for value in terms.values()), terms


def altered(run: FutureRun, after_s: float, fps: int) -> None:
    """Draw other pictures in all videos from a time on; every frame is coded by itself."""
    for path in sorted((run.data / "thumos14/videos").rglob("*.mp4")):
        numbers = [at if at / fps < after_s else 4095 - at for at in range(12 * fps)]
        write_clip(path, 12 * fps, fps=fps, codec="mjpeg", numbers=numbers)


def test_no_student_sees_anything_of_what_comes(tmp_path):
    """Every pixel that comes after the windows is altered: all that students are shown stays as it was, under
    any look, and what their teacher is shown does not.
    """
    run = FutureRun(tmp_path / "run", "thumos14")
    write_thumos14(run.data)
    arms = ("baseline", "two_way_unlabelled")
    models = [f"{name}{stream}" for name in ("teacher_future", *(f"student_{arm}" for arm in arms))
              for stream in ("", "_flow")]  # fmt: skip
    shown: dict[str, list[np.ndarray]] = {model: [] for model in models}
    for after_s in (100.0, 3.0 + 0.5 / 15):  # instances start at 4 s: their windows end with the frame of 3 s
        altered(run, after_s, 15)
        run.tables("anticipation", "pairs")
        for model in models:
            shown[model].append(first_instances(run, model))
    for model in models:
        before, after = shown[model]
        assert before.shape == after.shape and len(before) == 2 * 40
        same = [np.array_equal(one, other) for one, other in zip(before, after)]
        assert not any(same) if model.startswith("teacher_future") else all(same)


def first_instances(run: FutureRun, model: str) -> np.ndarray:
    """What a model sees of the instances that start at 4 s, undisturbed and under a look."""
    job = read_job(run.job("score", system=SYSTEM, seed="0", model=model))
    del job["sources"]["checkpoint"]  # nothing is trained
    step = step_of(job, Store(run.results))
    sources = read_sources(step.inputs, step.config)
    view = build_view(step.config["model"]["view"], sources)
    rows = [at for at, start_s in enumerate(sources.samples["target_start_s"].to_pylist()) if start_s == 4.0]
    frames = [view.fetch(rows, look).inputs["frames"].numpy() for look in (None, Look(1, 2))]
    return np.concatenate(frames)
