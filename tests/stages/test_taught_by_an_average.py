"""Averages weighted by cross-entropy, from a preset to the metrics, and a model that learns from one."""

from __future__ import annotations

import json

import numpy as np
import pytest
from preset_run import PresetRun

from foretaste.scores.mean import log_softmax
from foretaste.scores.reader import open_scores

LABELS = {"loss": {"kind": "cross_entropy"}, "of": "action"}
KL = {"loss": {"kind": "kl", "temperature": 2.0, "t_squared": True}, "of": "action", "to": "by_label"}


def counts(*tables):
    return {
        "role": "teacher",
        "label": "counts",
        "view": {"kind": "action_ids"},
        "network": {"kind": "counts", "tables": list(tables)},
        "folds": 2,
        "training": {"kind": "counting"},
    }


def average(**weights):
    return {"label": "mean", "average": ["one", "two"], "space": "logits", "weights": weights}


MODELS = {
    "one": counts("unigram"),
    "two": counts("bigram"),
    "by_fit": average(kind="held_out", gamma=0.2),
    "by_label": average(kind="per_sample", gamma=0.2),
    "taught": {
        "role": "teacher",
        "label": "reads",
        "view": {"kind": "action_history"},
        "network": {"kind": "text_encoder"},
        "lm": "tiny",
        "objective": [LABELS, KL],
        "training": {"epochs": 1, "batch": 8, "optimizer": {"kind": "adamw", "lr": 1e-2}},
    },
}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> PresetRun:
    made = PresetRun(tmp_path_factory.mktemp("averages"), MODELS)
    made.tables()
    for model in ("one", "two"):
        for stage in ("train", "score"):
            made.make(stage, model)
    for model in ("by_fit", "by_label"):
        for stage in ("average", "evaluate"):
            made.make(stage, model)
    return made


def protocol(run, model):
    return json.loads((run.of(model) / "metrics.json").read_text())["protocol"]


def test_the_metrics_name_the_weights_of_models_and_heads(run):
    said = protocol(run, "by_fit")
    assert said["fitted_on"] == "out-of-fold training rows" and set(said["ensemble_weights"]) == {
        "one",
        "two",
    }
    each = [said["ensemble_weights"][model] for model in ("one", "two")]
    assert set(each[0]) == {"action", "verb", "noun"}
    for head in each[0]:
        assert each[0][head] + each[1][head] == pytest.approx(1, abs=1e-5)
    assert len({own["action"] for own in each}) == 2
    assert protocol(run, "by_label")["ensemble_weights"] == (
        "by each training row's label (gamma 0.2), equal in other splits"
    )


def test_the_target_of_a_training_row_is_nearer_its_label_than_any_mean_of_equal_weights(run):
    one, two, mean = (open_scores(run.of(model) / "scores") for model in ("one", "two", "by_label"))
    ids = mean.sample_ids("training")
    equal = log_softmax(
        (
            log_softmax(one.logits("training", "action", ids))
            + log_softmax(two.logits("training", "action", ids))
        )
        / 2
    )
    gap = log_softmax(mean.logits("training", "action", ids)) - equal
    assert np.abs(gap).max() > 0.05
    ids = mean.sample_ids("validation")
    plain = (
        log_softmax(one.logits("validation", "action", ids))
        + log_softmax(two.logits("validation", "action", ids))
    ) / 2
    np.testing.assert_allclose(
        log_softmax(mean.logits("validation", "action", ids)), log_softmax(plain), atol=1e-2
    )


def test_a_model_learns_from_it(run):
    run.make("train", "taught")
    assert run.log("taught")
