"""What share of a training step a student that is trained end to end waits for its data: clips decoded from
the videos in every step, and read from the frame store.

    python bench/waiting.py [--steps 12] [--rounds 3] [--seconds 60] [--out bench/results/waiting.json]

AVT-b of the size of `lm_avt_end_to_end` (ViT of 4 layers of 96, 96 x 96 pixels, 10 frames a second apart,
batches of 8, forward, backward and AdamW in fp32, one thread) on generated videos of 456 x 256 pixels, 30
frames a second, a key frame a second. Batches are prepared ahead by the loop's own stream: by a thread of
this process, or by worker processes. Waiting is the time until the next batch is there, counted from the
second one; medians of the rounds. A GPU, whose steps are shorter, waits longer.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import moving_view
import numpy as np
import pyarrow as pa
import torch
from torch.nn import functional as F

from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.modalities import RGB
from foretaste.contracts.tables import SAMPLES, VIDEOS
from foretaste.contracts.view import Sources
from foretaste.features.frame_parts import GIVEN, store_videos
from foretaste.features.frame_shard import Origin, write_frames
from foretaste.pipeline.video_files import video_files
from foretaste.settings import families
from foretaste.training.samples import Loader, Share, join
from foretaste.training.stream import Stream, Workers
from foretaste.video.frame_table import frame_tables
from foretaste.video.probe import probe
from foretaste.views.shown import Sampling, wanted

VIDEOS_MADE, FPS, CLASSES, BATCH, SIDE = 2, 30, 20, 8, 112
VIEW = {
    "kind": "clip", "frames": 10, "rate": 1.0,
    "geometry": {"size": 96, "scoring_side": 104, "training_sides": [104, 112]},
}  # fmt: skip
STUDENT = {
    "kind": "avt", "width": 64, "layers": 2, "heads": 4, "dropout": 0.4,
    "backbone": {"kind": "vit", "image": 96, "patch": 16, "width": 96, "layers": 4, "heads": 4},
}  # fmt: skip
SAMPLING = Sampling(modality=RGB, window="observed", frames=10, rate=1.0, ticks=30.0)
ORIGIN = Origin(modality=RGB, made_from=RGB, method=GIVEN, side=SIDE, quality=95)


def prepared(folder: Path, seconds: float) -> dict[str, Sources]:
    """The same windows of generated videos, as both views read them."""
    (folder / "videos").mkdir()
    for number in range(VIDEOS_MADE):
        path = folder / "videos" / f"v{number}.mp4"
        moving_view.write(path, 256, 456, FPS, seconds, f"keyint={FPS}:min-keyint={FPS}:bframes=2:scenecut=0")
    columns, issues = probe(folder / "videos", video_files(folder / "videos").items())
    if issues:
        raise ValueError(issues)
    videos = pa.table(columns, schema=VIDEOS.schema)
    samples = windows(seconds)
    tables = frame_tables(videos, folder / "videos")
    parts, _ = store_videos(wanted(SAMPLING, samples, tables), tables, ORIGIN, folder / "scratch")
    write_frames(folder / "0.h5", ORIGIN, parts)
    names = tuple(f"action {number}" for number in range(CLASSES))
    given = {"samples": samples, "videos": videos, "classes": ClassSpace(heads={"action": names})}
    return {
        "videos": Sources(**given, video_folders={RGB: folder / "videos"}),
        "frame store": Sources(**given, frame_stores={RGB: (folder / "0.h5",)}),
    }


def windows(seconds: float) -> pa.Table:
    """200 windows of ten seconds at random places."""
    random, n = np.random.default_rng(0), 200
    stops = random.uniform(10, seconds - 1, n)
    given = {
        "sample_id": [f"s{number}" for number in range(n)],
        "video_id": [f"v{number}" for number in random.integers(0, VIDEOS_MADE, n)],
        "split": ["training"] * n,
        "window_start_s": stops - 10,
        "window_stop_s": stops,
        "target_start_s": stops + 1,
        "target_stop_s": stops + 2,
    }
    columns = [pa.array(given.get(field.name, [None] * n), field.type) for field in SAMPLES.schema]
    return pa.table(columns, schema=SAMPLES.schema)


def steps(sources: Sources, workers: int, count: int) -> dict[str, float]:
    """``count`` steps after the first: milliseconds each, and how many of them are spent waiting."""
    torch.manual_seed(0)
    view = families.build("views", VIEW, sources=sources)
    student = families.build("models", STUDENT, sources=sources)
    optimizer = torch.optim.AdamW(student.parameters(), lr=1e-3)
    loader = Loader(samples=join(view, sources.samples, range(len(view))), batch=BATCH)
    waited, begun = 0.0, None
    with Stream([loader.samples], torch.device("cpu"), Workers(workers)) as stream:
        coming = stream.batches(loader.requests(0, count + 1, Share()))
        while True:
            asked = time.perf_counter()
            pieces = next(coming, None)
            if pieces is None:
                break
            waited += 0.0 if begun is None else time.perf_counter() - asked
            begun = begun or time.perf_counter()
            logits = student(pieces[0]).logits["action"]
            optimizer.zero_grad()
            F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.int64)).backward()
            optimizer.step()
    step_ms = 1e3 * (time.perf_counter() - begun) / count
    return {"step_ms": step_ms, "waiting_ms": 1e3 * waited / count}


def compared(found: list[dict[str, float]]) -> dict[str, float]:
    """Medians of the rounds, and the share."""
    step, waiting = (statistics.median(one[name] for one in found) for name in ("step_ms", "waiting_ms"))
    share = statistics.median(100 * one["waiting_ms"] / one["step_ms"] for one in found)
    return {
        "step_ms": round(step, 1),
        "waiting_ms": round(waiting, 1),
        "waiting_per_cent": round(share, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=12, help="of a round (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="(default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=60, help="of each video (default: %(default)s)")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    found: dict[str, Any] = {"torch": torch.__version__}
    with tempfile.TemporaryDirectory() as folder:
        of = prepared(Path(folder), arguments.seconds)
        rounds: dict[str, list[dict[str, float]]] = {}
        for _ in range(arguments.rounds):
            for workers in (0, 1):
                for name, sources in of.items():
                    taken = steps(sources, workers, arguments.steps)
                    rounds.setdefault(f"{name}, {workers} workers", []).append(taken)
    found["clips from"] = {name: compared(all_of) for name, all_of in rounds.items()}
    print(json.dumps(found, indent=1))
    if arguments.out:
        arguments.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
