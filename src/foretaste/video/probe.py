"""Which video files a folder holds and whether they can be used: rows of the VIDEOS table, and an issue for
each bad file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from foretaste.contracts.errors import DataError
from foretaste.contracts.issues import Issue
from foretaste.contracts.modalities import RGB, Modality
from foretaste.contracts.tables import VIDEOS
from foretaste.pipeline.found_files import matching
from foretaste.video.isolated import Onlooker


def probe(
    folder: Path,
    files: Iterable[tuple[str, list[Path]]],
    wanted: Collection[str] | None = None,
    every_frame: bool = False,
    modality: Modality = RGB,
) -> tuple[dict[str, list], list[Issue]]:
    """Columns of the VIDEOS table for the files (id, paths) of one modality that can be used, and the
    issues of those that cannot.

    A file counts as usable when its packets make sense and it decodes from the last key frame to its end;
    with ``every_frame`` only if all of it decodes. With ``wanted`` ids, other files are left alone, and an id
    without a file is an issue.
    """
    rows: list[tuple] = []
    issues: list[Issue] = []
    seen = set()
    with Onlooker() as onlooker:
        for video_id, paths in files:
            if wanted is not None and video_id not in wanted:
                continue
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
                found = onlooker.look(paths[0], every_frame)
            except DataError as error:
                issues.append(Issue(file=names[0], key=video_id, reason=error.args[0]))
                continue
            row = {"video_id": video_id, "modality": modality, "path": names[0], **found}
            rows.append(tuple(row[column] for column in VIDEOS.schema.names))
    missing = sorted(set(wanted or ()) - seen)
    beside = _by_name(folder) if missing else {}
    for video_id in missing:
        others = f" (there is {', '.join(beside[video_id])})" if video_id in beside else ""
        issues.append(Issue(file=f"{video_id}.*", key=video_id, reason=f"no video file of that name{others}"))
    names = VIDEOS.schema.names
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}, issues


def _by_name(folder: Path) -> dict[str, list[str]]:
    """All files below ``folder`` by their name without the suffix, as paths in it."""
    found: dict[str, list[str]] = {}
    for path in matching(folder, "**/*"):
        found.setdefault(path.stem, []).append(path.relative_to(folder).as_posix())
    return found
