"""The stages train and score on a made-up dataset: teachers that count and read, students that are taught."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tiny_lm
import torch
import yaml
from jobs import raw_job, record_of
from made_up_tables import make_classes, make_tables
from safetensors.torch import load_file

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.tables import SAMPLES, SEGMENTS, read_table, write_table
from foretaste.evaluation.protocols import targets
from foretaste.features.shard import GRID_RULE, Origin, VideoFeatures, write_features
from foretaste.pipeline.step import Step
from foretaste.scores.verify import verify
from foretaste.stages import score, train
from foretaste.training.progress import Progress

COUNTS = {
    "view": {"kind": "action_ids"},
    "network": {"kind": "counts"},
    "training": {"kind": "counting", "source": "samples"},
}
READER = {
    "view": {"kind": "action_history"},
    "network": {"kind": "text_encoder"},
    "objective": [{"loss": {"kind": "cross_entropy"}, "of": head} for head in ("action", "verb")],
    "training": {
        "kind": "loop",
        "epochs": 2,
        "batch": 16,
        "buckets": True,
        "checkpoint_steps": 2,
        "optimizer": {"kind": "adamw", "lr": 3e-3},
    },
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


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Tables of 6 + 4 videos, their features, and a language model."""
    folder = tmp_path_factory.mktemp("data")
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


@pytest.fixture(scope="module")
def counts(data, tmp_path_factory) -> Path:
    return run(data, tmp_path_factory.mktemp("counts"), COUNTS)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_count_teacher(data, counts):
    scores = verify(counts / "scores")
    assert [scores.scored(split) for split in scores.splits] == ["in-sample", "held-out"]
    for split in scores.splits:
        wanted = targets(read_table(data / "samples.parquet", SAMPLES), split)
        assert scores.sample_ids(split) == tuple(wanted.sample_ids)
    assert (counts / "log.jsonl").read_bytes() == b""
    assert yaml.safe_load((counts / "config.yaml").read_text())["seed"] == 0
    manifest = json.loads((counts / "checkpoint" / "manifest.json").read_text())
    assert manifest["trained_on"] == ["training"]
    assert scores.manifest["facts"]["data"] == {"licence": "CC0", "terms": None}
    assert scores.manifest["record"]["weights"] == {"whole": manifest["sha256"]["model.safetensors"]}
    assert scores.manifest["record"]["context"] == {
        key: PROTOCOL[key] for key in ("tau_a", "history_rule", "history_from", "history_length")
    }


def test_scores_say_until_when_their_model_was_shown_something(data, counts):
    """Of a teacher that counts: until the latest start, of all earlier segments of the video."""
    said = verify(counts / "scores").manifest["facts"]["shown_before_s"]
    samples = read_table(data / "samples.parquet", SAMPLES).to_pylist()
    segments = read_table(data / "segments.parquet", SEGMENTS).to_pylist()
    for split in ("training", "validation"):
        found = []
        for sample in samples:
            seen = [one["start_s"] for one in segments if one["video_id"] == sample["video_id"]]
            seen = [start for start in seen if start <= sample["window_stop_s"]]
            if sample["split"] == split and seen:
                found.append(sample["target_start_s"] - max(seen))
        assert said[split]["samples"] == len(found) > 10
        assert said[split]["least_s"] == pytest.approx(min(found)) and min(found) >= PROTOCOL["tau_a"]
        assert said[split]["median_s"] == pytest.approx(np.median(found))
        assert sum(said[split]["histogram"]["counts"]) == len(found)


