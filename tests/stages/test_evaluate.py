import json
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from made_up_tables import make_classes, make_scores, make_tables

from foretaste.__main__ import main
from foretaste.contracts.tables import SAMPLES, read_table
from foretaste.evaluation.protocols import PROTOCOL, targets
from foretaste.pipeline import artifact
from foretaste.pipeline.step import Step
from foretaste.scores.exchange import export
from foretaste.scores.format import identity
from foretaste.scores.reader import open_scores
from foretaste.stages import evaluate


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A dataset of 60 validation samples, and scores of a model that knows something."""
    classes = make_classes()
    tables = make_tables(tmp_path, classes, {"training": 2, "validation": 4})
    samples = read_table(tmp_path / "samples.parquet", SAMPLES)
    ids = {split: list(targets(samples, split).sample_ids) for split in tables}
    make_scores(tmp_path / "scores", classes, tables, ids, "lm", 2.0, 0)
    return tmp_path


def step(folder: Path, protocol: dict, parts: dict | None = None) -> Step:
    return Step(
        stage="evaluate",
        inputs={name: folder / file for name, file in INPUTS.items()},
        outputs={"metrics": folder / "metrics.json"},
        config={
            "split": "validation",
            "protocol": protocol,
            "dataset": "d",
            "task": "anticipation",
            "system": "s",
            "seed": 3,
            "model": "lm",
            "parts": parts or {},
        },
        scratch=folder / "scratch",
    )


INPUTS = {"scores": "scores", "samples": "samples.parquet", "classes": "classes.json"}


def tool(capsys, *arguments: object) -> str:
    assert main(["evaluate", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def test_metrics_json_and_the_tool_agree(folder, capsys):
    protocol = dict.fromkeys(PROTOCOL) | {"tau_a": 1.0, "prior_exponent": 0.0}
    evaluate.run(step(folder, protocol))
    metrics = artifact.read_json(folder / "metrics.json")
    assert set(metrics) == {
        "format",
        "dataset",
        "task",
        "system",
        "seed",
        "model",
        "split",
        "samples",
        "protocol",
        "action",
        "verb",
        "noun",
    }
    assert (metrics["dataset"], metrics["seed"], metrics["samples"], metrics["protocol"]) == (
        "d",
        3,
        60,
        protocol,
    )
    assert 20 < metrics["action"]["top1"] < metrics["action"]["top5"] < 100
    printed = json.loads(
        tool(
            capsys,
            "--scores",
            folder / "scores",
            "--samples",
            folder / "samples.parquet",
            "--split",
            "validation",
            "--json",
        )
    )
    assert {head: printed[head] for head in ("action", "verb", "noun")} == {
        head: metrics[head] for head in ("action", "verb", "noun")
    }
    assert printed["model"] == "lm" and printed["dataset"] is None
    first = (folder / "metrics.json").read_bytes()
    evaluate.run(step(folder, protocol))
    assert (folder / "metrics.json").read_bytes() == first


def test_an_export_measures_the_same(folder, capsys):
    export(open_scores(folder / "scores"), "validation", "npz", folder / "other" / "F.npz")
    shared = ("--samples", folder / "samples.parquet", "--split", "validation")
    assert tool(capsys, "--scores", folder / "other" / "F.npz", *shared) == tool(
        capsys, "--scores", folder / "scores", *shared
    )
    table = tool(capsys, "--scores", folder / "other" / "F.npz", *shared)
    assert "60 samples of validation" in table and "many_shot_recall5_or" in table


def test_held_out_videos_are_those_of_the_scores(folder, capsys):
    classes = make_classes()
    tables = make_tables(folder, classes, {"training": 4, "validation": 1})
    samples = read_table(folder / "samples.parquet", SAMPLES)
    training = targets(samples, "training")
    ids = {split: list(targets(samples, split).sample_ids) for split in tables}
    make_scores(folder / "held", classes, tables, ids, "lm", 2.0, 0, held_out=True)
    found = json.loads(
        tool(
            capsys,
            "--scores",
            folder / "held",
            "--samples",
            folder / "samples.parquet",
            "--split",
            "held_out",
            "--json",
        )
    )
    scores = open_scores(folder / "held")
    held = training.among(scores.sample_ids("held_out"))
    best = scores.logits("held_out", "action", held.sample_ids).argmax(1)
    assert 0 < found["samples"] == len(held) < len(training)
    assert found["action"]["top1"] == pytest.approx(100 * (best == held.labels["action"]).mean())
    assert (
        main(
            [
                "evaluate",
                "--scores",
                str(folder / "scores"),
                "--samples",
                str(folder / "samples.parquet"),
                "--split",
                "held_out",
            ]
        )
        == 1
    )
    assert "held_out" in capsys.readouterr().err
    export(scores, "training", "npz", folder / "all.npz")
    some = read_table(folder / "samples.parquet", SAMPLES)
    pq.write_table(
        some.filter(pc.not_equal(some["sample_id"], training.sample_ids[0])), folder / "fewer.parquet"
    )
    assert (
        main(
            [
                "evaluate",
                "--scores",
                str(folder / "all.npz"),
                "--samples",
                str(folder / "fewer.parquet"),
                "--split",
                "held_out",
            ]
        )
        == 1
    )
    assert f"1 samples that are not in training, first '{training.sample_ids[0]}'" in capsys.readouterr().err


def test_probabilities_are_one_error_line_and_their_logarithms_measure_as_the_logits(folder, capsys):
    export(open_scores(folder / "scores"), "validation", "npz", folder / "F.npz")
    with np.load(folder / "F.npz") as archive:
        ids, logits = archive["sample_id"], archive["action"].astype(np.float64)
    shared = ["--samples", str(folder / "samples.parquet"), "--split", "validation", "--json"]
    wanted = json.loads(tool(capsys, "--scores", folder / "scores", *shared))
    share = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    np.savez(folder / "F.npz", sample_id=ids, action=share)
    assert main(["evaluate", "--scores", str(folder / "F.npz"), *shared]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "action holds probabilities" in err and "numpy.log(p)" in err
    np.savez(folder / "F.npz", sample_id=ids, action=np.log(share))
    found = json.loads(tool(capsys, "--scores", folder / "F.npz", *shared))
    for head in ("action", "verb", "noun"):
        assert found[head] == pytest.approx(wanted[head])


def test_a_missing_score_is_one_error_line_that_names_the_sample(folder, capsys):
    export(open_scores(folder / "scores"), "training", "npz", folder / "F.npz")
    arguments = [
        "--scores",
        str(folder / "F.npz"),
        "--samples",
        str(folder / "samples.parquet"),
        "--split",
        "validation",
    ]
    assert main(["evaluate", *arguments]) == 1
    err = capsys.readouterr().err
    assert (
        err.count("\n") == 1
        and "60 of 60 samples without a score, first 'va00_0'" in err
        and "Traceback" not in err
    )


def state(folder, **protocol):
    """Scores whose manifest says so of their protocol."""
    manifest = artifact.read_json(folder / "scores" / "manifest.json")
    manifest["facts"]["protocol"] = protocol
    artifact.write_json(folder / "scores" / "manifest.json", manifest | {"identity": identity(manifest)})


def test_a_fitted_exponent_is_taken_from_the_scores(folder):
    state(folder, prior_exponent=0.3)
    evaluate.run(step(folder, dict.fromkeys(PROTOCOL) | {"tau_a": 1.0, "prior_exponent": "fitted"}))
    assert artifact.read_json(folder / "metrics.json")["protocol"]["prior_exponent"] == 0.3


@pytest.mark.parametrize(("tau_a", "said"), [(None, "of no anticipation"), (0.5, "anticipation 0.5 s ahead")])
def test_samples_of_another_task_are_one_error_line(folder, tau_a, said, capsys):
    path = folder / "scores" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["facts"] = {**manifest["facts"], "protocol": {"tau_a": tau_a}}
    path.write_text(json.dumps({**manifest, "identity": identity(manifest)}))
    places = ["--scores", str(folder / "scores"), "--samples", str(folder / "samples.parquet")]
    assert main(["evaluate", *places, "--split", "validation"]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and said in err and "ends 1 s before the target" in err


def test_fitted_weights_are_told_by_the_names_of_the_models(folder):
    """An average does not know what its parts are called."""
    state(folder, ensemble_weights={"part_1": 0.6, "part_2": 0.4})
    said = dict.fromkeys(PROTOCOL) | {"ensemble_weights": "fitted"}
    evaluate.run(step(folder, said, {"teacher_lm": "part_1", "teacher_counts": "part_2"}))
    found = artifact.read_json(folder / "metrics.json")["protocol"]["ensemble_weights"]
    assert found == {"teacher_lm": 0.6, "teacher_counts": 0.4}
