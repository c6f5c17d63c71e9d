"""What the steps of a training do and log, and which of them are refused."""

from __future__ import annotations

import pytest
import torch
from started_trainings import HARD, assert_equal, lines
from tiny_training import TERMS, N, samples, train

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.training.monitor import POINTS, is_observed


def test_dropout_matters_and_seeds_differ(tmp_path):
    a = train(tmp_path / "a", **HARD).state_dict()["hidden.weight"]
    b = train(tmp_path / "b", **{**HARD, "dropout": 0.0}).state_dict()["hidden.weight"]
    c = train(tmp_path / "c", seed=2, **HARD).state_dict()["hidden.weight"]
    assert not torch.equal(a, b)
    assert not torch.equal(a, c)


def test_log_lines(tmp_path):
    train(tmp_path, epochs=2)
    found = lines(tmp_path)
    steps = [line for line in found if "monitor" not in line]
    assert [line["step"] for line in steps] == list(range(1, 11))
    assert [line["epoch"] for line in steps] == [1] * 5 + [2] * 5
    names = [
        "action.cross_entropy",
        "past_action.cross_entropy",
        "next_features.feature_mse",
        "action.kl.teacher",
    ]
    assert set(steps[0]) == {"epoch", "step", "lr", "loss", "parts", "gradient_norm"}
    weights = [term.get("weight", 1.0) for term in TERMS]
    assert steps[3]["loss"] == pytest.approx(
        sum(weight * steps[3]["parts"][name] for weight, name in zip(weights, names, strict=True))
    )
    monitors = [line for line in found if "monitor" in line]
    assert [(line["monitor"], line["step"]) for line in monitors] == [("held_out", 5), ("held_out", 10)]
    assert set(monitors[0]) == {"epoch", "step", "monitor", "action_loss", "action_top1"}


def test_loss_falls(tmp_path):
    train(tmp_path, epochs=30, terms=TERMS[:1])
    found = [line["loss"] for line in lines(tmp_path) if "loss" in line]
    assert sum(found[-5:]) < 0.8 * sum(found[:5])
    # Of thirty epochs every second is looked at.
    assert [line["epoch"] for line in lines(tmp_path) if "monitor" in line] == list(range(2, 31, 2))


def test_a_learning_curve_has_few_points_and_the_last():
    for epochs in range(1, 200):
        points = [epoch for epoch in range(1, epochs + 1) if is_observed(epoch, epochs)]
        assert points[-1] == epochs and len(points) <= POINTS
        assert len(points) == epochs if epochs <= POINTS else len(points) > POINTS / 2


@pytest.mark.parametrize(
    ("term", "name"), [(TERMS[0], "action.cross_entropy"), (TERMS[2], "next_features.feature_mse")]
)
def test_a_non_finite_loss_stops_before_the_update(tmp_path, term, name, monkeypatch):
    import tiny_training

    class Diverging(tiny_training.TinyNet):
        def forward(self, batch):
            outputs = super().forward(batch)
            Diverging.calls += 1
            if Diverging.calls == 3:
                Diverging.before = {key: value.clone() for key, value in self.state_dict().items()}
                Diverging.model = self
                outputs.logits["action"][0] = torch.nan
                outputs.next_features.data[0] = torch.inf
            return outputs

    Diverging.calls = 0
    monkeypatch.setattr(tiny_training, "TinyNet", Diverging)
    with pytest.raises(DataError, match=rf"{name} is (nan|inf): step 3"):
        tiny_training.train(tmp_path, terms=[TERMS[1], term])
    assert_equal(Diverging.before, Diverging.model.state_dict())
    assert len(lines(tmp_path)) == 2


def test_a_non_finite_gradient_stops_before_the_update(tmp_path, monkeypatch):
    import tiny_training

    class Kinked(tiny_training.TinyNet):
        def forward(self, batch):
            outputs = super().forward(batch)
            outputs.logits["action"] = outputs.logits["action"] + torch.sqrt(0 * outputs.logits["action"])
            return outputs

    monkeypatch.setattr(tiny_training, "TinyNet", Kinked)
    with pytest.raises(DataError, match="gradient norm is nan: step 1"):
        tiny_training.train(tmp_path, terms=TERMS[:1])


def test_frozen_group_and_own_rates(tmp_path):
    torch.manual_seed(1)
    import tiny_training

    start = tiny_training.TinyNet().state_dict()
    groups = [{"match": "^hidden", "lr": 0}, {"match": "bias$", "weight_decay": 0.0}]
    end = train(tmp_path / "a", groups=groups, epochs=1).state_dict()
    assert torch.equal(start["hidden.weight"], end["hidden.weight"])
    assert not torch.equal(start["action.weight"], end["action.weight"])
    assert torch.equal(start["unused.weight"], end["unused.weight"])
    with pytest.raises(ConfigError, match="no parameter matches 'hiden'"):
        train(tmp_path / "b", groups=[{"match": "hiden", "lr": 0}])


def test_steps_instead_of_epochs(tmp_path):
    train(tmp_path, epochs=None, steps=7)
    assert [line["step"] for line in lines(tmp_path) if "loss" in line] == list(range(1, 8))
    assert [line["step"] for line in lines(tmp_path) if "monitor" in line] == [5, 7]


def test_bf16_trains(tmp_path):
    state = train(tmp_path, precision="bf16", epochs=1).state_dict()
    assert state["hidden.weight"].dtype == torch.float32
    exact = train(tmp_path / "fp32", precision="fp32", epochs=1).state_dict()
    assert 0 < (state["action.weight"] - exact["action.weight"]).abs().max() < 0.05


def test_missing_scores_name_the_sample(tmp_path):
    from tiny_training import samples, teacher_scores

    targets = teacher_scores([f"s{i}" for i in range(N - 1)])
    with pytest.raises(DataError, match=f"no cached scores of s{N - 1}"):
        targets(samples().batch([0, N - 1]))


def test_nothing_to_train_on(tmp_path, monkeypatch):
    import tiny_training

    monkeypatch.setattr(tiny_training, "samples", lambda rows=None: samples([]))
    with pytest.raises(DataError, match="no samples to train on"):
        tiny_training.train(tmp_path, terms=TERMS[1:2])
