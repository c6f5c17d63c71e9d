"""Where the place of a student's map that has most to say finds what is like it: in its own clip, and in the
clip of the action, which only its teacher sees (Tran et al. 2019, figure 3).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from foretaste.report.attention import boxed, lit, longest, part_ends, pictures, weights
from foretaste.report.filmstrips import Frame, data_uri
from foretaste.report.finished_runs import FinishedRuns
from foretaste.scores.reader import open_scores
from foretaste.video.frame_table import FrameTable

TITLE = "Attention"

#: How many samples are shown.
SAMPLES = 4


@dataclass(frozen=True, kw_only=True)
class Example:
    """``asked``: the student's last frame with the place that asks; ``own``, ``later``: what it attends to in
    its own clip and in its teacher's.
    """

    sample_id: str
    truth: str
    asked: Frame
    own: Sequence[Frame]
    later: Sequence[Frame]


@dataclass(frozen=True, kw_only=True)
class Attention:
    """Labels of both models, the name of the map, and the samples."""

    student: str
    teacher: str
    map: str
    examples: Sequence[Example]


def build(runs: FinishedRuns) -> Attention | None:
    """None where no student that learns from maps keeps its own, and where there are no videos to show."""
    told = runs.settings.get("attention")
    if told is None or not runs.videos:
        return None
    world = runs.worlds[0]
    order = sorted(world.wanted.sample_ids, key=lambda name: hashlib.sha256(name.encode()).digest())
    ids = order[:SAMPLES]
    maps = {role: _maps(runs, told[role], told["map"], ids) for role in ("student", "teacher")}
    place = {sample: row for row, sample in enumerate(runs.tables[0]["sample_id"].to_pylist())}
    rows = runs.tables[0].take([place[sample] for sample in ids]).to_pylist()
    names = world.classes.names(world.classes.main)
    made = []
    for at, row in enumerate(rows):
        a, r = maps["student"][at], maps["teacher"][at]
        truth = names[row[f"{world.classes.main}_id"]]
        made.append(_example(row, truth, runs.videos[row["video_id"]], a, r, told["shown"]))
    label = {role: runs.label(told[role]) for role in ("student", "teacher")}
    return Attention(**label, map=told["map"], examples=made)


def _example(
    row: dict[str, Any], truth: str, video: FrameTable, a: np.ndarray, r: np.ndarray, shown: dict[str, Any]
) -> Example:
    window = row["window_start_s"], row["window_stop_s"]
    action = row["target_start_s"], row["target_stop_s"]
    cell = longest(a)
    query = a[-1][cell]
    own, own_s = pictures(video, shown["student"], *window)
    later, later_s = pictures(video, shown["teacher"], *action)
    target_s = row["target_start_s"]
    return Example(
        sample_id=row["sample_id"],
        truth=truth,
        asked=Frame(float(own_s[-1] - target_s), data_uri(boxed(own[-1], cell, a.shape[1:3]))),
        own=_attended(own, own_s - target_s, weights(query, a)),
        later=_attended(later, later_s - target_s, weights(query, r)),
    )


def _attended(frames: np.ndarray, after_s: np.ndarray, weight: np.ndarray) -> tuple[Frame, ...]:
    """A frame of every time of the map, lit where it is attended to."""
    ends = part_ends(len(frames), len(weight))
    most = float(weight.max())
    return tuple(
        Frame(float(after_s[end]), data_uri(lit(frames[end], one, most))) for end, one in zip(ends, weight)
    )


def _maps(runs: FinishedRuns, model: str, name: str, ids: Sequence[str]) -> np.ndarray:
    """(n, T, H, W, D) maps of a model's first seed in the first world."""
    world = runs.worlds[0]
    scores = open_scores(runs.scores[world.name, model, world.seeds(model)[0]])
    return scores.maps.rows(runs.settings["split"], name, ids)[range(len(ids))]
