import numpy as np
import pytest

from foretaste.contracts.errors import ConfigError
from foretaste.scores.topk import top_k


def test_a_row_worked_by_hand():
    cut = top_k(np.log([[0.1, 0.4, 0.2, 0.2, 0.1]]), 3)
    assert cut.indices.tolist() == [[1, 2, 3]]
    np.testing.assert_allclose(np.exp(cut.logits), [[0.4, 0.2, 0.2]], rtol=1e-6)
    np.testing.assert_allclose(cut.tail, [0.2], rtol=1e-6)
    assert (cut.indices.dtype, cut.logits.dtype, cut.tail.dtype) == (np.int32, np.float32, np.float32)


def test_equal_logits_are_ranked_by_class_id():
    assert top_k(np.array([[1.0, 2.0, 2.0, 1.0]]), 4).indices.tolist() == [[1, 2, 0, 3]]


def test_all_classes_leave_no_tail():
    logits = np.random.default_rng(0).normal(0, 8, (50, 30))
    assert (top_k(logits, 30).tail == 0).all()


@pytest.mark.parametrize("constant", [0.0, 500.0])
def test_the_tail_is_the_mass_of_the_rest(constant):
    logits = np.random.default_rng(0).normal(0, 8, (50, 300))
    cut = top_k(logits + constant, 20)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    for row in range(50):
        rest = [p for c, p in enumerate(probabilities[row]) if c not in set(cut.indices[row].tolist())]
        assert cut.tail[row] == pytest.approx(sum(rest), rel=1e-5)


@pytest.mark.parametrize("k", [0, 6])
def test_k_must_fit(k):
    with pytest.raises(ConfigError, match="1 to 5"):
        top_k(np.zeros((1, 5)), k)
