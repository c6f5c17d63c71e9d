"""Where a training that is killed goes on from.

A folder holds the log and, under ``step-<n>``, everything that the next step depends on:

    model.safetensors, optimizer.safetensors    weights that change, and the optimizer's state by parameter
    progress.json                               step, length of the log, what training it is, sha256 of the
                                                log and of both files
    progress.sha256                             sha256 of progress.json

Batches, dropout and learning rates follow from the step's number, so nothing else is kept. A checkpoint is
used only if every byte of it is as it was written; what is damaged is a half-finished state of our own, so
the training begins without it and says so.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from foretaste.contracts.errors import DataError
from foretaste.pipeline import artifact, console
from foretaste.training.checkpoint import load_weights, weights

FORMAT = 3

MODEL, OPTIMIZER, RECORD, SEAL = (
    "model.safetensors",
    "optimizer.safetensors",
    "progress.json",
    "progress.sha256",
)


class Progress:
    """Checkpoints of a running training, of which the last is kept.

    folder
        Survives a kill; made if it is not there.
    identity
        JSON values that must be the same for the training to go on (settings, samples, parameters).
    parts
        How many parts a batch is cut into, over all processes. Another number may go on, but with other
        dropout masks, and with batch norms that normalise other parts.
    """

    def __init__(self, folder: Path, identity: dict[str, Any], parts: int):
        self.folder = Path(folder)
        self.log = self.folder / "log.jsonl"
        self._identity = json.loads(json.dumps(identity))
        self._parts = parts
        self._thread = ThreadPoolExecutor(1, "checkpoints")
        self._writing: Future[None] | None = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        self._thread.shutdown()  # waits for what is being written
        if error is None:  # else that is what went wrong first
            self.settle()

    def save(self, step: int, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        """Keep the state after ``step`` updates, whole or not at all; only then drop the one before. It is
        copied now, and written while the training goes on.
        """
        self.settle()
        fixed = frozen(model)
        state = {
            MODEL: _copied({name: tensor for name, tensor in weights(model).items() if name not in fixed}),
            OPTIMIZER: _copied(_optimizer_state(model, optimizer)),
        }
        length = self.log.stat().st_size
        self._writing = self._thread.submit(self._write, step, length, state)

    def settle(self) -> None:
        """Wait until what is being written is; raises what went wrong with it."""
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()

    def check(self) -> None:
        """Raises what has gone wrong with what is being written, without waiting for it."""
        if self._writing is not None and self._writing.done():
            self.settle()

    def _write(self, step: int, length: int, state: dict[str, dict[str, Tensor]]) -> None:
        with open(self.log, "rb") as log:
            os.fsync(log.fileno())
            lines = log.read(length)
        with artifact.whole(self._at(step)) as folder:
            folder.mkdir()
            for name, tensors in state.items():
                save_file(tensors, folder / name)
            record = {
                "format": FORMAT,
                "step": step,
                "parts": self._parts,
                "identity": self._identity,
                "log_bytes": length,
                "log_sha256": hashlib.sha256(lines).hexdigest(),
                "sha256": {name: artifact.sha256(folder / name) for name in state},
            }
            (folder / RECORD).write_text(json.dumps(record, sort_keys=True), encoding="utf-8")
            (folder / SEAL).write_text(artifact.sha256(folder / RECORD), encoding="utf-8")
        self._keep_only(step)

    def newest(self) -> int:
        """The step of the last whole checkpoint, 0 where there is none. Removes all others (a kill may have
        come while one was being removed), and cuts the log to that step: lines of steps that are taken again
        are written again.

        Raises DataError where the checkpoint belongs to another training.
        """
        self.settle()
        self.folder.mkdir(parents=True, exist_ok=True)
        for step in reversed(self._steps()):
            damage = self._damage(step)
            if damage is None:
                os.truncate(self.log, self._checked(step)["log_bytes"])
                self._keep_only(step)
                return step
            console.say(
                f"warning: {self._at(step)}: {damage}: this checkpoint is thrown away; its steps are taken"
                " again"
            )
            artifact.discard(self._at(step))
        artifact.discard(self.log)
        self.log.touch()
        return 0

    def restore(self, step: int, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        """Load the state after ``step`` updates, as ``newest`` found it; nothing for step 0."""
        if not step:
            return
        folder = self._at(step)
        state = artifact.read_json(folder / RECORD)
        if state["parts"] != self._parts:
            console.say(
                f"note: batches were cut into {state['parts']} parts, now into {self._parts}: from here on"
                " dropout and batch norms differ"
            )
        # What is frozen is there already; that it is the same, the identity says.
        load_weights(model, {**frozen(model), **load_file(folder / MODEL)}, folder)
        _restore(model, optimizer, load_file(folder / OPTIMIZER), folder)

    def _keep_only(self, step: int) -> None:
        for other in self._steps():
            if other != step:
                artifact.discard(self._at(other))

    def _at(self, step: int) -> Path:
        return self.folder / f"step-{step}"

    def _steps(self) -> list[int]:
        named = (re.fullmatch(r"step-(\d+)", path.name) for path in self.folder.iterdir())
        return sorted(int(match[1]) for match in named if match)

    def _damage(self, step: int) -> str | None:
        """What is not as it was written, None where everything is. The record is read only once its own bytes
        are known to be right.
        """
        folder = self._at(step)
        for name in (SEAL, RECORD, MODEL, OPTIMIZER):
            if not (folder / name).is_file():
                return f"no {name}"
        if (folder / SEAL).read_bytes() != artifact.sha256(folder / RECORD).encode():
            return f"{RECORD} is not what {SEAL} says"
        state = artifact.read_json(folder / RECORD)
        for name, digest in state.get("sha256", {}).items():
            if artifact.sha256(folder / name) != digest:
                return f"damaged {name}"
        if state.get("step") != step:
            return f"the state after step {state.get('step')}"
        lines = self.log.read_bytes()[: state["log_bytes"]] if self.log.is_file() else b""
        return (
            None if hashlib.sha256(lines).hexdigest() == state["log_sha256"] else f"damaged {self.log.name}"
        )

    def _checked(self, step: int) -> dict[str, Any]:
        """The record of a whole checkpoint; DataError where it is another training's."""
        state = artifact.read_json(self._at(step) / RECORD)
        if state["format"] != FORMAT:
            raise DataError(
                f"progress of format {state['format']}", self._at(step), f"format {FORMAT}", "delete it"
            )
        for name, value in self._identity.items():
            if state["identity"].get(name) != value:
                raise DataError(
                    f"progress of a training with another {name}",
                    self._at(step),
                    "the same training",
                    "delete it to start afresh",
                )
        return state


