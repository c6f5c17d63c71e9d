"""Batches prepared ahead: the same bytes whoever prepares them, and one error where somebody does not."""

from __future__ import annotations

import gc
import hashlib
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tiny_lm
import torch
from tiny_training import TinyView, samples

from foretaste.contracts.batch import Batch
from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import PHRASES
from foretaste.contracts.view import Fetched, FixedView, Look, Sources
from foretaste.settings import families
from foretaste.text.phrase_store import Mapped, store
from foretaste.training.samples import Loader, Request, Samples, Share, own_rows
from foretaste.training.stream import AHEAD, Stream, Workers

CPU = torch.device("cpu")


class Troubled(TinyView):
    """Row 20 is trouble for a worker that is asked for it."""

    def __init__(self, trouble: str):
        super().__init__()
        self.trouble = trouble

    def fetch(self, rows, look=None):
        if 20 in rows and multiprocessing.parent_process() is not None:
            if self.trouble == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            if self.trouble == "stopped":
                os.kill(os.getpid(), signal.SIGSTOP)
            if self.trouble == "hangs":
                time.sleep(3600)
            if self.trouble == "bad input":
                raise DataError("a broken frame", "video P01", "a whole one", "copy it again")
            if self.trouble == "bug":
                raise ZeroDivisionError
        return super().fetch(rows, look)


class Opposite(TinyView):
    """What a teacher sees: the same, with its sign changed."""

    def fetch(self, rows, look=None):
        return Fetched(inputs={"features": -super().fetch(rows, look).inputs["features"]})


class Told(TinyView):
    """Shows nothing but the look that it was asked for."""

    def fetch(self, rows, look=None):
        return Fetched(inputs={"look": torch.tensor([list(repr(look).encode())] * len(rows))})


def digest(batch: Batch | None) -> str:
    found = hashlib.sha256()
    if batch is not None:
        found.update(repr(batch.ids).encode())
        for tensors in (batch.inputs, batch.labels):
            for name, tensor in sorted(tensors.items()):
                found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)} {tensor.stride()}".encode())
                found.update(tensor.numpy().tobytes())
    return found.hexdigest()


def prepared(stream: Stream, loader: Loader, share: Share, start: int = 0) -> list[list[str]]:
    """The digests of every piece, by step."""
    requests = loader.requests(start, 13, share)
    return [[digest(piece) for piece in pieces] for pieces in stream.batches(requests)]


def text_samples(folder) -> Samples:
    """Sequences with hidden words, of a corpus that lies on disk."""
    tiny_lm.write_tokenizer(folder)
    rows = [(f"r{i // 5}", "train", i % 5, "take", f"w{i % 7}", f"take w{i % 7}") for i in range(200)]
    columns = [pa.array(column, type=field.type) for column, field in zip(zip(*rows), PHRASES.schema)]
    pq.write_table(pa.table(columns, schema=PHRASES.schema), folder / "phrases.parquet")
    store(folder / "phrases.parquet", folder / "phrases.arrow")
    sources = Sources(phrases=Mapped(folder / "phrases.arrow"), pretrained=folder)
    view = families.build("views", {"kind": "masked_text", "window": [2, 4]}, sources=sources)
    return own_rows(view, view.ids)


def slow(*values: object):
    return pytest.param(*values, marks=pytest.mark.slow)


@pytest.mark.parametrize("workers", [1, slow(2), slow(4)])
def test_batches_are_the_same_for_any_number_of_workers_and_processes(workers, tmp_path):
    shown = [samples(), text_samples(tmp_path)]
    with Stream(shown, CPU, Workers(0)) as here, Stream(shown, CPU, Workers(workers)) as there:
        for rows in shown:
            loader = Loader(samples=rows, batch=8, seed=4, buckets=True)
            alone = prepared(here, loader, Share(count=2, total=2))
            assert len({piece for pieces in alone for piece in pieces}) > 20
            assert alone == prepared(there, loader, Share(count=2, total=2))
            halves = [prepared(there, loader, Share(first=first, total=2)) for first in (0, 1)]
            assert alone == [one + two for one, two in zip(*halves, strict=True)]
            # A training that is resumed begins anywhere.
            assert alone[7:] == prepared(there, loader, Share(count=2, total=2), start=7)


@pytest.mark.parametrize("workers", [0, slow(1)])
def test_a_live_teacher_sees_the_same_rows_under_the_same_look(workers):
    own, teacher = TinyView(), Opposite()
    rows = replace(samples(view=own), beside={"teacher": teacher})
    loader = Loader(samples=rows, batch=8, seed=4)
    with Stream([rows], CPU, Workers(workers)) as stream:
        pieces = [piece for (piece,) in stream.batches(loader.requests(0, 10, Share()))]
    looks = [Look(4, epoch) for epoch in (0, 1) for _ in range(loader.steps)]
    for piece, look in zip(pieces, looks, strict=True):
        asked = [int(sample_id[1:]) for sample_id in piece.ids]
        for view, found in ((own, piece.inputs), (teacher, piece.beside["teacher"])):
            assert torch.equal(found["features"], view.fetch(asked, look).inputs["features"])
        assert torch.equal(-piece.inputs["features"], piece.beside["teacher"]["features"])
        assert set(piece.as_seen_by("teacher").inputs) == {"features"}


