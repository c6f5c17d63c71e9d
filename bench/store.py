"""Windows of 10 vectors of 2,048 read a second, at random places of 16 videos, from the feature store (half
precision, memory-mapped) and from what others use: an LMDB with a key a frame (RULSTM, AVT), HDF5 sliced
window by window, an HDF5 dataset a clip, arrays in memory; and what PyTorch's DataLoader makes of each.

    python bench/store.py [--rows 1800] [--rounds 7] [--out bench/results/store.json]

All read in turns, in one thread, with the files in the page cache; figures are medians, ratios are of the
same round. A window ends as an array of its own. The DataLoader makes batches of 32 windows.
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

import h5py
import lmdb
import numpy as np
import torch
from torch.utils.data import DataLoader

from foretaste.features.given import save_features
from foretaste.features.store import FeatureStore

VIDEOS, WIDTH, FRAMES, WINDOWS, BATCH = 16, 2048, 10, 1200, 32
KEY = "{}_frame_{:010d}.jpg"

#: A video, and the first row of the window.
Window = tuple[str, int]
Feats = dict[str, np.ndarray]
Read = Callable[[Window], np.ndarray]


def vectors(video: int, rows: int) -> np.ndarray:
    """(rows, D) float16, as a network with a ReLU at its end gives them."""
    noise = np.random.default_rng(video).standard_normal((rows, WIDTH), dtype=np.float32)
    return np.maximum(noise, 0).astype(np.float16)


class Ours:
    """The feature store, by positions found once, as a view reads it."""

    def __init__(self, folder: Path):
        self.store = FeatureStore(sorted((folder / "ours").iterdir()))

    @staticmethod
    def write(folder: Path, feats: Feats, windows: list[Window]) -> None:
        save_features(folder / "ours", feats.items(), fps=4.0)

    def __call__(self, window: Window) -> np.ndarray:
        video, start = window
        return self.store.at(video, slice(start, start + FRAMES)).copy()


class KeyAFrame:
    """An LMDB with a key a frame and values of float32, as RULSTM and AVT have them."""

    def __init__(self, folder: Path):
        self.folder, self.environment = folder, None

    @staticmethod
    def write(folder: Path, feats: Feats, windows: list[Window]) -> None:
        size = 4 * sum(feat.nbytes for feat in feats.values()) + (1 << 24)
        with lmdb.open(str(folder / "lmdb"), map_size=size) as environment:
            for video, feat in feats.items():
                with environment.begin(write=True) as transaction:
                    for row, vector in enumerate(feat.astype(np.float32)):
                        transaction.put(KEY.format(video, row).encode(), vector.tobytes())

    def __call__(self, window: Window) -> np.ndarray:
        if self.environment is None:
            self.environment = lmdb.open(str(self.folder / "lmdb"), readonly=True, lock=False)
        video, start = window
        with self.environment.begin() as transaction:
            keys = [KEY.format(video, row).encode() for row in range(start, start + FRAMES)]
            return np.stack([np.frombuffer(transaction.get(key), np.float32) for key in keys])


class Sliced:
    """HDF5, a contiguous dataset a video, sliced through h5py: ``file[name][a:b]``."""

    def __init__(self, folder: Path):
        self.folder, self.file = folder, None

    @staticmethod
    def write(folder: Path, feats: Feats, windows: list[Window]) -> None:
        with h5py.File(folder / "sliced.h5", "w") as file:
            for video, feat in feats.items():
                file[video] = feat

    def __call__(self, window: Window) -> np.ndarray:
        self.file = self.file or h5py.File(self.folder / "sliced.h5")
        video, start = window
        return self.file[video][start : start + FRAMES]


class DatasetAClip:
    """HDF5, a dataset a window."""

    def __init__(self, folder: Path):
        self.folder, self.file = folder, None

    @staticmethod
    def write(folder: Path, feats: Feats, windows: list[Window]) -> None:
        with h5py.File(folder / "clips.h5", "w") as file:
            for video, start in set(windows):
                file[f"{video}-{start}"] = feats[video][start : start + FRAMES]

    def __call__(self, window: Window) -> np.ndarray:
        self.file = self.file or h5py.File(self.folder / "clips.h5")
        video, start = window
        return self.file[f"{video}-{start}"][()]


class Memory:
    """Arrays in memory: what no reader of files can beat."""

    def __init__(self, folder: Path):
        self.feats = {path.stem: np.load(path) for path in (folder / "memory").iterdir()}

    @staticmethod
    def write(folder: Path, feats: Feats, windows: list[Window]) -> None:
        (folder / "memory").mkdir()
        for video, feat in feats.items():
            np.save(folder / "memory" / f"{video}.npy", feat)

    def __call__(self, window: Window) -> np.ndarray:
        video, start = window
        return self.feats[video][start : start + FRAMES].copy()


READERS = {
    "feature store": Ours,
    "LMDB, a key a frame": KeyAFrame,
    "HDF5, sliced": Sliced,
    "HDF5, a dataset a clip": DatasetAClip,
    "memory": Memory,
}


class Dataset(torch.utils.data.Dataset):
    """The windows for a DataLoader."""

    def __init__(self, read: Read, windows: list[Window]):
        self.read, self.windows = read, windows

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, row: int) -> torch.Tensor:
        return torch.from_numpy(self.read(self.windows[row]))


def raw(read: Read, windows: list[Window]) -> float:
    """Windows a second."""
    start = time.perf_counter()
    for window in windows:
        read(window)
    return len(windows) / (time.perf_counter() - start)


def loaded(read: Read, windows: list[Window], workers: int) -> float:
    """Windows a second of a DataLoader, from its second batch on: starting workers is not counted."""
    batches = iter(DataLoader(Dataset(read, windows), batch_size=BATCH, num_workers=workers))
    next(batches)
    start, count = time.perf_counter(), 0
    for batch in batches:
        count += len(batch)
    return count / (time.perf_counter() - start)


def in_turns(measures: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """The rounds of each; a first one, which brings the files into memory, is not counted."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for turn in range(rounds + 1):
        for name, measure in measures.items():
            value = measure()
            if turn:
                found[name].append(value)
    return found