def frozen(model: nn.Module) -> dict[str, Tensor]:
    """The parameters that are not trained."""
    return {name: tensor.detach() for name, tensor in model.named_parameters() if not tensor.requires_grad}


def frozen_digest(model: nn.Module) -> str:
    """sha256, in hexadecimal, of their bytes."""
    found = hashlib.sha256()
    for name, tensor in frozen(model).items():
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        found.update(tensor.cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return found.hexdigest()


def _copied(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.to("cpu", copy=True) for name, tensor in tensors.items()}


def _optimizer_state(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """``<parameter>/<quantity>`` -> tensor; quantities that an optimizer keeps as None (no momentum) are left
    out.
    """
    state = {}
    for name, parameter in model.named_parameters():
        for quantity, value in optimizer.state.get(parameter, {}).items():
            if value is not None:
                state[f"{name}/{quantity}"] = value.detach().contiguous()
    return state


def _restore(
    model: nn.Module, optimizer: torch.optim.Optimizer, state: dict[str, Tensor], folder: Path
) -> None:
    """Hand the state to the optimizer itself, which knows where each quantity belongs: a fused Adam on a GPU
    keeps even its step counter there, another one on the CPU.
    """
    found: dict[str, dict[str, Tensor]] = {}
    for key, value in state.items():
        name, quantity = key.rsplit("/", 1)
        found.setdefault(name, {})[quantity] = value
    names = {parameter: name for name, parameter in model.named_parameters()}
    own = optimizer.state_dict()
    trained = [names[parameter] for group in optimizer.param_groups for parameter in group["params"]]
    numbers = [number for group in own["param_groups"] for number in group["params"]]
    if strangers := sorted(set(found) - set(trained)):
        raise DataError(
            f"optimizer state of a parameter that is not trained, {strangers[0]}",
            folder,
            "the same training",
            "delete it to start afresh",
        )
    own["state"] = {
        number: found[name] for number, name in zip(numbers, trained, strict=True) if name in found
    }
    optimizer.load_state_dict(own)
