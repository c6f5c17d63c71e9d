import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from spaces import verb_noun

from foretaste.annotations.labels import either
from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import SAMPLES
from foretaste.evaluation.heads import head_logits, scores_of
from foretaste.evaluation.measure import measure
from foretaste.evaluation.metrics import calibration_error, softmax
from foretaste.evaluation.protocols import PROTOCOL, report, rows_of, targets
from foretaste.scores.exchange import SplitScores

#: Ten actions; verbs 0 to 4 twice each, nouns 0 and 1 in turn; verb 5 has no action.
SPACE = verb_noun(
    action=tuple(f"a{i}" for i in range(10)), verb=tuple(f"v{i}" for i in range(6)), noun=("n0", "n1"),
    action_verb=tuple(i // 2 for i in range(10)), action_noun=(0, 1) * 5,
    many_shot=((0,), (), (0,)),
)  # fmt: skip


def make_samples(actions, splits=None, dropped=None) -> pa.Table:
    count = len(actions)
    part = {"action_id": range(10), **{f"{name}_id": ids for name, ids in SPACE.parts("action").items()}}
    schema = SAMPLES.of(tuple(SPACE.heads)).schema
    columns = {name: [0.0] * count for name in schema.names} | {
        "sample_id": [f"s{i}" for i in range(count)],
        "segment_id": [None] * count,
        "video_id": ["v"] * count,
        "split": splits or ["validation"] * count,
        "dropped_because": dropped or [None] * count,
        **{name: [None if a is None else of[a] for a in actions] for name, of in part.items()},
    }
    return pa.table([pa.array(columns[f.name], type=f.type) for f in schema], schema=schema)


def test_the_numbers_by_hand():
    wanted = targets(make_samples([0, 0, 1, 9]), "validation")
    logits = np.full((4, 10), -9.0)
    logits[0, 0] = 1.0  # right: action 0, verb 0, noun 0
    logits[1, [1, 2, 3, 4, 0]] = [5, 4, 3, 2, 1]  # action 0 is fifth; verb 0 wins, noun 1 wins
    logits[2, [2, 4, 6, 8, 0]] = [5, 4, 3, 2, 1]  # action 1 is not among five; verb 0 is fifth; noun 0 wins
    logits[3, 9] = 0.0  # right
    got = measure({"action": logits}, wanted, SPACE)
    assert list(got) == list(SPACE.heads)
    groups = [name for name in got["action"] if "." in name]
    assert len(groups) == 7
    assert {got[head].pop(group) for head in got for group in groups} == {None}
    confidences = softmax(logits).max(axis=1)
    assert got["action"].pop("ece") == pytest.approx(
        100 * calibration_error(confidences, np.array([True, False, False, True]))
    )
    got["verb"].pop("ece")
    assert got["action"] == pytest.approx(
        {
            "top1": 50.0,
            "top5": 75.0,
            "class_mean_recall1": 50.0,
            "class_mean_recall5": 200 / 3,
            "many_shot_recall5_and": 100.0,
            "many_shot_recall5_or": 50.0,
        }
    )
    assert got["verb"] == pytest.approx(
        {
            "top1": 75.0,
            "top5": 100.0,
            "class_mean_recall1": 250 / 3,
            "class_mean_recall5": 100.0,
            "many_shot_recall5_and": 100.0,
            "many_shot_recall5_or": 100.0,
        }
    )
    assert (
        got["noun"]["top1"] == 50.0
        and got["noun"]["many_shot_recall5_and"] is None
        and got["noun"]["many_shot_recall5_or"] is None
    )


def test_unseen_is_about_samples_and_tail_about_classes():
    samples = make_samples([0, 0, 1, 9])
    samples = samples.set_column(
        samples.schema.get_field_index("video_id"), "video_id", pa.array(["v", "w", "w", "v"])
    )
    wanted = targets(samples, "validation")
    logits = np.zeros((4, 10))
    logits[[0, 2, 3], [0, 1, 9]] = 1.0
    logits[1, 1:6] = 1.0  # a miss
    tail = {"action": either(list(zip(*SPACE.parts("action").values())), (4,), (1,)), "verb": (4,)}
    space = replace(SPACE, groups={"tail": tail}, sample_groups={"unseen": ("w", "elsewhere")})
    got = measure({"action": logits}, wanted, space)
    assert got["action"]["class_mean_recall5.unseen"] == 50.0  # actions 0 (a miss) and 1
    assert got["action"]["class_mean_recall5.tail"] == 100.0  # actions 1 and 9: verb 4 or noun 1
    assert got["action"]["class_mean_recall5"] == pytest.approx(100 * (0.5 + 1 + 1) / 3)
    assert (
        got["verb"]["class_mean_recall5.tail"] == 100.0 and got["verb"]["class_mean_recall5.unseen"] == 100.0
    )


def test_targets_are_the_labelled_samples_of_the_split_that_are_not_dropped():
    splits = ["validation", "training", "validation", "validation"]
    wanted = targets(
        make_samples([3, 4, None, 5], splits, [None, None, None, "no usable video"]), "validation"
    )
    assert wanted.sample_ids == ("s0",) and {
        head: labels.tolist() for head, labels in wanted.labels.items()
    } == {
        "action": [3],
        "verb": [1],
        "noun": [1],
    }
    with pytest.raises(DataError, match=r"no labelled samples of split 'test'.*training, validation"):
        targets(make_samples([3, 4], ["validation", "training"]), "test")


def test_a_sample_without_a_score_is_named():
    assert rows_of(("b", "a"), ("a", "b", "c"), "scores").tolist() == [1, 0]
    with pytest.raises(DataError, match="2 of 3 samples without a score, first 'x'"):
        rows_of(("b", "x", "y"), ("a", "b", "c"), "scores")


def scored(logits, space=SPACE, head="action") -> SplitScores:
    return SplitScores(
        tuple(f"s{i}" for i in range(len(logits))), {head: np.asarray(logits, dtype=np.float32)}, space
    )


def test_classes_are_matched_by_name():
    wanted = targets(make_samples([3, 4]), "validation")
    order = [9, 1, 2, 3, 4, 5, 6, 7, 8, 0]
    other = verb_noun(
        action=tuple(SPACE.names("action")[i] for i in order),
        verb=SPACE.names("verb"),
        noun=SPACE.names("noun"),
        action_verb=tuple(SPACE.parts("action")["verb"][i] for i in order),
        action_noun=tuple(SPACE.parts("action")["noun"][i] for i in order),
    )
    logits = np.arange(20, dtype=np.float32).reshape(2, 10)
    found = head_logits(scored(logits[:, order], other), wanted, SPACE, "scores")
    assert {head: values.tolist() for head, values in found.items()} == {"action": logits.tolist()}


def test_scores_that_do_not_fit_are_refused():
    wanted = targets(make_samples([3, 9]), "validation")
    zeros = np.zeros((2, 10))
    with pytest.raises(DataError, match=r"scores of scene only.*action, verb, noun"):
        head_logits(scored(zeros, head="scene"), wanted, SPACE, "scores")
    fewer = verb_noun(
        action=SPACE.names("action")[:9],
        verb=SPACE.names("verb"),
        noun=SPACE.names("noun"),
        action_verb=(0,) * 9,
        action_noun=(0,) * 9,
    )
    with pytest.raises(DataError, match="scores of other classes of action"):
        head_logits(scored(zeros[:, :9], fewer), wanted, SPACE, "scores")
    with pytest.raises(DataError, match="action labels 3 to 9"):
        head_logits(scored(zeros[:, :9], fewer), wanted, fewer, "scores")
    broken = zeros.copy()
    broken[1, 4] = np.nan
    with pytest.raises(DataError, match="not finite, sample 's1'"):
        head_logits(scored(broken), wanted, SPACE, "scores")


def test_actions_of_a_model_with_verbs_and_nouns_alone_are_the_products_of_theirs():
    samples = make_samples([0, 3, 9])
    wanted = targets(samples, "validation")
    rng = np.random.default_rng(0)
    logits = {"verb": rng.normal(size=(3, 6)), "noun": rng.normal(size=(3, 2))}
    both = SplitScores(wanted.sample_ids, logits, SPACE)
    found = measure(head_logits(both, wanted, SPACE, "scores"), wanted, SPACE)
    assert list(found) == ["action", "verb", "noun"]
    verb, noun = softmax(logits["verb"]), softmax(logits["noun"])
    products = np.array([[verb[i, a // 2] * noun[i, a % 2] for a in range(10)] for i in range(3)])
    order = np.argsort(-products, axis=1)
    ranks = [order[i].tolist().index(a) for i, a in enumerate((0, 3, 9))]
    assert found["action"]["top1"] == pytest.approx(100 * np.mean([rank < 1 for rank in ranks]))
    assert found["action"]["top5"] == pytest.approx(100 * np.mean([rank < 5 for rank in ranks]))
    assert (
        np.argsort(-scores_of(SPACE.main, both, wanted, SPACE, "scores"), axis=1).tolist() == order.tolist()
    )
    sure = (products / products.sum(axis=1, keepdims=True)).max(axis=1)
    hits = np.array([rank < 1 for rank in ranks])
    assert found["action"]["ece"] == pytest.approx(100 * calibration_error(sure, hits))
    # Verbs and nouns are the model's own; one of them alone says nothing of actions.
    assert found["verb"]["top1"] == pytest.approx(100 * (verb.argmax(axis=1) == [0, 1, 4]).mean())
    alone = SplitScores(wanted.sample_ids, {"verb": logits["verb"]}, SPACE)
    assert list(measure(head_logits(alone, wanted, SPACE, "scores"), wanted, SPACE)) == ["verb"]
    with pytest.raises(DataError, match="scores of verb, which do not say action"):
        scores_of(SPACE.main, alone, wanted, SPACE, "scores")


def test_a_model_with_actions_is_asked_for_its_verbs_by_them():
    wanted = targets(make_samples([0, 3]), "validation")
    logits = {"action": np.eye(10)[[0, 3]] * 9, "verb": np.eye(6)[[5, 5]] * 9}
    found = measure(
        head_logits(SplitScores(wanted.sample_ids, logits, SPACE), wanted, SPACE, "scores"), wanted, SPACE
    )
    assert found["verb"]["top1"] == 100.0


def test_the_report_has_every_key_and_absent_is_null():
    got = report({"action": {}}, 7, "validation", {"tau_a": 1.0}, {"dataset": "d", "seed": 0})
    assert json.loads(json.dumps(got)) == {
        "format": 2,
        "dataset": "d",
        "task": None,
        "system": None,
        "seed": 0,
        "model": None,
        "split": "validation",
        "samples": 7,
        "action": {},
        "protocol": {**dict.fromkeys(PROTOCOL), "tau_a": 1.0},
    }
    with pytest.raises(DataError, match="protocol settings tau"):
        report({}, 7, "validation", {"tau": 1.0}, {})
