from pathlib import Path

import numpy as np
import pytest
from made_up_tables import make_classes, make_scores, make_tables

from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import SAMPLES, read_table
from foretaste.evaluation.protocols import measure, targets
from foretaste.pipeline.step import Step
from foretaste.scores.average import GRID, divide_by_prior
from foretaste.scores.verify import verify
from foretaste.stages import average


def _step(folder: Path, folds: int, exponent: float | str) -> Step:
    classes = make_classes()
    tables = make_tables(folder, classes, {"training": 8, "validation": 4})
    samples = read_table(folder / "samples.parquet", SAMPLES)
    ids = {split: list(targets(samples, split).sample_ids) for split in tables}
    for name in ("lm", "counts"):
        make_scores(folder / name / "scores", classes, tables, ids, name, 1.5, 0, folds)
    return Step(
        stage="average",
        inputs={"scores": [folder / name / "scores" for name in ("lm", "counts")], "samples": folder / "samples.parquet", "classes": folder / "classes.json"},
        outputs={"scores": folder / "mean" / "scores"},
        config={
            "average": ["lm", "counts"], "space": "probabilities", "prior_exponent": exponent, "primary_metric": "class_mean_recall5",
            "protocol": {"tau_a": 1.0, "prior_exponent": exponent},
        },
        wildcards={"dataset": "d", "system": "s", "seed": 0, "model": "mean"}, scratch=folder / "scratch",
    )  # fmt: skip


def test_the_mean_is_better_than_its_parts(tmp_path):
    step = _step(tmp_path, folds=0, exponent=0.0)
    average.run(step)
    mean = verify(step.outputs["scores"])
    assert mean.splits == ("training", "validation")
    assert mean.scored("training") == "in-sample"
    wanted = targets(read_table(tmp_path / "samples.parquet", SAMPLES), "validation")
    results = {
        name: measure(verify(tmp_path / name / "scores").logits("validation", "action", wanted.sample_ids), wanted, mean.classes)["action"][
            "top5"
        ]
        for name in ("lm", "counts", "mean")
    }
    assert results["mean"] > max(results["lm"], results["counts"])
    assert mean.manifest["record"]["weights"] == {name: verify(tmp_path / name / "scores").identity for name in ("lm", "counts")}


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
    values = {x: measure(divide_by_prior(logits, counts, x), wanted, plain_scores.classes)["action"]["class_mean_recall5"] for x in GRID}
    assert exponent > 0
    assert values[exponent] == pytest.approx(max(values.values()), abs=0.3)  # stored in fp16, fitted before


def test_fitting_on_in_sample_scores_is_refused(tmp_path):
    step = _step(tmp_path, folds=0, exponent="fitted")
    with pytest.raises(DataError, match=r"in-sample scores.*set folds"):
        average.run(step)
    assert not step.outputs["scores"].exists()


def test_equal_steps_give_equal_bytes(tmp_path):
    for name in ("one", "two"):
        average.run(_step(tmp_path / name, folds=3, exponent="fitted"))
    files = [f.relative_to(tmp_path / "one") for f in (tmp_path / "one" / "mean").rglob("*") if f.is_file()]
    assert len(files) == 5
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), file