@pytest.mark.parametrize("workers", [0, slow(1)])
def test_a_view_is_asked_for_the_look_of_the_request(workers):
    rows = samples(view=Told())
    looks = [None, Look(3, 4), FixedView(clip=2, clips=3, crop="top_left", flip=True)]
    requests = [Request(samples=rows, pieces=(np.array([1]),), look=look) for look in looks]
    with Stream([rows], CPU, Workers(workers)) as stream:
        pieces = [piece for (piece,) in stream.batches(requests)]
    assert [bytes(one.inputs["look"][0].tolist()).decode() for one in pieces] == [repr(one) for one in looks]


def test_only_what_is_near_is_prepared():
    asked = []

    class Counting(TinyView):
        def fetch(self, rows, look=None):
            asked.append(rows)
            return super().fetch(rows, look)

    loader = Loader(samples=samples(view=Counting()), batch=8, seed=1)
    with Stream([loader.samples], CPU, Workers(0)) as stream:
        batches = stream.batches(loader.requests(6, 1000, Share()))
        assert digest(next(batches)[0]) == digest(
            loader.samples.batch(loader.order(1)[1], Look(seed=1, epoch=1))
        )
        deadline = time.monotonic() + 10
        while len(asked) < 1 + AHEAD and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.1)
        assert len(asked) in (1 + AHEAD, 2 + AHEAD)


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("killed", r"^ended with exit code -9: worker \d \(process \d+\) that prepares batches: "),
        slow("stopped", r"^no batch for 2 s: worker \d \(process \d+\) that prepares batches: "),
        slow("hangs", r"^no batch for 2 s: worker \d \(process \d+\) that prepares batches: "),
        slow("bug", r"^ended with exit code 1: worker \d \(process \d+\) that prepares batches: "),
        slow("bad input", r"^a broken frame: video P01: a whole one: copy it again$"),
    ],
)
def test_trouble_in_a_worker_is_one_error_and_leaves_no_process(trouble, said):
    loader = Loader(samples=samples(view=Troubled(trouble)), batch=8)
    before = own_children()
    with (
        pytest.raises(DataError, match=said),
        Stream([loader.samples], CPU, Workers(2, timeout_s=2.0)) as stream,
    ):
        start = time.monotonic()
        for _ in stream.batches(loader.requests(0, 10, Share())):
            pass
    assert time.monotonic() - start < 10
    assert own_children() == before


@pytest.mark.slow
def test_a_worker_that_dies_between_two_batches_is_missed():
    loader = Loader(samples=samples(), batch=8)
    with Stream([loader.samples], CPU, Workers(1)) as stream:
        batches = stream.batches(loader.requests(0, 10**6, Share()))
        next(batches)
        (worker,) = own_children()
        psutil.Process(worker).kill()
        with pytest.raises(DataError, match=f"exit code -9: worker 1 .process {worker}."):
            for _ in range(100):
                next(batches)


@pytest.mark.slow
def test_a_worker_goes_when_its_training_is_killed():
    """SIGKILL leaves nobody who could end it."""
    script = (
        "import time, torch; from tiny_training import samples;"
        "from foretaste.training.stream import Stream, Workers;"
        "stream = Stream([samples()], torch.device('cpu'), Workers(2)); print('up', flush=True);"
        "time.sleep(60)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment
    ) as training:
        assert training.stdout.readline() == b"up\n"
        children = psutil.Process(training.pid).children()
        training.kill()
    gone, alive = psutil.wait_procs(children, timeout=10)
    assert len(gone) >= 2 and not alive


def own_children() -> set[int]:
    """Processes that this one started, without Python's own keeper of shared memory."""
    children = psutil.Process().children(recursive=True)
    return {child.pid for child in children if "resource_tracker" not in " ".join(child.cmdline())}


@pytest.mark.slow
def test_memory_stays_as_it_is_after_the_first_epoch():
    random = np.random.default_rng(0)
    view = TinyView(2000)
    view.features = torch.from_numpy(random.normal(size=(2000, 5, 200))).float()
    loader = Loader(samples=samples(view=Plain(view)), batch=256)
    used = []
    with Stream([loader.samples], CPU, Workers(1)) as stream:
        requests = loader.requests(0, 6 * loader.steps, Share())
        for step, _ in enumerate(stream.batches(requests), 1):
            if step % loader.steps == 0:
                gc.collect()
                used.append(resident())
    assert max(used[1:]) < 1.03 * used[0], used


class Plain:
    """A view without anything random."""

    workers = 0

    def __init__(self, view: TinyView):
        self.view = view

    def __len__(self) -> int:
        return len(self.view)

    def fetch(self, rows, look=None):
        return self.view.fetch(rows)

    def weights(self) -> None:
        return None


def resident() -> int:
    """Bytes of this process and its workers."""
    own = psutil.Process()
    return sum(process.memory_info().rss for process in (own, *map(psutil.Process, own_children())))
