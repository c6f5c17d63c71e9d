"""A training small enough to be run many times: a generated view, a network with every kind of output, its
settings.

As a script it trains one: ``python tiny_training.py OUT JSON`` with JSON the arguments of ``train``;
``torchrun`` can start it.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from foretaste.contracts.batch import UNLABELLED, Batch, Outputs
from foretaste.contracts.view import Fetched, Look
from foretaste.pipeline import ranks
from foretaste.settings.model_config import TermConfig
from foretaste.settings.training_config import LoopConfig
from foretaste.training.loop import fit
from foretaste.training.objective import build_objective
from foretaste.training.samples import Loader, Samples, class_counts
from foretaste.training.scoring import score
from foretaste.training.targets import CachedTargets, no_targets
from foretaste.training.trackers import Tracked

N, T, D, C = 37, 5, 6, 4

KL = {"kind": "kl", "temperature": 2.0, "t_squared": True}
TERMS = (
    {"loss": {"kind": "cross_entropy"}, "of": "action", "class_weights": "balanced"},
    {"loss": {"kind": "cross_entropy"}, "of": "past_action", "weight": 0.3, "reduction": "positions"},
    {"loss": {"kind": "feature_mse"}, "of": "next_features", "to": "features", "weight": 0.7, "over": "all"},
    {"loss": KL, "of": "action", "to": "teacher", "weight": 2.0, "over": "all", "reduction": "elements"},
)

#: Between maps of unlike widths, and from a vector to another model's logits.
ADAPTED = (
    TERMS[0],
    {
        "loss": {"kind": "smooth_l1"},
        "of": "maps.hidden",
        "to": "teacher.maps.places",
        "through": {"kind": "linear"},
        "over": "all",
        "reduction": "elements",
    },
    {"loss": KL, "of": "embedding", "to": "teacher.action", "through": {"kind": "linear"}},
)


class TinyView:
    """Rows of noise; row r holds r + 1 time stamps' worth of weight, and is shaken a little in training."""

    workers = 0

    def __init__(self, rows: int = N):
        random = np.random.default_rng(7)
        self.features = torch.from_numpy(random.normal(size=(rows, T, D))).float()
        self.past = torch.from_numpy(random.integers(-1, C, size=(rows, T)))
        self.lengths = random.integers(1, 50, size=rows).tolist()

    def __len__(self) -> int:
        return len(self.features)

    def fetch(self, rows: Sequence[int], look: Look | None = None) -> Fetched:
        features = self.features[list(rows)]
        if look is not None:
            features = features + torch.stack(
                [
                    torch.from_numpy(
                        np.random.default_rng([look.seed, look.epoch, row]).normal(size=(T, D))
                    ).float()
                    / 10
                    for row in rows
                ]
            )
        return Fetched(inputs={"features": features}, labels={"past_action": self.past[list(rows)]})

    def digest(self, row: int) -> bytes:
        return row.to_bytes(16, "big")

    def newest_s(self, row: int) -> float:
        return float(row)

    def weights(self) -> Sequence[float]:
        return self.lengths


class TinyNet(nn.Module):
    """One hidden layer, dropout, a batch-independent head for everything that a term can mention."""

    def __init__(self, dropout: float = 0.0, normed: bool = False):
        super().__init__()
        self.norms = nn.ModuleList(
            nn.BatchNorm1d(width, momentum=0.2) for width in ((D, 8) if normed else ())
        )
        self.hidden = nn.Linear(D, 8)
        self.dropout = nn.Dropout(dropout)
        self.action = nn.Linear(8, C)
        self.next = nn.Linear(8, D)
        self.unused = nn.Linear(2, 2)

    def forward(self, batch: Batch) -> Outputs:
        features = batch.inputs["features"]
        hidden = self.hidden(self._normed(0, features))
        hidden = self.dropout(torch.tanh(self._normed(1, hidden)))
        return Outputs(
            logits={"action": self.action(hidden[:, -1])},
            past_logits={"action": self.action(hidden)},
            features=features,
            next_features=self.next(hidden),
            embedding=hidden[:, -1],
            maps={"hidden": hidden},
        )

    def _normed(self, which: int, values: Tensor) -> Tensor:
        """Values (B, T, D) by a batch norm over B and T, where there are any."""
        return self.norms[which](values.mT).mT if len(self.norms) else values


