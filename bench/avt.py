"""Time of one training step of AVT-h: ours, and the published construction around Hugging Face's GPT2Model.

    python bench/avt.py [--rounds 7] [--out bench/results/avt.json]

Both hold the same weights and are first shown to give the same logits. They are then timed in turns (forward
with dropout, the three published losses, backward, AdamW), so that a busy machine slows both alike; the
numbers are medians over rounds, in seconds of one thread. Widths are the published ones divided by 4, and the
generated kitchen's.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from pathlib import Path

import torch
import transformers
from torch import nn
from torch.nn import functional as F
from transformers import GPT2Config, GPT2Model

from foretaste.contracts.batch import Batch
from foretaste.models import weights
from foretaste.models.avt import Avt, Config

#: name -> (batch, D, classes, settings). Published: H 2048; D 768 and 2 layers (EGTEA), D 2048 and 12 layers
#: (EPIC-55).
SIZES = {
    "egtea_quarter": (3, 192, 106, {"width": 512, "layers": 2, "heads": 4, "dropout": 0.2}),
    "epic55_quarter": (32, 512, 2513, {"width": 512, "layers": 12, "heads": 8, "dropout": 0.8}),
    "kitchen": (64, 128, 90, {"width": 64, "layers": 2, "heads": 4, "dropout": 0.4}),
}
FRAMES = 10


class Peer(nn.Module):
    """AVT-h as its authors build it: GPT2Model on encoded features, without its table of words."""

    def __init__(self, config: Config, feature_width: int, classes: int):
        super().__init__()
        self.future_predictor = nn.Module()
        self.future_predictor.encoder = nn.Linear(feature_width, config.width, bias=False)
        self.future_predictor.decoder = nn.Linear(config.width, feature_width, bias=False)
        self.future_predictor.gpt_model = GPT2Model(
            GPT2Config(
                n_embd=config.width,
                n_layer=config.layers,
                n_head=config.heads,
                vocab_size=1,
                bos_token_id=None,
                eos_token_id=None,
            )
        )
        del self.future_predictor.gpt_model.wte
        self.dropout = nn.Dropout(config.dropout)
        self.classifiers = nn.ModuleDict({"action": nn.Linear(feature_width, classes)})

    def forward(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """z (B, T, D) -> logits (B, C), past logits (B, T, C), d (B, T, D)."""
        predictor = self.future_predictor
        d = predictor.decoder(predictor.gpt_model(inputs_embeds=predictor.encoder(z)).last_hidden_state)
        past = torch.cat((z[:, :1], d[:, :-1]), 1)
        classify = self.classifiers["action"]
        return classify(self.dropout(d[:, -1])), classify(self.dropout(past)), d


def losses(
    logits: torch.Tensor, past_logits: torch.Tensor, d: torch.Tensor, z: torch.Tensor, labels: torch.Tensor
) -> torch.Tensor:
    """The published sum: action, future feature, past actions."""
    past = F.cross_entropy(past_logits.flatten(0, 1), labels.repeat_interleave(FRAMES))
    return F.cross_entropy(logits, labels) + F.mse_loss(d[:, :-1], z[:, 1:]) + 0.1 * past


def contestants(name: str) -> dict[str, object]:
    """One training step of each, as functions without arguments."""
    batch, width, classes, settings = SIZES[name]
    torch.manual_seed(0)
    config = Config(past=True, **settings)
    ours, peer = Avt(config, feature_width=width, classes={"action": classes}), Peer(config, width, classes)
    peer.load_state_dict(weights.export(ours, weights.AVT))
    z, labels = torch.randn(batch, FRAMES, width), torch.randint(classes, (batch,))
    given = Batch(ids=tuple(map(str, range(batch))), inputs={"features": z})

    def run_ours():
        outputs = ours(given)
        return outputs.logits["action"], outputs.past_logits["action"], outputs.next_features

    def run_peer():
        return peer(z)

    ours.eval(), peer.eval()
    with torch.no_grad():
        for mine, theirs in zip(run_ours(), run_peer(), strict=True):
            torch.testing.assert_close(mine, theirs, atol=1e-4, rtol=1e-4)
    ours.train(), peer.train()

    def step_of(model: nn.Module, forward):
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)

        def step():
            optimizer.zero_grad()
            losses(*forward(), z, labels).backward()
            optimizer.step()

        return step

    return {"ours": step_of(ours, run_ours), "peer": step_of(peer, run_peer)}


def seconds(step, repeats: int) -> float:
    """Mean processor time of one step; with one thread that is its time on a machine of its own."""
    start = time.process_time()
    for _ in range(repeats):
        step()
    return (time.process_time() - start) / repeats


def measure(name: str, rounds: int) -> dict[str, float]:
    """Median milliseconds of a step of each, and how many times the peer's time is ours (median, least and
    most over rounds).
    """
    steps = contestants(name)
    for step in steps.values():
        seconds(step, 3)
    repeats = max(1, round(0.5 / seconds(steps["ours"], 3)))
    times: dict[str, list[float]] = {who: [] for who in steps}
    for number in range(rounds):
        for who in sorted(steps, reverse=bool(number % 2)):
            times[who].append(seconds(steps[who], repeats))
    ratios = [theirs / mine for mine, theirs in zip(times["ours"], times["peer"], strict=True)]
    return {
        "ours_ms": round(statistics.median(times["ours"]) * 1e3, 2),
        "peer_ms": round(statistics.median(times["peer"]) * 1e3, 2),
        "peer_over_ours": round(statistics.median(ratios), 3),
        "least": round(min(ratios), 3),
        "most": round(max(ratios), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "avt.json")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    result = {
        "peer": f"transformers {transformers.__version__} GPT2Model",
        "torch": torch.__version__,
        "machine": f"{platform.machine()}, {torch.backends.cpu.get_cpu_capability()}, 1 thread",
        "step": {},
    }
    for name in SIZES:
        result["step"][name] = row = measure(name, arguments.rounds)
        print(
            f"{name:16} ours {row['ours_ms']:8.2f} ms   peer {row['peer_ms']:8.2f} ms   peer/ours"
            f" {row['peer_over_ours']:.2f}"
        )
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