@pytest.mark.parametrize("interrupted", [2, 5])
def test_a_taught_student_interrupted_ends_like_one_that_was_not(
    data, counts, tmp_path, monkeypatch, interrupted
):
    undisturbed = run(data, tmp_path / "a", STUDENT, scores_counts=counts / "scores")
    lines = [json.loads(line) for line in (undisturbed / "log.jsonl").read_text().splitlines()]
    assert set(lines[0]["parts"]) == {"action.cross_entropy", "next_features.feature_mse", "action.kl.counts"}
    assert {line["monitor"] for line in lines if "monitor" in line} == {"validation"}
    save, saved = Progress.save, []

    def dies(*arguments):
        saved.append(arguments)
        if len(saved) == interrupted:
            raise KeyboardInterrupt
        save(*arguments)

    monkeypatch.setattr(Progress, "save", dies)
    with pytest.raises(KeyboardInterrupt):
        run(data, tmp_path / "b", STUDENT, scores_counts=counts / "scores")
    assert not (tmp_path / "b" / "checkpoint").exists()
    run(data, tmp_path / "b", STUDENT, scores_counts=counts / "scores")
    for part in ("checkpoint", "scores"):
        assert contents(undisturbed / part) == contents(tmp_path / "b" / part)
    assert (undisturbed / "log.jsonl").read_bytes() == (tmp_path / "b" / "log.jsonl").read_bytes()


def test_the_teacher_moves_the_student(data, tmp_path):
    """Towards the class frequencies, from which the labels lead away."""
    frequency = (
        run(data, tmp_path / "frequency", {**COUNTS, "network": {"kind": "counts", "tables": ["unigram"]}})
        / "scores"
    )
    longer = {
        **STUDENT,
        "training": {**STUDENT["training"], "epochs": 15, "optimizer": {"kind": "adamw", "lr": 1e-2}},
    }
    labels = STUDENT["objective"][:2]
    alone = run(data, tmp_path / "alone", {**longer, "objective": labels})
    taught = run(
        data,
        tmp_path / "taught",
        {**longer, "objective": [*labels, {**KL, "weight": 50.0}]},
        scores_counts=frequency,
    )
    teacher = verify(frequency).logits("training", "action").astype(np.float64)

    def divergence(folder: Path) -> float:
        student = verify(folder / "scores").logits("training", "action").astype(np.float64)
        p, q = (x - np.log(np.exp(x).sum(1, keepdims=True)) for x in (teacher, student))
        return float((np.exp(p) * (p - q)).sum(1).mean())

    assert divergence(taught) < 0.5 * divergence(alone)


def test_a_teacher_that_says_hardly_anything_is_warned_of(data, counts, tmp_path, capsys):
    vague = {**KL, "loss": {**KL["loss"], "temperature": 1000.0}}
    model = {**STUDENT, "objective": [*STUDENT["objective"][:-1], vague]}
    model["training"] = {**STUDENT["training"], "epochs": 1}
    first, _ = steps(data, tmp_path / "vague", model, scores_counts=counts / "scores")
    train.run(first)
    said = capsys.readouterr().err
    assert said.count("warning: action.kl.counts: it says hardly anything: 100.0 % of the entropy") == 1


def test_held_out_rows_are_scored_by_a_sibling_that_never_saw_their_videos(data, tmp_path):
    plain, held = (
        run(data, tmp_path / "plain", COUNTS),
        run(data, tmp_path / "held", {**COUNTS, "held_out": 3}),
    )
    scores = verify(held / "scores")
    assert [(split, scores.scored(split)) for split in scores.splits] == [
        ("held_out", "out-of-fold"),
        ("training", "in-sample"),
        ("validation", "held-out"),
    ]
    without = json.loads((held / "checkpoint" / "held_out" / "manifest.json").read_text())["without"]
    table = read_table(data / "samples.parquet", SAMPLES)
    video = dict(zip(table["sample_id"].to_pylist(), table["video_id"].to_pylist()))
    assert len(without) == 2 and {video[sample] for sample in scores.sample_ids("held_out")} == set(without)
    assert set(scores.sample_ids("held_out")) == {
        sample for sample in scores.sample_ids("training") if video[sample] in without
    }
    before = verify(plain / "scores")
    for split in ("training", "validation"):  # the model itself is the one that it would be without a sibling
        np.testing.assert_array_equal(scores.logits(split, "action"), before.logits(split, "action"))
    apart = scores.logits("held_out", "action") - before.logits(
        "training", "action", scores.sample_ids("held_out")
    )
    assert np.abs(apart).max() > 0.1


