"""Features of windows: each frame decoded once and read through a memory map, against a decord reader and
HDF5 slices a window.

    python bench/video.py [--out bench/results/video.json]

Decoding: 38 windows of 10 frames, 1 s apart, over a generated clip of 60 s (192 x 144, 10 frames a second,
H.264), in CPU seconds. Reading: 1,200 windows of 10 rows of 16 x 1,800 vectors of 2,048 half floats, page
cache warm. Medians of 5 rounds, taken in turns.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import decord
import h5py
import numpy as np

from foretaste.features.shard import GRID_RULE, Origin, VideoFeatures, write_features
from foretaste.features.store import FeatureStore
from foretaste.video.decode import frames_at
from foretaste.video.frame_table import look_at
from foretaste.video.windows import window_indices

ROUNDS = 5


def clip(path: Path) -> None:
    """A textured view that moves about, with noise: 600 frames."""
    random = np.random.default_rng(0)
    view = cv2.resize(
        random.integers(0, 256, (60, 80, 3), np.uint8), (640, 480), interpolation=cv2.INTER_CUBIC
    )
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"x264-params": "keyint=50:bframes=2"})
        stream.width, stream.height, stream.pix_fmt, stream.time_base = 192, 144, "yuv420p", Fraction(1, 10)
        for index in range(600):
            top, left = int(160 + 150 * np.sin(index / 40)), int(220 + 200 * np.cos(index / 55))
            noise = random.integers(-6, 7, (144, 192, 1))
            frame = av.VideoFrame.from_ndarray(
                np.clip(view[top : top + 144, left : left + 192] + noise, 0, 255).astype(np.uint8),
                format="rgb24",
            )
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def in_turns(clock: Callable[[], float], *tasks: Callable[[], None]) -> list[float]:
    """Median seconds of each task; every round runs each once."""
    taken: list[list[float]] = [[] for _ in tasks]
    for _ in range(ROUNDS):
        for task, times in zip(tasks, taken):
            start = clock()
            task()
            times.append(clock() - start)
    return [statistics.median(times) for times in taken]


def decoding(folder: Path) -> dict[str, float]:
    clip(folder / "clip.mp4")
    stops = np.linspace(10.5, 59.5, 38)
    windows = [window_indices(stop - 10, stop, frames=10, rate=1.0, grid_fps=4.0) / 4 for stop in stops]

    def per_window() -> None:
        for times_s in windows:
            reader = decord.VideoReader(str(folder / "clip.mp4"), width=128, height=96, num_threads=1)
            reader.get_batch((times_s * 10).astype(int)).asnumpy()

    def once() -> None:
        frames_at(look_at(folder / "clip.mp4"), np.unique(np.concatenate(windows)), (96, 128))

    peer, ours = in_turns(time.process_time, per_window, once)
    return {
        "once_cpu_s": round(ours, 4),
        "decord_a_window_cpu_s": round(peer, 4),
        "ratio": round(peer / ours, 1),
    }


def reading(folder: Path) -> dict[str, float]:
    random = np.random.default_rng(0)
    origin = Origin(
        grid_fps=4.0,
        grid_rule=GRID_RULE,
        width=2048,
        dtype="float16",
        backbone="{}",
        weights_sha256="",
        picture="{}",
    )
    index = np.arange(1800)
    path = folder / "features.h5"
    write_features(
        path,
        origin,
        (
            VideoFeatures(
                video_id=f"v{i}",
                feat=random.random((1800, 2048), np.float32).astype(np.float16),
                grid_index=index,
                pts_s=index / 4,
                valid=np.ones(1800, bool),
                source_sha256="",
                decoder="",
                rotation=0,
            )
            for i in range(16)
        ),
    )
    windows = [(f"v{random.integers(16)}", int(random.integers(1790))) for _ in range(1200)]
    store = FeatureStore([path])

    def mapped() -> None:
        for video_id, start in windows:
            store.rows(video_id, np.arange(start, start + 10))

    with h5py.File(path) as file:

        def sliced() -> None:
            for video_id, start in windows:
                file[f"videos/{video_id}/feat"][start : start + 10]

        ours, peer = in_turns(time.perf_counter, mapped, sliced)
    size = path.stat().st_size / (16 * 1800 * 2048 * 2)
    return {
        "windows_a_s": round(1200 / ours),
        "h5py_slices_a_s": round(1200 / peer),
        "ratio": round(peer / ours, 1),
        "size_over_raw": round(size, 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "video.json")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        measured = {"decoding": decoding(Path(name)), "reading": reading(Path(name))}
    arguments.out.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(measured, indent=1))


if __name__ == "__main__":
    main()
