"""The labels that a model is given where they are not all (``labels: {share, seed}`` of a preset): those of
the segments that come first in the order of sha256("<seed>/<segment id>"), so that a larger share holds a
smaller one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from foretaste.contracts.tables import heads_of


def segments_told(samples: pa.Table, labels: Mapping[str, Any]) -> list[str]:
    """The training segments whose labels are told: a share of those that have a usable sample in
    ``samples``.
    """
    usable = pc.and_(pc.equal(samples["split"], "training"), pc.is_null(samples["dropped_because"]))
    own = set(samples["segment_id"].filter(usable).to_pylist()) - {None}
    seed = labels["seed"]
    segments = sorted(own, key=lambda name: (hashlib.sha256(f"{seed}/{name}".encode()).digest(), name))
    return segments[: round(labels["share"] * len(segments))]


def telling(table: pa.Table, segments: Collection[str]) -> pa.Table:
    """``table``, of samples or of segments, without the labels (ids, names and narrations) of training
    segments that are not among ``segments``.
    """
    kept = pc.is_in(table["segment_id"], value_set=pa.array(sorted(segments), pa.string()))
    kept = pc.or_(kept, pc.not_equal(table["split"], "training"))
    named = [name for head in heads_of(table) for name in (f"{head}_id", head)]
    for name in [name for name in (*named, "narration") if name in table.schema.names]:
        left = pc.if_else(kept, table[name], pa.scalar(None, table.schema.field(name).type))
        table = table.set_column(table.schema.get_field_index(name), table.schema.field(name), left)
    return table
