"""Numbers that leave a training are finite, in fp32, and do not depend on where in memory a batch happened to
lie.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
import tiny_training
import torch
from tiny_training import TERMS, TinyNet, TinyView, config, kept, train
from torch import nn

from foretaste.contracts.batch import Batch
from foretaste.contracts.errors import DataError
from foretaste.training.optimizers import build_optimizer
from foretaste.training.precision import place

#: The first update has rate 0, the second and last one leaves no finite number.
OVERFLOWS = {
    "epochs": None, "steps": 2, "precision": "fp32", "terms": TERMS[:1], "schedule": {"warmup": 0.99},
    "optimizer": {"kind": "sgd", "lr": 1e40, "momentum": 0.0, "nesterov": False},
}  # fmt: skip


@pytest.mark.parametrize("checkpoint_steps", [1, 200])
def test_an_update_that_overflows_is_an_error_and_never_kept(tmp_path, checkpoint_steps):
    for _ in range(2):  # again, from what the first try left
        with pytest.raises(
            DataError, match=r"^(hidden|action)\.(weight|bias) is not finite: step 2: finite weights"
        ):
            train(tmp_path, checkpoint_steps=checkpoint_steps, **OVERFLOWS)
    assert [path.name for path in tmp_path.glob("step-*")] == (["step-1"] if checkpoint_steps == 1 else [])
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == 1


def test_an_overflow_between_checkpoints_stops_at_the_next_step(tmp_path):
    with pytest.raises(DataError, match=r"action\.cross_entropy is nan: step 3"):
        train(tmp_path, **{**OVERFLOWS, "steps": 4})
    assert not list(tmp_path.glob("step-*"))


def test_a_monitor_that_is_not_finite_is_an_error(tmp_path, monkeypatch):
    class Overflowing(TinyNet):
        def forward(self, batch):
            outputs = super().forward(batch)
            if not self.training:
                outputs.logits["action"][:] = torch.inf
            return outputs

    monkeypatch.setattr(tiny_training, "TinyNet", Overflowing)
    with pytest.raises(DataError, match="held_out action_loss is nan: step 5"):
        train(tmp_path)


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp64"])
def test_a_finished_model_is_fp32_and_its_training_is_not(tmp_path, precision):
    ended = train(tmp_path, precision=precision)
    assert {tensor.dtype for tensor in ended.state_dict().values()} == {torch.float32}
    inside = torch.float64 if precision == "fp64" else torch.float32
    assert {tensor.dtype for tensor in kept(tmp_path).values()} == {inside}
    again = train(tmp_path, stop_at=1, precision=precision)  # it has ended: only loaded
    for name, tensor in ended.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name])


@pytest.mark.parametrize("nesterov", [False, True])
def test_a_parameter_whose_first_gradient_comes_late(nesterov):
    """A head without a label in the first batches; the reference is torch's update parameter by parameter."""
    settings = config(
        optimizer={"kind": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": nesterov}, precision="fp32"
    )
    models = [nn.ModuleDict({"early": nn.Linear(3, 3), "late": nn.Linear(3, 3)}) for _ in range(2)]
    models[1].load_state_dict(models[0].state_dict())
    ours = build_optimizer(models[0], settings)
    reference = torch.optim.SGD(
        models[1].parameters(), lr=0.1, momentum=0.9, nesterov=nesterov, foreach=False, fused=False
    )
    random = torch.Generator().manual_seed(0)
    for step in range(4):
        gradients = {
            name: torch.randn(parameter.shape, generator=random)
            for name, parameter in models[0].named_parameters()
        }
        for model, optimizer in zip(models, (ours, reference)):
            for name, parameter in model.named_parameters():
                parameter.grad = gradients[name].clone() if step or name.startswith("early") else None
            optimizer.step()
    for name, parameter in models[0].named_parameters():
        torch.testing.assert_close(parameter, models[1].get_parameter(name))


def shifted(array: np.ndarray, values: int) -> np.ndarray:
    """The same numbers, beginning ``values`` floats behind a multiple of 64 bytes."""
    room = np.empty(array.size + 32, dtype=array.dtype)
    start = (-room.ctypes.data % 64) // room.itemsize + values
    moved = room[start : start + array.size].reshape(array.shape)
    moved[:] = array
    return moved


@pytest.mark.parametrize("precision", ["fp32", "fp64"])
def test_a_batch_lies_in_memory_of_torchs_own(precision):
    features = shifted(np.random.default_rng(0).normal(size=(5, 6)).astype(np.float32), 3)
    assert features.ctypes.data % 64 == 12
    placed = place(
        Batch(ids=tuple("abcde"), inputs={"features": torch.from_numpy(features)}),
        torch.device("cpu"),
        precision,
    )
    assert placed.inputs["features"].data_ptr() % 64 == 0
    assert torch.equal(placed.inputs["features"].float(), torch.from_numpy(features))


def test_where_a_batch_lies_changes_no_bit(tmp_path, monkeypatch):
    """A process that goes on after a kill allocates elsewhere than the one that was not killed."""

    class Moved(TinyView):
        at = 0

        def fetch(self, rows, look=None):
            fetched = super().fetch(rows, look)
            fetched.inputs["features"] = torch.from_numpy(
                shifted(fetched.inputs["features"].numpy(), Moved.at)
            )
            return fetched

    monkeypatch.setattr(tiny_training, "TinyView", Moved)
    found = []
    for Moved.at in (0, 1, 2, 4, 8):
        train(tmp_path / str(Moved.at), precision="fp32")
        found.append(
            {**kept(tmp_path / str(Moved.at)), "log": (tmp_path / str(Moved.at) / "log.jsonl").read_bytes()}
        )
    for other in found[1:]:
        assert all(np.array_equal(found[0][name], other[name]) for name in found[0])
    assert json.loads(found[0]["log"].splitlines()[0])["step"] == 1


def test_a_batch_norm_that_gets_one_value_a_channel_is_named(tmp_path, monkeypatch):
    """37 samples in batches of 12 leave one for the last; the learning curves, of one sample too, may."""

    class Last(TinyNet):
        def _normed(self, which, values):
            return super()._normed(which, values[:, -1:])

    monkeypatch.setattr(tiny_training, "TinyNet", Last)
    settings = {"normed": True, "terms": TERMS[:1], "checkpoint_steps": None}
    with pytest.raises(
        DataError, match=r"^one value a channel, \(1, 6, 1\): batch norm norms\.0: at least two"
    ):
        train(tmp_path / "some", batch=12, **settings)
    assert len((tmp_path / "some" / "log.jsonl").read_text().splitlines()) == 3
    train(tmp_path / "others", batch=13, epochs=1, **settings)
