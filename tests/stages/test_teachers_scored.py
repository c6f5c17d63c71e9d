"""Teachers that count and read: what of them is scored by which of their models, and what is said of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from made_up_tables import make_classes
from tiny_stages import COUNTS, PROTOCOL, contents, make_data, run

from foretaste.contracts.tables import SAMPLES, SEGMENTS, read_table, write_table
from foretaste.evaluation.protocols import targets
from foretaste.scores.verify import verify

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


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return make_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def counts(data, tmp_path_factory) -> Path:
    return run(data, tmp_path_factory.mktemp("counts"), COUNTS)


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
