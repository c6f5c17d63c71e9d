"""Puts the report's twelve samples together: rows of the tables, frames of the videos, lists of the
models.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from foretaste.annotations.history import histories
from foretaste.evaluation.heads import main_scores
from foretaste.evaluation.intervals import Ranked
from foretaste.report.filmstrips import choose, opinion, strip
from foretaste.report.page import Example
from foretaste.scores.exchange import read_split
from foretaste.video.probe import inside


def examples(
    world: Ranked, tables: Mapping[str, pa.Table], scores: Mapping[str, Path], pair: tuple[str, str],
    split: str, *,
    history: Mapping[str, object] | None, video_folder: Path | None, count: int = 12,
) -> list[Example]:  # fmt: skip
    """``count`` samples of one world.

    tables
        ``samples``, ``segments``, and ``videos`` where there are frames to show.
    scores
        The models whose lists are shown, in this order: name -> score file of the first seed.
    pair
        The models (a, b) that decide which samples are gained or lost, at five.
    history
        ``rule``, ``source`` and ``length`` of what the text teacher read; None where none reads the past.
    """
    first = {model: world.ranks[model, world.seeds(model)[0]] for model in pair}
    chosen = choose(world.wanted.sample_ids, first[pair[0]] < 5, first[pair[1]] < 5, count)
    ids = [world.wanted.sample_ids[i] for i, _ in chosen]
    place = {sample: row for row, sample in enumerate(tables["samples"].column("sample_id").to_pylist())}
    samples = tables["samples"].take([place[sample] for sample in ids])
    read = None if history is None else histories(samples, tables["segments"], **history)
    actions = tables["segments"].column(world.classes.main).to_pylist()
    paths = _paths(tables, video_folder)
    names = world.classes.names(world.classes.main)
    lists = []
    for model, path in scores.items():
        said = main_scores(read_split(path, split), world.wanted, world.classes, path)
        lists.append((model, said[[position for position, _ in chosen]]))
    made = []
    for i, ((position, why), row) in enumerate(zip(chosen, samples.to_pylist(), strict=True)):
        truth = int(world.labels[position])
        frames = ()
        if row["video_id"] in paths:
            frames = strip(
                paths[row["video_id"]], row["window_start_s"], row["window_stop_s"], row["target_start_s"]
            )
        made.append(
            Example(
                sample_id=row["sample_id"],
                video_id=row["video_id"],
                why=why,
                truth=names[truth],
                tau_a=max(row["target_start_s"] - row["window_stop_s"], 0.0),
                history=None if read is None else tuple(actions[r] for r in read[i]),
                frames=frames,
                opinions=tuple(opinion(model, logits[i], truth, names) for model, logits in lists),
            )
        )
    return made


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


def _paths(tables: Mapping[str, pa.Table], folder: Path | None) -> dict[str, Path]:
    if folder is None or "videos" not in tables:
        return {}
    columns = (tables["videos"].column(name).to_pylist() for name in ("video_id", "path"))
    return {video: inside(folder, path) for video, path in zip(*columns, strict=True)}
