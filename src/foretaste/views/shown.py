"""Which frames of a sample's window are shown, and when: what views of the video's own frames have in common
(pictures, flow, boxes), so that they show the same ones.

A window ends at the last tick not after its stop and goes back from there in equal steps. Where it reaches
back before the video (or before its own start) its first frame is repeated, as AVT does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretaste.contracts.errors import DataError
from foretaste.contracts.modalities import Modality
from foretaste.contracts.tables import of_modality
from foretaste.contracts.view import Sources
from foretaste.features.frame_store import FrameStore
from foretaste.pipeline.console import track
from foretaste.video.decode import decoder, frames_at
from foretaste.video.frame_table import FrameTable, confirmed, frame_tables
from foretaste.video.windows import grid_index, shown_at, window_indices
from foretaste.views.observed import usable, without_a_frame

#: ``observed``: what may be seen of the past. ``target``: the action itself, which only a teacher may see.
Window = Literal["observed", "target"]

#: The columns of the samples table that a window goes from and to.
SPANS = {
    "observed": ("window_start_s", "window_stop_s"),
    "target": ("target_start_s", "target_stop_s"),
}


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """The settings that say which frames those are."""

    modality: Modality
    window: Window
    frames: int
    rate: float
    ticks: float


@dataclass(frozen=True, kw_only=True)
class Shown:
    """n samples, T times each.

    of
        The video of each sample.
    times_s
        (n, T) float64: when its frames are asked for, oldest first.
    videos
        video_id -> what the probe found of it.
    store
        Where its frames are read; None: they are decoded from the videos.
    """

    of: list[str]
    times_s: np.ndarray
    videos: Mapping[str, FrameTable]
    store: FrameStore | None = None

    def pts_s(self, row: int) -> np.ndarray:
        """(T,) time stamps of the frames that are shown then."""
        return self.videos[self.of[row]].pts_s[self.frames(row)]

    def frames(self, row: int) -> np.ndarray:
        """(T,) int64: which frames of the video those are."""
        return shown_at(self.videos[self.of[row]].pts_s, self.times_s[row])

    def pictures(self, rows: Sequence[int], size: tuple[int, int]) -> np.ndarray:
        """(len(rows), T, H, W, 3) uint8, or of flow (..., 2) where it is stored: the frames of ``rows``, all
        of one video, in ``size`` (H, W).
        """
        video_id = self.of[rows[0]]
        if self.store is None:
            frames, _ = frames_at(self.videos[video_id], self.times_s[rows].ravel(), size)
        else:
            wanted = np.concatenate([self.frames(row) for row in rows])
            frames = self.store.pictures(video_id, wanted, size)
        return frames.reshape(len(rows), -1, *frames.shape[1:])

    def source(self, row: int) -> dict[str, str]:
        """What the pictures of a row are made from: of stored ones, their bytes."""
        video_id = self.of[row]
        if self.store is None:
            return {"source": self.videos[video_id].digest, "decoder": decoder()}
        said = hashlib.sha256()
        for jpeg in self.store.jpegs(video_id, self.frames(row)):
            said.update(hashlib.sha256(jpeg).digest())
        return {"jpeg": said.hexdigest()}


def find(sampling: Sampling, sources: Sources, who: str) -> Shown:
    """The frames of every sample of ``sources.samples``. Raises DataError for a sample that was dropped, a
    file that is not the one that was probed, and a window that reaches past the end of its video.
    """
    samples = usable(sources.need("samples", who))
    of = samples.column("video_id").to_pylist()
    store = _store(sampling, sources)
    if store is None:
        table, folder = sources.videos_of(sampling.modality, who)
        videos = _confirmed(frame_tables(table, folder), sorted(set(of)))
    else:
        table = of_modality(sources.need("videos", who), store.origin.made_from)
        videos = _stored(frame_tables(table, Path()), sorted(set(of)), store)
    times_s = _times_s(sampling, samples)
    late = [row for row, video_id in enumerate(of) if times_s[row, -1] >= videos[video_id].end_s]
    if late:
        video = videos[of[late[0]]]
        raise DataError(
            f"{len(late)} windows reach past the end of their video; the first to"
            f" {times_s[late[0], -1]:.3f} s",
            video.path,
            f"windows that end before {video.end_s:.3f} s",
            "compare the annotations with the video, or drop these samples",
        )
    return Shown(of=of, times_s=times_s, videos=videos, store=store)


def wanted(sampling: Sampling, samples: pa.Table, videos: Mapping[str, FrameTable]) -> dict[str, np.ndarray]:
    """video_id -> which frames (n,) of it, ascending, the windows of ``samples`` show, as far as they can be
    shown.
    """
    of = np.array(samples["video_id"].to_pylist(), dtype=object)
    times_s = _times_s(sampling, samples)
    found = {}
    for video_id in sorted(set(of.tolist())):
        video = videos[video_id]
        own = times_s[of == video_id]
        shown = own[own[:, -1] < video.end_s]
        if len(shown):
            found[video_id] = np.unique(shown_at(video.pts_s, shown.ravel()))
    return found


def unseen(sampling: Sampling, sources: Sources, who: str) -> np.ndarray:
    """(n,) object: why the window of a sample of ``sources.samples`` cannot be shown; None where it can."""
    samples = sources.need("samples", who)
    store = _store(sampling, sources)
    videos = of_modality(
        sources.need("videos", who), sampling.modality if store is None else store.origin.made_from
    )
    if store is not None:
        videos = videos.filter(pc.is_in(videos["video_id"], value_set=pa.array(store.videos, pa.string())))
    reasons = without_a_frame(samples, videos, SPANS[sampling.window][1])
    ends_s = dict(zip(videos.column("video_id").to_pylist(), videos.column("duration_s").to_pylist()))
    of, last_s = samples["video_id"].to_pylist(), _last_s(samples, sampling)
    for row in np.flatnonzero(reasons == None):  # noqa: E711 (element by element)
        if grid_index(last_s[row], sampling.ticks) / sampling.ticks >= ends_s[of[row]]:
            reasons[row] = "window stops after the end of the video"
    return reasons


def _store(sampling: Sampling, sources: Sources) -> FrameStore | None:
    paths = sources.frame_stores.get(sampling.modality)
    return None if paths is None else FrameStore(paths)


def _times_s(sampling: Sampling, samples: pa.Table) -> np.ndarray:
    """(n, T) float64: when the frames of each window are asked for."""
    starts = samples[SPANS[sampling.window][0]].to_pylist()
    windows = [
        window_indices(start_s, stop_s, frames=sampling.frames, rate=sampling.rate, grid_fps=sampling.ticks)
        for start_s, stop_s in zip(starts, _last_s(samples, sampling))
    ]
    ticks = np.stack(windows) if windows else np.empty((0, sampling.frames), np.int64)
    return ticks / sampling.ticks


def _last_s(samples: pa.Table, sampling: Sampling) -> list[float]:
    """The last moment of each sample's window: an observed one holds its stop, an action ends before it."""
    stops = samples[SPANS[sampling.window][1]].to_numpy()
    return (stops if sampling.window == "observed" else np.nextafter(stops, -np.inf)).tolist()


def _confirmed(known: Mapping[str, FrameTable], names: Sequence[str]) -> dict[str, FrameTable]:
    """Those of ``names``; raises DataError unless each file is the one that was probed."""
    looked_at = track(names, "looking at videos", total=len(names))
    return {video_id: confirmed(_known(known, video_id)) for video_id in looked_at}


def _stored(
    known: Mapping[str, FrameTable], names: Sequence[str], store: FrameStore
) -> dict[str, FrameTable]:
    """Those of ``names``; raises DataError unless the stored frames of each are of the file that was
    probed.
    """
    videos = {video_id: _known(known, video_id) for video_id in names}
    for video_id, video in videos.items():
        store.check_is_of(video_id, video)
    return videos


def _known(known: Mapping[str, FrameTable], video_id: str) -> FrameTable:
    if video_id not in known:
        raise DataError(
            f"no video {video_id!r}",
            "videos",
            "a probed video for every sample",
            "see issues.parquet; drop its samples",
        )
    return known[video_id]
