"""Are there as many rows, videos and classes as the publication says (``workflow/published``), and is there
something to train on and to measure?
"""

from __future__ import annotations

from collections import Counter

from foretaste.annotations.segments import check_split_labelled
from foretaste.doctor.examined import Examined
from foretaste.doctor.findings import Findings
from foretaste.doctor.published import holds


def look(dataset: Examined, found: Findings) -> str:
    """Segments and videos a split, classes a head."""
    segments, classes = dataset.segments, dataset.annotations.classes
    for split in ("training", dataset.settings.evaluated):
        check_split_labelled(segments, split, dataset.name)
    rows = Counter(segments["split"].to_pylist())
    seen = set(zip(segments["split"].to_pylist(), segments["video_id"].to_pylist()))
    videos = Counter(split for split, _ in seen)
    said = ", ".join(f"{split} {rows[split]:,} segments of {videos[split]:,} videos" for split in rows)
    known = dataset.published
    if known is None or not (known.segments or known.videos or known.classes):
        return f"{said}; how many there should be is not known"
    if not holds(known, dataset.labels.config["reader"], dataset.catalogue):
        return f"{said}; what is published is about reader: {known.reader}"
    sizes = classes.sizes(classes.heads)
    for what, stated, counted in (
        ("segments", known.segments, rows),
        ("videos", known.videos, videos),
        ("classes", known.classes, sizes),
    ):
        for name, expected in stated.items():
            have = counted.get(name, 0)
            # A split without any row was not read at all: a test split that one may leave out.
            if have != expected and not (what != "classes" and not have and name not in _needed(dataset)):
                found.fail(
                    f"{have:,} {what} of {name}",
                    ", ".join(sorted({path.parent.as_posix() for path in dataset.label_files})),
                    f"{expected:,}, as published",
                    "get the files anew; bad rows are listed by the check rows",
                )
    return said


def _needed(dataset: Examined) -> tuple[str, str]:
    return "training", dataset.settings.evaluated
