import math
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.contracts.errors import ConfigError
from foretaste.losses.kl import kl
from foretaste.losses.topk_kl import topk_kl

temperatures = st.sampled_from([0.5, 1.0, 2.0, 10.0])


def logits(draw_seed, rows, classes, scale=3.0):
    return (
        torch.randn(rows, classes, generator=torch.Generator().manual_seed(draw_seed), dtype=torch.float64)
        * scale
    )


sizes = {
    "seed": st.integers(0, 2**31),
    "rows": st.integers(1, 4),
    "classes": st.integers(2, 30),
    "temperature": temperatures,
}


def test_by_hand():
    """p = (3/4, 1/4) against q = (1/2, 1/2)."""
    student, teacher = (
        torch.zeros(1, 2, dtype=torch.float64),
        torch.tensor([[math.log(3), 0.0]], dtype=torch.float64),
    )
    expected = 0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.5)
    assert kl(student, teacher, temperature=1.0, t_squared=False).item() == pytest.approx(expected, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(**sizes)
def test_equal_logits_give_zero_and_others_more(seed, rows, classes, temperature):
    teacher, student = logits(seed, rows, classes), logits(seed + 1, rows, classes)
    assert kl(teacher, teacher, temperature=temperature, t_squared=True).abs().max() < 1e-12
    assert (kl(student, teacher, temperature=temperature, t_squared=True) >= -1e-12).all()


@settings(max_examples=40, deadline=None)
@given(**sizes)
def test_a_constant_added_to_all_logits_changes_nothing(seed, rows, classes, temperature):
    teacher, student = logits(seed, rows, classes), logits(seed + 1, rows, classes)
    plain = kl(student, teacher, temperature=temperature, t_squared=False)
    torch.testing.assert_close(
        kl(student + 7, teacher - 3, temperature=temperature, t_squared=False), plain, atol=1e-10, rtol=0
    )


@settings(max_examples=40, deadline=None)
@given(**sizes)
def test_every_kind_of_top_k_with_all_classes_is_the_full_divergence(seed, rows, classes, temperature):
    teacher, student = logits(seed, rows, classes), logits(seed + 1, rows, classes)
    full = kl(student, teacher, temperature=temperature, t_squared=True)
    for renormalise in ("both", "teacher"):
        top = topk_kl(
            student, teacher, k=classes, temperature=temperature, t_squared=True, renormalise=renormalise
        )
        torch.testing.assert_close(top, full, atol=1e-10, rtol=0)


@settings(max_examples=40, deadline=None)
@given(k_share=st.floats(0, 1), **sizes)
def test_top_k_against_sorting_by_hand(seed, rows, classes, temperature, k_share):
    k = 1 + int(k_share * (classes - 1))
    teacher, student = logits(seed, rows, classes), logits(seed + 1, rows, classes)
    both = topk_kl(student, teacher, k=k, temperature=temperature, t_squared=False, renormalise="both")
    half = topk_kl(student, teacher, k=k, temperature=temperature, t_squared=False, renormalise="teacher")
    for row in range(rows):
        kept = sorted(range(classes), key=lambda c: -teacher[row, c].item())[:k]
        p = [math.exp(teacher[row, c].item() / temperature) for c in kept]
        p = [value / sum(p) for value in p]
        q_all = sum(math.exp(value / temperature) for value in student[row].tolist())
        q = [math.exp(student[row, c].item() / temperature) / q_all for c in kept]
        assert half[row].item() == pytest.approx(sum(a * math.log(a / b) for a, b in zip(p, q)), abs=1e-9)
        assert both[row].item() == pytest.approx(
            sum(a * math.log(a / (b / sum(q))) for a, b in zip(p, q)), abs=1e-9
        )


@pytest.mark.parametrize("temperature", [1.0, 4.0])
@pytest.mark.parametrize("t_squared", [False, True])
def test_t_squared_is_a_factor_and_nothing_else(temperature, t_squared):
    teacher, student = logits(0, 3, 7), logits(1, 3, 7)
    plain = kl(student, teacher, temperature=temperature, t_squared=False)
    torch.testing.assert_close(
        kl(student, teacher, temperature=temperature, t_squared=t_squared),
        plain * (temperature**2 if t_squared else 1),
    )


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_gradient_equals_the_finite_difference_and_the_closed_form(temperature):
    teacher, student = logits(0, 2, 6), logits(1, 2, 6).requires_grad_()
    functions = [
        lambda s: kl(s, teacher, temperature=temperature, t_squared=True),
        lambda s: topk_kl(s, teacher, k=3, temperature=temperature, t_squared=True, renormalise="both"),
        lambda s: topk_kl(s, teacher, k=3, temperature=temperature, t_squared=True, renormalise="teacher"),
    ]
    for function in functions:
        assert torch.autograd.gradcheck(function, (student,), atol=1e-7)
    (gradient,) = torch.autograd.grad(functions[0](student).sum(), student)
    closed = temperature * ((student / temperature).softmax(-1) - (teacher / temperature).softmax(-1))
    torch.testing.assert_close(gradient, closed.detach(), atol=1e-10, rtol=0)


@pytest.mark.parametrize("temperature", [1.0, 100.0, 1e4, 1e6])
def test_single_precision_loses_nothing_at_a_large_temperature(temperature):
    teacher, student = logits(0, 8, 300).float(), logits(1, 8, 300).float().requires_grad_()
    exact = student.detach().double().requires_grad_()
    options = {"temperature": temperature, "t_squared": True}
    for function in (
        kl,
        partial(topk_kl, k=50, renormalise="both"),
        partial(topk_kl, k=50, renormalise="teacher"),
    ):
        found, expected = function(student, teacher, **options), function(exact, teacher.double(), **options)
        torch.testing.assert_close(found, expected.float(), rtol=1e-6, atol=0)
        (gradient,) = torch.autograd.grad(found.sum(), student)
        (right,) = torch.autograd.grad(expected.sum(), exact)
        torch.testing.assert_close(gradient, right.float(), rtol=1e-5, atol=1e-9 * temperature)


def test_a_large_temperature_leaves_half_the_variance_of_the_difference():
    teacher, student = logits(0, 8, 300).float(), logits(1, 8, 300).float()
    found = kl(student, teacher, temperature=1e6, t_squared=True)
    expected = (student.double() - teacher.double()).var(-1, correction=0) / 2
    torch.testing.assert_close(found, expected.float(), rtol=1e-4, atol=0)


def test_a_class_that_the_student_rules_out_costs_nothing_where_fp32_has_no_such_probability():
    student, teacher = torch.tensor([0.0, 1.0, -torch.inf]), torch.tensor([0.0, -100.0, -200.0])
    assert kl(student, teacher, temperature=1.0, t_squared=True).isfinite()
    assert kl(student, teacher, temperature=2.0, t_squared=True) == torch.inf


def test_half_precision_gives_single():
    teacher, student = logits(0, 2, 5).float(), logits(1, 2, 5).half()
    value = kl(student, teacher, temperature=2.0, t_squared=True)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, kl(student.float(), teacher, temperature=2.0, t_squared=True))


