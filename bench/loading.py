"""What a batch of features costs the process that trains (256 windows of 10 vectors of 2,048, stored in half
precision), against the commit before batches were prepared ahead, measured in turns; how long a consumer
waits that takes 1.2 times as long as preparing does; and what worker processes would bring.

    python bench/loading.py [--rounds 7] [--out bench/results/loading.json]

A batch is handed over when it lies on the CPU as it is sent to the device. Figures are medians; what the
thread that trains spends on a batch, and what all threads of its process do, is CPU time. The peer is checked
out into a temporary folder; both run in processes of their own.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

ROOT = Path(__file__).parent.parent
PEER = "41cc3ee"
VIDEOS, SECONDS, FPS, WIDTH, FRAMES, BATCH, BATCHES = 40, 600, 2.0, 2048, 10, 256, 30


def write_store(path: Path) -> None:
    """Random features of 40 videos of ten minutes."""
    try:
        from foretaste.features.shard import GRID_RULE, Origin, VideoFeatures, write_features
    except ModuleNotFoundError:  # the peer has reading and writing in one module
        from foretaste.features.store import GRID_RULE, Origin, VideoFeatures, write_features

    random = np.random.default_rng(0)
    count = int(SECONDS * FPS)
    origin = Origin(
        grid_fps=FPS,
        grid_rule=GRID_RULE,
        width=WIDTH,
        dtype="float16",
        backbone="{}",
        weights_sha256="",
        picture="{}",
    )
    videos = (
        VideoFeatures(
            video_id=f"v{video}",
            feat=random.standard_normal((count, WIDTH), dtype=np.float32).astype(np.float16),
            grid_index=np.arange(count),
            pts_s=np.arange(count) / FPS,
            valid=np.ones(count, bool),
            source_sha256="",
            decoder="",
            rotation=0,
        )
        for video in range(VIDEOS)
    )
    write_features(path, origin, videos)


def loader(path: Path) -> Any:
    """10,000 windows at random places, in batches; the same under both commits."""
    import pyarrow as pa

    from foretaste.contracts.tables import SAMPLES
    from foretaste.contracts.view import Sources

    try:
        from foretaste.settings import families
    except ModuleNotFoundError:  # the peer has settings and steps in one room
        from foretaste.pipeline import families
    from foretaste.training.samples import Loader, join

    random = np.random.default_rng(1)
    n = 10_000
    stops = random.uniform(20, SECONDS - 1, n)
    given = {
        "sample_id": [f"s{i}" for i in range(n)],
        "video_id": [f"v{i}" for i in random.integers(0, VIDEOS, n)],
        "split": ["training"] * n,
        "window_start_s": stops - 10,
        "window_stop_s": stops,
        "target_start_s": stops + 1,
        "target_stop_s": stops + 2,
        "action_id": random.integers(0, 2513, n),
    }
    columns = [given.get(field.name, [None] * n) for field in SAMPLES.schema]
    samples = pa.table(columns, schema=SAMPLES.schema)
    sources = Sources(samples=samples, features=(path,), feature_width=WIDTH)
    view = families.build("views", {"kind": "features", "frames": FRAMES, "rate": 1.0}, sources=sources)
    return Loader(samples=join(view, samples, range(n)), batch=BATCH, seed=0)


def batches(loader: Any, count: int, workers: int = 0) -> Iterator[Any]:
    """The first ``count`` batches, as this commit's loop gets them."""
    if hasattr(loader, "pieces"):
        for _, epoch, positions in loader.steps_from(0, count):
            yield loader.pieces(positions, epoch, 0, 1, 1)
        return
    from foretaste.training.samples import Share
    from foretaste.training.stream import Stream, Workers

    with Stream([loader.samples], torch.device("cpu"), Workers(workers)) as stream:
        yield from stream.batches(loader.requests(0, count, Share()))


def serve(path: Path) -> None:
    """One commit: for every line that comes in, one round of its figures (milliseconds a batch). It writes
    the features itself, in its own format.
    """
    torch.set_num_threads(1)
    write_store(path)
    ours = loader(path)
    for _ in sys.stdin:
        thread, process = time.thread_time(), time.process_time()
        for _ in batches(ours, BATCHES):
            pass
        spent = {"thread": time.thread_time() - thread, "process": time.process_time() - process}
        print(json.dumps({name: 1e3 * value / BATCHES for name, value in spent.items()}), flush=True)


