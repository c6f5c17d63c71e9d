"""Frame stores as tests write them: of what a view shows of some samples, by the stage's own functions."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa

from foretaste.contracts.tables import SAMPLES, VIDEOS, of_modality
from foretaste.contracts.view import Sources
from foretaste.features.frame_parts import GIVEN, store_videos
from foretaste.features.frame_shard import Origin, write_frames
from foretaste.pipeline.video_files import video_files
from foretaste.video.frame_table import frame_tables
from foretaste.video.probe import probe
from foretaste.views.shown import Sampling, wanted


def origin(modality: str = "rgb", method: str = GIVEN, side: int = 64, quality: int = 95) -> Origin:
    made_from = modality if method == GIVEN else "rgb"
    return Origin(modality=modality, made_from=made_from, method=method, side=side, quality=quality)


def write(path: Path, plan: dict[str, np.ndarray], videos: dict, of: Origin) -> Path:
    """A frame file of the frames of ``plan``."""
    parts, issues = store_videos(plan, videos, of, path.with_suffix(".scratch"))
    assert not issues
    write_frames(path, of, parts)
    return path


def stored(
    spec: dict, sources: Sources, folder: Path, rows: list | None = None, videos: Path | None = None, **of
) -> dict[str, tuple[Path, ...]]:
    """The frame store, by modality, of what the view ``spec`` shows of ``sources.samples`` (or ``rows``) in
    the files of ``folder`` (or ``videos``).
    """
    usual = {"rate": 1.0, "ticks": 30.0, "sampler": None, "window": "observed"}
    asked = {name: spec.get(name, value) for name, value in usual.items()}
    sampling = Sampling(frames=spec["frames"], **asked)
    samples = sources.samples
    if rows is not None:
        columns = [pa.array([row.get(f.name) for row in rows], f.type) for f in SAMPLES.schema]
        samples = pa.table(columns, schema=SAMPLES.schema)
    table = sources.videos
    if videos is not None:
        table = pa.table(probe(videos, video_files(videos).items())[0], schema=VIDEOS.schema)
    tables = frame_tables(of_modality(table, "rgb"), folder)
    path = Path(tempfile.mkdtemp(prefix="frames", dir=folder.parent)) / "0.h5"
    write(path, wanted(sampling, samples, tables, {}), tables, origin(**of))
    return {"rgb": (path,)}
