"""Datasets whose labels are actions, without verbs and nouns: what can be made of them, and what cannot."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from csv_files import read, write
from spaces import anticipated

from foretaste.contracts.batch import Batch
from foretaste.contracts.classes import read_classes
from foretaste.contracts.errors import ConfigError
from foretaste.contracts.view import Sources
from foretaste.evaluation.measure import measure
from foretaste.evaluation.protocols import targets
from foretaste.settings import families
from foretaste.views.action_history import _phrases


@pytest.fixture
def actions_alone(tmp_path):
    rows = (
        "a,1,2,training,take_cup",
        "a,2,3,training,pour milk",
        "a,3,4,training,take_cup",
        "b,5,6,validation,take_cup",
    )
    write(tmp_path, "video,start,stop,split,label", *rows)
    return read(tmp_path, columns={"action": "label"})


def test_actions_alone_are_classes_without_verbs_and_nouns(actions_alone, tmp_path):
    classes = actions_alone.classes
    assert (
        classes.names("action") == ("pour milk", "take_cup")
        and list(classes.heads) == ["action"]
        and not classes.parts("action")
    )
    first = actions_alone.segments.to_pylist()[0]
    assert (first["action"], first["action_id"]) == ("take_cup", 1) and "verb" not in first
    (tmp_path / "classes.json").write_text(classes.to_json(), encoding="utf-8")
    assert read_classes(tmp_path / "classes.json") == classes


def test_actions_alone_are_measured_as_actions_and_as_nothing_else(actions_alone):
    wanted = targets(anticipated(actions_alone.segments, tau_a=1.0, tau_o=5.0), "training")
    right = measure({"action": np.eye(2)[[1, 0, 1]]}, wanted, actions_alone.classes)
    assert set(right) == {"action"} and right["action"]["top1"] == 100.0


def test_actions_alone_can_be_counted_and_told_in_words(actions_alone):
    tables = {"kind": "counts", "tables": ["trigram", "distances"]}
    teacher = families.build("models", tables, sources=Sources(classes=actions_alone.classes))
    teacher.fit(torch.tensor([[-1, -1], [-1, 1], [1, 0]]), torch.tensor([1, 0, 1]))
    said = teacher(Batch(ids=("x",), inputs={"history": torch.tensor([[-1, 1]])}, labels={})).logits
    assert set(said) == {"action"} and said["action"].argmax().item() == 0
    assert _phrases(actions_alone.segments, "plain") == ["take cup", "pour milk", "take cup", "take cup"]


@pytest.mark.parametrize(
    "network",
    [
        {"kind": "counts"},
        {"kind": "frame_classifier", "classify": ["action", "verb"]},
        {"kind": "avt", "layers": 1, "heads": 1, "dropout": 0, "classify": ["verb"]},
    ],
)
def test_a_model_of_verbs_cannot_be_built_for_actions_alone(actions_alone, network):
    with pytest.raises(ConfigError, match=r"the head 'verb'.*heads of the dataset: action|parts counted"):
        families.build("models", network, sources=Sources(classes=actions_alone.classes, feature_width=4))
