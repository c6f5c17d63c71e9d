from collections import Counter
from random import Random

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from spaces import verb_noun

from foretaste.annotations.pairs import with_pairs
from foretaste.annotations.segments import Annotations, as_asked
from foretaste.annotations.tail import with_tail
from foretaste.annotations.video_folds import for_choosing
from foretaste.annotations.withheld import OTHERS, SEGMENTS_LEFT, withhold
from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.errors import ConfigError

VERBS, NOUNS = ("cut", "wash", "take", "put"), ("onion", "bread", "egg", "rice", "pan")
PAIRS = [(verb, noun) for verb in range(4) for noun in range(5)]
SPACE = verb_noun(
    action=[f"{VERBS[verb]}_{NOUNS[noun]}" for verb, noun in PAIRS], verb=VERBS, noun=NOUNS,
    action_verb=[verb for verb, _ in PAIRS], action_noun=[noun for _, noun in PAIRS],
)  # fmt: skip
FOUR = verb_noun(
    action=("cut_onion", "wash_bread"), verb=VERBS[:2], noun=NOUNS[:2], action_verb=(0, 1), action_noun=(0, 1)
)
GESTURES = ClassSpace(heads={"gesture": ("wave", "rest")})


def drawn(seed: int) -> pa.Table:
    """400 segments of both splits, of actions of which some are rare."""
    random = Random(seed)
    actions = random.choices(range(20), weights=[random.random() ** 3 for _ in range(20)], k=400)
    return pa.table(
        {
            "split": [random.choice(["training", "validation"]) for _ in actions],
            "video_id": [f"v{random.randrange(40)}" for _ in actions],
            "action_id": actions,
            "verb_id": [PAIRS[action][0] for action in actions],
            "noun_id": [PAIRS[action][1] for action in actions],
        }
    )


def trained(segments: pa.Table) -> Counter[int]:
    return Counter(row["action_id"] for row in segments.to_pylist() if row["split"] == "training")


@pytest.mark.parametrize("seed", range(10))
def test_withheld_pairs_leave_training_and_their_verbs_and_nouns_stay(seed):
    segments = drawn(seed)
    left = withhold(segments, SPACE, 2, "validation")
    before, after = trained(segments), trained(left)
    gone = before.keys() - after.keys()
    assert len(gone) == 2
    assert all(after[action] == before[action] for action in after)
    measured = [row for row in segments.to_pylist() if row["split"] == "validation"]
    assert [row for row in left.to_pylist() if row["split"] == "validation"] == measured
    assert gone <= {row["action_id"] for row in measured}
    for action in gone:
        for part in (0, 1):
            others = [other for other in after if PAIRS[other][part] == PAIRS[action][part]]
            assert len(others) >= OTHERS and sum(after[other] for other in others) >= SEGMENTS_LEFT


def test_which_pairs_are_withheld_depends_on_names_and_not_on_the_order_of_rows_or_classes():
    segments = drawn(0)
    rows = segments.to_pylist()
    Random(1).shuffle(rows)
    shuffled = pa.Table.from_pylist(rows, segments.schema)
    more, fewer = (trained(withhold(segments, SPACE, count, "validation")) for count in (3, 2))
    assert trained(withhold(shuffled, SPACE, 3, "validation")) == more and more.keys() < fewer.keys()
    backwards = verb_noun(
        action=SPACE.names("action")[::-1], verb=VERBS[::-1], noun=NOUNS[::-1],
        action_verb=[3 - verb for verb, _ in PAIRS[::-1]], action_noun=[4 - noun for _, noun in PAIRS[::-1]],
    )  # fmt: skip
    other = segments.set_column(
        segments.schema.get_field_index("action_id"), "action_id", pc.subtract(19, segments["action_id"])
    )
    found = trained(withhold(other, backwards, 3, "validation"))
    assert {19 - action: count for action, count in found.items()} == more


