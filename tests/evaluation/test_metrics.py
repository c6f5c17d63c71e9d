import numpy as np
import pytest

from foretaste.contracts.classes import ClassSpace
from foretaste.evaluation.metrics import (
    accuracy,
    class_mean_recall,
    class_recalls,
    label_ranks,
    many_shot_actions,
    marginal,
    softmax,
)


@pytest.fixture(scope="module")
def golden(shared_golden):
    with np.load(shared_golden / "metrics.npz") as arrays:
        return dict(arrays)


@pytest.mark.parametrize("tag", ["small", "ek55like"])
def test_the_published_codes_numbers(golden, tag):
    scores, labels = golden[f"{tag}/scores"], golden[f"{tag}/labels"]
    ranks = label_ranks(scores, labels)
    exact = {"rel": 0, "abs": 1e-9}
    assert [accuracy(ranks < k) for k in (1, 5)] == pytest.approx(
        golden[f"{tag}/rulstm_topk_accuracy_k1_k5"].tolist(), **exact
    )
    assert class_mean_recall(ranks < 5, labels) == pytest.approx(
        float(golden[f"{tag}/rulstm_topk_recall_k5"]), **exact
    )
    assert class_mean_recall(ranks < 1, labels) == pytest.approx(
        float(golden[f"{tag}/rulstm_topk_recall_k1"]), **exact
    )
    assert class_mean_recall(ranks < 1, labels) == pytest.approx(
        float(golden[f"{tag}/authors_mean_class_acc"]), **exact
    )
    assert 100 * class_mean_recall(ranks < 5, labels) == pytest.approx(
        float(golden[f"{tag}/rulstm_meter_batches_of_7"]), **exact
    )
    for k in (1, 5):
        classes, recalls, counts = class_recalls(ranks < k, labels)
        np.testing.assert_array_equal(classes, golden[f"{tag}/per_class/classes"])
        np.testing.assert_array_equal(counts, golden[f"{tag}/per_class/count"])
        np.testing.assert_allclose(recalls, golden[f"{tag}/per_class/recall_at_{k}"], rtol=0, atol=1e-9)
    top1, top5, recall5, over_all_classes = golden[f"{tag}/avt_top1_top5_ar5_meancls"]
    assert 100 * accuracy(ranks < 1) == pytest.approx(top1, **exact) and 100 * accuracy(
        ranks < 5
    ) == pytest.approx(top5, **exact)
    assert 100 * class_mean_recall(ranks < 5, labels) == pytest.approx(recall5, **exact)
    # AVT's mean over classes counts absent classes as 0.
    assert 100 * class_recalls(ranks < 1, labels)[1].sum() / scores.shape[1] == pytest.approx(
        over_all_classes, **exact
    )


@pytest.mark.parametrize(("tag", "name"), [("small", "subset"), ("ek55like", "or"), ("ek55like", "and")])
def test_many_shot_recall_is_the_published_codes(golden, tag, name):
    labels = golden[f"{tag}/labels"]
    classes = golden[f"{tag}/manyshot/{name}/classes"]
    hits = label_ranks(golden[f"{tag}/scores"], labels) < 5
    recall = class_mean_recall(hits, labels, classes.tolist())
    assert recall == pytest.approx(float(golden[f"{tag}/manyshot/{name}/rulstm_recall5"]), rel=0, abs=1e-9)
    assert recall == pytest.approx(
        float(golden[f"{tag}/manyshot/{name}/authors_top1_top5_msrecall"][2]), rel=0, abs=1e-9
    )


def test_both_meanings_of_many_shot(golden):
    space = ClassSpace(
        action=("",) * 2513,
        verb=(),
        noun=(),
        action_verb=tuple(golden["ek55like/action_verb"].tolist()),
        action_noun=tuple(golden["ek55like/action_noun"].tolist()),
        many_shot_verb=tuple(golden["ek55like/manyshot_verbs"].tolist()),
        many_shot_noun=tuple(golden["ek55like/manyshot_nouns"].tolist()),
        many_shot_action=(3, 5),
    )
    assert many_shot_actions(space, "or") == tuple(golden["ek55like/manyshot/or/classes"].tolist())
    assert many_shot_actions(space, "and") == (3, 5)


def test_verbs_and_nouns_from_the_actions(golden):
    probabilities = softmax(golden["marginal/action_logits"])
    np.testing.assert_allclose(probabilities, golden["marginal/action_probs"], rtol=0, atol=1e-9)
    for head in ("verb", "noun"):
        found = marginal(probabilities, golden[f"marginal/action_{head}"].tolist(), 4)
        np.testing.assert_allclose(found, golden[f"marginal/avt_{head}"], rtol=0, atol=1e-9)


def test_of_equal_scores_the_lower_class_id_ranks_first():
    scores = np.array([[1.0, 2.0, 2.0, 0.0]] * 4)
    assert label_ranks(scores, np.array([0, 1, 2, 3])).tolist() == [2, 0, 1, 3]
    assert label_ranks(np.zeros((5, 5)), np.arange(5)).tolist() == [0, 1, 2, 3, 4]


def test_ranks_are_those_of_a_stable_sort():
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 6, size=(200, 17)).astype(np.float16)
    labels = rng.integers(0, 17, size=200)
    order = np.argsort(-scores, axis=1, kind="stable")
    np.testing.assert_array_equal(label_ranks(scores, labels), np.argmax(order == labels[:, None], axis=1))


def test_absent_is_none():
    hits, labels = np.array([True, False]), np.array([1, 2])
    assert class_mean_recall(hits, labels, []) is None and class_mean_recall(hits, labels, [7]) is None
    assert (
        accuracy(np.zeros(0, bool)) is None
        and class_mean_recall(np.zeros(0, bool), np.zeros(0, np.int64)) is None
    )
    assert class_mean_recall(hits, labels, [2]) == 0.0


@pytest.mark.parametrize(("scores", "label"), [([[np.nan, 1.0]], 1), ([[0.0, 1.0]], 2), ([[0.0, 1.0]], -1)])
def test_nan_and_labels_out_of_range_are_refused(scores, label):
    with pytest.raises(ValueError, match="NaN, or a label"):
        label_ranks(np.array(scores), np.array([label]))
