"""Time of a training step (forward, cross-entropy, backward) of the networks that see video: TimeSformer
against transformers' TimesformerForVideoClassification, and Video Swin-T against torchvision's swin3d_t where
that is installed.

    python bench/video_models.py [--full] [--batch 1] [--rounds 5]

Each peer holds the same weights and is first shown to give the same logits for the same clip. They are then
timed in turns, so that a busy machine slows both alike; figures are medians over rounds, in milliseconds of
one thread, or of the GPU where there is one. Clips are 8 frames of 112 x 112 pixels, and TimeSformer has 4
layers; with --full they have 224 x 224, Swin's 32 frames, and TimeSformer 12 layers. torchvision goes with
one build of torch alone: an environment of its own that has both can run this, too.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
import transformers
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import TimesformerConfig, TimesformerForVideoClassification

from foretaste.contracts.batch import Batch
from foretaste.models import timesformer, video_swin, weights

CLASSES = 400
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")

Step = Callable[[Tensor], Tensor]


def of_ours(model: nn.Module) -> Step:
    """Pixels (B, T, 3, H, W) -> logits (B, C)."""
    return lambda frames: model(Batch(ids=("a",) * len(frames), inputs={"frames": frames})).logits["action"]


def swin(full: bool) -> tuple[nn.Module, nn.Module | None, Step | None, tuple[int, int]]:
    """Ours, the peer's network and what gives its logits (None where torchvision is not installed), and T, S
    of the clips.
    """
    ours = video_swin.VideoSwin(video_swin.Config(drop_path=0.0), {"action": CLASSES}).to(DEVICE)
    sizes = (32, 224) if full else (8, 112)
    if importlib.util.find_spec("torchvision") is None:
        return ours, None, None, sizes
    from torchvision.models.video import swin3d_t
    from torchvision.ops import StochasticDepth

    peer = swin3d_t()
    for module in peer.modules():
        if isinstance(module, StochasticDepth):
            module.p = 0.0
    peer.load_state_dict(weights.export(ours, video_swin.TORCHVISION))
    peer.to(DEVICE)
    return ours, peer, lambda frames: peer(ours.pixels(frames).transpose(1, 2)), sizes


def times(full: bool) -> tuple[nn.Module, nn.Module, Step, tuple[int, int]]:
    """As ``swin``."""
    layers, image = (12, 224) if full else (4, 112)
    config = timesformer.Config(image=image, layers=layers, drop_path=0.0)
    ours = timesformer.Timesformer(config, {"action": CLASSES}).to(DEVICE)
    peer = TimesformerForVideoClassification(
        TimesformerConfig(image_size=image, num_frames=8, num_hidden_layers=layers, num_labels=CLASSES)
    )
    peer.load_state_dict(weights.export(ours, timesformer.TRANSFORMERS))
    peer.to(DEVICE)
    return ours, peer, lambda frames: peer(ours.pixels(frames)).logits, (8, image)


NETWORKS = {"video_swin_t": swin, "timesformer": times}


def torchvision() -> str:
    """Its version, if it is there."""
    there = importlib.util.find_spec("torchvision") is not None
    return importlib.metadata.version("torchvision") if there else "not installed"


def seconds(model: nn.Module, logits: Step, frames: Tensor, precision: str) -> float:
    """One step: of the processor, or until the GPU is done."""
    model.zero_grad()
    now = time.perf_counter if DEVICE.type == "cuda" else time.process_time
    start = now()
    with torch.autocast(DEVICE.type, torch.bfloat16, enabled=precision == "bf16"):
        said = logits(frames)
    F.cross_entropy(said.float(), torch.arange(len(frames), device=DEVICE)).backward()
    if DEVICE.type == "cuda":
        torch.cuda.synchronize()
    return now() - start


def measure(name: str, precision: str, arguments: argparse.Namespace) -> dict[str, float | None]:
    """Median milliseconds of a step of each, and how many times the peer's time is ours (median, least and
    most over rounds).
    """
    torch.manual_seed(0)
    ours, peer, peer_logits, (count, side) = NETWORKS[name](arguments.full)
    frames = torch.randint(0, 256, (arguments.batch, count, 3, side, side), dtype=torch.uint8, device=DEVICE)
    runs = {"ours": (ours, of_ours(ours))}
    if peer is not None:
        runs["peer"] = (peer, peer_logits)
        with torch.no_grad():
            first, second = (logits(frames) for _, logits in runs.values())
        torch.testing.assert_close(first, second, atol=1e-3, rtol=1e-3)
    for model, logits in runs.values():
        model.train()
        seconds(model, logits, frames, precision)
    taken: dict[str, list[float]] = {who: [] for who in runs}
    for number in range(arguments.rounds):
        for who in sorted(runs, reverse=bool(number % 2)):
            taken[who].append(seconds(*runs[who], frames, precision))
    found = {f"{who}_ms": round(statistics.median(taken.get(who, [0])) * 1e3, 1) for who in ("ours", "peer")}
    if peer is None:
        return {**found, "peer_ms": None, "peer_over_ours": None, "least": None, "most": None}
    ratios = [theirs / mine for mine, theirs in zip(taken["ours"], taken["peer"], strict=True)]
    names = ("peer_over_ours", "least", "most")
    values = (statistics.median(ratios), min(ratios), max(ratios))
    return found | {name: round(value, 3) for name, value in zip(names, values)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--full", action="store_true", help="clips and networks as published")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "video_models.json")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    gpu = DEVICE.type == "cuda"
    machine = f"{platform.machine()}, {torch.backends.cpu.get_cpu_capability()}, 1 thread"
    result = {
        "peers": f"transformers {transformers.__version__}, torchvision {torchvision()}",
        "torch": torch.__version__,
        "machine": torch.cuda.get_device_name() if gpu else machine,
        "batch": arguments.batch,
        "sizes": "as published" if arguments.full else "small",
        "step": {},
    }
    for name in NETWORKS:
        for precision in ("fp32", "bf16"):
            row = result["step"][f"{name} {precision}"] = measure(name, precision, arguments)
            print(f"{name} {precision}", row, flush=True)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
