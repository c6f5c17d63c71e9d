"""Losses between responses, and LanViKD's whole objective, against loops over the formulas."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from foretaste.contracts.batch import Batch, Outputs
from foretaste.settings import families
from foretaste.settings.model_config import TermConfig
from foretaste.training.objective import build_objective


@pytest.fixture(scope="module")
def golden(shared_golden):
    return np.load(shared_golden / "distillation_losses_cases.npz")


def tensors(golden, *names):
    return [torch.from_numpy(golden[name]) for name in names]


def close(got, expected):
    np.testing.assert_allclose(got.detach().numpy(), expected, atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("temperature", [0.5, 1, 2, 3, 4, 10])
@pytest.mark.parametrize("squared", ["T2", "noT2"])
def test_kl(golden, temperature, squared):
    teacher, student = tensors(golden, "teacher", "student")
    spec = {"kind": "kl", "temperature": temperature, "t_squared": squared == "T2"}
    loss, case = families.build("losses", spec), f"T{temperature}/{squared}"
    values = loss(student.requires_grad_(), teacher)
    close(values, np.asarray(golden[f"kl/{case}/none"]).reshape(4, -1).sum(1))
    close(values.mean(), golden[f"kl/{case}/batchmean"])
    close((values / loss.elements(student)).mean(), golden[f"kl/{case}/mean"])
    if f"kl_grad_student/{case}/batchmean" in golden.files:
        values.mean().backward()
        close(student.grad, golden[f"kl_grad_student/{case}/batchmean"])


@pytest.mark.parametrize("k", [1, 2, 3, 5, 9])
def test_top_k_kl_where_two_classes_tie(golden, k):
    teacher, student = tensors(golden, "teacher", "student")
    for name in (name for name in golden.files if name.startswith(f"topk_kl/K{k}/")):
        _, _, temperature, squared = name.split("/")
        spec = {"kind": "topk_kl", "k": k, "temperature": float(temperature[1:]), "renormalise": "both"}
        values = families.build("losses", {**spec, "t_squared": squared == "T2"})(student, teacher)
        close(values.mean(), golden[name])
        if name.replace("topk_kl/", "topk_kl_rows/") in golden.files:
            close(values, golden[name.replace("topk_kl/", "topk_kl_rows/")])


@pytest.mark.parametrize("beta", [0.5, 1, 2])
def test_smooth_l1(golden, beta):
    student, target = tensors(golden, "reg_pred", "reg_target")
    loss, case = families.build("losses", {"kind": "smooth_l1", "beta": beta}), f"smooth_l1/beta{beta}"
    values = loss(student, target)
    close(values, golden[f"{case}/none"].sum(1))
    close(values.sum(), golden[f"{case}/sum"])
    close((values / loss.elements(student)).mean(), golden[f"{case}/mean"])


@pytest.mark.parametrize("share", [0.4, 0.8])
@pytest.mark.parametrize("regression", [0, 50])
def test_the_objective_of_lanvikd(golden, share, regression):
    heads = ("verb", "noun")
    kl = {"kind": "kl", "temperature": 3.0, "t_squared": True}
    terms = [
        *({"loss": {"kind": "cross_entropy"}, "of": head, "weight": (1 - share) / 2} for head in heads),
        *({"loss": kl, "of": head, "to": "text", "weight": share / 2} for head in heads),
        {"loss": {"kind": "smooth_l1"}, "of": "embedding", "to": "text", "weight": regression}
        | {"reduction": "elements"},
    ]
    said = {
        who: Outputs(
            logits={head: torch.from_numpy(golden[f"lanvikd/{head}_{who}"]) for head in heads},
            embedding=torch.from_numpy(golden[vectors]),
        )
        for who, vectors in (("student", "reg_pred"), ("teacher", "reg_target"))
    }
    labels = {head: torch.from_numpy(golden[f"lanvikd/{head}_labels"]).long() for head in heads}
    batch = Batch(ids=("a", "b", "c", "d"), inputs={}, labels=labels)
    objective = build_objective([TermConfig(**term) for term in terms])
    numerators = objective.numerators(batch, said["student"], {"text": said["teacher"]})
    total = objective.total(numerators, objective.denominators(batch).tolist())
    close(total, golden[f"lanvikd/total/lambda{share}/mu{regression}/T3"])