def compared(found: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    """Medians, and how many times as fast the feature store is, with the least and most of all rounds."""
    ours = found["feature store"]
    table = {}
    for name, values in found.items():
        ratios = [one / other for one, other in zip(ours, values)]
        table[name] = {
            "windows a second": round(statistics.median(values)),
            "feature store over it": round(statistics.median(ratios), 2),
            "least": round(min(ratios), 2),
            "most": round(max(ratios), 2),
        }
    return table


def measure(folder: Path, rows: int, rounds: int) -> dict[str, Any]:
    """All figures; ValueError where two readers read different vectors."""
    random = np.random.default_rng(0)
    feats = {f"v{video}": vectors(video, rows) for video in range(VIDEOS)}
    windows = [(f"v{random.integers(VIDEOS)}", int(random.integers(rows - FRAMES))) for _ in range(WINDOWS)]
    sizes = {}
    for name, reader in READERS.items():
        before = used(folder)
        reader.write(folder, feats, windows)
        sizes[name] = round((used(folder) - before) / sum(feat.nbytes for feat in feats.values()), 2)
    # Each opens its file when it is first asked, so the workers come before this process opens any: handles
    # of HDF5 and LMDB must not cross a fork.
    readers = {name: reader(folder) for name, reader in READERS.items()}
    through_loader = {}
    for workers in (2, 1, 0):
        loaders = {name: partial(loaded, read, windows, workers) for name, read in readers.items()}
        through_loader[f"DataLoader, {workers} workers"] = compared(in_turns(loaders, rounds))
    for name, read in readers.items():
        for video, start in windows[:50]:
            if not np.array_equal(read((video, start)), feats[video][start : start + FRAMES]):
                raise ValueError(f"{name} read another window")
    alone = {name: partial(raw, read, windows) for name, read in readers.items()}
    return {
        "vectors": VIDEOS * rows,
        "torch": torch.__version__,
        "h5py": h5py.__version__,
        "lmdb": lmdb.__version__,
        "raw reads": compared(in_turns(alone, rounds)),
        **dict(reversed(through_loader.items())),
        "bytes on disk over those of the vectors": sizes,
    }


def used(folder: Path) -> int:
    """Bytes that the files of a folder take on disk."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1800, help="vectors a video (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="(default: %(default)s)")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), arguments.rows, arguments.rounds)
    print(json.dumps(found, indent=1))
    if arguments.out:
        arguments.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
