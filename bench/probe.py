"""Probing a video of 1920 x 1080 at 60 frames a second (H.264, a key frame a second), a minute of it: packets
and the end, as by default; every frame, as with on_bad_input: skip; and beside them 4 frames a second for
features (256 x 456).

    python bench/probe.py [--out bench/results/probe.json]

CPU seconds, medians of 3 rounds taken in turns, over a generated clip of 10 s.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import moving_view
import numpy as np

from foretaste.video.decode import frames_at
from foretaste.video.frame_table import look_at
from foretaste.video.whole import decodes_throughout, decodes_to_the_end

ROUNDS, SECONDS, FPS = 3, 10, 60


def in_turns(*tasks: Callable[[], object]) -> list[float]:
    """Median CPU seconds of each task; every round runs each once."""
    taken: list[list[float]] = [[] for _ in tasks]
    for _ in range(ROUNDS):
        for task, times in zip(tasks, taken, strict=True):
            start = time.process_time()
            task()
            times.append(time.process_time() - start)
    return [statistics.median(times) for times in taken]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "probe.json")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        x264 = f"keyint={FPS}:bframes=2"
        path = moving_view.write(Path(name) / "clip.mp4", 1080, 1920, FPS, SECONDS, x264)
        times_s = np.arange(0, SECONDS, 0.25)
        measured = in_turns(
            lambda: decodes_to_the_end(look_at(path)),
            lambda: decodes_throughout(look_at(path)),
            lambda: frames_at(look_at(path), times_s, (256, 456)),
        )
    names = ("packets_and_end_cpu_s", "every_frame_cpu_s", "features_at_4_fps_cpu_s")
    found = {name: round(value * 60 / SECONDS, 2) for name, value in zip(names, measured, strict=True)}
    arguments.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
