"""Are the splits disjoint: no video in two of them, and no row that is there twice?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from foretaste.doctor.examined import Examined
from foretaste.doctor.findings import Findings

#: Published labels say the same twice for a few rows in ten thousand; a table that was joined wrongly for
#: many.
FEW = 0.005


def look(dataset: Examined, found: Findings) -> str:
    """Videos of each pair of splits; rows of one video, time and class."""
    segments = dataset.segments
    videos: dict[str, set[str]] = {}
    for split, video_id in zip(segments["split"].to_pylist(), segments["video_id"].to_pylist()):
        videos.setdefault(split, set()).add(video_id)
    shared = {video_id for one, other in combinations(videos.values(), 2) for video_id in one & other}
    if shared and not _may_share(dataset):
        found.fail(
            f"{len(shared)} videos in several splits: {', '.join(sorted(shared)[:3])}",
            ", ".join(path.name for path in dataset.label_files),
            "each video in one split",
            "part the videos; what is learnt of a video would be measured on it",
        )
    again = list(_again(dataset))
    if len(again) > max(FEW * segments.num_rows, 5):
        video_id, start_s = again[0]
        found.warn(
            f"{len(again):,} rows that say what another says: video, time and class",
            f"first {video_id} at {start_s:.2f} s",
            f"at most {FEW:.1%} of {segments.num_rows:,} rows",
            "look whether two tables were joined, or a file was read twice",
        )
    both = f", {len(shared)} of several as published" if shared else ""
    return f"videos of {', '.join(videos)} apart{both}; {len(again)} rows there twice"


def _may_share(dataset: Examined) -> bool:
    """Whether the dataset is known to part segments, or says so itself."""
    known = dataset.published is not None and dataset.published.shared_videos
    return known or dataset.labels.config["reader"].get("shared_videos", False)


def _again(dataset: Examined) -> Iterator[tuple[str, float]]:
    segments, head = dataset.segments, dataset.annotations.classes.main
    names = ("video_id", "start_s", "stop_s", f"{head}_id")
    counts = Counter(zip(*(segments[name].to_pylist() for name in names)))
    for (video_id, start_s, _, label), count in counts.items():
        if label is not None:
            yield from [(video_id, start_s)] * (count - 1)
