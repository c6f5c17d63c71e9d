"""Tail classes and unseen participants of EPIC-KITCHENS-100: the lists, and the metrics over them."""

from dataclasses import replace

import numpy as np
import pytest
from epic100_files import edit, read, write
from spaces import anticipated

from foretaste.contracts.classes import read_classes
from foretaste.evaluation.measure import measure
from foretaste.evaluation.protocols import targets


@pytest.fixture
def root(tmp_path):
    return write(tmp_path)


def test_nobody_unseen_is_fine(root):
    edit(root, "epic100/EPIC_100_unseen_participant_ids_validation.csv", "P18\nP32\n", "")
    assert read(root).classes.sample_groups == {"unseen": (), "regular": ("P01_11", "P18_02")}


def test_recall_of_unseen_participants_and_of_tail_classes_by_hand(root):
    got = read(root)
    wanted = targets(anticipated(got.segments, tau_a=1.0, tau_o=10.0), "validation")
    logits = np.full((2, 5), -9.0)
    logits[0, 1] = logits[1, 3] = 1.0
    right = measure({"action": logits}, wanted, got.classes)
    for head in ("action", "verb", "noun"):
        assert {right[head][f"class_mean_recall5{part}"] for part in ("", ".unseen", ".tail")} == {100.0}
        assert {right[head][f"top1{part}"] for part in (".regular", ".unseen", ".tail")} == {100.0}
    # One clip of a seen participant, one of an unseen one; both are of the tail, by the noun or by the verb.
    logits[0, 1], logits[0, 2] = -9.0, 1.0
    wrong = measure({"action": logits}, wanted, got.classes)
    assert [wrong["action"][f"top1{part}"] for part in ("", ".regular", ".unseen", ".tail")] == [
        50,
        0,
        100,
        50,
    ]
    assert [wrong["noun"][f"top1{part}"] for part in (".regular", ".tail")] == [0.0, 0.0]
    assert [wrong["verb"][f"top1{part}"] for part in (".regular", ".tail")] == [100.0, 100.0]
    # 5 actions in all: each is among the first five. Nouns are 11: those of no action share the last ranks.
    assert right["noun"]["many_shot_recall5_and"] is None
    none = replace(got.classes, groups={}, sample_groups={})
    assert measure({"action": logits}, wanted, none)["action"]["class_mean_recall5.unseen"] is None
    assert measure({"action": logits}, wanted, none)["action"]["class_mean_recall5.tail"] is None


def test_the_lists_travel_with_the_classes(root, tmp_path):
    classes = read(root).classes
    path = tmp_path / "classes.json"
    path.write_text(classes.to_json(), encoding="utf-8")
    assert read_classes(path) == classes
