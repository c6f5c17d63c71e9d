"""Is there a file for every annotated video, in every modality, does it open and decode; and is none of them
another's copy?
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from foretaste.doctor.examined import Examined
from foretaste.doctor.findings import Findings
from foretaste.doctor.probed import Probed, probed


def look(dataset: Examined, found: Findings) -> str:
    """What ``probe_videos`` looks at, in one go."""
    videos = probed(dataset)
    for modality, issues in videos.issues.items():
        folder = videos.folders[modality]
        whole = [replace(one, file=f"{folder}/{one.file}") for one in issues]
        found.issues(
            whole, "a file that decodes", "get the file again, or leave its segments out: on_bad_input: skip"
        )
    _copies(dataset, videos, found)
    modalities = ", ".join(f"{len(issues)} bad of {name}" for name, issues in videos.issues.items())
    how = "every frame decoded" if dataset.asked.every_frame else "first frames and ends decoded"
    return f"{videos.table.num_rows} files ({modalities}), {how}"


def _copies(dataset: Examined, videos: Probed, found: Findings) -> None:
    """One file under two names: what is learnt of it may be measured on it."""
    splits: dict[str, set[str]] = defaultdict(set)
    for video_id, split in zip(
        dataset.segments["video_id"].to_pylist(), dataset.segments["split"].to_pylist()
    ):
        splits[video_id].add(split)
    names: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in videos.rows():
        names[row["modality"], row["digest"]].append(row["video_id"])
    for (modality, _), same in names.items():
        if len(same) < 2:
            continue
        across = len(set().union(*(splits[name] for name in same))) > 1
        (found.fail if across else found.warn)(
            f"{', '.join(same)} are one and the same file{' in several splits' * across}",
            videos.folders[modality],
            "a file of its own for each video",
            "get the right files; one of them was copied under another's name",
        )
