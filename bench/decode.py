"""Frames at chosen times, the same ones by three readers: ours (packets read, plan and decoding), decord's
`get_batch` with sorted indices, and all of the file by PyAV, of which the wanted ones are kept.

    python bench/decode.py [--data DIR] [--seconds 30] [--rounds 5] [--go-on]
                           [--out bench/results/decode.json]

CPU seconds of one thread, medians of rounds taken in turns, pictures of 256 lines; that the readers give the
same frames is checked. `4 fps`: a whole clip; `windows`: 10 frames, a quarter of a second apart on a grid of
4 a second, before each of 200 times, each frame once. `over` is how many times ours the faster of the others
takes, `decoded` how many of the clip's frames ours decodes. `last of 10 minutes`: one window at the
end of a file of 10 minutes against one at its beginning, its packets read when it was probed. `EPIC-55` (with
--data, a folder that holds epic55/): the frames that are decoded for a window of 10 frames before every
annotated action, tau 1 s, clip by clip and from one plan a video, at the frame rates of its videos with a key
frame a second.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import decord
import moving_view
import numpy as np

from foretaste.video.decode import frames_at
from foretaste.video.frame_table import look_at
from foretaste.video.packets import ENTRY, Packets
from foretaste.video.planner import runs
from foretaste.video.windows import shown_at, window_indices

GRID_FPS, FRAMES, TIMES, LINES = 4.0, 10, 200, 256

#: Name -> height, width, frames a second, x264's parameters.
CLIPS = {
    "720p30, key every 12, B-frames": (720, 1280, 30, "keyint=12:min-keyint=12:bframes=2:scenecut=0"),
    "720p30, key every 250, B-frames": (720, 1280, 30, "keyint=250:bframes=3:scenecut=0"),
    "960p24, key every 12, B-frames": (960, 1280, 24, "keyint=12:min-keyint=12:bframes=2:scenecut=0"),
    "1080p60, key every 60, B-frames": (1080, 1920, 60, "keyint=60:min-keyint=60:bframes=3:scenecut=0"),
    "1080p60, key every 30, no B-frames": (1080, 1920, 60, "keyint=30:min-keyint=30:bframes=0:scenecut=0"),
}


def in_turns(rounds: int, *tasks: Callable[[], object]) -> list[float]:
    """Median CPU seconds of each task; every round runs each once, in another order."""
    taken: list[list[float]] = [[] for _ in tasks]
    for number in range(rounds):
        for at in np.roll(np.arange(len(tasks)), number).tolist():
            start = time.process_time()
            tasks[at]()
            taken[at].append(time.process_time() - start)
    return [statistics.median(times) for times in taken]


def by_decord(path: Path, frames: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    reader = decord.VideoReader(str(path), width=size[1], height=size[0], num_threads=1)
    return np.concatenate(
        [reader.get_batch(part).asnumpy() for part in np.array_split(frames, 16) if len(part)]
    )


def by_decoding_all(path: Path, frames: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    wanted, kept = set(frames.tolist()), []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_count = 1
        for index, frame in enumerate(container.decode(stream)):
            if index in wanted:
                small = frame.reformat(size[1], size[0], "rgb24", interpolation="BILINEAR")
                kept.append(small.to_ndarray())
    return np.stack(kept)


def windows(seconds: float) -> np.ndarray:
    """Distinct grid times in windows before ``TIMES`` times."""
    stops = np.linspace(3.0, seconds - 0.1, TIMES)
    each = [window_indices(stop - 3, stop, frames=FRAMES, rate=GRID_FPS, grid_fps=GRID_FPS) for stop in stops]
    return np.unique(np.concatenate(each)) / GRID_FPS


def compared(path: Path, times_s: np.ndarray, rounds: int) -> dict[str, float]:
    """CPU seconds of the three readers for the frames at ``times_s``."""
    video = look_at(path)
    frames = np.unique(shown_at(video.pts_s, times_s))
    size = (LINES, round(LINES * video.width / video.height))
    # As they are stored, since the readers shrink pictures differently.
    some, stored = frames[:: max(1, len(frames) // 8)], (video.height, video.width)
    ours, _ = frames_at(video, video.pts_s[some])
    for other in (by_decord, by_decoding_all):
        difference = np.abs(ours.astype(np.int16) - other(path, some, stored)).mean()
        if difference > 1:
            raise SystemExit(f"{path.name}: {other.__name__} gives other frames ({difference:.1f})")
    taken = in_turns(
        rounds,
        lambda: frames_at(look_at(path), video.pts_s[frames], size),
        lambda: by_decord(path, frames, size),
        lambda: by_decoding_all(path, frames, size),
    )
    decoded = sum(len(run) for run in runs(video.packets, frames))
    return {
        "wanted": len(frames),
        "decoded": decoded,
        "of": len(video.pts_s),
        "ours_cpu_s": round(taken[0], 2),
        "decord_cpu_s": round(taken[1], 2),
        "all_cpu_s": round(taken[2], 2),
        "over": round(min(taken[1:]) / taken[0], 2),
    }


def last_of_ten_minutes(folder: Path, rounds: int) -> dict[str, float]:
    path = moving_view.write(folder / "long.mp4", 360, 640, 30, 600, "keyint=60:bframes=2:scenecut=0")
    video = look_at(path)
    first, last = (
        window_indices(stop - 3, stop, frames=FRAMES, rate=GRID_FPS, grid_fps=GRID_FPS) / GRID_FPS
        for stop in (4.2, 599.2)
    )
    taken = in_turns(rounds, lambda: frames_at(video, first), lambda: frames_at(video, last))
    return {
        "first_cpu_s": round(taken[0], 3),
        "last_cpu_s": round(taken[1], 3),
        "ratio": round(taken[1] / taken[0], 2),
    }


def epic55(data: Path) -> dict[str, float]:
    """Frames to decode for every window of EPIC-55's training labels, clip by clip and from one plan."""
    with open(data / "epic55" / "EPIC_video_info.csv", newline="", encoding="utf-8") as file:
        info = {row["video"]: (float(row["duration"]), float(row["fps"])) for row in csv.DictReader(file)}
    stops: dict[str, list[float]] = {}
    with open(data / "epic55" / "EPIC_train_action_labels.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            hours, minutes, rest = row["start_timestamp"].split(":")
            stop_s = 3600 * int(hours) + 60 * int(minutes) + float(rest) - 1.0
            if stop_s > 0:
                stops.setdefault(row["video_id"], []).append(stop_s)
    by_clip = planned = wanted = reads = 0
    for video_id, times in stops.items():
        packets = made_up(*info[video_id])
        each = [_frames(packets, stop) for stop in times]
        together = np.unique(np.concatenate(each))
        reads, wanted = reads + FRAMES * len(each), wanted + len(together)
        by_clip += sum(_decoded(packets, np.unique(frames)) for frames in each)
        planned += _decoded(packets, together)
    return {
        "videos": len(stops),
        "windows": reads // FRAMES,
        "frames_wanted": wanted,
        "decoded_clip_by_clip": by_clip,
        "decoded_from_one_plan": planned,
        "ratio": round(by_clip / planned, 2),
    }


def made_up(duration_s: float, fps: float) -> Packets:
    """A stream as a camera writes it: a key frame a second, no B-frames."""
    count = int(duration_s * fps)
    flags = np.zeros(count, np.uint8)
    flags[:: round(fps)] = ENTRY
    base = Fraction(1, 1) / Fraction(fps).limit_denominator(1001)
    return Packets(path=Path("made up"), stream=0, time_base=base, pts=np.arange(count), flags=flags)


def _frames(packets: Packets, stop_s: float) -> np.ndarray:
    stop_s = min(stop_s, float(packets.pts_s[-1]))
    chosen = window_indices(stop_s - 3, stop_s, frames=FRAMES, rate=GRID_FPS, grid_fps=GRID_FPS)
    return shown_at(packets.pts_s, chosen / GRID_FPS)


def _decoded(packets: Packets, frames: np.ndarray) -> int:
    return sum(len(run) for run in runs(packets, frames))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="holds epic55/")
    parser.add_argument("--seconds", type=float, default=30.0, help="length of the clips")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clips", nargs="+", choices=CLIPS, default=list(CLIPS))
    parser.add_argument("--no-long-file", action="store_true", help="leave out the file of 10 minutes")
    parser.add_argument("--go-on", action="store_true", help="measure what the file of results lacks")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "decode.json")
    arguments = parser.parse_args()
    found: dict[str, Any] = {"4 fps": {}, "windows": {}}
    if arguments.go_on:
        found |= json.loads(arguments.out.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as name:
        for clip in arguments.clips:
            if clip not in found["windows"]:
                measure(clip, Path(name), arguments, found)
                write(found, arguments.out)
        if not arguments.no_long_file and "last of 10 minutes" not in found:
            found["last of 10 minutes"] = last_of_ten_minutes(Path(name), arguments.rounds)
            write(found, arguments.out)
    if arguments.data and "EPIC-55" not in found:
        found["EPIC-55"] = epic55(arguments.data)
        write(found, arguments.out)


def measure(clip: str, folder: Path, arguments: argparse.Namespace, found: dict[str, Any]) -> None:
    """Put the figures of a clip into ``found``."""
    height, width, fps, x264 = CLIPS[clip]
    path = moving_view.write(folder / "clip.mp4", height, width, fps, arguments.seconds, x264)
    every = np.arange(0, arguments.seconds - 0.1, 1 / GRID_FPS)
    for sampling, times_s in (("4 fps", every), ("windows", windows(arguments.seconds))):
        how = {"seconds": arguments.seconds, "rounds": arguments.rounds}
        found[sampling][clip] = {**how, **compared(path, times_s, arguments.rounds)}
        print(sampling, clip, found[sampling][clip], flush=True)


def write(found: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
