"""On a GPU: a training that is broken off goes on to the bit, is the CPU's up to rounding, and scores
alike.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tiny_lm
import tiny_training
import torch
from safetensors.torch import load_file
from spaces import verb_noun
from tiny_training import samples, train

from foretaste.contracts.batch import Batch
from foretaste.contracts.view import Sources
from foretaste.settings import families
from foretaste.training import processes
from foretaste.training.arithmetic import computing
from foretaste.training.checkpoint import load_model, save_model
from foretaste.training.optimizers import build_optimizer
from foretaste.training.precision import forward, place
from foretaste.training.progress import Progress
from foretaste.training.scoring import score

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
    # Where torch has no deterministic algorithm it says so; whether the result is the same is what these
    # tests look at.
    pytest.mark.filterwarnings("default:.*determinis.*"),
]

OPTIMIZERS = {
    "adamw": {"kind": "adamw", "lr": 0.01, "weight_decay": 0.1},
    "adam": {"kind": "adam", "lr": 0.01, "weight_decay": 0.1},
    "sgd": {"kind": "sgd", "lr": 0.01, "momentum": 0.9},
}
SETTINGS = {"dropout": 0.3, "buckets": True, "epochs": 3}
SPACE = verb_noun(
    action=("a", "b", "c"), verb=("v", "w"), noun=("n", "m"), action_verb=(0, 0, 1), action_noun=(0, 1, 0)
)


def states(folder: Path) -> dict[str, torch.Tensor]:
    """Everything that the last checkpoint holds."""
    (step,) = folder.glob("step-*")
    return {**load_file(step / "model.safetensors"), **load_file(step / "optimizer.safetensors")}


def assert_same(a: dict, b: dict) -> None:
    assert a.keys() == b.keys()
    different = [name for name in a if not torch.equal(a[name], b[name])]
    assert not different, different


def script(out: Path, arguments: dict, **environment: str) -> subprocess.CompletedProcess:
    """The same training in a process of its own."""
    out.mkdir(exist_ok=True)
    command = [sys.executable, str(Path(tiny_training.__file__)), str(out), json.dumps(arguments)]
    return subprocess.run(
        command,
        env={**os.environ, "FORETASTE_PLAIN": "1", **environment},
        check=False,
        capture_output=True,
        timeout=120,
    )


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16", "fp64"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_resumes_to_the_bit(optimizer, precision, tmp_path):
    settings = {**SETTINGS, "optimizer": OPTIMIZERS[optimizer], "precision": precision}
    whole = train(tmp_path / "whole", **settings)
    assert {parameter.device.type for parameter in whole.parameters()} == {"cuda"}
    train(tmp_path / "again", **settings)
    assert_same(states(tmp_path / "whole"), states(tmp_path / "again"))
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "broken", stop_at=9, **settings)
    train(tmp_path / "broken", **settings)
    assert_same(states(tmp_path / "whole"), states(tmp_path / "broken"))
    assert (tmp_path / "whole" / "log.jsonl").read_bytes() == (tmp_path / "broken" / "log.jsonl").read_bytes()


def test_resumes_to_the_bit_in_tf32(tmp_path):
    settings = {**SETTINGS, "optimizer": OPTIMIZERS["adamw"], "precision": "fp32", "tf32": True}
    train(tmp_path / "whole", **settings)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "broken", stop_at=9, **settings)
    train(tmp_path / "broken", **settings)
    assert_same(states(tmp_path / "whole"), states(tmp_path / "broken"))


def test_resumes_to_the_bit_compiled(tmp_path):
    settings = {**SETTINGS, "optimizer": OPTIMIZERS["adamw"], "precision": "fp32", "compile": True}
    train(tmp_path / "whole", **settings)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "broken", stop_at=9, **settings)
    torch._dynamo.reset()
    train(tmp_path / "broken", **settings)
    assert_same(states(tmp_path / "whole"), states(tmp_path / "broken"))


def test_resumes_to_the_bit_after_sigkill(tmp_path):
    settings = {**SETTINGS, "optimizer": OPTIMIZERS["adamw"], "precision": "bf16"}
    train(tmp_path / "whole", **settings)
    assert script(tmp_path / "broken", {**settings, "stop_at": 9, "stop_by": "kill"}).returncode == -9
    assert (tmp_path / "broken" / "step-8").is_dir()
    assert script(tmp_path / "broken", settings).returncode == 0
    assert_same(states(tmp_path / "whole"), states(tmp_path / "broken"))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_state_lies_where_the_optimizer_made_it(optimizer, tmp_path):
    """A fused Adam steps on its counter's own device: one that lies on the CPU is an error, or another
    result.
    """
    config = tiny_training.config(optimizer=OPTIMIZERS[optimizer], precision="fp32")
    model = tiny_training.TinyNet().cuda()
    made, other = build_optimizer(model, config), build_optimizer(model, config)
    model(samples().batch(range(4)).to("cuda")).logits["action"].sum().backward()
    made.step()
    progress = Progress(tmp_path, {}, 1)
    progress.newest()
    progress.save(1, model, made)
    progress.restore(progress.newest(), model, other)
    assert other.state
    for parameter, quantities in other.state.items():
        for quantity, value in quantities.items():
            expected = made.state[parameter][quantity]
            assert (value.device, value.dtype) == (expected.device, expected.dtype), quantity
            assert torch.equal(value, expected)
    other.step()


def test_a_training_equals_the_cpus_up_to_rounding(tmp_path):
    """In fp64; the one on the CPU is a process of its own that sees no GPU."""
    train(tmp_path / "gpu")
    assert script(tmp_path / "cpu", {}, CUDA_VISIBLE_DEVICES="").returncode == 0
    gpu, cpu = states(tmp_path / "gpu"), states(tmp_path / "cpu")
    for name, tensor in cpu.items():
        torch.testing.assert_close(
            gpu[name], tensor, rtol=1e-6, atol=1e-9, msg=lambda text, name=name: f"{name}: {text}"
        )


def networks(folder: Path) -> dict[str, tuple[torch.nn.Module, Batch]]:
    """A student as published but narrower, and a teacher that reads, each with a batch."""
    tiny_lm.make(folder / "lm", dropout=0.1)
    sources = Sources(classes=SPACE, feature_width=64, pretrained=folder / "lm")
    random = np.random.default_rng(0)
    ids = tuple(f"s{i}" for i in range(16))
    labels = {
        "action": torch.from_numpy(random.integers(0, 3, 16)),
        "past_action": torch.from_numpy(random.integers(-1, 3, (16, 10))),
    }
    features = torch.from_numpy(random.normal(size=(16, 10, 64)).astype(np.float32))
    words = torch.from_numpy(random.integers(5, 30, (16, 12)))
    torch.manual_seed(0)
    student = families.build(
        "models",
        {"kind": "avt", "width": 128, "layers": 3, "heads": 4, "dropout": 0.2, "past": True},
        sources=sources,
    )
    reader, fused = (
        families.build("models", {"kind": "text_encoder", "attention": attention}, sources=sources)
        for attention in ("eager", "sdpa")
    )
    text = Batch(
        ids=ids,
        inputs={"input_ids": words, "attention_mask": torch.ones_like(words, dtype=torch.bool)},
        labels=labels,
    )
    return {
        "avt": (student, Batch(ids=ids, inputs={"features": features}, labels=labels)),
        "text_encoder": (reader, text),
        "text_encoder_sdpa": (fused, text),
    }


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("name", ["avt", "text_encoder", "text_encoder_sdpa"])
def test_real_networks_give_the_same_gradients_twice(name, precision, tmp_path):
    """What a resume to the bit rests on: the same batch and the same dropout give the same gradient."""
    accelerator = processes.accelerator()
    model, batch = networks(tmp_path)[name]
    model.to(accelerator.device).train()
    found = []
    for _ in range(5):
        torch.manual_seed(1)
        model.zero_grad()
        placed = place(batch, accelerator.device, precision)
        outputs = forward(model, placed, precision)
        loss = torch.nn.functional.cross_entropy(outputs.logits["action"], placed.labels["action"])
        if outputs.next_features is not None:
            loss = loss + (outputs.next_features[:, :-1] - outputs.features[:, 1:]).square().mean()
        loss.backward()
        found.append(
            {key: value.grad.clone() for key, value in model.named_parameters() if value.grad is not None}
        )
    for other in found[1:]:
        assert_same(found[0], other)


@pytest.mark.parametrize("name", ["avt", "text_encoder", "text_encoder_sdpa"])
def test_real_networks_answer_like_the_cpus(name, tmp_path):
    processes.accelerator()
    model, batch = networks(tmp_path)[name]
    model.eval()
    with torch.inference_mode():
        cpu = model(batch).logits["action"]
        gpu = model.cuda()(batch.to("cuda")).logits["action"].cpu()
    torch.testing.assert_close(gpu, cpu, rtol=1e-4, atol=1e-5)


def test_tf32_rounds_products_and_convolutions_while_it_is_asked_for():
    """10 bits of mantissa: near 1e-3 beside double precision, where fp32 is near 1e-6."""
    device = processes.accelerator().device
    torch.manual_seed(0)
    a, image, kernel = (torch.randn(size) for size in ((256, 256), (4, 64, 16, 16), (64, 64, 3, 3)))

    def errors() -> list[float]:
        exact = a.double() @ a.double(), torch.nn.functional.conv2d(image.double(), kernel.double())
        on_gpu = a.to(device), image.to(device), kernel.to(device)
        found = on_gpu[0] @ on_gpu[0], torch.nn.functional.conv2d(*on_gpu[1:])
        return [
            float((value.cpu().double() - right).norm() / right.norm())
            for value, right in zip(found, exact, strict=True)
        ]

    assert max(errors()) < 1e-5
    with computing(device, tf32=True, deterministic=True):
        if torch.cuda.get_device_capability() >= (8, 0):
            assert all(1e-5 < error < 1e-2 for error in errors())
    assert max(errors()) < 1e-5


def test_a_training_that_is_not_deterministic_is_the_same_up_to_rounding(tmp_path):
    train(tmp_path / "in order")
    train(tmp_path / "in any", deterministic=False)
    assert torch.are_deterministic_algorithms_enabled(), "scoring is, afterwards"
    found, expected = states(tmp_path / "in any"), states(tmp_path / "in order")
    for name, tensor in expected.items():
        torch.testing.assert_close(found[name], tensor, rtol=1e-6, atol=1e-9)


def test_scores_are_the_cpus_and_a_checkpoint_is_loaded_anywhere(tmp_path):
    torch.manual_seed(0)
    model = tiny_training.TinyNet(dropout=0.5)
    with torch.inference_mode():
        expected = model.eval()(samples().batch(range(len(samples())))).logits["action"].numpy()
    found = score(model, samples(), batch=5)
    assert next(model.parameters()).device.type == "cuda"
    np.testing.assert_allclose(found.logits["action"], expected, atol=1e-5)
    student, batch = networks(tmp_path)["avt"]
    network = {"kind": "avt", "width": 128, "layers": 3, "heads": 4, "dropout": 0.2, "past": True}
    save_model(tmp_path / "checkpoint", student.cuda(), network, SPACE, {"seed": 0})
    loaded, _ = load_model(tmp_path / "checkpoint", Sources(classes=SPACE, feature_width=64))
    assert next(loaded.parameters()).device.type == "cpu"
    with torch.inference_mode():
        torch.testing.assert_close(
            loaded(batch).logits["action"], student.cpu().eval()(batch).logits["action"]
        )
