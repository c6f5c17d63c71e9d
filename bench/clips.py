"""Clips of 8 and of 32 frames at 224 pixels read in a second of CPU time, at random places of generated
videos, from the frame store and from what others use: the videos, by decord with a reader kept open and by
our own decoder; and JPEG files in a folder a video, with the store's own bytes.

    python bench/clips.py [--videos 2] [--seconds 60] [--clips 20] [--rounds 5]
                          [--out bench/results/clips.json]

Frames are an eighth of a second apart, every reader gives the same ones (checked) with a shorter side of 224,
and their centre is cut out. In turns, files in the page cache; figures are medians, ratios are of the same
round. Videos are of 1280 x 720 and of 456 x 256 pixels, 30 frames a second, a key frame a second. Frames are
stored at their times on a grid of 8 a second, with a shorter side of 256. Making the store is measured in CPU
seconds a minute of video.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import decord
import moving_view
import numpy as np

from foretaste.features.frame_parts import GIVEN, store_videos
from foretaste.features.frame_shard import Origin, write_frames
from foretaste.features.frame_store import FrameStore
from foretaste.video.decode import frames_at
from foretaste.video.frame_table import FrameTable, look_at
from foretaste.video.transforms import Picture, covering
from foretaste.video.windows import shown_at

FPS, RATE, SIDE, SIZE = 30, 8, 256, 224
SIZES = {"720p": (720, 1280), "256 lines": (256, 456)}
X264 = f"keyint={FPS}:min-keyint={FPS}:bframes=2:scenecut=0"
STORED = Origin(modality="rgb", made_from="rgb", method=GIVEN, side=SIDE, quality=95)

Videos = dict[str, FrameTable]
#: A video, and which of its frames.
Clip = tuple[str, np.ndarray]
Read = Callable[[Clip], np.ndarray]


def cut(pictures: np.ndarray) -> np.ndarray:
    """(T, H, W, 3) -> (T, S, S, 3), the centre, as an array of its own."""
    top, left = (pictures.shape[1] - SIZE) // 2, (pictures.shape[2] - SIZE) // 2
    return np.ascontiguousarray(pictures[:, top : top + SIZE, left : left + SIZE])


def shown(video: FrameTable) -> tuple[int, int]:
    """(H, W) of its pictures before their centre is cut out."""
    return covering(video.shown_size, Picture(height=SIZE, width=SIZE))


class Stored:
    """The frame store, as the view ``clip`` reads it."""

    def __init__(self, folder: Path, videos: Videos):
        self.store, self.videos = FrameStore([folder / "store.h5"]), videos

    def __call__(self, clip: Clip) -> np.ndarray:
        video, frames = clip
        return cut(self.store.pictures(video, frames, shown(self.videos[video])))


class Files:
    """A JPEG file a frame."""

    def __init__(self, folder: Path, videos: Videos):
        self.folder, self.videos = folder / "files", videos

    def __call__(self, clip: Clip) -> np.ndarray:
        video, frames = clip
        height, width = shown(self.videos[video])
        pictures = []
        for frame in frames:
            path = self.folder / video / f"frame_{frame:010d}.jpg"
            pictures.append(cv2.resize(cv2.imread(str(path), cv2.IMREAD_COLOR_RGB), (width, height)))
        return cut(np.stack(pictures))


class Decord:
    """The video, by decord, whose reader stays open."""

    def __init__(self, folder: Path, videos: Videos):
        self.videos, self.readers = videos, {}

    def __call__(self, clip: Clip) -> np.ndarray:
        video, frames = clip
        if video not in self.readers:
            height, width = shown(self.videos[video])
            path = str(self.videos[video].path)
            self.readers[video] = decord.VideoReader(path, width=width, height=height, num_threads=1)
        return cut(self.readers[video].get_batch(frames).asnumpy())


class Decoded:
    """The video, by our decoder: what the view does without a store."""

    def __init__(self, folder: Path, videos: Videos):
        self.videos = videos

    def __call__(self, clip: Clip) -> np.ndarray:
        video = self.videos[clip[0]]
        return cut(frames_at(video, video.pts_s[clip[1]], shown(video))[0])


READERS = {"frame store": Stored, "JPEG files": Files, "decord": Decord, "our decoder": Decoded}


def write(folder: Path, size: tuple[int, int], count: int, seconds: float) -> tuple[Videos, dict[str, float]]:
    """The videos, the store and the files of the same JPEGs; what the store took to make and is large."""
    videos = {}
    for number in range(count):
        path = folder / f"v{number}.mp4"
        videos[path.stem] = look_at(moving_view.write(path, *size, FPS, seconds, X264))
    times_s = np.arange(round(seconds * RATE)) / RATE
    plan = {name: np.unique(shown_at(video.pts_s, times_s)) for name, video in videos.items()}
    before = time.process_time()
    parts, issues = store_videos(plan, videos, STORED, folder / "scratch")
    write_frames(folder / "store.h5", STORED, parts)
    taken = time.process_time() - before
    if issues:
        raise ValueError(issues)
    store = FrameStore([folder / "store.h5"])
    for name, frames in plan.items():
        (folder / "files" / name).mkdir(parents=True)
        for frame, jpeg in zip(frames, store.jpegs(name, frames)):
            (folder / "files" / name / f"frame_{frame:010d}.jpg").write_bytes(jpeg)
    of_video = sum(used(video.path) for video in videos.values())
    files = list((folder / "files").rglob("*.jpg"))
    return videos, {
        "files of the store": 1,
        "JPEG files": len(files),
        "store over the videos, bytes on disk": round(used(folder / "store.h5") / of_video, 2),
        "JPEG files over the videos": round(sum(map(used, files)) / of_video, 2),
        "store over its JPEGs": round(
            used(folder / "store.h5") / sum(file.stat().st_size for file in files), 4
        ),
        "making the store, cpu s a minute of video": round(taken / (count * seconds / 60), 2),
    }


def used(path: Path) -> int:
    """Bytes on disk."""
    return path.stat().st_blocks * 512


def clips(videos: Videos, frames: int, count: int) -> list[Clip]:
    """Clips at random places, their frames 1 / RATE seconds apart."""
    random, found = np.random.default_rng(frames), []
    for _ in range(count):
        name = f"v{random.integers(len(videos))}"
        last = round(videos[name].end_s * RATE) - frames
        times_s = (random.integers(last) + np.arange(frames)) / RATE
        found.append((name, shown_at(videos[name].pts_s, times_s)))
    return found


def check(readers: dict[str, Read], some: list[Clip]) -> None:
    """ValueError where two readers give different frames: their pictures differ by more than a clip does from
    the one a frame later.
    """
    for clip in some:
        first, *others = (reader(clip).astype(np.int16) for reader in readers.values())
        for name, other in zip(list(readers)[1:], others):
            apart = [np.abs(ours - theirs).mean() for ours, theirs in zip(first, other)]
            if max(apart) > 8:
                raise ValueError(f"{name} read another clip ({max(apart):.1f} grey levels)")


def a_second(read: Read, some: list[Clip]) -> float:
    """Clips a second of CPU time, threads of the reader's own included."""
    settle()
    start = time.process_time()
    for clip in some:
        read(clip)
    return len(some) / (time.process_time() - start)


