"""Which segments a run trains on and which it measures, where its dataset asks for other splits than the
files have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from foretaste.annotations.segments import Annotations
from foretaste.annotations.video_folds import for_choosing
from foretaste.annotations.withheld import withhold


def as_asked(read: Annotations, config: Mapping[str, Any]) -> pa.Table:
    """The segments that were ``read``, in the splits that ``choose``, ``withheld_pairs`` and ``evaluated`` of
    a dataset ask for.
    """
    segments, evaluated = read.segments, config["evaluated"]
    if config["choose"] is not None:
        segments = for_choosing(segments, config["choose"], evaluated)
    if config["withheld_pairs"] is not None:
        segments = withhold(segments, read.classes, config["withheld_pairs"], evaluated)
    return segments
