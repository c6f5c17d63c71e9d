"""The pooling loss between maps against the paper's equations written out, and in its limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from foretaste.contracts.batch import UNLABELLED, Batch, Outputs
from foretaste.losses import attentional_pooling as module
from foretaste.losses.attentional_pooling import attentional_pooling
from foretaste.settings import families
from foretaste.settings.model_config import TermConfig
from foretaste.training.objective import build_objective

PENALTIES = {"l2": "square", "huber_elementwise": "huber", "huber_norm": "huber_norm"}
QUERIES = {"both": "both", "A": "student", "R": "target"}
ALPHAS = {"default": None, "zero": 0.0, "one": 1.0, "big50": 50.0}


@pytest.fixture(scope="module")
def golden(shared_golden):
    return np.load(shared_golden / "attentional_pooling_cases.npz")


def cases(golden):
    return sorted({name.split("/")[0] for name in golden.files})


def pair(golden, case):
    return (torch.from_numpy(golden[f"{case}/{name}"])[None] for name in "AR")


def maps(*shape, seed=0, count=2):
    random = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=random, dtype=torch.float64) for _ in range(count)]


def test_every_golden_value(golden):
    seen = 0
    for name in golden.files:
        case, kind, *setting = name.split("/")
        if kind != "loss":
            continue
        alpha, penalty, queries, reduction = setting
        loss = families.build(
            "losses",
            {
                "kind": "attentional_pooling",
                "alpha": ALPHAS[alpha],
                "penalty": PENALTIES[penalty],
                "queries": QUERIES[queries],
            },
        )
        student, target = pair(golden, case)
        if reduction == "mean" and queries == "both" and student.shape != target.shape:
            continue  # each side has a mean of its own there, and the objective compares equal shapes
        # The paper's queries decide how many places there are.
        asking = target if queries == "R" else student
        got = loss(student, target).item() / (loss.elements(asking) if reduction == "mean" else 1)
        assert got == pytest.approx(golden[name].item(), rel=1e-9, abs=1e-9), name
        seen += 1
    assert seen > 450


def test_golden_answers(golden):
    for case in cases(golden):
        own = dict(zip("AR", (one.flatten(1, -2) for one in pair(golden, case))))
        for name in golden.files:
            if name.startswith(f"{case}/phi_"):
                asks, pools = name[-6], name[-1]
                found = module._pooled(own[asks], own[pools], own["A"].shape[-1] ** -0.5)[0]
                np.testing.assert_allclose(found, golden[name], atol=1e-9, rtol=0)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_golden_place_by_place(golden, penalty):
    for case in cases(golden):
        if f"{case}/direct/{penalty}" in golden.files:
            got = attentional_pooling(*pair(golden, case), queries="none", penalty=PENALTIES[penalty])
            assert got.item() == pytest.approx(golden[f"{case}/direct/{penalty}"].item(), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("penalty", ["l2", "huber_elementwise"])
def test_golden_gradients_and_none_towards_the_target(golden, penalty):
    for case in cases(golden):
        student, target = (one.clone().requires_grad_() for one in pair(golden, case))
        attentional_pooling(student, target, penalty=PENALTIES[penalty]).sum().backward()
        np.testing.assert_allclose(
            student.grad[0], golden[f"{case}/grad_A/{penalty}/both/sum"], atol=1e-9, rtol=1e-9
        )
        assert target.grad is None


def written_out(a, r, alpha, queries):
    """Equations 4 to 9 as loops over places."""

    def phi(query, places):
        weights = [math.exp(alpha * float(query @ place)) for place in places]
        return sum(weight * place for weight, place in zip(weights, places)) / sum(weights)

    asking = {"both": [*a, *r], "student": a, "target": r}[queries]
    return sum(float((phi(q, r) - phi(q, a)).square().sum()) for q in asking)


@pytest.mark.parametrize("queries", ["both", "student", "target"])
def test_equations_written_out(queries):
    a, r = maps(3, 2, 1, 2, 5)
    got = attentional_pooling(a, r, queries=queries, alpha=0.7)
    expected = [written_out(*(one.reshape(-1, 5) for one in pair), 0.7, queries) for pair in zip(a, r)]
    assert got.tolist() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("penalty", PENALTIES.values())
def test_gradient_equals_differences_also_where_maps_are_equal(penalty):
    a, r = maps(2, 3, 4)
    a = a.requires_grad_()
    for queries in ("both", "student", "target", "none"):
        assert torch.autograd.gradcheck(
            lambda one, queries=queries: attentional_pooling(one, 0.2 * r, queries=queries, penalty=penalty),
            a,
        )
    same = r.clone().requires_grad_()
    attentional_pooling(same, r, penalty=penalty).sum().backward()
    assert same.grad.abs().max() < 1e-12


def test_the_order_of_places_does_not_count_but_place_by_place_it_does():
    a, r = maps(2, 12, 6)
    moved = a[:, torch.randperm(12, generator=torch.Generator().manual_seed(1))]
    for penalty in PENALTIES.values():
        torch.testing.assert_close(
            attentional_pooling(moved, r, penalty=penalty), attentional_pooling(a, r, penalty=penalty)
        )
        assert attentional_pooling(moved, a, penalty=penalty).max() < 1e-20
        assert attentional_pooling(moved, a, penalty=penalty, queries="none").min() > 1


def test_without_sharpness_means_are_compared():
    a, r = maps(2, 3, 2, 5)
    means = (a.mean((1, 2)) - r.mean((1, 2))).square().sum(1)
    torch.testing.assert_close(attentional_pooling(a, r, alpha=0.0), 12 * means)
    torch.testing.assert_close(attentional_pooling(a, r, alpha=0.0, queries="target"), 6 * means)


def test_with_great_sharpness_the_likest_places_are_compared():
    a, r = (torch.nn.functional.normalize(one, dim=-1) for one in maps(2, 7, 5))
    likest = lambda q, places: places[torch.arange(2)[:, None], (q @ places.mT).argmax(-1)]  # noqa: E731
    expected = (likest(a, r) - a).square().sum((1, 2)) + (likest(r, a) - r).square().sum((1, 2))
    torch.testing.assert_close(attentional_pooling(a, r, alpha=1e6), expected)


def test_a_few_samples_at_a_time_give_the_same(monkeypatch):
    a, r = maps(5, 2, 3, 4)
    found = []
    for at_once in (1 << 20, 1, 2 * 36):
        monkeypatch.setattr(module, "WEIGHTS_AT_ONCE", at_once)
        student = a.clone().requires_grad_()
        values = attentional_pooling(student, r)
        (values * torch.arange(1, 6)).sum().backward()
        found.append((values.detach(), student.grad))
    for values, gradient in found[1:]:
        torch.testing.assert_close(values, found[0][0])
        torch.testing.assert_close(gradient, found[0][1])


@pytest.mark.parametrize("queries", ["both", "student", "target", "none"])
def test_what_is_kept_until_the_backward_pass_is_one_map(queries):
    """However many places there are: the weights are n x n, a map is n x D."""
    student, target = torch.randn(2, 64, 3, requires_grad=True), torch.randn(2, 64, 3)
    step = attentional_pooling(student, target, queries=queries).grad_fn
    assert [one.shape for one in step.saved_tensors] == [student.shape, target.shape], (
        "which are there anyway"
    )
    assert step.gradient.shape == student.shape
    assert attentional_pooling(student.detach(), target, queries=queries).grad_fn is None


def test_a_graph_can_be_walked_twice():
    student, target = maps(2, 5, 3)
    values = attentional_pooling(student.requires_grad_(), target)
    first, second = (torch.autograd.grad(values.sum(), student, retain_graph=True)[0] for _ in range(2))
    torch.testing.assert_close(first, second)


def test_maps_of_other_sizes_are_refused_where_they_cannot_be_compared():
    a, r = torch.randn(2, 3, 4), torch.randn(2, 5, 4)
    assert attentional_pooling(a, r).shape == (2,)
    for other, queries in [(r, "none"), (torch.randn(2, 3, 5), "both"), (torch.randn(3, 3, 4), "both")]:
        with pytest.raises(ValueError, match="attentional_pooling"):
            attentional_pooling(a, other, queries=queries)


def test_the_papers_objective_on_labelled_and_unlabelled_samples():
    """Cross-entropy where there is a label, KL to the recognition network where there is none, and the
    pooling loss on both; each a mean over its own samples.
    """
    a, r = maps(4, 2, 3, 3, 6)
    logits, other = maps(4, 5, seed=1)
    labels = torch.tensor([2, UNLABELLED, 0, UNLABELLED])
    terms = [
        {"loss": {"kind": "cross_entropy"}, "of": "verb"},
        {"loss": {"kind": "kl", "temperature": 1.0, "t_squared": False}, "of": "verb", "to": "future"}
        | {"over": "unlabelled"},
        {"loss": {"kind": "attentional_pooling"}, "of": "maps.mixed_4f", "to": "future", "over": "all"}
        | {"weight": 0.1},
    ]
    objective = build_objective([TermConfig(**term) for term in terms])
    batch = Batch(ids=("a", "b", "c", "d"), inputs={}, labels={"verb": labels})
    student = Outputs(logits={"verb": logits}, maps={"mixed_4f": a})
    future = Outputs(logits={"verb": other}, maps={"mixed_4f": r})
    numerators = objective.numerators(batch, student, {"future": future})
    got = objective.total(numerators, objective.denominators(batch).tolist())
    log_q, log_p = logits.log_softmax(-1), other.log_softmax(-1)
    labelled = -(log_q[0, 2] + log_q[2, 0]) / 2
    unlabelled = (log_p.exp() * (log_p - log_q))[[1, 3]].sum() / 2
    torch.testing.assert_close(got, labelled + unlabelled + 0.1 * attentional_pooling(a, r).mean())


@pytest.mark.parametrize("queries", ["both", "none"])
def test_maps_of_no_sample_have_no_value(queries):
    none = torch.zeros(0, 2, 3, 4, requires_grad=True)
    loss = module.build(module.Config(queries=queries))
    assert loss(none, torch.zeros(0, 2, 3, 4)).shape == (0,) and loss.elements(none) == 24
