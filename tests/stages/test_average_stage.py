"""Means of scores, with weights that are equal or given, and a prior."""

from dataclasses import replace

import numpy as np
from averages import step_of
from made_up_tables import make_classes

from foretaste.contracts.tables import SAMPLES, read_table
from foretaste.evaluation.measure import measure
from foretaste.evaluation.protocols import targets
from foretaste.scores.average import divide_by_prior
from foretaste.scores.mean import log_softmax, mean_logits
from foretaste.scores.verify import verify
from foretaste.stages import average
from foretaste.training.partly_labelled import segments_told


def test_the_mean_is_better_than_its_parts(tmp_path):
    step = step_of(tmp_path, folds=0, exponent=0.0)
    average.run(step)
    mean = verify(step.outputs["scores"])
    assert mean.splits == ("training", "validation")
    assert mean.scored("training") == "in-sample"
    wanted = targets(read_table(tmp_path / "samples.parquet", SAMPLES), "validation")
    results = {
        name: measure(
            {"action": verify(tmp_path / name / "scores").logits("validation", "action", wanted.sample_ids)},
            wanted,
            mean.classes,
        )["action"]["top5"]
        for name in ("lm", "counts", "mean")
    }
    assert results["mean"] > max(results["lm"], results["counts"])
    assert mean.manifest["record"]["weights"] == {
        name: verify(tmp_path / name / "scores").identity for name in ("lm", "counts")
    }


def test_the_prior_counts_no_label_that_the_parts_were_not_given(tmp_path):
    """It is made of the labels of half of the training segments, those that are told."""
    step = step_of(tmp_path, folds=0, exponent=1.0)
    samples = read_table(tmp_path / "samples.parquet", SAMPLES)
    half = {"share": 0.5, "seed": 0}
    average.run(replace(step, config={**step.config, "labels": half}))
    hidden = set(samples["segment_id"].to_pylist()) - set(segments_told(samples, half))
    wanted = targets(samples, "validation")
    given = targets(samples, "training")
    given = given.among([row["sample_id"] for row in samples.to_pylist() if row["segment_id"] not in hidden])
    assert 0 < len(given) < len(targets(samples, "training"))
    counts = given.occurrences(make_classes())["action"]
    parts = [verify(path).logits("validation", "action", wanted.sample_ids) for path in step.inputs["scores"]]
    expected = log_softmax(divide_by_prior(mean_logits(parts, "probabilities"), counts, 1.0))
    found = log_softmax(verify(step.outputs["scores"]).logits("validation", "action", wanted.sample_ids))
    np.testing.assert_allclose(found, expected, atol=2e-2)


def test_parts_that_see_different_amounts_of_the_past_are_averaged_and_named(tmp_path):
    step = step_of(tmp_path, folds=0, exponent=0.0, lengths=(10, 15))
    average.run(step)
    assert verify(step.outputs["scores"]).manifest["record"]["context"] == {
        "history_rule": "start",
        "history_length": [10, 15],
    }


def test_equal_steps_give_equal_bytes(tmp_path):
    for name in ("one", "two"):
        average.run(step_of(tmp_path / name, folds=3, exponent="fitted"))
    files = [f.relative_to(tmp_path / "one") for f in (tmp_path / "one" / "mean").rglob("*") if f.is_file()]
    assert len(files) == 6
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), file


def test_given_weights_and_a_part_without_held_out_scores(tmp_path):
    given = step_of(tmp_path / "given", folds=0, exponent=0.0, weights=[3.0, 1.0])
    average.run(given)
    assert verify(given.outputs["scores"]).manifest["record"]["network"]["weights"] == [3.0, 1.0]
    # One model with folds, the other with held_out rows: both have scores of these rows by models that never
    # saw them.
    mixed = step_of(tmp_path / "mixed", folds=3, exponent=0.0, weights="fitted", held_out=True)
    other = step_of(tmp_path / "other", folds=3, exponent=0.0)
    mixed.inputs["scores"][1] = other.inputs["scores"][1]
    average.run(mixed)
    assert verify(mixed.outputs["scores"]).splits == ("training", "validation")


def test_seeds_of_a_model_share_its_weight(tmp_path):
    step = step_of(tmp_path, folds=0, exponent=0.0, weights=[3.0, 1.0])
    step.config.update(parts=["lm", "lm", "counts", "counts"], seeds=[0, 1])
    lm, counts = step.inputs["scores"]
    step.inputs["scores"][:] = [lm, counts, counts, lm]  # two "seeds" each
    average.run(step)
    mean = verify(step.outputs["scores"])
    a, b = (np.exp(log_softmax(verify(path).logits("validation", "action"))) for path in (lm, counts))
    np.testing.assert_allclose(
        np.exp(log_softmax(mean.logits("validation", "action"))), (3 * (a + b) + b + a) / 8, atol=2e-4
    )
    assert sorted(mean.manifest["record"]["weights"]) == ["counts", "counts.3", "lm", "lm.1"]