def test_folds_are_scored_by_models_that_never_saw_the_video(data, tmp_path):
    plain = run(data, tmp_path / "plain", {**READER, "folds": 3})
    calibrated = run(data, tmp_path / "calibrated", {**READER, "folds": 3, "calibrate": True})
    assert contents(plain / "checkpoint") == contents(calibrated / "checkpoint")
    scores = verify(plain / "scores")
    assert [scores.scored(split) for split in scores.splits] == ["out-of-fold", "held-out"]
    table = read_table(data / "samples.parquet", SAMPLES)
    video = dict(zip(table["sample_id"].to_pylist(), table["video_id"].to_pylist()))
    without = [
        json.loads((plain / f"checkpoint/fold{fold}/manifest.json").read_text())["without"]
        for fold in range(3)
    ]
    assert sorted(name for videos in without for name in videos) == sorted(
        {v for v in video.values() if v.startswith("tr")}
    )
    ids = scores.sample_ids("training")
    assert all(video[sample] in without[fold] for sample, fold in zip(ids, scores.folds("training")))
    temperature = verify(calibrated / "scores").manifest["facts"]["temperatures"]["action"]
    np.testing.assert_allclose(
        verify(calibrated / "scores").logits("validation", "action"),
        scores.logits("validation", "action") / temperature,
        atol=5e-3,
    )

    def loss(folder: Path) -> float:
        wanted, found = targets(table, "training"), verify(folder / "scores")
        logits = found.logits("training", "action", wanted.sample_ids)
        said = logits[np.arange(len(logits)), wanted.labels["action"]] - found.logsumexp(
            "training", "action", wanted.sample_ids
        )
        return -float(said.mean())

    assert temperature != 1.0
    assert loss(calibrated / "") <= loss(plain / "") + 1e-6


def test_counting_the_true_labels_of_recipes(data, tmp_path):
    classes = make_classes()
    columns = {
        "recipe_id": ["r", "r", "r", "s", "s", "t"],
        "partition": ["train"] * 5 + ["val"],
        "order": [1, 0, 2, 0, 1, 0],
        "action": [
            classes.names("action")[3],
            classes.names("action")[7],
            "fly_kite",
            classes.names("action")[7],
            classes.names("action")[5],
            classes.names("action")[1],
        ],
        "kind": ["step", "step", "step", "step", "broken", "step"],
    }
    (tmp_path / "recipes").mkdir()
    pq.write_table(pa.table(columns), tmp_path / "recipes" / "steps.parquet")
    model = {
        **COUNTS,
        "network": {"kind": "counts", "tables": ["unigram"]},
        "training": {"kind": "counting", "source": "recipe_truth"},
    }
    out = run(data, tmp_path / "out", model, recipe_truth=tmp_path / "recipes")
    scores = verify(out / "scores")
    assert [scores.scored(split) for split in scores.splits] == ["held-out", "held-out"]
    probabilities = np.exp(scores.logits("validation", "action")[0])
    assert probabilities[7] == pytest.approx(2 / 3, rel=1e-3)
    assert probabilities[3] == pytest.approx(1 / 3, rel=1e-3)


def test_a_student_trained_in_fp64_is_scored_like_any_other(data, counts, tmp_path):
    found = {}
    for precision in ("fp32", "fp64"):
        model = {**STUDENT, "training": {**STUDENT["training"], "precision": precision}}
        made = run(data, tmp_path / precision, model, scores_counts=counts / "scores")
        assert {tensor.dtype for tensor in load_file(made / "checkpoint" / "model.safetensors").values()} == {
            torch.float32
        }
        found[precision] = verify(made / "scores").logits("validation", "action")
    np.testing.assert_allclose(found["fp64"], found["fp32"], atol=1e-3)


