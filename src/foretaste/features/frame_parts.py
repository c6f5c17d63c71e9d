"""Videos -> JPEGs of the frames that are wanted of them: each video decoded once, in order, each finished
video kept.

A video's JPEGs are written whole before its index, and the index before the next video starts, so that a job
that is killed goes on where it stopped and ends with the same bytes. In memory is one picture at a time.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from foretaste.contracts.errors import DataError
from foretaste.contracts.issues import Issue
from foretaste.contracts.json_files import read_json
from foretaste.contracts.modalities import RGB
from foretaste.features.frame_shard import Origin, StoredFrames
from foretaste.pipeline.artifact import whole, write_json
from foretaste.video.decode import decoder, in_order
from foretaste.video.flow import flow_before
from foretaste.video.frame_table import FrameTable, confirmed
from foretaste.video.transforms import Picture, covering

#: ``Origin.method`` of what videos hold.
GIVEN = "given"


def stored_size(video: FrameTable, side: int) -> tuple[int, int]:
    """(H, W) of stored frames: the shorter of them is ``side``, but no frame is enlarged."""
    if min(video.shown_size) <= side:
        return video.shown_size
    return covering(video.shown_size, Picture(height=side, width=side))


def store_videos(
    plan: Mapping[str, np.ndarray],
    videos: Mapping[str, FrameTable],
    origin: Origin,
    scratch: Path,
    follow: Callable[[Iterable[str]], Iterable[str]] = iter,
) -> tuple[list[tuple[StoredFrames, Path]], list[Issue]]:
    """The frames of every video of ``plan`` (video_id -> ascending indices), each with the file that holds
    its JPEGs, in the order of the plan; and an issue for each video that cannot be used.

    Finished videos are kept in ``scratch`` and taken from there when the same frames of the same file are
    asked for again. ``follow`` wraps the ids for a progress bar.
    """
    parts, issues = [], []
    for video_id in follow(plan):
        video = videos[video_id]
        jpeg, index = scratch / f"{video_id}.jpegs", scratch / f"{video_id}.json"
        about = _about(origin, video, plan[video_id])
        found = _finished(about, jpeg, index)
        if found is None:
            try:
                found = _encode(confirmed(video), plan[video_id], origin, jpeg)
            except DataError as error:
                issues.append(Issue(file=video.name, key=video_id, reason=error.args[0]))
                continue
            write_json(index, {"about": about, **found})
        height, width = stored_size(video, origin.side)
        one = StoredFrames(
            video_id=video_id,
            **{name: np.array(values, np.int64) for name, values in found.items()},
            frame=plan[video_id],
            pts_s=video.pts_s[plan[video_id]],
            source_sha256=video.digest,
            decoder=decoder(),
            height=height,
            width=width,
        )
        parts.append((one, jpeg))
    return parts, issues


def _about(origin: Origin, video: FrameTable, frames: np.ndarray) -> dict[str, Any]:
    return {
        "origin": asdict(origin),
        "source": video.digest,
        "decoder": decoder(),
        "frames": hashlib.sha256(np.ascontiguousarray(frames, np.int64).data).hexdigest(),
    }


def _finished(about: dict[str, Any], jpeg: Path, index: Path) -> dict[str, list[int]] | None:
    """Offsets and CRCs of a video that was stored before as it is asked for, and is as it was written."""
    if not index.exists() or not jpeg.exists():
        return None
    known = read_json(index)
    if known.pop("about") != about or jpeg.stat().st_size != known["offsets"][-1]:
        return None
    with open(jpeg, "rb") as file:
        sizes = np.diff(known["offsets"]).tolist()
        as_written = all(zlib.crc32(file.read(size)) == crc for size, crc in zip(sizes, known["crc32"]))
    return known if as_written else None


def _encode(video: FrameTable, frames: np.ndarray, origin: Origin, path: Path) -> dict[str, list[int]]:
    """Write the JPEGs of ``frames``; their offsets and CRCs."""
    offsets, crc32 = [0], []
    with whole(path) as partial, open(partial, "wb") as file:
        for picture in _pictures(video, frames, origin):
            encoded, data = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, origin.quality))
            if not encoded:
                raise ValueError(f"OpenCV encodes no picture of {picture.shape}")
            file.write(data.data)
            offsets.append(offsets[-1] + len(data))
            crc32.append(zlib.crc32(data.data))
    return {"offsets": offsets, "crc32": crc32}


def _pictures(video: FrameTable, frames: np.ndarray, origin: Origin) -> Iterator[np.ndarray]:
    """What is encoded, in order: (H, W, 3) in OpenCV's order of colours, or of flow (2 H, W)."""
    size = stored_size(video, origin.side)
    if origin.modality == RGB:
        for _, picture in in_order(video, frames, size):
            yield cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
        return
    given = origin.method == GIVEN
    flows = in_order(video, frames, size) if given else flow_before(video, frames, size, origin.method)
    for _, flow in flows:
        yield np.concatenate((flow[..., 0], flow[..., 1]))
