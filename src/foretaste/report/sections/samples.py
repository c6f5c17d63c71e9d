"""Twelve samples of the first world to look at: frames, what came before, and what models expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from foretaste.annotations.history import histories
from foretaste.contracts.tables import SEGMENTS, read_table
from foretaste.report.clips import Clip, clip
from foretaste.report.filmstrips import Frame, Opinion, choose, opinion, strip
from foretaste.report.finished_runs import FinishedRuns
from foretaste.report.other_modalities import OtherModalities, Strip

TITLE = "Samples"


@dataclass(frozen=True, kw_only=True)
class Example:
    """One sample: ``why`` it is shown (gained, lost, drawn), what came before (None where no teacher reads
    it), frames or a clip, what models saw beside them, and what they expected.
    """

    sample_id: str
    video_id: str
    why: str
    truth: str
    tau_a: float
    history: tuple[str, ...] | None
    frames: tuple[Frame, ...]
    clip: Clip | None
    beside: tuple[Strip, ...]
    opinions: tuple[Opinion, ...]


@dataclass(frozen=True)
class Speaker:
    """How a model's list is headed."""

    label: str
    colour: str
    hollow: bool


@dataclass(frozen=True, kw_only=True)
class Samples:
    """``a`` and ``b`` are the labels of the headline's models; ``models``: name -> heading of its lists."""

    a: str
    b: str
    models: Mapping[str, Speaker]
    examples: Sequence[Example]


def build(runs: FinishedRuns) -> Samples | None:
    """None where no pair was run."""
    if runs.headline is None:
        return None
    shown = shown_models(runs.models, runs.headline)
    world = runs.worlds[0]
    hits = [world.ranks[model, world.seeds(model)[0]] < 5 for model in runs.headline]
    made = examples(runs, shown, choose(world.wanted.sample_ids, *hits))
    a, b = map(runs.label, runs.headline)
    models = {name: speaker(name, runs) for name in shown}
    return Samples(a=a, b=b, models=models, examples=made) if made else None


def shown_models(models: Mapping[str, Mapping[str, object]], pair: tuple[str, str]) -> list[str]:
    """Whose lists stand beside a sample: the teachers of the first model of ``pair``, the second, the other
    models that were taught like the first, the first.
    """
    taught = [
        name
        for name, model in models.items()
        if model["role"] == models[pair[0]]["role"] and model["mentions"]
    ]
    wanted = [*models[pair[0]]["mentions"], pair[1], *(name for name in taught if name not in pair), pair[0]]
    return [name for name in dict.fromkeys(wanted) if name in models]


def speaker(name: str, runs: FinishedRuns) -> Speaker:
    """How the lists of a model are headed."""
    return Speaker(runs.label(name), runs.palette[name], runs.models[name]["role"] == "teacher")


def examples(
    runs: FinishedRuns, shown: Sequence[str], chosen: Sequence[tuple[int, str]], *, strips: bool = True
) -> list[Example]:
    """Samples of the first world, each its position and the reason, with the lists of the models ``shown`` in
    this order; without ``strips`` there is a clip of each instead of frames.
    """
    world, table = runs.worlds[0], runs.tables[0]
    positions = [position for position, _ in chosen]
    place = {sample: row for row, sample in enumerate(table.column("sample_id").to_pylist())}
    samples = table.take([place[world.wanted.sample_ids[position]] for position in positions])
    segments = read_table(runs.inputs["segments"][0], SEGMENTS)
    history = runs.settings["history"]
    read = None if history is None else histories(samples, segments, **history)
    actions = segments.column(world.classes.main).to_pylist()
    names = world.classes.names(world.classes.main)
    others = _others(runs)
    logits = {model: _ranked(model, runs)[positions] for model in shown}
    made = []
    for i, ((position, why), row) in enumerate(zip(chosen, samples.to_pylist(), strict=True)):
        truth = int(world.labels[position])
        video, target_s = runs.videos.get(row["video_id"]), row["target_start_s"]
        window = (row["window_start_s"], row["window_stop_s"])
        film = strip(video, *window, target_s) if strips and video is not None else ()
        filmed = None if strips or video is None else clip(video, *window, target_s, row["target_stop_s"])
        made.append(
            Example(
                sample_id=row["sample_id"],
                video_id=row["video_id"],
                why=why,
                truth=names[truth],
                tau_a=max(target_s - row["window_stop_s"], 0.0),
                history=None if read is None else tuple(actions[r] for r in read[i]),
                frames=film,
                clip=filmed,
                beside=others.strips(row["video_id"], video, film, target_s, window[1]) if film else (),
                opinions=tuple(opinion(model, found[i], truth, names) for model, found in logits.items()),
            )
        )
    return made


def _ranked(model: str, runs: FinishedRuns) -> np.ndarray:
    """(n, C) scores of a model's first seed for the samples of the first world."""
    world = runs.worlds[0]
    return runs.said(world, model, world.seeds(model)[0], world.head).ranked


def _others(runs: FinishedRuns) -> OtherModalities:
    boxes = runs.inputs.get("boxes")
    return OtherModalities.read(runs.settings, None if boxes is None else Path(boxes))
