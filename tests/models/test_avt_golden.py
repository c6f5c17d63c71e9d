"""AVT-h against every number that its public code gave (evaluation mode, one small network with random
parameters).
"""

import json

import numpy as np
import pytest
import torch

from foretaste.contracts.batch import Batch
from foretaste.contracts.view import Fetched
from foretaste.evaluation.metrics import accuracy, label_ranks
from foretaste.losses.cross_entropy import cross_entropy
from foretaste.losses.feature_mse import feature_mse
from foretaste.models import weights
from foretaste.models.avt import Avt, Config
from foretaste.settings.model_config import TermConfig
from foretaste.settings.training_config import LoopConfig
from foretaste.training.loop import fit
from foretaste.training.objective import build_objective
from foretaste.training.samples import Loader, Samples
from foretaste.training.targets import no_targets

TOLERANCE = {"f64": 1e-9, "f32": 2e-5}
TOTALS = {
    "ek55_irCSN": (1.0, 2.0, 0.0),
    "egtea": (1.0, 1.0, 0.1),
    "ek55_avtb": (1.0, 1.0, 1.0),
}  # weights of class, feature, past
ACTION = {"loss": {"kind": "cross_entropy"}, "of": "action"}
FEATURE = {"loss": {"kind": "feature_mse"}, "of": "next_features", "to": "features", "over": "all"}
PAST = {"loss": {"kind": "cross_entropy"}, "of": "past_action", "reduction": "positions"}
#: As presets write them.
OBJECTIVES = {
    "ek55_irCSN": [ACTION, {**FEATURE, "weight": 2.0}],
    "egtea": [ACTION, FEATURE, {**PAST, "weight": 0.1}],
}


@pytest.fixture(scope="module")
def golden(shared_golden):
    return np.load(shared_golden / "avth_small.npz")


def parameters(golden):
    names = golden["meta/param_order"].tolist()
    return {name: torch.from_numpy(golden[f"param/{name}"]) for name in names}


def network(golden, precision="f64", **settings):
    config = Config(width=64, layers=2, heads=4, **{"dropout": 0.8, "past": True, **settings})
    model = Avt(config, feature_width=32, classes={"action": 11})
    weights.install(model, parameters(golden), weights.AVT, "golden")
    return (model.double() if precision == "f64" else model).eval()


def inputs(golden, precision="f64"):
    z = torch.from_numpy(golden["in/feats"])
    return (z.double() if precision == "f64" else z).requires_grad_()


def run(model, z):
    return model(Batch(ids=("a", "b", "c", "d"), inputs={"features": z}))


def losses(golden, outputs):
    """Unreduced losses under the names of the golden file; the feature loss is kept elementwise there."""
    target, past = torch.from_numpy(golden["in/target"]), torch.from_numpy(golden["in/past_target"])
    return {
        "cls_action": cross_entropy(outputs.logits["action"], target),
        "feat": feature_mse(outputs.next_features[:, :-1], outputs.features[:, 1:]),
        "past_cls_action": cross_entropy(outputs.past_logits["action"], past),
    }


def total(golden, outputs, name):
    parts = losses(golden, outputs)
    return sum(weight * parts[part].mean() for part, weight in zip(parts, TOTALS[name]) if weight)


def close(ours, theirs, tolerance=1e-9):
    np.testing.assert_allclose(ours.detach().numpy(), theirs, atol=tolerance, rtol=0)


@pytest.mark.parametrize("precision", ["f64", "f32"])
def test_every_stage_of_the_forward_pass(golden, precision):
    model, z, tolerance = network(golden, precision), inputs(golden, precision), TOLERANCE[precision]
    encoded = model.encoder(z)
    close(encoded, golden[f"{precision}/encoded"], tolerance)
    x = encoded + model.transformer.position[:8]
    for layer, block in enumerate(model.transformer.blocks):
        close(x, golden[f"{precision}/hidden_states"][layer], tolerance)
        query, key, _ = block.attention.split(block.norm1(x))
        scores = query @ key.transpose(2, 3) / 16**0.5
        ahead = torch.ones(8, 8).triu(1).bool()
        close(
            scores.masked_fill(ahead, -torch.inf).softmax(-1),
            golden[f"{precision}/attentions"][layer],
            tolerance,
        )
        x, _ = block(x)
    close(model.transformer.norm(x), golden[f"{precision}/hidden_states"][2], tolerance)
    close(model.transformer(encoded)[0], golden[f"{precision}/hidden_states"][2], tolerance)
    outputs = run(model, z)
    close(outputs.next_features, golden[f"{precision}/decoded"], tolerance)
    past = torch.cat((outputs.features[:, :1], outputs.next_features[:, :-1]), 1)
    close(past, golden[f"{precision}/past"], tolerance)
    close(outputs.next_features[:, -1], golden[f"{precision}/future"], tolerance)
    close(outputs.next_features[:, -1], golden[f"{precision}/future_agg"], tolerance)
    close(outputs.logits["action"], golden[f"{precision}/logits_action"], tolerance)
    close(outputs.past_logits["action"], golden[f"{precision}/past_logits_action"], tolerance)


@pytest.mark.parametrize("precision", ["f64", "f32"])
def test_losses_and_totals(golden, precision):
    outputs = run(network(golden, precision), inputs(golden, precision))
    tolerance = TOLERANCE[precision]
    for name, values in losses(golden, outputs).items():
        elements = golden[f"{precision}/loss_elt/{name}"]
        close(values, elements.mean(-1) if name == "feat" else elements, tolerance)
        close(values.mean(), golden[f"{precision}/loss/{name}"], tolerance)
    for name in TOTALS:
        close(total(golden, outputs, name), golden[f"{precision}/total/{name}"], tolerance)


