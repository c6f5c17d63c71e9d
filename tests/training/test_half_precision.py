"""A training in fp16: its loss scale against torch's own, overflows, and a resume to the bit."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
import tiny_training
import torch
from started_trainings import assert_equal, lines, run
from tiny_training import TERMS, kept, train

from foretaste.contracts.errors import DataError
from foretaste.training import loss_scale
from foretaste.training.loss_scale import LossScale

FP16 = {"precision": "fp16", "dropout": 0.3, "buckets": True, "epochs": 3}


@pytest.fixture
def moving(monkeypatch) -> None:
    """The scale begins where gradients overflow, and grows soon: both happen within a few steps."""
    monkeypatch.setattr(loss_scale, "FIRST", 2.0**22)
    monkeypatch.setattr(loss_scale, "PATIENCE", 3)


def steps(out: Path) -> list[dict]:
    return [line for line in lines(out) if "monitor" not in line]


def test_it_is_near_fp32_and_ends_in_it(tmp_path):
    half = train(tmp_path / "half", precision="fp16", epochs=1).state_dict()
    exact = train(tmp_path / "fp32", precision="fp32", epochs=1).state_dict()
    assert {tensor.dtype for tensor in half.values()} == {torch.float32}
    assert half.keys() == exact.keys()  # the scale is no part of what is trained
    assert 0 < (half["action.weight"] - exact["action.weight"]).abs().max() < 0.01
    assert {line["loss_scale"] for line in steps(tmp_path / "half")} == {2.0**16}
    assert not any("loss_scale" in line for line in steps(tmp_path / "fp32"))


@pytest.mark.usefixtures("moving")
def test_an_overflow_changes_no_weight_and_halves_the_scale(tmp_path):
    train(tmp_path / "one", precision="fp16", epochs=None, steps=1, checkpoint_steps=1)
    (first,) = steps(tmp_path / "one")
    assert (first["gradient_norm"], first["loss_scale"]) == (None, 2.0**21)
    torch.manual_seed(1)
    start = tiny_training.TinyNet().state_dict()
    assert_equal(start, {name: kept(tmp_path / "one")[name] for name in start})
    train(tmp_path / "all", **FP16)
    scales = [line["loss_scale"] for line in steps(tmp_path / "all")]
    norms = [line["gradient_norm"] for line in steps(tmp_path / "all")]
    assert any(norm is not None for norm in norms)
    for norm, (before, after) in zip(norms[1:], pairwise(scales), strict=True):
        assert after in ([before / 2] if norm is None else [before, 2 * before])
    assert any(after == 2 * before for before, after in pairwise(scales))


@pytest.mark.usefixtures("moving")
@pytest.mark.parametrize("stop", [2, 9, 12])
def test_resumes_to_the_bit(tmp_path, stop):
    whole = train(tmp_path / "whole", **FP16)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "broken", stop_at=stop, checkpoint_steps=1, **FP16)
    again = train(tmp_path / "broken", **FP16)
    assert_equal(whole.state_dict(), again.state_dict())
    assert_equal(kept(tmp_path / "whole"), kept(tmp_path / "broken"))
    assert kept(tmp_path / "whole")["loss_scale.scale"] < 2.0**22
    assert (tmp_path / "whole" / "log.jsonl").read_bytes() == (tmp_path / "broken" / "log.jsonl").read_bytes()


def test_the_scale_moves_as_torchs(monkeypatch):
    """A thousand updates, a fifth of them with a gradient that is not finite."""
    monkeypatch.setattr(loss_scale, "PATIENCE", 7)
    ours, theirs = LossScale(True), torch.amp.GradScaler("cpu", growth_interval=7)
    parameter = torch.nn.Parameter(torch.ones(()))
    optimizer = torch.optim.SGD([parameter], lr=0.0)
    theirs.scale(torch.ones(()))  # which makes its state
    random = torch.Generator().manual_seed(0)
    for _ in range(1000):
        finite = torch.rand((), generator=random) > 0.2
        ours.overflowed(torch.tensor(1.0 if finite else torch.inf))
        parameter.grad = torch.tensor(1.0 if finite else torch.nan)
        theirs.unscale_(optimizer)
        theirs.step(optimizer)
        theirs.update()
        if theirs.get_scale() < 1:
            break  # where ours says that it is no overflow
        assert ours.scale.item() == theirs.get_scale()


def test_a_gradient_that_is_not_finite_at_scale_1_stops_the_training(tmp_path, monkeypatch):
    class Kinked(tiny_training.TinyNet):
        def forward(self, batch):
            outputs = super().forward(batch)
            outputs.logits["action"] = outputs.logits["action"] + torch.sqrt(0 * outputs.logits["action"])
            return outputs

    monkeypatch.setattr(tiny_training, "TinyNet", Kinked)
    monkeypatch.setattr(loss_scale, "FIRST", 4.0)
    with pytest.raises(DataError, match="gradient norm is nan: step 3"):
        train(tmp_path, terms=TERMS[:1], precision="fp16")
    assert [line["loss_scale"] for line in lines(tmp_path)] == [2.0, 1.0]


@pytest.mark.slow
def test_two_processes_scale_as_one_in_two_parts(tmp_path):
    settings = {"batch": 9, "dropout": 0.3, "precision": "fp16"}
    train(tmp_path / "one", accumulate=2, **settings)
    run(tmp_path / "two", settings, processes=2)
    assert_equal(kept(tmp_path / "one"), kept(tmp_path / "two"), 1e-6)
    assert [json.dumps(line["loss_scale"]) for line in steps(tmp_path / "one")] == [
        json.dumps(line["loss_scale"]) for line in steps(tmp_path / "two")
    ]
