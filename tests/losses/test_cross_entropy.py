import math

import pytest
import torch

from foretaste.contracts.batch import UNLABELLED
from foretaste.losses.cross_entropy import cross_entropy
from foretaste.losses.kl import kl


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_by_hand(smoothing):
    scores = torch.tensor([[0.0, math.log(2), math.log(5)]], dtype=torch.float64)  # softmax: 1/8, 2/8, 5/8
    nll = [math.log(8), math.log(4), math.log(8 / 5)]
    expected = (1 - smoothing) * nll[2] + smoothing * sum(nll) / 3
    assert cross_entropy(scores, torch.tensor([2]), label_smoothing=smoothing).item() == pytest.approx(
        expected, abs=1e-12
    )


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_unlabelled_positions_give_zero_and_no_gradient(smoothing):
    scores = torch.randn(2, 3, 5, dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([[1, UNLABELLED, 4], [UNLABELLED, UNLABELLED, 0]])
    values = cross_entropy(scores, labels, label_smoothing=smoothing)
    assert values.shape == labels.shape
    assert ((values == 0) == (labels == UNLABELLED)).all()
    values.sum().backward()
    assert ((scores.grad == 0).all(-1) == (labels == UNLABELLED)).all()
    for place in ((0, 0), (0, 2), (1, 2)):
        alone = cross_entropy(scores[place][None], labels[place][None], label_smoothing=smoothing)
        torch.testing.assert_close(alone[0], values[place])


def test_differs_from_the_divergence_by_the_entropy_of_the_smoothed_label():
    scores, labels, smoothing = torch.randn(4, 6, dtype=torch.float64), torch.tensor([0, 5, 2, 2]), 0.3
    q = (1 - smoothing) * torch.nn.functional.one_hot(labels, 6).double() + smoothing / 6
    entropy = -(q * q.log()).sum(-1)
    divergence = kl(scores, q.log(), temperature=1.0, t_squared=False)
    torch.testing.assert_close(cross_entropy(scores, labels, label_smoothing=smoothing), divergence + entropy)


def test_labels_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="do not belong"):
        cross_entropy(torch.zeros(2, 3, 5), torch.zeros(2, dtype=torch.int64))
