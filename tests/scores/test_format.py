import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.contracts.errors import DataError
from foretaste.scores.format import canonical, decode, differences, encode, identity, pack, rounding, unpack


def _kl(p_logits: np.ndarray, q_logits: np.ndarray) -> np.ndarray:
    def log_softmax(x):
        x = x.astype(np.float64) - x.max(axis=1, keepdims=True)
        return x - np.log(np.exp(x).sum(axis=1, keepdims=True))

    p, q = log_softmax(p_logits), log_softmax(q_logits)
    return (np.exp(p) * (p - q)).sum(axis=1)


@pytest.mark.parametrize("offset", [0.0, 37.5, -900.0])
@pytest.mark.parametrize("spread", [1.0, 4.0, 10.0])
def test_the_distribution_survives_storage(spread, offset):
    """KL below 1e-5 nats on logits as teachers make them (2,513 classes, sd 1 to 10), whatever constant they
    carry.
    """
    logits = np.random.default_rng(0).normal(offset, spread, (200, 2513))
    stored = encode(logits, None, ["x"] * 200, "here")
    worst = _kl(logits, stored.logits.astype(np.float64)).max()
    assert worst < 1e-5
    # What the reader gives back in fp32 is as good.
    assert _kl(logits, decode(stored.logits, stored.max)).max() < 1e-5
    # Raw fp16 is not: the test would notice if the maximum were not taken off.
    if offset:
        assert _kl(logits, logits.astype(np.float16)).max() > 10 * worst


def test_logsumexp_is_exact_and_the_rounding_bound_holds():
    logits = np.random.default_rng(1).normal(0, 4, (300, 400))
    stored = encode(logits, None, ["x"] * 300, "here")
    exact = np.log(np.exp(logits).sum(axis=1))
    np.testing.assert_allclose(stored.logsumexp, exact, rtol=1e-6)
    from_stored = stored.max + np.log(np.exp(stored.logits.astype(np.float64)).sum(axis=1))
    assert (np.abs(from_stored - exact) <= 1.1 * rounding(stored.logits) + 1e-5).all()


def test_probability_zero_is_refused_or_floored():
    logits = np.array([[0.0, -1.0, 2.0], [0.0, -np.inf, 1.0]])
    with pytest.raises(DataError, match=r"class 1 of second is -inf.*floor"):
        encode(logits, None, ["first", "second"], "here")
    floored = encode(logits, -30.0, ["first", "second"], "here")
    assert floored.logits[1].tolist() == [-1.0, -30.0, 0.0]
    assert floored.logsumexp[1] == pytest.approx(np.log(1 + np.e), abs=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_a_number_is_refused_even_with_a_floor(value):
    with pytest.raises(DataError, match="logits of second are not finite"):
        encode(np.array([[0.0, 1.0], [value, 0.0]]), -30.0, ["first", "second"], "here")


def test_a_row_of_zero_probabilities_is_refused():
    with pytest.raises(DataError, match="not finite"):
        encode(np.array([[-np.inf, -np.inf]]), -30.0, ["x"], "here")


@settings(derandomize=True, deadline=None)
@given(st.lists(st.text()))
def test_packed_texts_come_back(texts):
    data, stops = pack(texts)
    assert unpack(data, stops) == texts


def test_identity_is_of_the_value_not_of_its_spelling():
    assert identity({"format": 2, "b": {"c": 2, "d": None}}) == identity(
        {"b": {"d": None, "c": 2}, "format": 2, "identity": "-"}
    )
    assert identity({"format": 2, "a": 1}) != identity({"format": 2, "a": 2})
    assert canonical({"b": "ü", "a": [1]}) == '{"a":[1],"b":"ü"}'.encode()
    with pytest.raises(ValueError, match="not JSON compliant"):
        identity({"format": 2, "a": float("nan")})


def test_differences_name_the_leaf():
    found = {"context": {"history_rule": "end", "tau_a": 1.0}, "code": "x", "view": None}
    wanted = {"context": {"history_rule": "start", "tau_a": 1.0}, "view": {"kind": "narration"}}
    assert differences(found, wanted) == [
        ("context.history_rule", "end", "start"),
        ("view", None, {"kind": "narration"}),
    ]
    assert differences(found, {}) == []
    assert differences({"context": {"tau_a": 1.0, "extra": 2}}, {"context": {"tau_a": 1.0}}) == [
        ("context.extra", 2, None)
    ]
