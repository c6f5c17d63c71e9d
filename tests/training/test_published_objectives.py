"""The published objectives, written as a preset writes them, give the published code's totals and
gradients.
"""

import numpy as np
import pytest
import torch

from foretaste.contracts.batch import Batch, Outputs
from foretaste.settings.model_config import TermConfig
from foretaste.training.objective import build_objective

ACTION = {"loss": {"kind": "cross_entropy"}, "of": "action"}
FEATURE = {"loss": {"kind": "feature_mse"}, "of": "next_features", "to": "features"}
PAST = {"loss": {"kind": "cross_entropy"}, "of": "past_action", "reduction": "positions"}
OBJECTIVES = {
    "ek55_irCSN": [ACTION, {**FEATURE, "weight": 2.0}],
    "egtea": [ACTION, FEATURE, {**PAST, "weight": 0.1}],
    "ek55_avtb": [ACTION, FEATURE, PAST],
}


def value(terms, outputs, labels, targets=None):
    objective = build_objective([TermConfig(**term) for term in terms])
    batch = Batch(ids=tuple(map(str, range(len(labels["action"])))), inputs={}, labels=labels)
    return objective.total(
        objective.numerators(batch, outputs, targets or {}), objective.denominators(batch).tolist()
    )


@pytest.mark.parametrize("name", OBJECTIVES)
def test_avt(shared_golden, name):
    golden = np.load(shared_golden / "avth_small.npz")
    outputs = Outputs(
        logits={"action": torch.from_numpy(golden["f64/logits_action"])},
        past_logits={"action": torch.from_numpy(golden["f64/past_logits_action"])},
        features=torch.from_numpy(golden["in/feats"]).double(),
        next_features=torch.from_numpy(golden["f64/decoded"]),
    )
    labels = {
        "action": torch.from_numpy(golden["in/target"]),
        "past_action": torch.from_numpy(golden["in/past_target"]),
    }
    np.testing.assert_allclose(
        value(OBJECTIVES[name], outputs, labels), golden[f"f64/total/{name}"], atol=1e-9, rtol=0
    )


DISTILLED = {
    "egtea_T10_full": {"loss": {"kind": "kl", "temperature": 10, "t_squared": True}, "weight": 150},
    "ek55_T5_top50": {
        "loss": {"kind": "topk_kl", "k": 50, "temperature": 5, "t_squared": True, "renormalise": "both"},
        "weight": 20,
    },
}


@pytest.mark.parametrize("name", DISTILLED)
def test_distillation(shared_golden, name):
    golden = np.load(shared_golden / "distill.npz")
    student = torch.from_numpy(golden[f"{name}/student_logits"]).requires_grad_()
    teacher = {"teacher": Outputs(logits={"action": torch.from_numpy(golden[f"{name}/teacher_logits"])})}
    term = {**DISTILLED[name], "of": "action", "to": "teacher", "reduction": "elements"}
    total = value(
        [term],
        Outputs(logits={"action": student}),
        {"action": torch.zeros(len(student), dtype=torch.int64)},
        teacher,
    )
    total.backward()
    np.testing.assert_allclose(total.item(), golden[f"{name}/weighted"], atol=1e-9, rtol=0)
    np.testing.assert_allclose(student.grad, golden[f"{name}/grad_weighted_wrt_student"], atol=1e-9, rtol=0)
