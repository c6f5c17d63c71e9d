"""The videos of a dataset as ``probe_videos`` sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from foretaste.contracts.issues import Issue
from foretaste.contracts.tables import VIDEOS
from foretaste.doctor.examined import Examined
from foretaste.doctor.findings import NothingToCheckError
from foretaste.pipeline.console import track
from foretaste.pipeline.locations import Locations
from foretaste.pipeline.video_files import FRAME_SUFFIXES, SUFFIXES, video_files
from foretaste.video.numbered_frames import Clock
from foretaste.video.probe import probe


@dataclass(frozen=True, kw_only=True)
class Probed:
    """What there is.

    table
        VIDEOS, of the files that can be used.
    issues
        modality -> the files that cannot.
    folders
        modality -> the folder of its videos.
    wanted
        video_id -> when its last segment starts, of the videos that are annotated.
    """

    table: pa.Table
    issues: Mapping[str, list[Issue]]
    folders: Mapping[str, Path]
    wanted: Mapping[str, float]

    def rows(self) -> list[dict[str, Any]]:
        """A mapping a video and modality, without its packets."""
        small = [name for name in VIDEOS.schema.names if name not in ("pts", "flags", "places")]
        return self.table.select(small).to_pylist()


def probed(dataset: Examined) -> Probed:
    """What the probe sees of the videos; NothingToCheckError where there is none."""
    return dataset.once("videos", lambda: _probe(dataset))


def _probe(dataset: Examined) -> Probed:
    """Every file of every modality. One that ends too early is no issue here: how early is looked at by
    itself (``checks.video_times``).
    """
    at = Locations(dataset.catalogue).videos(dataset.name)
    if not any(at.any(modality) for modality in at.patterns()):
        folders = ", ".join(at.folders().values()) if at.patterns() else "no folder is named"
        raise NothingToCheckError(f"no videos ({folders})")
    planned = dataset.plan("probe_videos")
    starts = (
        dataset.segments.select(["video_id", "start_s"]).group_by("video_id").aggregate([("start_s", "max")])
    )
    wanted = dict(zip(starts["video_id"].to_pylist(), starts["start_s_max"].to_pylist()))
    columns: dict[str, list] = {name: [] for name in VIDEOS.schema.names}
    issues: dict[str, list[Issue]] = {}
    for modality, pattern in planned.config["patterns"].items():
        folder = Path(planned.places["video_folders"][modality])
        numbered = planned.config["frames"].get(modality)
        clock = None if numbered is None else Clock(**numbered)
        files = video_files(folder, pattern, SUFFIXES if clock is None else FRAME_SUFFIXES)
        if modality not in planned.config["unlabelled"]:
            files = {name: paths for name, paths in files.items() if name in wanted}
        shown = track(files.items(), f"probing {modality} videos", total=len(files))
        anywhere = dict.fromkeys(wanted, -1.0)
        found, issues[modality] = probe(folder, shown, anywhere, dataset.asked.every_frame, modality, clock)
        for name, column in columns.items():
            column += found[name]
    folders = {name: Path(folder) for name, folder in planned.places["video_folders"].items()}
    table = pa.table(columns, schema=VIDEOS.schema)
    return Probed(table=table, issues=issues, folders=folders, wanted=wanted)
