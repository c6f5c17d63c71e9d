"""Where a training that is killed goes on from.

A folder holds the log and, under ``step-<n>``, everything that the next step depends on: weights, the optimizer's state,
and how long the log was. Batches, dropout and learning rates follow from the step's number, so nothing else is kept.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from foretaste.contracts.errors import DataError
from foretaste.pipeline import artifact, console
from foretaste.training.checkpoint import load_weights, weights

FORMAT = 1


class Progress:
    """Checkpoints of a running training, of which the last is kept.

    folder
        Survives a kill; made if it is not there.
    identity
        JSON values that must be the same for the training to go on (settings, samples, parameters).
    parts
        How many parts a batch is cut into, over all processes. Another number may go on, but with other dropout masks.
    """

    def __init__(self, folder: Path, identity: dict[str, Any], parts: int):
        self.folder = Path(folder)
        self.log = self.folder / "log.jsonl"
        self._identity = json.loads(json.dumps(identity))
        self._parts = parts

    def save(self, step: int, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        """Keep the state after ``step`` updates, whole or not at all; only then drop the one before."""
        with open(self.log, "ab") as log:
            os.fsync(log.fileno())
            length = log.tell()
        before = self._steps()
        with artifact.whole(self.folder / f"step-{step}") as folder:
            folder.mkdir()
            save_file(weights(model), folder / "model.safetensors")
            save_file(_optimizer_state(model, optimizer), folder / "optimizer.safetensors")
            state = {"format": FORMAT, "step": step, "log_bytes": length, "parts": self._parts, "identity": self._identity}
            (folder / "progress.json").write_text(json.dumps(state, sort_keys=True))
        for old in before:
            if old != step:
                artifact.discard(self.folder / f"step-{old}")

    def load(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> int:
        """Restore the last state and return its step; 0 where there is none.

        Raises DataError where the state belongs to another training.
        """
        steps = self._steps()
        if not steps:
            return 0
        folder = self.folder / f"step-{steps[-1]}"
        state = artifact.read_json(folder / "progress.json")
        if state["format"] > FORMAT:
            raise DataError(f"progress of format {state['format']}", folder, f"format {FORMAT}", "delete it")
        for name, value in self._identity.items():
            if state["identity"].get(name) != value:
                raise DataError(f"progress of a training with another {name}", folder, "the same training", "delete it to start afresh")
        if state["parts"] != self._parts:
            console.say(f"note: batches were cut into {state['parts']} parts, now into {self._parts}: from here on dropout differs")
        load_weights(model, load_file(folder / "model.safetensors"), folder)
        _restore(model, optimizer, load_file(folder / "optimizer.safetensors"), folder)
        return state["step"]

    def start_log(self, step: int) -> None:
        """Cut the log to what it was after ``step`` updates: lines of steps that are taken again are written again."""
        self.folder.mkdir(parents=True, exist_ok=True)
        length = artifact.read_json(self.folder / f"step-{step}" / "progress.json")["log_bytes"] if step else 0
        with open(self.log, "ab") as log:
            if log.tell() < length:
                raise DataError(f"log of {log.tell()} bytes", self.log, f"at least {length}", f"delete {self.folder} to start afresh")
            log.truncate(length)

    def _steps(self) -> list[int]:
        return sorted(int(path.name.removeprefix("step-")) for path in self.folder.glob("step-*"))


def _optimizer_state(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """``<parameter>/<quantity>`` -> tensor; quantities that an optimizer keeps as None (no momentum yet) are left out."""
    state = {}
    for name, parameter in model.named_parameters():
        for quantity, value in optimizer.state.get(parameter, {}).items():
            if value is not None:
                state[f"{name}/{quantity}"] = value.detach().contiguous()
    return state


def _restore(model: nn.Module, optimizer: torch.optim.Optimizer, state: dict[str, Tensor], folder: Path) -> None:
    parameters = dict(model.named_parameters())
    for key, value in state.items():
        name, quantity = key.rsplit("/", 1)
        if name not in parameters:
            raise DataError(
                f"optimizer state of an unknown parameter {name}", folder, "a parameter of the network", "delete it to start afresh"
            )
        # Adam's step counter lives on the CPU, everything else beside its parameter.
        optimizer.state[parameters[name]][quantity] = value if quantity == "step" else value.to(parameters[name].device)
