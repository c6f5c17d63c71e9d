"""Turn segments into samples: what is predicted, and the window that may be watched for it.

A sample whose window some model of the run cannot see is no sample for any of them. By default all such
samples are listed and the stage stops; with on_bad_input: skip they are dropped, with the reason. Splits
without labels, such as the test split of a challenge, lack narrations and boxes too: there what shows these
(a teacher, hence) is not asked, and scores nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import SAMPLES, SEGMENTS, VIDEOS, read_boxes, read_table, write_table
from foretaste.contracts.view import ANNOTATIONS, Sources
from foretaste.pipeline import artifact, console
from foretaste.pipeline.step import Step
from foretaste.settings import families
from foretaste.settings.config import validated
from foretaste.tasks.rows import by_kind, dropped, in_labelled_splits

#: Samples that an error names one by one.
LISTED = 100


def run(step: Step) -> None:
    """``segments``, and with video what the models see (``features_<backbone>``, ``videos``, ``boxes``) ->
    ``samples``.
    """
    segments = read_table(step.inputs["segments"], SEGMENTS)
    videos = read_table(step.inputs["videos"], VIDEOS) if "videos" in step.inputs else None
    samples = families.build("tasks", step.config["task"], "task", segments=segments, videos=videos)
    # A run that reads labels alone names no views.
    if views := step.config.get("views"):
        tables = {"segments": segments, "videos": videos}
        if "boxes" in step.inputs:
            tables["boxes"] = read_boxes(step.inputs["boxes"])
        reasons = _unseen(step, views, samples, tables)
        if step.config["on_bad_input"] == "fail":
            _stop_at(reasons, samples, step.config["dataset"])
        samples = dropped(samples, reasons)
    with artifact.whole(step.outputs["samples"]) as partial:
        write_table(partial, SAMPLES, samples)
    _say(samples)


def _unseen(
    step: Step,
    views: list[Mapping[str, Any]],
    samples: pa.Table,
    tables: Mapping[str, pa.Table | None],
) -> np.ndarray:
    """(n,) object: why the first of the ``views`` that cannot show a sample cannot; None where all can, and
    for those that were dropped before.
    """
    reasons = np.full(samples.num_rows, None, dtype=object)
    left = np.flatnonzero(pc.is_null(samples["dropped_because"]).to_numpy(zero_copy_only=False))
    labelled = in_labelled_splits(samples)
    folders = {name: Path(folder) for name, folder in step.config.get("video_folders", {}).items()}
    for one in views:
        kind = one["view"]["kind"]
        member = families.load("views", kind)
        settings = {key: value for key, value in one["view"].items() if key != "kind"}
        config = validated(member.Config, settings, f"view {kind}")
        features = step.inputs.get(f"features_{one['backbone']}")
        shards = None if features is None else tuple(features)
        frames = step.inputs.get(one.get("frames"))
        stores = {} if frames is None else {config.modality: tuple(frames)}
        seen = {**tables, "features": shards, "frame_stores": stores, "video_folders": folders}
        asked = left[labelled[left]] if member.SHOWS in ANNOTATIONS else left
        reasons[asked] = member.unseen(config, Sources(samples=samples.take(asked), **seen))
        left = left[np.equal(reasons[left], None)]
    return reasons


def _stop_at(reasons: np.ndarray, samples: pa.Table, dataset: str) -> None:
    """Raise DataError that lists every sample with a reason; of more than ``LISTED`` the first, and how many
    there are of each kind of reason.
    """
    rows = np.flatnonzero(np.not_equal(reasons, None))
    if not len(rows):
        return
    ids, videos = (samples[name].to_pylist() for name in ("sample_id", "video_id"))
    listed = "; ".join(f"{ids[row]} ({videos[row]}): {reasons[row]}" for row in rows[:LISTED])
    if len(rows) > LISTED:
        listed += f"; ... in all {', '.join(by_kind(reasons[rows].tolist()))}"
    raise DataError(
        f"{len(rows)} sample{'s' * (len(rows) > 1)} that a model of this run cannot see",
        listed,
        "windows that every model can see",
        "mend what they lack (videos, features, boxes, narrations); for windows that end too early set "
        "earliest_stop_s in "
        f"workflow/datasets/{dataset}.yaml; or drop the samples for all models with on_bad_input: skip",
    )


def _say(samples: pa.Table) -> None:
    """How many samples each split keeps, and a line for each kind of reason why it lost others; all reasons
    stand in the table.
    """
    found: dict[str, list[str | None]] = {}
    for split, reason in zip(samples["split"].to_pylist(), samples["dropped_because"].to_pylist()):
        found.setdefault(split, []).append(reason)
    for split, reasons in found.items():
        console.say(f"{split}: {reasons.count(None)} samples")
        for line in by_kind(reason for reason in reasons if reason is not None):
            console.say(f"{split}: dropped {line}")
