"""Weights of an average by the error of its parts: of held-out rows, or of each training row."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from averages import NAMES, step_of

from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import SAMPLES, read_table, write_table
from foretaste.evaluation.protocols import targets
from foretaste.pipeline.step import Step
from foretaste.scores.mean import log_softmax, mean_logits
from foretaste.scores.verify import verify
from foretaste.stages import average


def _by_error(folder: Path, kind: str, gamma: float, **how) -> Step:
    step = step_of(folder, exponent=0.0, **how)
    step.config.update(space="logits", weights={"kind": kind, "gamma": gamma})
    step.config["protocol"]["ensemble_weights"] = "fitted" if kind == "held_out" else kind
    return step


def _errors(folder: Path, split: str, wanted) -> np.ndarray:
    """(2, n): cross-entropy of lm and counts."""
    truth = wanted.labels["action"][:, None]
    logits = [verify(folder / name / "scores").logits(split, "action", wanted.sample_ids) for name in NAMES]
    return np.stack([-np.take_along_axis(log_softmax(one), truth, 1)[:, 0] for one in logits])


def test_weights_by_held_out_error_are_one_a_model_and_head_and_use_held_out_rows_alone(tmp_path):
    step = _by_error(tmp_path, "held_out", 0.5, folds=0, held_out=True)
    average.run(step)
    mean = verify(step.outputs["scores"])
    training = targets(read_table(tmp_path / "samples.parquet", SAMPLES), "training")
    held = training.among(mean.sample_ids("held_out"))
    share = np.exp(-_errors(tmp_path, "held_out", held).mean(axis=1) / 0.5)
    share /= share.sum()
    protocol = mean.manifest["facts"]["protocol"]
    said = [protocol["ensemble_weights"][name]["action"] for name in NAMES]
    assert said == pytest.approx(share, abs=1e-5) and share.max() > 0.55
    assert protocol["fitted_on"] == "held-out training rows"
    wanted = targets(read_table(tmp_path / "samples.parquet", SAMPLES), "validation")
    logits = [
        verify(tmp_path / name / "scores").logits("validation", "action", wanted.sample_ids) for name in NAMES
    ]
    np.testing.assert_allclose(
        log_softmax(mean.logits("validation", "action", wanted.sample_ids)),
        log_softmax(mean_logits(logits, "logits", said)),
        atol=2e-2,
    )


def test_weights_by_held_out_error_on_in_sample_scores_are_refused(tmp_path):
    with pytest.raises(DataError, match="weights: held_out on in-sample scores"):
        average.run(_by_error(tmp_path, "held_out", 1.0, folds=0))


def test_weights_by_the_label_are_of_training_rows_and_other_splits_are_said_to_be_equal(tmp_path, capsys):
    step = _by_error(tmp_path, "per_sample", 0.5, folds=0)
    average.run(step)
    mean, samples = verify(step.outputs["scores"]), read_table(tmp_path / "samples.parquet", SAMPLES)
    for split in ("training", "validation"):
        wanted = targets(samples, split)
        logits = [
            verify(tmp_path / name / "scores").logits(split, "action", wanted.sample_ids) for name in NAMES
        ]
        share = np.exp(-_errors(tmp_path, split, wanted).T / 0.5)
        expected = mean_logits(logits, "logits", share if split == "training" else None)
        got = log_softmax(mean.logits(split, "action", wanted.sample_ids))
        np.testing.assert_allclose(got, log_softmax(expected), atol=2e-2)
    said = capsys.readouterr()
    assert "validation: equal weights; per-sample ones are by the label" in said.out + said.err


def test_a_mean_whose_weights_know_the_labels_is_in_sample_and_nothing_is_fitted_on_it(tmp_path):
    step = _by_error(tmp_path, "per_sample", 0.5, folds=3)
    average.run(step)
    assert verify(step.inputs["scores"][0]).scored("training") == "out-of-fold"
    assert verify(step.outputs["scores"]).scored("training") == "in-sample"
    outer = step_of(tmp_path / "outer", folds=3, exponent=0.0, weights="fitted")
    outer.inputs["scores"][1] = step.outputs["scores"]
    with pytest.raises(DataError, match="weights: fitted on in-sample scores"):
        average.run(outer)


def test_rows_that_no_model_saw_have_equal_weights(tmp_path, capsys):
    """They are what choices are made on, and must not know the label."""
    step = _by_error(tmp_path, "per_sample", 0.5, folds=0, held_out=True)
    average.run(step)
    mean = verify(step.outputs["scores"])
    ids = mean.sample_ids("held_out")
    logits = [verify(tmp_path / name / "scores").logits("held_out", "action", ids) for name in NAMES]
    got = log_softmax(mean.logits("held_out", "action", ids))
    np.testing.assert_allclose(got, log_softmax(mean_logits(logits, "logits")), atol=2e-2)
    said = capsys.readouterr()
    assert "held_out: equal weights" in said.out + said.err


def test_weights_by_the_label_need_labels(tmp_path):
    step = _by_error(tmp_path, "per_sample", 1.0, folds=0)
    samples = read_table(tmp_path / "samples.parquet", SAMPLES)
    rows = samples.to_pylist()
    rows[0]["dropped_because"] = "no usable video"
    write_table(tmp_path / "samples.parquet", SAMPLES, pa.Table.from_pylist(rows, schema=samples.schema))
    with pytest.raises(DataError, match="per_sample of 1 samples without a label"):
        average.run(step)
