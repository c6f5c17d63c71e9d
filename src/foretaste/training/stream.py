"""Batches, prepared ahead of need: for training, learning curves and scoring alike.

    with Stream([samples], device, Workers()) as stream:
        for pieces in stream.batches(requests):
            ...

Without workers a thread of this process prepares them: what takes long there (copying rows, decoding) leaves
Python's lock to others. With workers they are prepared in processes of their own, for views that keep
the lock. What a batch holds does not depend on any of this: it is a function of the request.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue

import numpy as np
import torch
from torch import Tensor

from foretaste.contracts.batch import Batch
from foretaste.contracts.view import AnyLook, Fetched, View
from foretaste.settings.training_config import LoopConfig
from foretaste.training.kept_memory import keep_memory
from foretaste.training.precision import own
from foretaste.training.samples import Request, Samples
from foretaste.training.worker import Worker

#: Pieces of batches that are prepared ahead for each thread or process that prepares them.
AHEAD = 2


@dataclass(frozen=True)
class Workers:
    """The processes that prepare batches.

    count
        None: as many as the views say is best.
    timeout_s
        How long one may keep silent.
    """

    count: int | None = None
    timeout_s: float = 300.0


def workers(config: LoopConfig) -> Workers:
    """Those of a model's settings."""
    return Workers(config.workers, config.worker_timeout_s)


class Stream:
    """Prepares batches of ``samples`` for ``device``, until it is closed."""

    def __init__(self, samples: Sequence[Samples], device: torch.device, workers: Workers):
        keep_memory()
        self._views = _distinct([view for some in samples for view in some.views])
        self._pinned = device.type == "cuda"
        count = workers.count
        if count is None:
            count = max(view.workers for view in self._views)
        self._width = max(count, 1)
        self._threads = ThreadPoolExecutor(
            self._width,
            "batches",
            initializer=torch.cuda.set_device if self._pinned else None,
            initargs=(device,) if self._pinned else (),
        )
        self._starting = [
            self._threads.submit(Worker, number, self._views, workers.timeout_s, self._pinned)
            for number in range(1, count + 1)
        ]
        self._idle: SimpleQueue[Worker | _Here] = SimpleQueue()
        try:
            for one in [start.result() for start in self._starting] or [_Here(self._views)]:
                self._idle.put(one)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers, whatever they are doing."""
        started = [start for start in self._starting if not start.cancel() and start.exception() is None]
        for start in started:
            start.result().kill()
        self._threads.shutdown(cancel_futures=True)
        for start in started:
            start.result().close()

    def batches(self, requests: Iterable[Request]) -> Iterator[list[Batch | None]]:
        """For each request its pieces, None for one that is empty. At least one whole request is prepared
        while another is worked on.

        Raises what a view raises, and DataError for a worker that died or keeps silent, as soon as it is
        known.
        """
        waiting: deque[list[Future[Batch] | None]] = deque()
        for request in requests:
            waiting.append([self._submit(request, piece) for piece in request.pieces])
            if len(waiting) > 1 and sum(map(len, waiting)) - len(waiting[0]) >= AHEAD * self._width:
                yield _first(waiting)
        while waiting:
            yield _first(waiting)

    def _submit(self, request: Request, piece: np.ndarray) -> Future[Batch] | None:
        return self._threads.submit(self._prepare, request, piece) if len(piece) else None

    def _prepare(self, request: Request, piece: np.ndarray) -> Batch:
        samples = request.samples
        numbers = [self._number(view) for view in samples.views]
        one = self._idle.get()
        try:
            fetched = one.fetch(numbers, samples.rows[piece].tolist(), request.look)
        finally:
            self._idle.put(one)
        return samples.joined(piece, fetched, request.look).each(self._settled)

    def _number(self, view: View) -> int:
        return next(number for number, known in enumerate(self._views) if known is view)

    def _settled(self, tensor: Tensor) -> Tensor:
        tensor = tensor.contiguous()
        if not self._pinned:
            return own(tensor)
        return tensor if tensor.is_pinned() else tensor.pin_memory()


class _Here:
    """The views in this process, asked as a worker is."""

    def __init__(self, views: Sequence[View]):
        self._views = views

    def fetch(self, views: Sequence[int], rows: Sequence[int], look: AnyLook) -> list[Fetched]:
        return [self._views[number].fetch(rows, look) for number in views]


def _first(waiting: deque[list[Future[Batch] | None]]) -> list[Batch | None]:
    """The pieces of the first request, as soon as they are there; an error of any that is waited for comes
    first.
    """
    for made in (piece for pieces in waiting for piece in pieces if piece is not None):
        if made.done():
            made.result()
    return [None if made is None else made.result() for made in waiting.popleft()]


def _distinct(views: Iterable[View]) -> tuple[View, ...]:
    """Each view once (many samples may be of one view), in the order of their first place."""
    return tuple({id(view): view for view in views}.values())
