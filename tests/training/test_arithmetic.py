"""The settings of a GPU's arithmetic are torch's flags while a training runs, and no longer. Flags can be set
where there is no GPU; what they do is looked at by the tests that need one.
"""

from __future__ import annotations

from itertools import product

import pytest
import tiny_training
import torch

from foretaste.contracts.errors import ConfigError
from foretaste.settings.config import validated
from foretaste.settings.training_config import LoopConfig
from foretaste.training import loop
from foretaste.training.arithmetic import compute, computing


def flags() -> tuple[bool, bool, bool]:
    """TF32 in products, in convolutions; one order of summation."""
    return (
        torch.backends.cuda.matmul.allow_tf32,
        torch.backends.cudnn.allow_tf32,
        torch.are_deterministic_algorithms_enabled(),
    )


@pytest.fixture(autouse=True, params=[(False, True, False), (True, False, True)])
def before(request):
    """What a process had set before: torch's own state, and its opposite."""
    kept, order = flags(), torch.get_deterministic_debug_mode()
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = request.param[:2]
    torch.use_deterministic_algorithms(request.param[2])
    yield request.param
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = kept[:2]
    torch.set_deterministic_debug_mode(order)


@pytest.mark.parametrize(("tf32", "deterministic"), list(product([False, True], repeat=2)))
def test_a_training_on_cuda_computes_as_it_says_and_leaves_no_trace(before, tf32, deterministic):
    mode = torch.get_deterministic_debug_mode()
    with (
        pytest.raises(KeyboardInterrupt),
        computing(torch.device("cuda"), tf32=tf32, deterministic=deterministic),
    ):
        assert flags() == (tf32, tf32, deterministic)
        assert torch.is_deterministic_algorithms_warn_only_enabled() == deterministic, "it warns, not ends"
        raise KeyboardInterrupt
    assert flags() == before
    assert torch.get_deterministic_debug_mode() == mode


def test_elsewhere_there_is_no_choice(before):
    with computing(torch.device("cpu"), tf32=not before[0], deterministic=not before[2]):
        assert flags() == before


def test_a_process_is_told_for_good():
    compute(tf32=False, deterministic=True)
    assert flags() == (False, False, True)


def test_the_loop_takes_its_settings(monkeypatch, tmp_path):
    """Around the device it trains on; here that is made to be the GPU that there is not."""
    seen = []

    def on_cuda(device, **settings):
        return computing(torch.device("cuda"), **settings)

    def step(*arguments):
        seen.append(flags())
        return taken(*arguments)

    taken = loop.take_step
    monkeypatch.setattr(loop, "computing", on_cuda)
    monkeypatch.setattr(loop, "take_step", step)
    before = flags()
    tiny_training.train(tmp_path / "as by default", epochs=None, steps=1)
    tiny_training.train(tmp_path / "other", epochs=None, steps=1, tf32=True, deterministic=False)
    assert seen == [(False, False, True), (True, True, False)]
    assert flags() == before


@pytest.mark.parametrize("name", ["tf32", "deterministic"])
def test_settings_are_checked(name):
    settings = {"steps": 1, "batch": 1, "optimizer": {"kind": "sgd", "lr": 0.1}}
    assert validated(LoopConfig, settings, "training").tf32 is False
    assert validated(LoopConfig, settings, "training").deterministic is True
    with pytest.raises(ConfigError, match=name):
        validated(LoopConfig, {**settings, name: "sometimes"}, "training")
    with pytest.raises(ConfigError, match="tf32"):
        validated(LoopConfig, {**settings, "tf23": True}, "training")
