import numpy as np
import pytest
from spaces import verb_noun

from foretaste.annotations.pairs import with_pairs
from foretaste.contracts.classes import ClassSpace
from foretaste.evaluation.measure import measure
from foretaste.evaluation.protocols import Targets

#: cut onion, cut bread, wash onion, wash bread.
SPACE = verb_noun(
    action=("cut_onion", "cut_bread", "wash_onion", "wash_bread"), verb=("cut", "wash"),
    noun=("onion", "bread"), action_verb=(0, 0, 1, 1), action_noun=(0, 1, 0, 1),
)  # fmt: skip


def test_a_pair_is_seen_where_training_has_its_action():
    space = with_pairs(SPACE, {0, 3})
    assert space.groups["seen_pairs"] == {"action": (0, 3)}
    assert space.groups["unseen_pairs"] == {"action": (1, 2)}
    gestures = ClassSpace(heads={"gesture": ("wave", "rest")})
    assert with_pairs(gestures, {0}) is gestures


def test_verbs_are_measured_on_the_samples_whose_pair_training_never_shows():
    space = with_pairs(SPACE, {0, 3})
    labels = {"action": [0, 1, 2, 2], "verb": [0, 0, 1, 1], "noun": [0, 1, 0, 0]}
    wanted = Targets(
        sample_ids=("a", "b", "c", "d"),
        labels={head: np.array(ids) for head, ids in labels.items()},
        videos=np.array(["v"] * 4),
    )
    verb = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])  # right, right, wrong, right
    noun = np.zeros((4, 2))
    found = measure({"verb": verb, "noun": noun}, wanted, space)
    assert found["verb"]["top1.seen_pairs"] == 100
    assert found["verb"]["top1.unseen_pairs"] == pytest.approx(100 * 2 / 3)
    assert found["verb"]["top1"] == 75
    plain = measure({"verb": verb, "noun": noun}, wanted, SPACE)
    assert plain["verb"]["top1.seen_pairs"] is None and plain["verb"]["top1.unseen_pairs"] is None
