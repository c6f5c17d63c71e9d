import numpy as np
import pytest
from made_up_scores import CLASSES, make_cache, make_record

from foretaste.contracts.errors import DataError
from foretaste.scores.average import (
    GRID,
    divide_by_prior,
    fit_exponent,
    fit_weights,
    joint_context,
    joint_ids,
    write_mean,
)
from foretaste.scores.mean import ROWS, mean_logits
from foretaste.scores.reader import open_scores
from foretaste.scores.verify import verify
from foretaste.scores.writer import ScoreWriter


def _softmax(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def test_means_are_of_probabilities_or_of_log_probabilities():
    a, b = np.log([[0.7, 0.2, 0.1]]), np.log([[0.1, 0.8, 0.1]]) + 7
    np.testing.assert_allclose(np.exp(mean_logits([a, b], "probabilities")), [[0.4, 0.5, 0.1]])
    geometric = np.sqrt([0.07, 0.16, 0.01])
    np.testing.assert_allclose(_softmax(mean_logits([a, b], "logits")), [geometric / geometric.sum()])


def test_a_model_sure_of_itself_does_not_overflow():
    mean = mean_logits([np.array([[0.0, -3000.0]]), np.array([[0.0, -2000.0]])], "probabilities")
    np.testing.assert_allclose(mean, [[0.0, -2000 - np.log(2)]])


def test_the_prior_is_divided_out():
    counts = np.array([6, 3, 1, 0])
    probabilities = np.array([[0.4, 0.3, 0.2, 0.1]])
    for exponent in (0.0, 0.5, 1.0):
        expected = probabilities / (np.array([6, 3, 1, 1]) / 10) ** exponent
        found = _softmax(divide_by_prior(np.log(probabilities), counts, exponent))
        np.testing.assert_allclose(found, expected / expected.sum())


def test_the_fit_takes_the_best_and_of_equals_the_smallest():
    logits, counts = np.log([[0.6, 0.4]]), np.array([9, 1])
    # The second class overtakes once 0.6 / 0.9^x < 0.4 / 0.1^x, that is for x > log(1.5) / log(9) = 0.185.
    assert fit_exponent(logits, counts, lambda z: float(z[0].argmax() == 1)) == 0.2
    assert fit_exponent(logits, counts, lambda z: 1.0) == 0.0
    assert fit_exponent(logits, counts, lambda z: float(z[0, 1] - z[0, 0])) == GRID[-1] == 1.0


def test_weights_are_those_of_the_highest_likelihood():
    random = np.random.default_rng(0)
    likelihoods = random.beta(0.5, 2.0, (3, 400))
    found = fit_weights(likelihoods)
    assert found.sum() == pytest.approx(1)

    def loss(shares):
        return np.log(shares @ likelihoods).mean()

    for _ in range(300):
        assert loss(found) >= loss(random.dirichlet(np.ones(3))) - 1e-9
    # Two models that are right on different rows, one twice as often: shares 2 to 1, up to what each gives
    # the other's rows.
    apart = np.array([[0.9, 0.9, 1e-9], [1e-9, 1e-9, 0.9]])
    np.testing.assert_allclose(fit_weights(apart), [2 / 3, 1 / 3], atol=1e-6)
    np.testing.assert_allclose(fit_weights(np.array([[0.5, 0.0], [0.1, 0.0]])), [1.0, 0.0], atol=1e-3)


def test_weighted_means():
    a, b = np.log([[0.7, 0.2, 0.1]]), np.log([[0.1, 0.8, 0.1]]) + 7
    np.testing.assert_allclose(np.exp(mean_logits([a, b], "probabilities", [1, 3])), [[0.25, 0.65, 0.1]])
    np.testing.assert_allclose(np.exp(mean_logits([a, b], "probabilities", [2, 0])), np.exp(a))
    geometric = np.array([0.7, 0.2, 0.1]) ** 0.25 * np.array([0.1, 0.8, 0.1]) ** 0.75
    np.testing.assert_allclose(_softmax(mean_logits([a, b], "logits", [1, 3])), [geometric / geometric.sum()])


def _mean(folder, sources, splits=("training", "validation"), space="probabilities", exponent=0.0):
    writer = ScoreWriter(
        folder, model="mean", record=make_record(), classes=CLASSES, trained_on=("training",)
    )
    counts = {"action": np.array([9, 5, 3, 2, 1]), "verb": np.array([9, 1])}
    for split in splits:
        write_mean(writer, sources, split, space, counts, exponent)
    writer.finish()
    return verify(folder)


def test_the_mean_of_two_caches(tmp_path):
    make_cache(tmp_path / "a", seed=0)
    make_cache(tmp_path / "b", seed=1)
    a, b = open_scores(tmp_path / "a"), open_scores(tmp_path / "b")
    mean = _mean(tmp_path / "mean", [a, b], exponent=0.3)
    assert mean.sample_ids("training") == a.sample_ids("training")
    assert mean.scored("training") == "out-of-fold"
    for head, counts in (("action", [9, 5, 3, 2, 1]), ("verb", [9, 1])):
        expected = (_softmax(a.logits("training", head)) + _softmax(b.logits("training", head))) / (
            np.array(counts) / sum(counts)
        ) ** 0.3
        np.testing.assert_allclose(
            _softmax(mean.logits("training", head)), expected / expected.sum(axis=1, keepdims=True), atol=2e-3
        )


def test_one_part_in_sample_makes_the_mean_in_sample(tmp_path):
    make_cache(tmp_path / "a", seed=0)
    writer = ScoreWriter(
        tmp_path / "b", model="b", record=make_record(), classes=CLASSES, trained_on=("training",)
    )
    a = open_scores(tmp_path / "a")
    ids = a.sample_ids("training")
    writer.write(
        "training", ids, a.digests("training"), {"action": np.zeros((20, 5)), "verb": np.zeros((20, 2))}
    )
    writer.finish()
    assert (
        _mean(tmp_path / "mean", [a, open_scores(tmp_path / "b")], splits=("training",)).scored("training")
        == "in-sample"
    )


def test_other_samples_and_another_context_are_refused(tmp_path):
    make_cache(tmp_path / "a")
    make_cache(tmp_path / "fewer", samples=19)
    make_cache(tmp_path / "end", record=make_record(context={"history_rule": "end"}))
    a = open_scores(tmp_path / "a")
    with pytest.raises(DataError, match=r"other samples \(1, e.g. training-19\)"):
        _mean(tmp_path / "mean", [a, open_scores(tmp_path / "fewer")])
    with pytest.raises(DataError, match="scores differ in context"):
        _mean(tmp_path / "mean", [a, open_scores(tmp_path / "end")])


def test_parts_may_see_different_amounts_of_the_past(tmp_path):
    for name, own in {
        "a": {"history_length": 5},
        "b": {"history_length": 10},
        "c": {"history_length": [5, 15]},
    }.items():
        make_cache(
            tmp_path / name,
            record=make_record(context={"tau_a": 1.0, "history_rule": "start", "history_from": "all", **own}),
        )
    a, b, c = (open_scores(tmp_path / name) for name in "abc")
    assert joint_ids([a, b, c], "training") == a.sample_ids("training")
    same = {"tau_a": 1.0, "history_rule": "start", "history_from": "all"}
    assert joint_context([a, b, c]) == {**same, "history_length": [5, 10, 15]}
    assert joint_context([a, a]) == {**same, "history_length": 5}


@pytest.mark.parametrize("space", ["probabilities", "logits"])
def test_rows_beyond_one_block_are_averaged_alike(space):
    logits = [np.random.default_rng(seed).normal(size=(2 * ROWS + 5, 3)) for seed in range(2)]
    whole = mean_logits(logits, space, [1, 3])
    apart = [mean_logits([one[row : row + 1] for one in logits], space, [1, 3]) for row in range(len(whole))]
    np.testing.assert_array_equal(whole, np.concatenate(apart))