@pytest.mark.parametrize("name", TOTALS)
def test_gradients(golden, name):
    model, z = network(golden), inputs(golden)
    total(golden, run(model, z), name).backward()
    close(z.grad, golden[f"f64/grad/{name}/in_feats"])
    if name == "egtea":
        for ours, parameter in model.named_parameters():
            published = golden[f"f64/grad/egtea/{weights.AVT.published(ours)}"]
            close(weights.AVT.turn(ours, parameter.grad), published)


def test_no_position_sees_a_later_frame(golden):
    """The prediction from the first t frames alone is the one that the whole window gives at t."""
    model, z = network(golden), inputs(golden)
    whole = model.classifiers["action"](run(model, z).next_features)
    for t in range(1, 9):
        alone = run(model, z[:, :t]).logits["action"]
        close(alone, golden["f64/prefix_logits_action"][:, t - 1])
        torch.testing.assert_close(whole[:, t - 1], alone, atol=1e-12, rtol=0)


def test_rollout(golden):
    model, z = network(golden, steps=3), inputs(golden)
    d, future, _ = model.predict(z)
    steps = torch.cat((z, future), 1)
    close(steps, golden["f64/rollout3_future"])
    close(model.classifiers["action"](steps), golden["f64/rollout3_logits_action"])
    close((d[:, :-1] - z[:, 1:]).square(), golden["f64/rollout3_feat_loss"])
    close(run(model, z).logits["action"], golden["f64/rollout3_logits_action"][:, -1])


TRAJECTORIES = {
    "sgd_nesterov": (
        "egtea",
        torch.optim.SGD,
        {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 1e-6},
    ),
    "adam_l2": ("ek55_irCSN", torch.optim.Adam, {"lr": 0.005, "weight_decay": 1e-4}),
}


@pytest.mark.parametrize("trajectory", TRAJECTORIES)
def test_five_steps_of_training(golden, trajectory):
    name, kind, settings = TRAJECTORIES[trajectory]
    model, z = network(golden), inputs(golden).detach()
    optimizer = kind(model.parameters(), **settings)
    values = []
    for _ in range(5):
        optimizer.zero_grad()
        value = total(golden, run(model, z), name)
        value.backward()
        optimizer.step()
        values.append(value.item())
    np.testing.assert_allclose(values, golden[f"f64/traj_{trajectory}/total"], atol=1e-9, rtol=0)
    exported = weights.export(model, weights.AVT)
    for parameter in ("classifiers.action.weight", "future_predictor.gpt_model.h.0.attn.c_attn.weight"):
        close(exported[parameter], golden[f"f64/traj_{trajectory}/final/{parameter}"])


class Given:
    """The golden features and labels as a view."""

    workers = 0

    def __init__(self, golden):
        self.features = torch.from_numpy(golden["in/feats"])
        self.past = torch.from_numpy(golden["in/past_target"])

    def __len__(self):
        return len(self.features)

    def fetch(self, rows, look=None):
        return Fetched(
            inputs={"features": self.features[list(rows)]}, labels={"past_action": self.past[list(rows)]}
        )

    def weights(self):
        return None


@pytest.mark.parametrize("trajectory", TRAJECTORIES)
def test_five_steps_of_the_loop(golden, trajectory, tmp_path):
    """The same by the loop itself: settings of a preset, its log and what it ends with."""
    name, kind, settings = TRAJECTORIES[trajectory]
    model = network(golden, "f32", dropout=0.0, inner_dropout=0.0, attention_dropout=0.0)
    view = Given(golden)
    labels = {"action": torch.from_numpy(golden["in/target"])}
    samples = Samples(view=view, rows=np.arange(4), ids=("a", "b", "c", "d"), labels=labels)
    objective = build_objective([TermConfig(**term) for term in OBJECTIVES[name]])
    optimizer = {"kind": {torch.optim.SGD: "sgd", torch.optim.Adam: "adam"}[kind], **settings}
    config = LoopConfig(steps=5, batch=4, optimizer=optimizer, precision="fp64")
    fit(model, no_targets, objective, {"training": Loader(samples=samples, batch=4)}, config, tmp_path)
    logged = [json.loads(line)["loss"] for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    np.testing.assert_allclose(logged, golden[f"f64/traj_{trajectory}/total"], atol=1e-9, rtol=0)
    kept = weights.export(model, weights.AVT)  # in fp32
    for parameter in ("classifiers.action.weight", "future_predictor.gpt_model.h.0.attn.c_attn.weight"):
        close(kept[parameter], golden[f"f64/traj_{trajectory}/final/{parameter}"], 1e-6)


def test_accuracies(golden):
    ranks = label_ranks(golden["f64/logits_action"], golden["in/target"])
    assert 100 * accuracy(ranks < 1) == pytest.approx(float(golden["f64/acc/acc1_action"]), abs=1e-9)
    assert 100 * accuracy(ranks < 5) == pytest.approx(float(golden["f64/acc/acc5_action"]), abs=1e-9)


def test_published_names_order_and_storage(golden):
    exported = weights.export(network(golden, "f32"), weights.AVT)
    assert list(exported) == golden["meta/param_order"].tolist()
    for name, tensor in exported.items():
        assert torch.equal(tensor, torch.from_numpy(golden[f"param/{name}"]))
