"""Do the clocks of the label files agree: seconds with frame numbers, and RULSTM's frames with the official
times?
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from foretaste.annotations.rows import Found, RowError, read_header, read_rows
from foretaste.contracts.errors import ForetasteError
from foretaste.doctor.examined import Examined
from foretaste.doctor.findings import Findings, NothingToCheckError
from foretaste.settings import families

COLUMNS = ("video_id", "start_timestamp", "start_frame")

#: Frame numbers are the whole part of clock x seconds, of seconds that were rounded to hundredths.
FRAMES_OFF = 2.0

#: RULSTM's frames are of 1/30 s, and seconds of hundredths.
SECONDS_OFF = 1 / 30 + 0.011


@dataclass(frozen=True)
class Times:
    """What a file says of the starts: line, video, seconds and frame of each row."""

    path: Path
    lines: np.ndarray
    videos: np.ndarray
    seconds: np.ndarray
    frames: np.ndarray


def look(dataset: Examined, found: Findings) -> str:
    """Files with both seconds and frames; both clocks of the reader, where it knows two."""
    said = []
    for path in dataset.label_files:
        if (times := _times(dataset, path)) is not None:
            said.append(_frames(times, found))
    if dataset.labels.config["reader"]["kind"] == "epic55":
        said.append(_two_clocks(dataset, found))
    if not said:
        raise NothingToCheckError("no label file has both seconds and frames")
    return "; ".join(said)


def _times(dataset: Examined, path: Path) -> Times | None:
    if path.suffix != ".csv" or not path.is_file():
        return None
    try:
        if not set(COLUMNS) <= set(read_header(path)):
            return None
    except ForetasteError:
        return None  # the check rows says what is wrong with it
    read = []
    for row in read_rows(path, Found(dataset.labels_root), COLUMNS, header=True):
        try:
            seconds, frame = row.clock("start_timestamp"), row.integer("start_frame")
            read.append((row.line, row.text("video_id"), seconds, frame))
        except RowError:
            continue  # and with its rows
    if not read:
        return None
    lines, videos, seconds, frames = (np.array(column) for column in zip(*read))
    return Times(path, lines, videos, seconds, frames)


def _frames(times: Times, found: Findings) -> str:
    """Within each video frames are one number times seconds."""
    clocks = []
    for video_id in np.unique(times.videos):
        own = np.flatnonzero((times.videos == video_id) & (times.seconds > 0))
        if len(own) < 3:
            continue
        # Of the later half: a frame number that was cut to a whole one tells little of early times.
        late = own[times.seconds[own] >= np.median(times.seconds[own])]
        clock = float(np.median(times.frames[late] / times.seconds[late]))
        clocks.append(clock)
        off = own[np.abs(times.frames[own] - clock * times.seconds[own]) > FRAMES_OFF + 0.02 * clock]
        if len(off):
            row = int(off[0])
            seconds, frame = times.seconds[row], times.frames[row]
            found.fail(
                f"{len(off)} rows of {video_id} whose seconds and frames disagree: {seconds:.2f} s is frame"
                f" {frame}",
                f"{times.path}: line {times.lines[row]}",
                f"frame {clock * seconds:.0f}, by the clock of its other rows ({clock:.5g} a second)",
                "take times from the published file; frame numbers of a video that was made anew are others",
            )
    if clocks and max(clocks) < 1:
        found.warn(
            f"frame numbers that hardly grow with time ({max(clocks):.2g} a second)",
            times.path,
            "frame x of second y, at some frames a second",
            "take them from the published file",
        )
    if not clocks:
        return f"{times.path.name}: too few rows to tell a clock"
    return f"{times.path.name}: frames at {min(clocks):.4g} to {max(clocks):.4g} a second, as seconds say"


def _two_clocks(dataset: Examined, found: Findings) -> str:
    """The reader's segments by either clock."""
    reader, root = dataset.labels.config["reader"], dataset.labels_root
    read = []
    for times in ("official", "rulstm_30fps"):
        spec = {**reader, "times": times}
        member = families.build("annotations", spec, "reader", root=root, dataset=dataset.name)
        segments = member.read().segments
        read.append(dict(zip(segments["segment_id"].to_pylist(), segments["start_s"].to_pylist())))
    official, rulstm = read
    common = sorted(official.keys() & rulstm.keys())
    ours, theirs = (np.array([one[name] for name in common]) for one in (official, rulstm))
    off = np.flatnonzero(np.abs(ours - theirs) > SECONDS_OFF)
    if len(off):
        first, late = int(off[0]), ours > 1
        ratio = float(np.median(theirs[late] / ours[late])) if late.any() else 1.0
        found.fail(
            f"{len(off)} segments that start at other times by RULSTM's frames: {common[first]} at"
            f" {theirs[first]:.2f} s, officially at {ours[first]:.2f} s",
            root,
            f"frames at 30 a second{f' (these count {30 * ratio:.3g})' if abs(ratio - 1) > 0.01 else ''}",
            "use the published files, or times: official",
        )
    return f"{len(common):,} segments by both clocks"