def settle() -> None:
    """Wait until the threads of the reader before, which decode ahead, have come to rest."""
    busy = 1.0
    while busy > 0.002:
        before = time.process_time()
        time.sleep(0.2)
        busy = time.process_time() - before


def compared(readers: dict[str, Read], some: list[Clip], rounds: int) -> dict[str, dict[str, float]]:
    """Medians, and how many times as fast the store is, with the least and most of all rounds; a first one is
    not counted.
    """
    found: dict[str, list[float]] = {name: [] for name in readers}
    for turn in range(rounds + 1):
        for name, measure in {name: partial(a_second, read, some) for name, read in readers.items()}.items():
            value = measure()
            found[name] += [value] if turn else []
    table = {}
    for name, values in found.items():
        ratios = [ours / theirs for ours, theirs in zip(found["frame store"], values)]
        table[name] = {
            "clips a second": round(statistics.median(values), 1),
            "frame store over it": round(statistics.median(ratios), 2),
            "least": round(min(ratios), 2),
            "most": round(max(ratios), 2),
        }
    return table


def measure(folder: Path, size: tuple[int, int], arguments: argparse.Namespace) -> dict[str, Any]:
    """All figures of videos of one size."""
    videos, disk = write(folder, size, arguments.videos, arguments.seconds)
    readers = {name: reader(folder, videos) for name, reader in READERS.items()}
    found: dict[str, Any] = {}
    for frames in (8, 32):
        some = clips(videos, frames, arguments.clips)
        check(readers, some[:5])
        found[f"{frames} frames"] = compared(readers, some, arguments.rounds)
    return {**found, "disk": disk}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--videos", type=int, default=2, help="(default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=60, help="of each video (default: %(default)s)")
    parser.add_argument("--clips", type=int, default=20, help="that a round reads (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="(default: %(default)s)")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    found = {"opencv": cv2.__version__, "decord": decord.__version__}
    found |= {"rounds": arguments.rounds, "clips a round": arguments.clips}
    for name, size in SIZES.items():
        with tempfile.TemporaryDirectory() as folder:
            found[name] = measure(Path(folder), size, arguments)
    print(json.dumps(found, indent=1))
    if arguments.out:
        arguments.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
