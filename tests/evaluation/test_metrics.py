import numpy as np
import pytest

from foretaste.annotations.labels import either
from foretaste.evaluation.metrics import (
    accuracy,
    calibration_error,
    class_mean_recall,
    class_recalls,
    label_ranks,
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
    batch = [float(one) for one in golden[f"{tag}/avt_batch_acc1_acc5"]]
    assert [100 * accuracy(ranks < k) for k in (1, 5)] == pytest.approx(batch, rel=2e-5)  # theirs in fp32
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
    kept = np.isin(labels, classes)
    recall = class_mean_recall(hits[kept], labels[kept])
    assert recall == pytest.approx(float(golden[f"{tag}/manyshot/{name}/rulstm_recall5"]), rel=0, abs=1e-9)
    assert recall == pytest.approx(
        float(golden[f"{tag}/manyshot/{name}/authors_top1_top5_msrecall"][2]), rel=0, abs=1e-9
    )
    ranks = label_ranks(golden[f"{tag}/scores"], labels)
    top1, top5, recall5, _ = golden[f"{tag}/manyshot/{name}/avt_top1_top5_ar5_meancls"]
    assert 100 * recall == pytest.approx(recall5, abs=1e-9)
    assert [100 * accuracy(ranks[kept] < k) for k in (1, 5)] == pytest.approx([top1, top5], abs=1e-9)


def test_an_action_is_many_shot_or_by_either_part(golden):
    pairs = list(zip(*(golden[f"ek55like/action_{part}"].tolist() for part in ("verb", "noun"))))
    verbs, nouns = (golden[f"ek55like/manyshot_{part}s"].tolist() for part in ("verb", "noun"))
    assert either(pairs, verbs, nouns) == tuple(golden["ek55like/manyshot/or/classes"].tolist())


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
    nothing, labels = np.zeros(0, bool), np.zeros(0, np.int64)
    assert accuracy(nothing) is None and class_mean_recall(nothing, labels) is None
    assert calibration_error(np.zeros(0), nothing) is None
    assert class_mean_recall(np.array([False]), np.array([2])) == 0.0


def brute_force_ece(confidences, hits, bins=15):
    """Guo et al. 2017, equations 2 and 3 and the text between them, sample by sample."""
    total = 0.0
    for m in range(1, bins + 1):
        inside = [i for i, p in enumerate(confidences) if (m - 1) / bins < p <= m / bins]
        if inside:
            accuracy_m = sum(hits[i] for i in inside) / len(inside)
            confidence_m = sum(confidences[i] for i in inside) / len(inside)
            total += len(inside) / len(hits) * abs(accuracy_m - confidence_m)
    return total


def test_the_calibration_error_is_that_of_the_definition():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        confidences = rng.beta(2, 2, size=int(rng.integers(1, 300)))
        confidences[::7] = 1.0  # the upper edge of the last bin
        hits = rng.random(len(confidences)) < confidences**2
        assert calibration_error(confidences, hits) == pytest.approx(
            brute_force_ece(confidences.tolist(), hits.tolist()), abs=1e-12
        )
    assert calibration_error(np.full(10, 0.9), np.ones(10, bool)) == pytest.approx(0.1)


@pytest.mark.parametrize(("scores", "label"), [([[np.nan, 1.0]], 1), ([[0.0, 1.0]], 2), ([[0.0, 1.0]], -1)])
def test_nan_and_labels_out_of_range_are_refused(scores, label):
    with pytest.raises(ValueError, match="NaN, or a label"):
        label_ranks(np.array(scores), np.array([label]))
