"""A clip's view of two short videos whose frames carry their numbers, decoded or stored."""

from __future__ import annotations

from dataclasses import replace

import barcode
import frame_files
import numpy as np
import pyarrow as pa
from spaces import THREE

from foretaste.contracts.tables import SAMPLES, SEGMENTS, VIDEOS
from foretaste.contracts.view import Look, Sources
from foretaste.pipeline.video_files import video_files
from foretaste.settings import families
from foretaste.video.probe import probe

#: Every frame is coded by itself, so that altering one leaves the bytes of the others' pictures as they are.
INTRA = "keyint=1:qp=12"
LOOK = Look(1, 2)

GEOMETRY = {"size": 48, "scoring_side": 48, "training_sides": [48, 52]}
SMALL = {"frames": 4, "rate": 2.0, "geometry": GEOMETRY}
WINDOWS = [("a", 3.05), ("b", 3.95), ("a", 0.9), ("b", 0.0), ("a", 2.0)]
#: Worked by hand: at 10 frames a second frame f is shown from f / 10 s; ticks are 1 / 30 s; steps back are
#: 0.5 s.
NUMBERS = [[15, 20, 25, 30], [124, 129, 134, 139], [4, 4, 4, 9], [100, 100, 100, 100], [5, 10, 15, 20]]


def write_videos(folder):
    barcode.write_clip(folder / "a.mp4", 40, x264=INTRA)
    barcode.write_clip(folder / "b.mp4", 40, x264=INTRA, numbers=range(100, 140))
    return folder


def table(definition, rows):
    return pa.table(
        [pa.array([row.get(f.name) for row in rows], f.type) for f in definition.schema],
        schema=definition.schema,
    )


def sample(video_id, stop_s, tau_o=2.0, **more):
    return {
        "sample_id": f"{video_id}/{stop_s}",
        "segment_id": f"{video_id}/{stop_s}",
        "video_id": video_id,
        "split": "training",
        "window_start_s": stop_s - tau_o,
        "window_stop_s": stop_s,
        "target_start_s": stop_s + 1,
        "target_stop_s": stop_s + 2,
        **more,
    }


def build(folder, rows=None, segments=None, probed=None, stored=None, **settings):
    """The view; ``stored``: what ``frame_files.stored`` takes, where it reads a frame store."""
    rows = [sample(*window) for window in WINDOWS] if rows is None else rows
    columns = probe(folder, video_files(folder).items())[0] if probed is None else probed
    sources = Sources(
        samples=table(SAMPLES, rows),
        videos=pa.table(columns, schema=VIDEOS.schema),
        video_folders={"rgb": folder},
        segments=None if segments is None else table(SEGMENTS.of(THREE), segments),
    )
    spec = {"kind": "clip", **SMALL, **settings}
    if spec.get("sampler"):
        del spec["rate"]
    if stored is not None:
        frames = frame_files.stored(spec, sources, folder, **stored)
        sources = replace(sources, video_folders=None, frame_stores=frames)
    return families.build("views", spec, sources=sources)


def fetch(view, rows, look=None):
    return view.fetch(rows, look).inputs["frames"]


def pictures(clip):
    """(T, 3, S, S) -> (T, S, S, 3)."""
    return clip.permute(0, 2, 3, 1).numpy()


def number(picture):
    """Which frame's centre this is: the cut loses the outer half of the outer cells, but no cell."""
    known = {n: barcode.draw(n)[:, 8:56] for n in (*range(40), *range(100, 140))}
    return min(known, key=lambda n: np.abs(known[n].astype(int) - picture).mean())
