"""What holds for every member: it builds from its settings, gives one value a sample or position, and is
pure.
"""

import inspect

import pytest
import torch
from torch import Tensor

from foretaste.losses.feature_mse import feature_mse
from foretaste.losses.loss import Loss
from foretaste.losses.smooth_l1 import smooth_l1
from foretaste.settings import families

#: A value of each type for settings that a member asks for.
EXAMPLES = {"number": 2.0, "integer": 3, "boolean": True}


def member(kind: str) -> Loss:
    """Built with example values for its required settings."""
    schema = families.load("losses", kind).Config.model_json_schema()
    rules = {name: schema["properties"][name] for name in schema.get("required", ())}
    settings = {
        name: rule["enum"][0] if "enum" in rule else EXAMPLES[rule["type"]] for name, rule in rules.items()
    }
    return families.build("losses", {"kind": kind, **settings})


def target_of(loss: Loss, student: Tensor) -> Tensor:
    """What it compares a (B, C) student with: vectors like it, or, where it refuses them, class ids (B,)."""
    vectors = torch.randn_like(student).detach()
    try:
        loss(student, vectors)
    except ValueError:
        return torch.randint(student.shape[1], student.shape[:1])
    return vectors


@pytest.mark.parametrize("kind", families.members("losses"))
def test_member(kind):
    loss = member(kind)
    student = torch.randn(5, 8, dtype=torch.float64, requires_grad=True)
    target = target_of(loss, student)
    before = student.detach().clone(), target.clone()
    values = loss(student, target)
    assert values.shape == (5,)
    assert torch.equal(values, loss(student, target))
    assert torch.equal(student, before[0])
    assert torch.equal(target, before[1])
    assert 1 <= loss.elements(student) <= 8
    one_by_one = torch.cat([loss(student[row : row + 1], target[row : row + 1]) for row in range(5)])
    torch.testing.assert_close(values, one_by_one)
    none = loss(student[:0], target[:0])  # a part of a batch that no sample of counts
    assert none.shape == (0,) and loss.elements(student[:0]) == loss.elements(student)
    assert torch.autograd.gradcheck(lambda s: loss(s, target), (student,))
    function = getattr(families.load("losses", kind), kind)
    assert inspect.getdoc(function), f"{kind} says what it computes"


@pytest.mark.parametrize(
    ("kind", "elements"),
    [
        ("cross_entropy", 8),
        ("kl", 8),
        ("topk_kl", 3),
        ("feature_mse", 1),
        ("smooth_l1", 8),
        ("attentional_pooling", 8),
    ],
)
def test_over_how_many_numbers_a_value_sums(kind, elements):
    assert member(kind).elements(torch.randn(5, 8)) == elements


def test_settings_that_change_a_result_have_no_default():
    for kind in ("kl", "topk_kl"):
        assert all(
            field.is_required() for field in families.load("losses", kind).Config.model_fields.values()
        )


def test_feature_mse_by_hand_and_towards_both_sides():
    student = torch.tensor([[[1.0, 2.0]]], requires_grad=True)
    target = torch.tensor([[[4.0, 0.0]]], requires_grad=True)
    value = feature_mse(student, target)
    assert value.tolist() == [[(9 + 4) / 2]]
    value.sum().backward()
    assert student.grad.tolist() == [[[-3.0, 2.0]]]
    assert target.grad.tolist() == [[[3.0, -2.0]]]


def test_smooth_l1_by_hand():
    student, target = torch.tensor([[0.0, 0.0, 0.0]]), torch.tensor([[0.5, -1.0, 3.0]])
    assert smooth_l1(student, target).tolist() == [0.125 + 0.5 + 2.5]
    assert smooth_l1(student, target, beta=2.0).tolist() == [0.0625 + 0.25 + 2.0]


@pytest.mark.parametrize("kind", ["feature_mse", "smooth_l1"])
def test_maps_are_compared_place_by_place(kind):
    loss = families.build("losses", {"kind": kind})
    student, target = torch.randn(2, 3, 4, 5, 8), torch.randn(2, 3, 4, 5, 8)
    found = loss(student, target)
    assert found.shape == (2, 3, 4, 5)
    torch.testing.assert_close(found[1, 2, 0, 4], loss(student[1:, 2, 0, 4], target[1:, 2, 0, 4])[0])
