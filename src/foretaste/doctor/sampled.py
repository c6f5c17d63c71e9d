"""The samples of a task as ``make_samples`` makes them, and which of them some view of the run cannot show,
or shows more of than it may.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretaste.annotations.segments import as_asked
from foretaste.contracts.errors import DataError
from foretaste.contracts.modalities import RGB
from foretaste.contracts.tables import read_boxes
from foretaste.contracts.view import ANNOTATIONS, Sources
from foretaste.doctor.examined import Examined
from foretaste.doctor.findings import NothingToCheckError
from foretaste.doctor.probed import probed
from foretaste.settings import families
from foretaste.settings.config import validated
from foretaste.tasks.rows import in_labelled_splits
from foretaste.training.material import latest_allowed
from foretaste.training.samples import ROUNDING_S


@dataclass(frozen=True, kw_only=True)
class Late:
    """A sample of which a view shows something that is later than it may be."""

    sample_id: str
    view: str
    newest_s: float
    limit_s: float


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """What there is of a task.

    samples
        SAMPLES; those that the task itself drops have a reason in it.
    unseen
        (n,) object: why the first view that cannot show a sample cannot; None where all can.
    late
        What is shown too late, by time stamps of what the views show.
    views
        How many views were asked.
    """

    samples: pa.Table
    unseen: np.ndarray
    late: list[Late]
    views: int


def sampled(dataset: Examined, task: str) -> Sampled:
    """The samples of a task, and which of them some view cannot show."""
    return dataset.once(f"samples of {task}", lambda: _sample(dataset, task))


def _sample(dataset: Examined, task: str) -> Sampled:
    """The samples of ``task``, and what each view of the run says of each; views of what the run has yet to
    make are asked as far as times tell.
    """
    planned = dataset.plan("make_samples", task=task)
    segments, _ = as_asked(dataset.annotations, dataset.labels.config)
    videos = probed(dataset).table if "videos" in planned.inputs else None
    try:
        samples = families.build("tasks", planned.config["task"], "task", segments=segments, videos=videos)
    except DataError as error:
        if videos is None and dataset.catalogue.components["tasks"][task]["videos"]:
            raise NothingToCheckError(f"{task} needs the videos, and there is none") from error
        raise
    usable = np.flatnonzero(pc.is_null(samples["dropped_because"]).to_numpy(zero_copy_only=False))
    unseen, late = np.full(samples.num_rows, None, dtype=object), []
    labelled = in_labelled_splits(samples)
    views = planned.config.get("views", [])
    tables = {"segments": segments, "videos": videos}
    # With these, sound is decoded.
    heard = dict(probed(dataset).folders) if dataset.asked.every_frame and videos is not None else None
    if "boxes" in planned.inputs and Path(planned.inputs["boxes"]).exists():
        tables["boxes"] = read_boxes(Path(planned.inputs["boxes"]))
    for one in views:
        features = _made(planned.inputs.get(f"features_{one['backbone']}", []))
        member, config = _member(one["view"])
        asked = usable[labelled[usable]] if member.SHOWS in ANNOTATIONS else usable
        sources = Sources(samples=samples.take(asked), features=features, video_folders=heard, **tables)
        unseen[asked] = member.unseen(config, sources)
        usable, asked = usable[np.equal(unseen[usable], None)], asked[np.equal(unseen[asked], None)]
        if "frames" not in one and _is_there(dataset, one, features):
            left = Sources(
                samples=samples.take(asked),
                features=features,
                video_folders=None if videos is None else dict(probed(dataset).folders),
                **tables,
            )
            late += list(_late(one["view"], left))
    return Sampled(samples=samples, unseen=unseen, late=late, views=len(views))


def _member(view: Mapping[str, Any]) -> tuple[Any, Any]:
    member = families.load("views", view["kind"])
    settings = {key: value for key, value in view.items() if key != "kind"}
    return member, validated(member.Config, settings, f"view {view['kind']}")


def _made(features: list[str]) -> tuple[Path, ...] | None:
    """Feature files that are there; None where they are yet to be made."""
    paths = tuple(Path(path) for path in features)
    return paths if paths and all(path.exists() for path in paths) else None


def _is_there(dataset: Examined, one: Mapping[str, Any], features: tuple[Path, ...] | None) -> bool:
    shows = dataset.catalogue.shows(one["view"])
    if shows == "features":
        return features is not None
    return shows == "pixels" and one["view"].get("modality", RGB) in probed(dataset).folders


def _late(view: Mapping[str, Any], sources: Sources) -> Iterator[Late]:
    """The check that a training makes before it begins, of every sample in place of the first."""
    built = families.build("views", view, "view", sources=sources)
    limits = sources.samples[latest_allowed(view)].to_pylist()
    for row, (sample_id, limit_s) in enumerate(zip(sources.samples["sample_id"].to_pylist(), limits)):
        newest_s = built.newest_s(row)
        if not newest_s <= limit_s + ROUNDING_S:
            yield Late(sample_id=sample_id, view=view["kind"], newest_s=newest_s, limit_s=limit_s)
