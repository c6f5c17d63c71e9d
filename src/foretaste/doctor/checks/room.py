"""Is there room for what the run makes: on the disk of the results, and in memory?"""

from __future__ import annotations

import math
import os
import shutil
from pathlib import Path

from foretaste.doctor.examined import Examined
from foretaste.doctor.findings import Findings, NothingToCheckError
from foretaste.doctor.probed import probed
from foretaste.settings.config import FrameStoreConfig
from foretaste.video.remarks import WIDTH

#: A guess: bytes of a JPEG of quality 95 for each of its pixels, and how much wider than high a picture is.
JPEG_BYTES, WIDE = 0.35, 16 / 9

#: Batches that are prepared ahead of need.
AHEAD = 4

GB = 1e9


def look(dataset: Examined, found: Findings) -> str:
    """About what features and stored frames of all of the videos need, and a batch of clips."""
    if not (disk := _disk(dataset)) and not _batches(dataset):
        raise NothingToCheckError("the run makes no features, stores no frames and shows no clips")
    results = _there(Path(dataset.catalogue.results))
    free = shutil.disk_usage(results).free
    needed = sum(disk.values())
    if needed > free:
        parts = ", ".join(f"{size / GB:.1f} GB {name}" for name, size in disk.items())
        found.fail(
            f"{free / GB:.1f} GB free",
            results,
            f"{needed / GB:.1f} GB: {parts}",
            "free space, or set results_root to a larger disk",
        )
    memory, batches = _memory(), _batches(dataset)
    for name, size in batches.items():
        if size > memory / 2:
            found.warn(
                f"batches of {name} take {size / GB:.1f} GB while they are made ready",
                "its preset: training",
                f"half of the {memory / GB:.1f} GB of memory at most",
                "lower batch, or raise accumulate",
            )
    largest = max(batches.values(), default=0.0)
    return (
        f"about {needed / GB:.2f} GB of {free / GB:.1f} GB free for features and frames; batches of up to"
        f" {largest / GB:.2f} GB in {memory / GB:.1f} GB of memory"
    )


def _disk(dataset: Examined) -> dict[str, float]:
    """Bytes of the features of every backbone and of every frame store that the run makes."""
    sizes: dict[str, float] = {}
    for system in dataset.catalogue.systems_of(dataset.name):
        for name, backbone in dataset.defined("backbones", system).items():
            if backbone.files is None:
                rows = probed(dataset).rows()
                frames = sum(math.ceil(row["duration_s"] * backbone.grid.fps) for row in rows)
                sizes[f"features of {name}"] = frames * WIDTH * 2.0
        for name, store in dataset.defined("frame_stores", system).items():
            sizes[f"frames of {name}"] = _frames(dataset, store)
    return sizes


def _frames(dataset: Examined, store: FrameStoreConfig) -> float:
    """Bytes of every frame of every video: views show a part of them."""
    pixels = store.side * store.side * WIDE
    return sum(row["frames"] for row in probed(dataset).rows()) * pixels * JPEG_BYTES


def _batches(dataset: Examined) -> dict[str, float]:
    """Bytes of the pixels of a batch, and of those that are made ready ahead of it, of each model that sees
    clips.
    """
    sizes: dict[str, float] = {}
    for system in dataset.catalogue.systems_of(dataset.name):
        for name, model in dataset.models(system).items():
            batch = getattr(model.training, "batch", None)
            if batch is None:  # it counts
                continue
            for view in (one for one in model.each_view if one["kind"] == "clip"):
                size = view.get("geometry", {}).get("size", 224)
                sizes[name] = 3.0 * size * size * view.get("frames", 16) * batch * AHEAD
    return sizes


def _memory() -> float:
    return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def _there(path: Path) -> Path:
    """The nearest folder above that is there."""
    return next(one for one in (path, *path.absolute().parents) if one.exists())