def in_turns(path: Path, rounds: int) -> dict[str, list[dict[str, float]]]:
    """The rounds of both commits, each commit in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder) / "peer"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(there), PEER], check=True)
        try:
            roots = {"ours": ROOT, "peer": there}
            sides = {name: start(root, path.with_name(f"{name}.h5")) for name, root in roots.items()}
            found: dict[str, list[dict[str, float]]] = {name: [] for name in sides}
            for side in sides.values():
                ask(side)  # files are read into memory, and everything is imported
            for _ in range(rounds):
                for name, side in sides.items():
                    found[name].append(ask(side))
            for side in sides.values():
                side.communicate()
        finally:
            subprocess.run([*git, "remove", "--force", str(there)], check=True)
    return found


def start(root: Path, path: Path) -> subprocess.Popen[str]:
    """This script over the code of ``root``."""
    return subprocess.Popen(
        [sys.executable, __file__, "--serve", str(path)],
        env={**os.environ, "PYTHONPATH": str(root / "src"), "OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def ask(side: subprocess.Popen[str]) -> dict[str, float]:
    """One round."""
    side.stdin.write("go\n")
    side.stdin.flush()
    return json.loads(side.stdout.readline())


def waiting(loader: Any, rounds: int) -> dict[str, float]:
    """Per cent of its time that a consumer waits which works 1.2 times as long as a batch takes to prepare:
    ahead, where several batches are in memory at once (whoever prepares one batch at a time in the memory of
    the one before is told beside it). The first batch, which nobody could prepare ahead, is not counted.
    """
    start = time.perf_counter()
    for step in range(BATCHES):
        loader.samples.batch(loader.order(0)[step])
    one_at_a_time = (time.perf_counter() - start) / BATCHES
    stream = batches(loader, BATCHES + 1)
    next(stream)
    start = time.perf_counter()
    taken = sum(1 for _ in stream)
    preparing = (time.perf_counter() - start) / taken
    shares = []
    for _ in range(rounds):
        waited, begun = 0.0, None
        stream = batches(loader, BATCHES)
        next(stream)
        begun = time.perf_counter()
        while True:
            time.sleep(1.2 * preparing)
            asked = time.perf_counter()
            if next(stream, None) is None:
                break
            waited += time.perf_counter() - asked
        shares.append(100 * waited / (time.perf_counter() - begun))
    return {
        "preparing_ms": round(1e3 * preparing, 2),
        "one_at_a_time_ms": round(1e3 * one_at_a_time, 2),
        "waiting_per_cent": round(statistics.median(shares), 2),
    }


def with_workers(loader: Any, counts: Sequence[int]) -> dict[str, dict[str, float]]:
    """By number of workers: time between two batches for a consumer that does nothing else, and CPU time of
    the training process.
    """
    found = {}
    for count in counts:
        stream = batches(loader, 2 * BATCHES, count)
        next(stream)
        start, spent = time.perf_counter(), time.process_time()
        taken = sum(1 for _ in stream)
        found[f"{count} workers"] = {
            "ms a batch": round(1e3 * (time.perf_counter() - start) / taken, 2),
            "cpu ms of the training process": round(1e3 * (time.process_time() - spent) / taken, 2),
        }
    return found


def medians(rounds: Sequence[dict[str, float]]) -> dict[str, float]:
    """Of each figure."""
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "results" / "loading.json")
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve)
        return
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "features.h5"
        write_store(path)
        rounds = in_turns(path, arguments.rounds)
        ours, peer = medians(rounds["ours"]), medians(rounds["peer"])
        here = loader(path)
        found = {
            "peer": f"commit {PEER}",
            "a batch is handed over": {
                "by the thread that trains": _compared(ours["thread"], peer["thread"]),
                "by its process": _compared(ours["process"], peer["process"]),
            },
            "consumer of 1.2 times the preparing time": waiting(here, arguments.rounds),
            "features": with_workers(here, (0, 1, 2)),
        }
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


def _compared(ours: float, peer: float) -> dict[str, float]:
    return {"ours_ms": round(ours, 2), "peer_ms": round(peer, 2), "ours_over_peer": round(ours / peer, 3)}


if __name__ == "__main__":
    main()