def test_a_view_that_shows_the_future_is_refused_before_training(data, tmp_path):
    for name in ("samples.parquet", "segments.parquet", "classes.json"):
        (tmp_path / name).write_bytes((data / name).read_bytes())
    make_features(tmp_path / "features.h5", {}, late_s=0.5)
    first, _ = steps(tmp_path, tmp_path / "out", STUDENT)
    with pytest.raises(
        DataError, match=r"the view shows 11\.500 s: samples: tr00_0: nothing after 11\.000 s"
    ):
        train.run(first)
    assert not (tmp_path / "out").exists()


def test_a_view_that_does_not_know_what_time_it_shows_is_refused(data, tmp_path):
    for name in ("samples.parquet", "segments.parquet", "classes.json"):
        (tmp_path / name).write_bytes((data / name).read_bytes())
    make_features(tmp_path / "features.h5", {}, late_s=np.nan)
    first, _ = steps(tmp_path, tmp_path / "out", STUDENT)
    with pytest.raises(DataError, match=r"the view shows nan s: samples: tr00_0"):
        train.run(first)


def test_dropped_samples_are_neither_trained_on_nor_scored(data, counts, tmp_path):
    for name in ("segments.parquet", "classes.json"):
        (tmp_path / name).write_bytes((data / name).read_bytes())
    columns = read_table(data / "samples.parquet", SAMPLES).to_pydict()
    columns["dropped_because"] = [
        "too early" if row % 3 == 0 else None for row in range(len(columns["sample_id"]))
    ]
    write_table(tmp_path / "samples.parquet", SAMPLES, columns)
    scores = verify(run(tmp_path, tmp_path / "out", COUNTS) / "scores")
    kept = [sample for sample, why in zip(columns["sample_id"], columns["dropped_because"]) if why is None]
    assert [*scores.sample_ids("training"), *scores.sample_ids("validation")] == kept
    assert not np.allclose(
        scores.logits("validation", "action", kept[-1:]),
        verify(counts / "scores").logits("validation", "action", kept[-1:]),
    )


def test_a_teacher_without_scores_is_named(data, tmp_path):
    with pytest.raises(ConfigError, match="the objective mentions counts"):
        train.run(steps(data, tmp_path, STUDENT)[0])


@pytest.mark.slow
def test_two_processes_train_like_one(data, tmp_path):
    """By the command line, as the workflow starts it."""
    model = {
        **STUDENT,
        "objective": STUDENT["objective"][:2],
        "network": {**STUDENT["network"], "dropout": 0.0, "inner_dropout": 0.0},
    }
    one = run(data, tmp_path / "one", model)
    first, second = steps(data, tmp_path / "two", model)
    by_command_line(first, tmp_path, processes=2)
    assert not list((tmp_path / ".scratch").iterdir())
    assert (tmp_path / "two" / "checkpoint.provenance.json").exists()
    assert len((tmp_path / "two" / "log.jsonl").read_text().splitlines()) == 9 + 3
    score.run(second)
    for split in ("training", "validation"):
        found = [verify(out / "scores").logits(split, "action") for out in (one, tmp_path / "two")]
        np.testing.assert_allclose(*found, atol=5e-3)


@pytest.mark.slow
def test_processes_that_fail_of_one_cause_say_so_once(data, tmp_path):
    first, _ = steps(data, tmp_path / "two", STUDENT)
    damaged = tmp_path / "samples.parquet"
    damaged.write_bytes(b"PAR1")
    first.inputs["samples"] = damaged
    done = by_command_line(first, tmp_path, processes=2, check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    line = done.stderr.strip()
    assert line.startswith("error: ") and str(damaged) in line
    assert (tmp_path / "log").read_text().splitlines()[-1].endswith(line)


def by_command_line(step: Step, results: Path, processes: int, check: bool = True) -> CompletedProcess:
    record = record_of(step.stage, step.config, step.inputs, results, processes)
    file = raw_job(results, record, step.inputs, step.outputs)
    command = ["-m", "foretaste", step.stage, "--step", str(file), "--log", str(results / "log")]
    done = subprocess.run(
        [sys.executable, *command], timeout=120, check=False, capture_output=True, text=True
    )
    assert not check or done.returncode == 0, done.stderr
    return done
