"""What scores would teach, against the same computed row by row, and what is warned of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax, softmax

from foretaste.scores.diagnosis import BLOCK, Diagnosis, diagnose, warnings


@settings(deadline=None, max_examples=50)
@given(
    rows=st.integers(1, 40),
    classes=st.integers(2, 12),
    temperature=st.sampled_from([0.5, 1.0, 5.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_it_equals_the_same_row_by_row(rows, classes, temperature, seed):
    luck = np.random.default_rng(seed)
    logits = luck.normal(0, 3, (rows, classes)).round(1).astype(np.float32)  # some are equal
    labels, k = luck.integers(0, classes, rows), int(luck.integers(1, classes + 1))
    found = diagnose(logits, labels, temperature=temperature, k=k)
    first, five, doubt, agreement, entropy, kept = [], [], [], [], [], []
    for row, label in zip(logits.astype(np.float64), labels, strict=True):
        ranked = sorted(range(classes), key=lambda one: (-row[one], one))
        probability = softmax(row / temperature)
        first.append(ranked[0] == label)
        five.append(label in ranked[:5])
        doubt.append(-log_softmax(row)[label])
        agreement.append(probability[label])
        entropy.append(-sum(p * np.log(p) for p in probability) / np.log(classes))
        kept.append(sum(probability[one] for one in ranked[:k]))
    assert found.samples == rows
    wanted = (100 * np.mean(first), 100 * np.mean(five), np.mean(doubt), 100 * np.mean(agreement))
    assert (found.top1, found.top5, found.doubt, found.agreement) == pytest.approx(wanted)
    assert (found.entropy, found.kept) == pytest.approx((np.mean(entropy), 100 * np.mean(kept)))


def test_blocks_change_nothing():
    luck = np.random.default_rng(0)
    logits, labels = luck.normal(size=(2 * BLOCK + 7, 9)), luck.integers(0, 9, 2 * BLOCK + 7)
    whole = diagnose(logits, labels)
    parts = [diagnose(logits[i : i + 1], labels[i : i + 1]) for i in range(len(labels))]
    assert whole.doubt == pytest.approx(np.mean([one.doubt for one in parts]))
    assert whole.top5 == pytest.approx(np.mean([one.top5 for one in parts]))
    assert whole.kept is None


def test_a_class_that_is_ruled_out_is_no_error():
    logits = np.array([[0.0, -np.inf, 1.0]])
    found = diagnose(logits, np.array([0]), k=2)
    assert found.kept == pytest.approx(100) and np.isfinite(found.entropy)


def made(doubt: float = 2.0, entropy: float = 0.5) -> Diagnosis:
    return Diagnosis(samples=9, top1=10, top5=30, doubt=doubt, agreement=5, entropy=entropy, kept=None)


@pytest.mark.parametrize(
    ("taught", "elsewhere", "scored", "words"),
    [
        (made(), made(), "in-sample", []),
        (made(entropy=0.99), made(), "in-sample", ["hardly anything"]),
        (made(entropy=0.01), made(), "out-of-fold", ["next to nothing to labels"]),
        (made(doubt=0.4), made(doubt=2.1), "in-sample", ["by heart: 0.40 nats there, 2.10 on others"]),
        (made(doubt=0.4), made(doubt=2.1), "out-of-fold", []),
        (made(doubt=0.4), None, "in-sample", []),
    ],
)
def test_what_is_warned_of(taught, elsewhere, scored, words):
    said = list(warnings(taught, elsewhere, scored))
    assert len(said) == len(words)
    assert all(word in line for word, line in zip(words, said, strict=True))
