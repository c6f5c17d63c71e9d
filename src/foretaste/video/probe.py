"""Which video files a folder holds and whether they can be used: rows of the VIDEOS table, and an issue for
each bad file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from foretaste.contracts.errors import DataError
from foretaste.contracts.issues import Issue
from foretaste.contracts.modalities import RGB, Modality
from foretaste.contracts.tables import VIDEOS
from foretaste.pipeline.console import say
from foretaste.pipeline.found_files import matching
from foretaste.video.isolated import Onlooker
from foretaste.video.numbered_frames import Clock
from foretaste.video.packets import unreadable
from foretaste.video.remarks import Taken, remarks


def probe(
    folder: Path,
    files: Iterable[tuple[str, list[Path]]],
    wanted: Mapping[str, float] | None = None,
    every_frame: bool = False,
    modality: Modality = RGB,
    clock: Clock | None = None,
) -> tuple[dict[str, list], list[Issue]]:
    """Columns of the VIDEOS table for the files (id, paths) of one modality that can be used, and the
    issues of those that cannot.

    A file counts as usable when its packets make sense and it decodes from the last key frame to its end;
    with ``every_frame`` only if all of it decodes. ``wanted`` says of each video that is annotated when its
    last segment starts: a file that ends before is cut off, an id without a file is an issue. ``clock`` says
    how frames are numbered where the files are tars or folders of them.

    Says at the end what is remarkable, and what features will cost.
    """
    rows: list[dict[str, Any]] = []
    taken: list[Taken] = []
    issues: list[Issue] = []
    seen = set()
    with Onlooker() as onlooker:
        for video_id, paths in files:
            seen.add(video_id)
            names = [path.relative_to(folder).as_posix() for path in paths]
            if len(paths) > 1:
                issues.append(
                    Issue(
                        file=names[0], key=video_id, reason=f"several files for one video: {', '.join(names)}"
                    )
                )
                continue
            try:
                found, took = onlooker.look(paths[0], every_frame, clock)
                if wanted is not None and video_id in wanted:
                    _reaches(paths[0], found["duration_s"], wanted[video_id])
            except DataError as error:
                issues.append(Issue(file=names[0], key=video_id, reason=error.args[0]))
                continue
            rows.append({"video_id": video_id, "modality": modality, "path": names[0], **found})
            taken.append(took)
    missing = sorted((wanted or {}).keys() - seen)
    beside = _by_name(folder) if missing else {}
    for video_id in missing:
        name = video_id.casefold()
        near = beside.get(name, [])
        others = f" (there is {', '.join(near)})" if near else ""
        # A name as a folder shows it, tea1.mp4.
        if not near and (near := beside.get(Path(name).stem, [])):
            others = f" (there is {', '.join(near)}: the labels are to name it without its suffix)"
        issues.append(Issue(file=f"{video_id}.*", key=video_id, reason=f"no video file of that name{others}"))
    for line in remarks(rows, taken):
        say(line)
    return {name: [row[name] for row in rows] for name in VIDEOS.schema.names}, issues


def _reaches(path: Path, end_s: float, last_start_s: float) -> None:
    if last_start_s >= end_s:
        ends = f"it ends at {end_s:.2f} s, and is annotated at {last_start_s:.2f} s"
        raise unreadable(path, f"cut off, or another video: {ends}")


def _by_name(folder: Path) -> dict[str, list[str]]:
    """All files below ``folder`` by their name without the suffix, in small letters, as paths in it."""
    found: dict[str, list[str]] = {}
    for path in matching(folder, "**/*"):
        found.setdefault(path.stem.casefold(), []).append(path.relative_to(folder).as_posix())
    return found
