"""Which segments a run trains on and which it measures, and the groups of classes that follow from it, where
its dataset asks for others than its files have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from foretaste.annotations.pairs import with_pairs
from foretaste.annotations.segments import Annotations, check_split_labelled
from foretaste.annotations.tail import with_tail
from foretaste.annotations.video_folds import for_choosing
from foretaste.annotations.withheld import withhold
from foretaste.contracts.classes import ClassSpace


def as_asked(read: Annotations, config: Mapping[str, Any]) -> tuple[pa.Table, ClassSpace]:
    """The segments that were ``read`` and the label space, as ``choose``, ``evaluated``, ``withheld_pairs``
    and ``tail`` of a dataset ask for. Raises DataError for a split without labels, ConfigError for what the
    dataset cannot give.
    """
    segments, evaluated = read.segments, config["evaluated"]
    if config["choose"] is not None:
        segments = for_choosing(segments, config["choose"], evaluated)
    for split in ("training", evaluated):
        check_split_labelled(segments, split, config["dataset"])
    if config["withheld_pairs"] is not None:
        segments = withhold(segments, read.classes, config["withheld_pairs"], evaluated)
    training = segments.filter(pc.equal(segments["split"], "training"))
    trained = pc.unique(training[f"{read.classes.main}_id"].drop_null())
    classes = with_pairs(read.classes, set(trained.to_pylist()))
    if config["tail"] is not None:
        classes = with_tail(classes, training, config["tail"])
    return segments, classes