def test_two_actions_of_one_pair_leave_training_together():
    """Cutting and slicing an onion are one pair, and no company for each other."""
    names = [*SPACE.names("action"), "slice_onion"]
    made_of = [*PAIRS, PAIRS[0]]
    space = verb_noun(
        action=names, verb=VERBS, noun=NOUNS,
        action_verb=[verb for verb, _ in made_of], action_noun=[noun for _, noun in made_of],
    )  # fmt: skip
    rows = [
        {"split": split, "action_id": action} for split in ("training", "validation") for action in range(21)
    ] * 5
    for count in range(1, 8):
        left = trained(withhold(pa.Table.from_pylist(rows), space, count, "validation"))
        assert (0 in left) == (20 in left) and len({made_of[action] for action in left}) == 20 - count
    gone = with_pairs(space, {20}).groups
    assert gone["seen_pairs"] == {"action": (0, 20)} and 0 not in gone["unseen_pairs"]["action"]


def test_more_pairs_than_a_dataset_can_spare_and_one_without_pairs_are_refused():
    with pytest.raises(ConfigError, match=r"20 pairs of a dataset that can spare \d+.*withheld_pairs"):
        withhold(drawn(0), SPACE, 20, "validation")
    with pytest.raises(ConfigError, match="whose gesture has no parts"):
        withhold(drawn(0), GESTURES, 2, "validation")


def test_a_run_is_given_the_splits_and_groups_that_it_asks_for():
    read = Annotations(segments=drawn(0), classes=SPACE, issues=[])
    asked = {
        "dataset": "d", "evaluated": "validation", "choose": None, "withheld_pairs": None, "tail": None
    }  # fmt: skip
    plain, classes = as_asked(read, asked)
    assert plain is read.segments and set(classes.groups) == {"seen_pairs", "unseen_pairs"}
    kept, classes = as_asked(read, asked | {"withheld_pairs": 2, "tail": 0.2})
    assert kept == withhold(drawn(0), SPACE, 2, "validation")
    assert set(classes.groups["unseen_pairs"]["action"]) == set(range(20)) - trained(kept).keys()
    training = kept.filter(pc.equal(kept["split"], "training"))
    assert classes.groups["tail"] == with_tail(SPACE, training, 0.2).groups["tail"]


def test_settings_are_chosen_on_pairs_that_what_is_left_of_training_can_spare():
    read = Annotations(segments=drawn(0), classes=SPACE, issues=[])
    asked = {
        "dataset": "d", "evaluated": "validation", "choose": 4, "withheld_pairs": 2, "tail": None
    }  # fmt: skip
    chosen = for_choosing(drawn(0), 4, "validation")
    assert as_asked(read, asked)[0] == withhold(chosen, SPACE, 2, "validation")
    assert as_asked(read, asked)[0].num_rows < chosen.num_rows


@pytest.mark.parametrize("seed", range(10))
def test_tail_classes_are_the_rarest_with_a_fifth_of_training(seed):
    training = pa.Table.from_pylist([row for row in drawn(seed).to_pylist() if row["split"] == "training"])
    tail = with_tail(SPACE, training, 0.2).groups["tail"]
    for part, names in (("verb", VERBS), ("noun", NOUNS)):
        counts = Counter(training[f"{part}_id"].to_pylist())
        inside, outside = tail[part], set(range(len(names))) - set(tail[part])
        together = sum(counts[index] for index in inside)
        assert together <= 0.2 * training.num_rows
        assert together + min(counts[index] for index in outside) > 0.2 * training.num_rows
        assert max((counts[i] for i in inside), default=0) <= min(counts[i] for i in outside)
    either = [index for index, (v, n) in enumerate(PAIRS) if v in tail["verb"] or n in tail["noun"]]
    assert tail["action"] == tuple(either)


def test_of_two_classes_with_as_many_segments_the_later_one_is_of_the_tail():
    rows = [{"verb_id": verb, "noun_id": noun} for verb, noun in ((0, 0), (0, 1), (0, 2), (0, 3), (0, 4))]
    tail = with_tail(SPACE, pa.Table.from_pylist(rows), 0.4).groups["tail"]
    assert tail["verb"] == (1, 2, 3) and tail["noun"] == (3, 4)


def test_a_tail_that_the_files_list_is_not_made_anew():
    training = drawn(0)
    listed = with_tail(SPACE, training, 0.2)
    with pytest.raises(ConfigError, match="lists its tail classes itself"):
        with_tail(listed, training, 0.2)
    with pytest.raises(ConfigError, match="no verb and no noun has at most 1e-06"):
        with_tail(FOUR, training, 1e-6)
    with pytest.raises(ConfigError, match="has no verbs and nouns"):
        with_tail(GESTURES, training, 0.2)
