"""Cached scores as targets: by id, by name, or not at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from spaces import verb_noun

from foretaste.contracts.batch import Batch
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.scores.format import RECORD
from foretaste.scores.writer import ScoreWriter
from foretaste.settings.model_config import TermConfig
from foretaste.training.objective import build_objective
from foretaste.training.targets import no_targets, open_targets

SPACE = verb_noun(
    action=("a", "b", "c"), verb=("v", "w"), noun=("n",), action_verb=(0, 1, 0), action_noun=(0, 0, 0)
)
IDS = tuple(f"s{i}" for i in range(6))
ACTION = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
EMBEDDING = np.random.default_rng(1).normal(size=(6, 4)).astype(np.float32)
KL = {"kind": "kl", "temperature": 1.0, "t_squared": False}


@pytest.fixture
def cache(tmp_path):
    record = {**dict.fromkeys(RECORD), "weights": {"w": "1"}}
    del record["classes"]
    writer = ScoreWriter(tmp_path, model="text", record=record, classes=SPACE)
    digests = [bytes([i]) * 16 for i in range(6)]
    writer.write("training", IDS, digests, {"action": ACTION, "verb": ACTION[:, :2]}, embedding=EMBEDDING)
    writer.finish()
    return {"text": tmp_path}


def objective(*terms):
    return build_objective([TermConfig(**{"to": "text", "loss": KL, **term}) for term in terms])


def test_rows_come_by_id(cache):
    targets = open_targets(cache, objective({"of": "action"}), "training", IDS[1:], SPACE)
    found = targets(Batch(ids=("s4", "s1", "s4"), inputs={}))["text"]
    np.testing.assert_allclose(found.logits["action"].numpy(), ACTION[[4, 1, 4]], atol=2e-3)
    assert set(found.logits) == {"action"}
    assert found.embedding is None
    with pytest.raises(DataError, match="no cached scores of s0"):
        targets(Batch(ids=("s4", "s0"), inputs={}))


def test_embedding_and_heads_as_the_objective_asks(cache):
    mse = {"loss": {"kind": "feature_mse"}, "of": "embedding"}
    found = open_targets(cache, objective({"of": "verb"}, mse), "training", IDS, SPACE)(
        Batch(ids=("s2",), inputs={})
    )["text"]
    assert set(found.logits) == {"verb"}
    assert torch.equal(found.embedding, torch.from_numpy(EMBEDDING[2:3]))


def test_a_sample_without_scores_is_named_before_training(cache):
    with pytest.raises(DataError, match="no scores of sample 's9'"):
        open_targets(cache, objective({"of": "action"}), "training", (*IDS, "s9"), SPACE)


def test_label_spaces_are_compared_by_name(cache):
    swapped = replace(SPACE, heads={**SPACE.heads, "action": ("a", "c", "b")})
    with pytest.raises(DataError, match="other from class 1 on"):
        open_targets(cache, objective({"of": "action"}), "training", IDS, swapped)
    open_targets(cache, objective({"of": "verb"}), "training", IDS, swapped)


def test_a_teacher_without_scores(cache):
    with pytest.raises(ConfigError, match="the objective mentions video"):
        open_targets(cache, objective({"of": "action", "to": "video"}), "training", IDS, SPACE)
    assert (
        open_targets(
            {},
            objective({"of": "action", "to": "labels", "loss": {"kind": "cross_entropy"}}),
            "training",
            IDS,
            SPACE,
        )
        is no_targets
    )
