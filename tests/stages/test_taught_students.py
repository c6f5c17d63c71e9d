"""Students that are taught, broken off and taken up again, or refused before they are trained."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tiny_stages import COUNTS, KL, STUDENT, contents, make_data, make_features, run, steps

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.scores.verify import verify
from foretaste.stages import train
from foretaste.training.progress import Progress


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return make_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def counts(data, tmp_path_factory) -> Path:
    return run(data, tmp_path_factory.mktemp("counts"), COUNTS)


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


def test_a_teacher_without_scores_is_named(data, tmp_path):
    with pytest.raises(ConfigError, match="the objective mentions counts"):
        train.run(steps(data, tmp_path, STUDENT)[0])