def samples(rows: Sequence[int] | None = None, view: TinyView | None = None) -> Samples:
    """Some rows of the view, a fifth of them without a label."""
    view = view or TinyView()
    rows = np.arange(len(view)) if rows is None else np.asarray(rows, dtype=np.int64)
    labels = np.random.default_rng(3).integers(0, C, size=len(view))
    labels[::5] = UNLABELLED
    return Samples(
        view=view,
        rows=rows,
        ids=tuple(f"s{row}" for row in rows),
        labels={"action": torch.from_numpy(labels[rows])},
    )


def config(**changes) -> LoopConfig:
    settings = {
        "epochs": 3,
        "batch": 8,
        "optimizer": {"kind": "adamw", "lr": 0.01, "weight_decay": 0.1},
        "precision": "fp64",
        "checkpoint_steps": 4,
    }
    return LoopConfig(**{**settings, **changes})


def teacher_scores(ids: Sequence[str]) -> CachedTargets:
    random, rows = np.random.default_rng(5), [int(sample_id[1:]) for sample_id in ids]
    logits = torch.from_numpy(random.normal(size=(N, C)) * 2).float()
    places = torch.from_numpy(random.normal(size=(N, T, 3))).float()
    return CachedTargets(ids, {"teacher": {"action": logits[rows], "maps.places": places[rows]}})


def train(
    out: Path,
    *,
    dropout: float = 0.0,
    normed: bool = False,
    terms: Sequence[dict] = TERMS,
    seed: int = 1,
    stop_at: int | None = None,
    stop_by: str = "raise",
    tracked: Tracked | None = None,
    **changes,
) -> TinyNet:
    """Train a fresh network in ``out``; ``stop_at`` breaks off (``raise``, ``kill``, or ``term``) while that
    call for targets is served.
    """
    torch.manual_seed(seed)
    model = TinyNet(dropout, normed)
    rows = samples()
    settings = config(**changes)
    objective = build_objective([TermConfig(**term) for term in terms], class_counts(rows))
    cached, calls = (teacher_scores(rows.ids) if objective.teachers else no_targets), 0

    def targets(batch: Batch):
        nonlocal calls
        calls += 1
        if calls == stop_at:
            if stop_by == "kill":
                while not list(out.glob("step-*")):  # checkpoints are written while the training goes on
                    time.sleep(0.01)
                os.kill(os.getpid(), signal.SIGKILL)
            if stop_by == "raise":
                raise KeyboardInterrupt
            if int(os.environ.get("RANK", "0")) + 1 == int(os.environ.get("WORLD_SIZE", "1")):
                os.kill(os.getpid(), signal.SIGTERM)
        return cached(batch)

    loaders = {
        "training": Loader(samples=rows, batch=settings.batch, seed=seed, buckets=settings.buckets),
        "held_out": Loader(samples=samples(range(0, N, 3)), batch=4),
    }
    fit(model, targets, objective, loaders, settings, out, tracked)
    return model


def kept(out: Path) -> dict[str, Tensor]:
    """The weights of the last checkpoint, in the precision of the training."""
    (folder,) = (path for path in out.iterdir() if re.fullmatch(r"step-\d+", path.name))
    return load_file(folder / "model.safetensors")


if __name__ == "__main__":
    from safetensors.torch import save_file

    folder = Path(sys.argv[1])
    arguments = json.loads(sys.argv[2])
    processes = arguments.pop("processes", 1)
    trained = train(folder, **arguments)
    assert (torch.distributed.get_world_size() if torch.distributed.is_initialized() else 1) == processes
    scored = score(trained, samples())
    if int(os.environ.get("RANK", "0")) == processes - 1:
        save_file(
            {**trained.state_dict(), "scores": torch.from_numpy(scored.logits["action"])},
            folder / "final.safetensors",
        )
    if torch.distributed.is_initialized():
        torch.distributed.barrier()  # who leaves while another still talks to it may be ended by the library
        torch.distributed.destroy_process_group()
        ranks.leave()
