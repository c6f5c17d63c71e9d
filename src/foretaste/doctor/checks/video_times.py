"""Are the videos as long as their annotations say, and the ones that were annotated: whole, at the rate that
is stated, each modality as long as the others?
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np

from foretaste.contracts.modalities import RGB
from foretaste.doctor.examined import Examined
from foretaste.doctor.findings import Findings
from foretaste.doctor.probed import probed
from foretaste.doctor.stated_videos import Stated, stated_videos

#: Annotators let an action go on a little beyond the last frame.
BEYOND_S = 1.0

#: Streams of one video may end a few frames apart.
APART_S = 0.5

#: Rates are stated in few digits.
RATE_OFF = 0.005


def look(dataset: Examined, found: Findings) -> str:
    """Ends, rates and sizes of all files that can be used."""
    rows = probed(dataset).rows()
    own = {row["video_id"]: row for row in rows if row["modality"] == RGB}
    own = own or {row["video_id"]: row for row in rows}
    early = _early(dataset, own, found)
    _beyond(dataset, own, set(early), found)
    _modalities(dataset, rows, found)
    stated = stated_videos(dataset)
    for video_id, one in stated.items():
        if video_id in own:
            _as_stated(dataset, own[video_id], one, found)
    _frame_clock(dataset, own, found)
    compared = len(stated.keys() & own.keys())
    hours = sum(row["duration_s"] for row in own.values()) / 3600
    return f"{hours:.2f} h; {compared} compared with what is stated of them"


def _early(dataset: Examined, own: Mapping[str, dict[str, Any]], found: Findings) -> list[str]:
    """Videos that end before their last segment starts, and what would explain them all."""
    wanted = probed(dataset).wanted
    early = [name for name, start_s in wanted.items() if name in own and start_s >= own[name]["duration_s"]]
    for name in early:
        found.fail(
            f"it ends at {own[name]['duration_s']:.2f} s and is annotated at {wanted[name]:.2f} s",
            f"{own[name]['path']} ({name})",
            "a video that holds its annotations",
            "get it again: it is cut off, or another video",
        )
    if len(early) > max(2, 0.5 * len(own)):
        share = np.array([own[name]["duration_s"] / wanted[name] for name in early])
        clock = share.std() < 0.1 * share.mean()
        found.fail(
            f"{len(early)} of {len(own)} videos end before their annotations",
            dataset.where,
            f"one clock: they end at about {share.mean():.2g} times" if clock else "whole videos",
            "correct the reader's clock (times, fps) or the videos' (frames: fps)"
            if clock
            else "get the whole videos: these are clips that were cut out of them",
        )
    return early


def _beyond(dataset: Examined, own: Mapping[str, dict[str, Any]], early: set[str], found: Findings) -> None:
    """Segments that stop after the end of their video."""
    late: dict[str, float] = {}
    for name, stop_s in zip(dataset.segments["video_id"].to_pylist(), dataset.segments["stop_s"].to_pylist()):
        if name in own and name not in early and stop_s is not None:
            beyond_s = stop_s - own[name]["duration_s"]
            if beyond_s > max(BEYOND_S, late.get(name, 0.0)):
                late[name] = beyond_s
    for name, beyond_s in late.items():
        found.warn(
            f"segments go on {beyond_s:.2f} s after its end ({own[name]['duration_s']:.2f} s)",
            f"{own[name]['path']} ({name})",
            f"segments within the video, up to {BEYOND_S:g} s",
            "look whether the file is cut off or another version",
        )


def _modalities(dataset: Examined, rows: list[dict[str, Any]], found: Findings) -> None:
    """Modalities of one video that are of different length."""
    lengths: dict[str, dict[str, float]] = defaultdict(dict)
    for row in rows:
        lengths[row["video_id"]][row["modality"]] = row["duration_s"]
    for name, each in lengths.items():
        if max(each.values()) - min(each.values()) > APART_S:
            found.warn(
                ", ".join(f"{modality} of {seconds:.2f} s" for modality, seconds in each.items()),
                name,
                f"modalities of one length, up to {APART_S:g} s",
                "correct videos: frames: fps of the modality that is too short or long, or get it again",
            )


def _as_stated(dataset: Examined, row: Mapping[str, Any], stated: Stated, found: Findings) -> None:
    """A file that is not the one that was published: made anew at another rate, or cut."""
    wrong = []
    if stated.fps is not None and abs(row["rate_fps"] / stated.fps - 1) > RATE_OFF:
        wrong.append((f"{row['rate_fps']:.5g} frames a second", f"{stated.fps:.5g}"))
    if stated.duration_s is not None and abs(row["duration_s"] - stated.duration_s) > BEYOND_S:
        wrong.append((f"{row['duration_s']:.2f} s long", f"{stated.duration_s:.2f} s"))
    for has, states in wrong:
        found.warn(
            has,
            f"{row['path']} ({row['video_id']})",
            f"{states}, as {stated.file} says",
            "get the published file; one that was made anew has other frame numbers",
        )


def _frame_clock(dataset: Examined, own: Mapping[str, dict[str, Any]], found: Findings) -> None:
    """Labels in frames of a clock that is not the videos' own."""
    reader = dataset.labels.config["reader"]
    fps = reader.get("fps") if reader.get("times") == "frames" else None
    rates = np.array([row["rate_fps"] for row in own.values()])
    off = [] if fps is None else np.flatnonzero(np.abs(rates / fps - 1) > RATE_OFF)
    if len(off):
        found.warn(
            f"times are frames at {fps:g} a second, and {len(off)} of {len(rates)} videos have another rate"
            f" ({rates[off[0]]:.5g})",
            dataset.where,
            "the clock that the annotators counted by",
            "see whose frames are counted: fps of reader is that clock, whatever the videos' own rate",
        )
