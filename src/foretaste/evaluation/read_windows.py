"""Tables of another loader: which frames it read of each sample."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from foretaste.annotations.rows import Found, Row, RowError, read_header, read_rows, short
from foretaste.contracts.errors import DataError
from foretaste.contracts.modalities import RGB
from foretaste.contracts.tables import SEGMENTS, VIDEOS, of_modality, read_table
from foretaste.evaluation.window_audit import Windows

#: What a sample's column may be called: ours, and EPIC-KITCHENS' names.
NAMES = ("sample_id", "segment_id", "narration_id", "uid")
#: Columns of EPIC-KITCHENS' annotation files, beside the name of the segment.
OFFICIAL = ("video_id", "start_timestamp", "stop_timestamp")
#: No video has so many frames or seconds.
TOO_LARGE = 1e12


@dataclass(frozen=True)
class Action:
    video_id: str
    start_s: float
    stop_s: float


@dataclass(frozen=True)
class Rate:
    """Of a video: frames a second, and where the probe has seen them the time of each, (n,) float64."""

    fps: float
    pts_s: np.ndarray | None = None


def read_actions(path: Path) -> dict[str, Action]:
    """segment id -> action, of a table of segments, or of a CSV file in EPIC-KITCHENS' columns."""
    if path.suffix == ".parquet":
        table = read_table(path, SEGMENTS)
        if table["stop_s"].null_count:
            raise DataError("segments without a stop", path, "actions that start and stop", "give others")
        columns = [table[name].to_pylist() for name in ("segment_id", "video_id", "start_s", "stop_s")]
        return {name: Action(*facts) for name, *facts in zip(*columns, strict=True)}
    found, key = {}, _column(path, NAMES)
    for row in _rows(path, (key, *OFFICIAL)):
        span = _cell(row, lambda row: (row.clock("start_timestamp"), row.clock("stop_timestamp")), path)
        found[row.cells[key]] = Action(row.cells["video_id"], *span)
    return found


def read_rates(path: Path) -> dict[str, Rate]:
    """video id -> rate, of a table of probed videos, or of a CSV file with ``video_id`` and ``fps`` (as
    EPIC_100_video_info.csv).
    """
    if path.suffix == ".parquet":
        from foretaste.video.frame_table import frame_tables

        tables = frame_tables(of_modality(read_table(path, VIDEOS), RGB), path.parent)
        return {name: Rate(one.rate_fps, one.pts_s) for name, one in tables.items()}
    rates = {}
    for row in _rows(path, ("video_id", "fps")):
        rates[row.cells["video_id"]] = Rate(_cell(row, lambda row: _number(row, "fps"), path))
    return rates


def read_windows(
    path: Path, actions: Mapping[str, Action], rates: Mapping[str, Rate] | float | None, first_frame: int
) -> Windows:
    """The last frame of each sample of a CSV file: a column of sample ids (``NAMES``), and ``time_s`` or
    ``frame``: a number, or several between spaces, commas or brackets. A sample may have several rows.

    rates
        Of the videos by name, or one for all; frame numbers cannot be placed without.
    first_frame
        The number of a video's first frame.

    Raises DataError for a file without those columns, a row that cannot be read, a sample that is no action,
    or lies in another video than ``video_id`` says, and a frame that its video does not have.
    """
    key, read = _column(path, NAMES), _column(path, ("time_s", "frame"))
    if read == "frame" and rates is None:
        raise DataError(
            "frame numbers, and nothing says how many there are a second",
            path,
            "--fps or --videos",
            "give one of them",
        )
    last_s: dict[str, float] = {}
    for row in _rows(path, (key, read)):
        name = row.cells[key]
        action = _action(row, name, actions, path)
        newest = _cell(row, lambda row: max(_numbers(row, read)), path)
        if read == "frame":
            newest = _placed(newest - first_frame, _rate(action.video_id, rates), row, path)
        last_s[name] = max(last_s.get(name, newest), newest)
    if not last_s:
        raise DataError("no samples", path, "at least one row", "look at how it was written")
    of = [actions[name] for name in last_s]
    fps = None if rates is None else np.array([_rate(action.video_id, rates).fps for action in of])
    return Windows(
        sample_ids=tuple(last_s),
        last_s=np.array(list(last_s.values())),
        start_s=np.array([action.start_s for action in of]),
        stop_s=np.array([action.stop_s for action in of]),
        rate_fps=fps,
    )


def _column(path: Path, names: tuple[str, ...]) -> str:
    """The first of some columns that a file has."""
    header = read_header(path)
    for name in names:
        if name in header:
            return name
    raise DataError(f"columns {', '.join(header)}", path, f"one of {', '.join(names)}", "rename a column")


def _action(row: Row, name: str, actions: Mapping[str, Action], path: Path) -> Action:
    action = actions.get(name)
    if action is None:
        raise DataError(
            f"no action {name!r}", f"{path}: line {row.line}", f"one such as {next(iter(actions), None)!r}",
            "give the annotations that the loader has read",
        )  # fmt: skip
    said = row.cells.get("video_id", action.video_id)
    if said != action.video_id:
        raise DataError(
            f"{name} in video {said!r}",
            f"{path}: line {row.line}",
            repr(action.video_id),
            "look at the loader",
        )
    return action


def _rate(video_id: str, rates: Mapping[str, Rate] | float) -> Rate:
    if isinstance(rates, float):
        return Rate(rates)
    if video_id not in rates:
        raise DataError(f"no rate of video {video_id}", "--videos", "a row for each video", "add it")
    return rates[video_id]


def _placed(index: float, rate: Rate, row: Row, path: Path) -> float:
    """When the frame of an index, from 0, is shown."""
    known = np.inf if rate.pts_s is None else len(rate.pts_s)
    if not (0 <= index < known and index == int(index)):
        of = "a whole number" if rate.pts_s is None else f"one of {known}"
        raise DataError(
            f"frame {index:g}, counted from 0", f"{path}: line {row.line}", f"{of}, from 0",
            "look at how frames are numbered (--first-frame)",
        )  # fmt: skip
    return index / rate.fps if rate.pts_s is None else float(rate.pts_s[int(index)])


def _numbers(row: Row, column: str) -> list[float]:
    texts = re.findall(r"[^\s,;\[\]()]+", row.text(column))
    try:
        found = [float(text) for text in texts]
    except ValueError as error:
        raise RowError(f"{column} is {short(row.cells[column])}, expected numbers") from error
    if not found or not (np.abs(found) < TOO_LARGE).all():  # nor is NaN smaller
        raise RowError(f"{column} is {short(row.cells[column])}, expected numbers below {TOO_LARGE:g}")
    return found


def _number(row: Row, column: str) -> float:
    found = _numbers(row, column)
    if len(found) != 1 or found[0] <= 0:
        raise RowError(f"{column} is {row.cells[column]!r}, expected one number above 0")
    return found[0]


def _rows(path: Path, columns: tuple[str, ...]) -> list[Row]:
    """Every row; a bad one is an error, for each counts."""
    found = Found(path.parent)
    rows = list(read_rows(path, found, columns, header=True))
    if found.issues:
        raise _bad(path, found.issues[0].row, found.issues[0].reason)
    return rows


def _cell(row: Row, read: Callable[[Row], Any], path: Path) -> Any:
    try:
        return read(row)
    except RowError as reason:
        raise _bad(path, f"line {row.line}", str(reason)) from reason


def _bad(path: Path, where: str, reason: str) -> DataError:
    return DataError(reason, f"{path}: {where}", "a table that is whole", "mend the row")
