"""What the probe found of a video: everything that is asked of it later, so that nobody reads its packets
again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pyarrow as pa
from av.sidedata.sidedata import Type

from foretaste.contracts.errors import DataError
from foretaste.pipeline.contents import video_digest
from foretaste.video.numbered_frames import Clock, scan_frames
from foretaste.video.orientation import UPRIGHT, Orientation, orientation_of
from foretaste.video.packets import Packets, seconds, unreadable
from foretaste.video.reader import decoded
from foretaste.video.scan import Scanned, no_beat, scan

#: A pixel that is said to be more than so many times as wide as high, or as high as wide, is a mistake.
_WIDEST = 4.0


@dataclass(frozen=True, kw_only=True)
class FrameTable:
    """A video file as probed.

    name
        Of the file, in the folder of its dataset.
    end_s
        When the last frame stops being shown, in seconds after the first one.
    width, height, orientation, pixel_aspect
        Of the stored picture; how it is turned before it is shown; the width of its pixels, as a multiple of
        their height.
    streams
        How many video streams the file has; of several the first is shown.
    digest
        Of the file, as results are told apart by.
    sound_end_s
        When its first sound track ends; None without one.
    """

    packets: Packets
    name: str
    codec: str
    end_s: float
    rate_fps: float
    width: int
    height: int
    orientation: Orientation
    pixel_aspect: float
    streams: int
    digest: str
    sound_end_s: float | None = None

    @property
    def path(self) -> Path:
        return self.packets.path

    @property
    def pts_s(self) -> np.ndarray:
        """(n,) float64: when each frame is shown, ascending, from 0."""
        return self.packets.pts_s

    @property
    def shown_size(self) -> tuple[int, int]:
        """(height, width) as a player shows it: with square pixels, and turned."""
        return self.orientation.shown(self.height, max(1, round(self.width * self.pixel_aspect)))


def look_at(path: Path, beat: Callable[[], None] = no_beat, clock: Clock | None = None) -> FrameTable:
    """Read a file's packets, with a ``beat`` for each, and decode its first frame; raises DataError for a
    file whose frames cannot be told. ``clock`` is that of numbered frames, in a tar or a folder.
    """
    path = Path(path)
    if not (path.is_file() or (clock is not None and path.is_dir())):
        raise DataError("not a file, or a link to nothing", path, "a video file", "mend or remove it")
    scanned = scan(path, beat) if clock is None else _of_frames(path, clock, beat)
    with closing(decoded(scanned.packets, np.array([0]))) as pictures:
        _, first = next(pictures)
    if not 1 / _WIDEST <= scanned.pixel_aspect <= _WIDEST:
        raise unreadable(path, f"pixels {scanned.pixel_aspect:g} times as wide as high")
    return FrameTable(
        packets=scanned.packets,
        name=path.name,
        codec=scanned.codec,
        end_s=scanned.end_s,
        rate_fps=scanned.rate_fps,
        width=first.width,
        height=first.height,
        orientation=orientation_stated(first, path),
        pixel_aspect=scanned.pixel_aspect,
        streams=scanned.streams,
        digest=video_digest(path),
        sound_end_s=scanned.sound_end_s,
    )


def _of_frames(path: Path, clock: Clock, beat: Callable[[], None]) -> Scanned:
    packets = scan_frames(path, clock, beat)
    n = len(packets.pts)
    end_s = float(seconds(np.int64(n), packets.time_base))
    return Scanned(
        packets=packets, codec="mjpeg", end_s=end_s, rate_fps=clock.fps, pixel_aspect=1.0, streams=1
    )


def _of_no_name(kinds: type[Type], value: int) -> Type:
    """A kind of side data that FFmpeg has and PyAV has no name for (what a camera wrote into a JPEG, the two
    views of a stereo video): without it nothing that lies beside a frame could be read.
    """
    kind = object.__new__(kinds)
    kind._name_, kind._value_ = f"KIND_{value}", value
    return kind


Type._missing_ = classmethod(_of_no_name)


def orientation_stated(frame: av.VideoFrame, path: Path) -> Orientation:
    """How the matrix beside a frame says it is turned; raises DataError for one that does anything else."""
    matrix = frame.side_data.get(Type.DISPLAYMATRIX)
    if matrix is None:
        return UPRIGHT
    numbers = np.frombuffer(bytes(matrix), dtype=np.int32).tolist()
    found = orientation_of(numbers)
    if found is None:
        raise unreadable(path, f"a display matrix that does not turn by quarters: {numbers[:6]}")
    return found


def as_row(video: FrameTable) -> dict[str, object]:
    """The columns of the VIDEOS table that are of the file, but for its path."""
    packets = video.packets
    return {
        "stream": packets.stream,
        "codec": video.codec,
        "width": video.width,
        "height": video.height,
        "rotation": video.orientation.rotation,
        "mirrored": video.orientation.mirrored,
        "pixel_aspect": video.pixel_aspect,
        "streams": video.streams,
        "frames": len(packets.shown),
        "duration_s": video.end_s,
        "rate_fps": video.rate_fps,
        "digest": video.digest,
        "sound_end_s": video.sound_end_s,
        "time_base": str(packets.time_base),
        "pts": packets.pts,
        "flags": packets.flags,
        "places": packets.places,
    }


def frame_tables(videos: pa.Table, folder: Path) -> dict[str, FrameTable]:
    """video_id -> what was found of it, of VIDEOS rows of one modality, whose files lie in ``folder``."""
    names = ("pts", "flags", "places")
    rows = videos.drop_columns(list(names)).to_pylist()
    found = {}
    for row, *lists in zip(rows, *(videos[name] for name in names), strict=True):
        arrays = [None if one.values is None else one.values.to_numpy() for one in lists]
        packets = Packets(
            path=inside(folder, row["path"]),
            stream=row["stream"],
            time_base=Fraction(row["time_base"]),
            **dict(zip(names, arrays, strict=True)),
        )
        found[row["video_id"]] = _from_row(row, packets)
    return found


def _from_row(row: Mapping, packets: Packets) -> FrameTable:
    same = ("codec", "rate_fps", "width", "height", "pixel_aspect", "streams", "digest", "sound_end_s")
    return FrameTable(
        packets=packets,
        name=row["path"],
        end_s=row["duration_s"],
        orientation=Orientation(row["rotation"], row["mirrored"]),
        **{name: row[name] for name in same},
    )


def confirmed(video: FrameTable) -> FrameTable:
    """The video; raises DataError unless its file is still the one that was probed."""
    if not video.path.exists() or video_digest(video.path) != video.digest:
        raise unreadable(video.path, "missing, or no longer the file that was probed")
    return video


def inside(folder: Path, relative: str) -> Path:
    """``folder / relative``; raises DataError for a path that leaves the folder."""
    if Path(relative).is_absolute() or ".." in Path(relative).parts:
        raise DataError(
            f"path {relative!r}", folder, "a path inside this folder", "correct the table that names it"
        )
    return Path(folder) / relative
