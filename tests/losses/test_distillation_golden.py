"""The distillation losses against the numbers that the authors' own code gave (Ghosh et al. 2022)."""

import numpy as np
import pytest
import torch

from foretaste.settings import families

CASES = ["egtea_T10_full", "ek55_T5_top50", "small_T10_full", "small_T5_top4"]


@pytest.fixture(scope="module")
def golden(shared_golden):
    return np.load(shared_golden / "distill.npz")


def published(golden, case):
    """The loss as a preset writes it, with its weight."""
    temperature, k, weight = golden[f"{case}/T_k_lambda"].tolist()
    options = {"temperature": temperature, "t_squared": True}
    if k < 0:
        return families.build("losses", {"kind": "kl", **options}), weight
    return (
        families.build("losses", {"kind": "topk_kl", "k": int(k), "renormalise": "both", **options}),
        weight,
    )


@pytest.mark.parametrize("case", CASES)
def test_value_and_gradient(golden, case):
    loss, weight = published(golden, case)
    student = torch.from_numpy(golden[f"{case}/student_logits"]).requires_grad_()
    teacher = torch.from_numpy(golden[f"{case}/teacher_logits"])
    values = loss(student, teacher)
    np.testing.assert_allclose(
        values.detach(), golden[f"{case}/elementwise_sum_per_sample"], atol=1e-9, rtol=0
    )
    mean = (values / loss.elements(student)).mean()
    np.testing.assert_allclose(mean.item(), golden[f"{case}/mean_over_all_elements"], atol=1e-9, rtol=0)
    np.testing.assert_allclose(weight * mean.item(), golden[f"{case}/weighted"], atol=1e-9, rtol=0)
    (weight * mean).backward()
    np.testing.assert_allclose(student.grad, golden[f"{case}/grad_weighted_wrt_student"], atol=1e-9, rtol=0)


def test_absent_teacher_row_of_the_authors_is_a_uniform_target(golden):
    student = torch.from_numpy(golden["missing_teacher/student_logits"])
    loss = families.build("losses", {"kind": "kl", "temperature": 10.0, "t_squared": True})
    values = loss(student, torch.full_like(student, -1.0))
    np.testing.assert_allclose(values, golden["missing_teacher/elementwise"].sum(-1), atol=1e-9, rtol=0)
    np.testing.assert_allclose(
        (values / loss.elements(student)).mean(), golden["missing_teacher/mean"], atol=1e-9, rtol=0
    )
