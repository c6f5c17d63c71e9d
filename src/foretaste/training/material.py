"""What a model is trained on and scored on: the tables of a step, made into sources, and the rows of a
split.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretaste.contracts.classes import read_classes
from foretaste.contracts.modalities import Modality
from foretaste.contracts.tables import SAMPLES, SEGMENTS, VIDEOS, heads_of, read_boxes, read_table
from foretaste.contracts.view import ANNOTATIONS, Sources, View
from foretaste.features.store import FeatureStore
from foretaste.settings import families
from foretaste.settings.config import validated
from foretaste.settings.model_config import TermConfig
from foretaste.tasks.rows import in_labelled_splits
from foretaste.training.partly_labelled import segments_told, telling
from foretaste.training.samples import check_boundary, join

#: Rows that a learning curve is made of: enough to see it rise, too few to cost much.
MONITORED = 256


def read_sources(inputs: Mapping[str, Path | list[Path]], config: Mapping[str, Any]) -> Sources:
    """The sources of a training or scoring step.

    inputs
        ``samples``, ``segments``, ``classes``, and as far as the model needs them ``extra`` (more tables of
        samples, which are appended), ``videos``, ``boxes``, ``features`` (shards), ``frames_<modality>``
        (shards), ``lm`` (folder of a language model), ``weights`` (file that a network starts from).
    config
        May name ``video_folders``.
    """
    extra = [read_table(path, SAMPLES) for path in inputs.get("extra", ())]
    samples = pa.concat_tables([read_table(inputs["samples"], SAMPLES), *extra])
    features = tuple(inputs["features"]) if "features" in inputs else None
    return Sources(
        samples=samples.filter(pc.is_null(samples["dropped_because"])).combine_chunks(),
        segments=read_table(inputs["segments"], SEGMENTS),
        videos=read_table(inputs["videos"], VIDEOS) if "videos" in inputs else None,
        classes=read_classes(inputs["classes"]),
        boxes=read_boxes(inputs["boxes"]) if "boxes" in inputs else None,
        features=features,
        frame_stores=_frame_stores(inputs),
        feature_width=None if features is None else FeatureStore(features).origin.width,
        video_folders=folders_of(config) if "video_folders" in config else None,
        weights=inputs.get("weights"),
        pretrained=inputs.get("lm"),
    )


def _frame_stores(inputs: Mapping[str, Path | list[Path]]) -> dict[str, tuple[Path, ...]]:
    named = {modality: f"frames_{modality}" for modality in get_args(Modality)}
    return {modality: tuple(inputs[name]) for modality, name in named.items() if name in inputs}


def build_view(spec: Mapping[str, Any], sources: Sources, where: str = "view") -> View:
    """The view that ``spec`` names. Raises DataError if it, or one of several by name, shows any sample
    something that is later than it may be (``latest_allowed``).
    """
    view = families.build("views", spec, where, sources=sources)
    several = "views" in spec
    checked = [(view.views[name], one) for name, one in spec["views"].items()] if several else [(view, spec)]
    for one, settings in checked:
        everything = join(one, sources.samples, range(len(one)))
        check_boundary(everything, sources.samples, latest_allowed(settings))
    return view


def folders_of(config: Mapping[str, Any]) -> dict[str, Path]:
    """modality -> the folder of its videos, of a step's ``config``."""
    return {modality: Path(folder) for modality, folder in config["video_folders"].items()}


def rows_of(samples: pa.Table, split: str) -> np.ndarray:
    """(n,) int64: the rows of a split, in order."""
    return np.flatnonzero(pc.equal(samples["split"], split).to_numpy(zero_copy_only=False))


def of_labelled_splits(sources: Sources) -> Sources:
    """``sources`` with the samples of splits with labels: those that are learned from, or measured."""
    return replace(sources, samples=sources.samples.filter(pa.array(in_labelled_splits(sources.samples))))


def shown_to(view: Mapping[str, Any], sources: Sources) -> Sources:
    """``sources`` with the samples that a model with this view scores: where it shows ``ANNOTATIONS``, those
    of splits with labels.
    """
    each = view["views"].values() if "views" in view else (view,)
    annotated = any(families.load("views", one["kind"]).SHOWS in ANNOTATIONS for one in each)
    return of_labelled_splits(sources) if annotated else sources


def given_labels(sources: Sources, model: Mapping[str, Any]) -> Sources:
    """``sources`` with the labels that a model with these settings is given (``labels``): all, or a share.

    Neither the table of samples tells the labels of the others nor that of segments, which histories and
    labels of the past are made from.
    """
    labels = model.get("labels")
    if labels is None:
        return sources
    segments = segments_told(sources.samples, labels)
    return replace(
        sources,
        samples=telling(sources.samples, segments),
        segments=telling(sources.need("segments", "labels: share"), segments),
    )


def trained_rows(samples: pa.Table, objective: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """(n,) int64: the rows of the training split. Those without any label only where a term of the
    ``objective`` counts unlabelled samples.
    """
    rows = rows_of(samples, "training")
    if any(validated(TermConfig, term, "objective").over != "labelled" for term in objective):
        return rows
    labelled = np.zeros(samples.num_rows, dtype=bool)
    for head in heads_of(samples):
        labelled |= samples[f"{head}_id"].is_valid().to_numpy(zero_copy_only=False)
    return rows[labelled[rows]]


def monitored_rows(samples: pa.Table, split: str) -> np.ndarray:
    """Rows of the evaluated split that learning curves follow: at most ``MONITORED``, evenly spaced. They
    decide nothing.
    """
    rows = rows_of(samples, split)
    return rows if len(rows) <= MONITORED else rows[np.linspace(0, len(rows) - 1, MONITORED).astype(np.int64)]


def latest_allowed(view: Mapping[str, Any]) -> str:
    """The column of the samples table that nothing shown may be later than.

    The end of the observation window, but for two named exceptions of teachers: ``window: target`` shows the
    action itself, and a text teacher's ``rule: all`` what comes before it (``start``, too, shows labels of
    segments that go on beyond the window, but none that begins later).
    """
    if view.get("window") == "target":
        return "target_stop_s"
    return "target_start_s" if view.get("rule") == "all" else "window_stop_s"
