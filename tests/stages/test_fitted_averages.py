"""Weights and exponents of an average that are fitted: on which rows, and by which metric."""

from dataclasses import replace

import numpy as np
import pytest
from averages import step_of

from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import SAMPLES, read_table
from foretaste.evaluation.measure import measure
from foretaste.evaluation.protocols import targets
from foretaste.scores.average import GRID, divide_by_prior, joint_ids
from foretaste.scores.format import HELD_OUT
from foretaste.scores.mean import log_softmax, mean_logits
from foretaste.scores.verify import verify
from foretaste.stages import average
from foretaste.training.partly_labelled import segments_told


@pytest.mark.parametrize("weights", ["fitted", {"kind": "held_out", "gamma": 1.0}])
def test_nothing_is_fitted_on_held_out_rows_whose_labels_are_all_hidden(tmp_path, weights):
    """One segment alone is told, which no part held out."""
    step = step_of(tmp_path, folds=0, exponent=0.0, weights=weights, held_out=True)
    samples = read_table(tmp_path / "samples.parquet", SAMPLES)
    held = joint_ids([verify(path) for path in step.inputs["scores"]], HELD_OUT)
    seen = set(targets(samples, "training").sample_ids) - set(held)
    shares = [{"share": 1 / len(samples), "seed": seed} for seed in range(50)]
    labels = next(one for one in shares if set(segments_told(samples, one)) <= seen)
    space = "probabilities" if weights == "fitted" else "logits"
    with pytest.raises(DataError, match=r"on no row: of \d+ held-out training rows none has a label"):
        average.run(replace(step, config={**step.config, "labels": labels, "space": space}))
    assert not step.outputs["scores"].exists()


def test_a_fitted_exponent_is_the_best_of_the_grid_on_held_out_rows_and_is_recorded(tmp_path):
    step = step_of(tmp_path, folds=3, exponent="fitted")
    average.run(step)
    exponent = verify(step.outputs["scores"]).manifest["facts"]["protocol"]["prior_exponent"]
    plain = step_of(tmp_path / "plain", folds=3, exponent=0.0)
    average.run(plain)
    plain_scores = verify(plain.outputs["scores"])
    wanted = targets(read_table(tmp_path / "samples.parquet", SAMPLES), "training")
    logits = plain_scores.logits("training", "action", wanted.sample_ids)
    counts = np.bincount(wanted.labels["action"], minlength=20)
    values = {
        x: measure({"action": divide_by_prior(logits, counts, x)}, wanted, plain_scores.classes)["action"][
            "class_mean_recall5"
        ]
        for x in GRID
    }
    assert exponent > 0
    assert values[exponent] == pytest.approx(max(values.values()), abs=0.3)  # stored in fp16, fitted before


def test_an_exponent_is_not_fitted_by_a_metric_that_counts_no_training_row(tmp_path):
    step = step_of(tmp_path, folds=3, exponent="fitted")
    step.config["primary_metric"] = "class_mean_recall5.unseen"
    with pytest.raises(DataError, match=r"fitted by class_mean_recall5\.unseen, which counts none of \d+"):
        average.run(step)


def test_fitting_on_in_sample_scores_is_refused(tmp_path):
    step = step_of(tmp_path, folds=0, exponent="fitted")
    with pytest.raises(DataError, match=r"prior_exponent: fitted on in-sample scores.*set held_out or folds"):
        average.run(step)
    assert not step.outputs["scores"].exists()


def test_what_is_fitted_on_held_out_rows_uses_no_other_row(tmp_path):
    """Weights and prior from the split `held_out` alone: what the training rows' own scores are does not
    matter.
    """
    step = step_of(tmp_path, folds=0, exponent="fitted", weights="fitted", held_out=True)
    average.run(step)
    mean = verify(step.outputs["scores"])
    protocol = mean.manifest["facts"]["protocol"]
    assert (
        protocol["fitted_on"] == "held-out training rows"
        and mean.scored("held_out") == "out-of-fold"
        and mean.scored("training") == "in-sample"
    )
    ids = mean.sample_ids("held_out")
    wanted = targets(read_table(tmp_path / "samples.parquet", SAMPLES), "training")
    assert {sample.split("_")[0] for sample in ids} == {"tr00", "tr01"} and set(wanted.sample_ids) > set(ids)
    held, rest = wanted.among(ids), wanted.among(set(wanted.sample_ids) - set(ids))
    parts = {
        name: log_softmax(verify(tmp_path / name / "scores").logits("held_out", "action", held.sample_ids))
        for name in ("lm", "counts")
    }
    truth = held.labels["action"][:, None]
    likelihood = {name: np.exp(np.take_along_axis(logits, truth, 1))[:, 0] for name, logits in parts.items()}
    share = np.linspace(0, 1, 1001)
    values = [np.log(s * likelihood["lm"] + (1 - s) * likelihood["counts"]).mean() for s in share]
    weights = protocol["ensemble_weights"]
    assert weights["lm"] == pytest.approx(share[int(np.argmax(values))], abs=0.002) and weights[
        "lm"
    ] + weights["counts"] == pytest.approx(1)
    logits = mean_logits(list(parts.values()), "probabilities", [weights["lm"], weights["counts"]])
    counts = np.bincount(rest.labels["action"], minlength=20)
    best = {
        x: measure({"action": divide_by_prior(logits, counts, x)}, held, mean.classes)["action"][
            "class_mean_recall5"
        ]
        for x in GRID
    }
    assert protocol["prior_exponent"] == max(GRID, key=lambda x: (best[x], -x))