def test_a_class_that_the_teacher_rules_out_adds_nothing():
    teacher = torch.tensor([[1.0, 0.0, -math.inf]], dtype=torch.float64)
    student = torch.tensor([[0.3, 0.2, 0.9]], dtype=torch.float64, requires_grad=True)
    value = kl(student, teacher, temperature=1.0, t_squared=False)
    p, q = teacher.softmax(-1)[0].tolist(), student.softmax(-1)[0].tolist()
    assert value.item() == pytest.approx(sum(a * math.log(a / b) for a, b in zip(p[:2], q[:2])), abs=1e-12)
    value.backward()
    torch.testing.assert_close(student.grad, (student.softmax(-1) - teacher.softmax(-1)).detach())


def test_a_target_that_would_broadcast_is_refused():
    with pytest.raises(ValueError, match="differ in shape"):
        kl(torch.zeros(4, 3), torch.zeros(1, 3), temperature=1.0, t_squared=True)
    with pytest.raises(ValueError, match="differ in shape"):
        topk_kl(
            torch.zeros(4, 3), torch.zeros(1, 3), k=2, temperature=1.0, t_squared=True, renormalise="both"
        )


def test_more_classes_than_there_are_is_refused():
    with pytest.raises(ConfigError, match=r"k is 4.*at most the 3 classes"):
        topk_kl(
            torch.zeros(1, 3), torch.zeros(1, 3), k=4, temperature=1.0, t_squared=True, renormalise="both"
        )
