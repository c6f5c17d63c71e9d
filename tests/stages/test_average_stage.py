from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from made_up_tables import make_classes, make_scores, make_tables

from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import SAMPLES, read_table, write_table
from foretaste.evaluation.measure import measure
from foretaste.evaluation.protocols import targets
from foretaste.pipeline.step import Step
from foretaste.scores.average import GRID, divide_by_prior, joint_ids
from foretaste.scores.format import HELD_OUT
from foretaste.scores.mean import log_softmax, mean_logits
from foretaste.scores.verify import verify
from foretaste.stages import average
from foretaste.training.partly_labelled import segments_told


def _step(
    folder: Path,
    folds: int,
    exponent: float | str,
    weights: str | list[float] = "equal",
    held_out: bool = False,
    lengths: tuple[int, int] = (5, 5),
) -> Step:
    classes = make_classes()
    tables = make_tables(folder, classes, {"training": 8, "validation": 4})
    samples = read_table(folder / "samples.parquet", SAMPLES)
    ids = {split: list(targets(samples, split).sample_ids) for split in tables}
    for name, length in zip(("lm", "counts"), lengths, strict=True):
        make_scores(
            folder / name / "scores",
            classes,
            tables,
            ids,
            name,
            1.5,
            0,
            folds,
            held_out=held_out,
            length=length,
        )
    return Step(
        stage="average",
        inputs={
            "scores": [folder / name / "scores" for name in ("lm", "counts")],
            "samples": folder / "samples.parquet",
            "classes": folder / "classes.json",
        },
        outputs={"scores": folder / "mean" / "scores"},
        config={
            "average": ["lm", "counts"],
            "parts": ["lm", "counts"],
            "seeds": [],
            "weights": weights,
            "space": "probabilities",
            "prior_exponent": exponent,
            "primary_metric": "class_mean_recall5",
            "protocol": {"tau_a": 1.0, "prior_exponent": exponent, "ensemble_weights": weights},
        },
        scratch=folder / "scratch",
    )


def test_the_mean_is_better_than_its_parts(tmp_path):
    step = _step(tmp_path, folds=0, exponent=0.0)
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
    step = _step(tmp_path, folds=0, exponent=1.0)
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


@pytest.mark.parametrize("weights", ["fitted", {"kind": "held_out", "gamma": 1.0}])
def test_nothing_is_fitted_on_held_out_rows_whose_labels_are_all_hidden(tmp_path, weights):
    """One segment alone is told, which no part held out."""
    step = _step(tmp_path, folds=0, exponent=0.0, weights=weights, held_out=True)
    samples = read_table(tmp_path / "samples.parquet", SAMPLES)
    held = joint_ids([verify(path) for path in step.inputs["scores"]], HELD_OUT)
    seen = set(targets(samples, "training").sample_ids) - set(held)
    shares = [{"share": 1 / len(samples), "seed": seed} for seed in range(50)]
    labels = next(one for one in shares if set(segments_told(samples, one)) <= seen)
    space = "probabilities" if weights == "fitted" else "logits"
    with pytest.raises(DataError, match=r"on no row: of \d+ held-out training rows none has a label"):
        average.run(replace(step, config={**step.config, "labels": labels, "space": space}))
    assert not step.outputs["scores"].exists()


def test_parts_that_see_different_amounts_of_the_past_are_averaged_and_named(tmp_path):
    step = _step(tmp_path, folds=0, exponent=0.0, lengths=(10, 15))
    average.run(step)
    assert verify(step.outputs["scores"]).manifest["record"]["context"] == {
        "history_rule": "start",
        "history_length": [10, 15],
    }


def test_a_fitted_exponent_is_the_best_of_the_grid_on_held_out_rows_and_is_recorded(tmp_path):
    step = _step(tmp_path, folds=3, exponent="fitted")
    average.run(step)
    exponent = verify(step.outputs["scores"]).manifest["facts"]["protocol"]["prior_exponent"]
    plain = _step(tmp_path / "plain", folds=3, exponent=0.0)
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
    step = _step(tmp_path, folds=3, exponent="fitted")
    step.config["primary_metric"] = "class_mean_recall5.unseen"
    with pytest.raises(DataError, match=r"fitted by class_mean_recall5\.unseen, which counts none of \d+"):
        average.run(step)


def test_fitting_on_in_sample_scores_is_refused(tmp_path):
    step = _step(tmp_path, folds=0, exponent="fitted")
    with pytest.raises(DataError, match=r"prior_exponent: fitted on in-sample scores.*set held_out or folds"):
        average.run(step)
    assert not step.outputs["scores"].exists()


def test_equal_steps_give_equal_bytes(tmp_path):
    for name in ("one", "two"):
        average.run(_step(tmp_path / name, folds=3, exponent="fitted"))
    files = [f.relative_to(tmp_path / "one") for f in (tmp_path / "one" / "mean").rglob("*") if f.is_file()]
    assert len(files) == 6
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), file


def test_what_is_fitted_on_held_out_rows_uses_no_other_row(tmp_path):
    """Weights and prior from the split `held_out` alone: what the training rows' own scores are does not
    matter.
    """
    step = _step(tmp_path, folds=0, exponent="fitted", weights="fitted", held_out=True)
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


def test_given_weights_and_a_part_without_held_out_scores(tmp_path):
    given = _step(tmp_path / "given", folds=0, exponent=0.0, weights=[3.0, 1.0])
    average.run(given)
    assert verify(given.outputs["scores"]).manifest["record"]["network"]["weights"] == [3.0, 1.0]
    # One model with folds, the other with held_out rows: both have scores of these rows by models that never
    # saw them.
    mixed = _step(tmp_path / "mixed", folds=3, exponent=0.0, weights="fitted", held_out=True)
    other = _step(tmp_path / "other", folds=3, exponent=0.0)
    mixed.inputs["scores"][1] = other.inputs["scores"][1]
    average.run(mixed)
    assert verify(mixed.outputs["scores"]).splits == ("training", "validation")


def test_seeds_of_a_model_share_its_weight(tmp_path):
    step = _step(tmp_path, folds=0, exponent=0.0, weights=[3.0, 1.0])
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


def _by_error(folder: Path, kind: str, gamma: float, **how) -> Step:
    step = _step(folder, exponent=0.0, **how)
    step.config.update(space="logits", weights={"kind": kind, "gamma": gamma})
    step.config["protocol"]["ensemble_weights"] = "fitted" if kind == "held_out" else kind
    return step


def _errors(folder: Path, split: str, wanted) -> np.ndarray:
    """(2, n): cross-entropy of lm and counts."""
    truth = wanted.labels["action"][:, None]
    logits = [verify(folder / name / "scores").logits(split, "action", wanted.sample_ids) for name in NAMES]
    return np.stack([-np.take_along_axis(log_softmax(one), truth, 1)[:, 0] for one in logits])


NAMES = ("lm", "counts")


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
    outer = _step(tmp_path / "outer", folds=3, exponent=0.0, weights="fitted")
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
