"""Views in a process of their own: asked for rows over a socket, they answer with tensors.

A question is a line of JSON. So is an answer, which says what its tensors are called, their dtypes and
shapes; their bytes follow. A worker that dies closes its end, so that it is missed at once, and one that
outlives its training finds the other end closed and goes.
"""

from __future__ import annotations

import json
import multiprocessing
import signal
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from io import BufferedRWPair
from multiprocessing import resource_tracker
from typing import Any

import torch
from torch import Tensor

from foretaste.contracts.errors import DataError, ForetasteError, of_system
from foretaste.contracts.view import AnyLook, Fetched, FixedView, Look, View
from foretaste.pipeline.interruption import SIGNALS

#: Seconds that a worker may take to import what it needs.
START_S = 300.0


class Worker:
    """One process with a copy of ``views``; it is up when this returns.

    number
        What errors call it, from 1.
    timeout_s
        How long it may keep silent before it is given up.
    pinned
        Whether its tensors are put where a GPU copies from without waiting.
    """

    def __init__(self, number: int, views: Sequence[View], timeout_s: float, pinned: bool):
        self._number, self._timeout_s, self._pinned = number, timeout_s, pinned
        ours, theirs = socket.socketpair()
        # A fork would copy locks that other threads hold, and a CUDA context that it cannot use.
        spawn = multiprocessing.get_context("spawn")
        self._process = spawn.Process(target=_serve, args=(theirs, tuple(views)), daemon=True)
        # An interrupt, or the wish to end, goes to the whole group but is meant for the training: a worker
        # never hears it, and goes when the training does. (The tracker would undo the mask as it starts.)
        resource_tracker.ensure_running()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, *SIGNALS))
        try:
            with theirs:
                self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        ours.settimeout(max(timeout_s, START_S))
        self._socket, self._pipe = ours, ours.makefile("rwb")
        try:
            ready = self._pipe.readline()
        except TimeoutError:
            self.kill()
            ready = b""
        if not ready:
            self.close()
            raise self._ended()
        ours.settimeout(timeout_s)

    def fetch(self, views: Sequence[int], rows: Sequence[int], look: AnyLook) -> list[Fetched]:
        """What each of ``views`` (their numbers) shows of ``rows``.

        Raises the error that the view raised, and DataError for a worker that died or keeps silent.
        """
        seen = None if look is None else {"kind": type(look).__name__, **asdict(look)}
        try:
            _say(self._pipe, {"views": list(views), "rows": list(rows), "look": seen})
            answer = json.loads(self._line())
            if "error" in answer:
                raise DataError(*answer["error"])
            return [
                Fetched(inputs=self._tensors(told["inputs"]), labels=self._tensors(told["labels"]))
                for told in answer["fetched"]
            ]
        except TimeoutError as error:
            raise DataError(
                f"no batch for {self._timeout_s:g} s",
                self._name,
                "a batch",
                "look at what it reads, or raise worker_timeout_s",
            ) from error
        except (ConnectionError, EOFError) as error:
            raise self._ended() from error

    def kill(self) -> None:
        """End the process, whatever it is doing; a thread that waits for its answer gets an error."""
        self._process.kill()
        self._process.join()

    def close(self) -> None:
        """Let go of the connection to a worker that was killed."""
        with suppress(ConnectionError), self._socket:
            self._pipe.close()

    @property
    def _name(self) -> str:
        return f"worker {self._number} (process {self._process.pid}) that prepares batches"

    def _ended(self) -> DataError:
        self._process.join(10)
        return DataError(
            f"ended with exit code {self._process.exitcode}",
            self._name,
            "a worker that lives as long as the training",
            "look for its own error above, or at the memory of this machine; workers: 0 needs none",
        )

    def _line(self) -> bytes:
        line = self._pipe.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        return line

    def _tensors(self, told: dict[str, tuple[str, list[int]]]) -> dict[str, Tensor]:
        return {name: self._tensor(getattr(torch, dtype), shape) for name, (dtype, shape) in told.items()}

    def _tensor(self, dtype: torch.dtype, shape: Sequence[int]) -> Tensor:
        tensor = torch.empty(shape, dtype=dtype, pin_memory=self._pinned)
        content = _bytes(tensor)
        if self._pipe.readinto(content) != len(content):
            raise EOFError
        return tensor


def _serve(connection: socket.socket, views: Sequence[View]) -> None:
    """The life of a worker."""
    torch.set_num_threads(1)
    with suppress(ConnectionError), connection, connection.makefile("rwb") as pipe:
        _say(pipe, "ready")
        for line in pipe:
            asked = json.loads(line)
            look = _look(asked["look"])
            try:
                fetched = [views[number].fetch(asked["rows"], look) for number in asked["views"]]
            except (ForetasteError, OSError) as error:
                known = of_system(error) if isinstance(error, OSError) else error
                _say(pipe, {"error": [" ".join(str(part).split()) for part in known.args]})
                continue
            tensors = [(told.inputs, told.labels) for told in fetched]
            _say(pipe, {"fetched": [{"inputs": _told(one), "labels": _told(two)} for one, two in tensors]})
            for named in (named for pair in tensors for named in pair):
                for tensor in named.values():
                    connection.sendall(_bytes(tensor.contiguous()))


def _look(told: dict[str, Any] | None) -> AnyLook:
    """The look that a question tells of."""
    if told is None:
        return None
    settings = {name: value for name, value in told.items() if name != "kind"}
    return {"Look": Look, "FixedView": FixedView}[told["kind"]](**settings)


def _say(pipe: BufferedRWPair, what: Any) -> None:
    pipe.write(json.dumps(what).encode() + b"\n")
    pipe.flush()


def _told(tensors: dict[str, Tensor]) -> dict[str, tuple[str, list[int]]]:
    return {
        name: (str(tensor.dtype).removeprefix("torch."), list(tensor.shape))
        for name, tensor in tensors.items()
    }


def _bytes(tensor: Tensor) -> memoryview:
    """The memory of a contiguous tensor."""
    return memoryview(tensor.reshape(-1).view(torch.uint8).numpy())
