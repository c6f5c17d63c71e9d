"""Which frames of a sample's window are shown, and when: what views of the video's own frames have in common
(pictures, flow, boxes), so that they show the same ones.

A window ends at the last tick not after its stop and goes back from there in equal steps. Where it reaches
back before the video (or before its own start) its first frame is repeated, as AVT does. With a sampler it is
all frames from the one that is shown at its start to the last one, of which the sampler shows some.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretaste.contracts.errors import DataError
from foretaste.contracts.modalities import RGB, Modality
from foretaste.contracts.tables import of_modality
from foretaste.contracts.view import AnyLook, Sources
from foretaste.features.frame_store import FrameStore
from foretaste.pipeline.console import track
from foretaste.video.decode import decoder, frames_at
from foretaste.video.frame_table import FrameTable, confirmed, frame_tables
from foretaste.video.geometry import of_one_shape
from foretaste.video.windows import grid_index, last_moment, shown_at, window_indices
from foretaste.views.observed import usable, without_a_frame
from foretaste.views.spans import SPANS, Sampling, Spans, spans_of

#: Times that are this near are the same time.
ROUNDING_S = 1e-6


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
    spans
        Where a sampler chooses among the frames of each window; ``times_s`` then is (n, 0).
    """

    of: list[str]
    times_s: np.ndarray
    videos: Mapping[str, FrameTable]
    store: FrameStore | None = None
    spans: Spans | None = None

    def pts_s(self, row: int) -> np.ndarray:
        """(T,) time stamps of the frames that are shown when the row is scored."""
        return self.videos[self.of[row]].pts_s[self.frames(row)]

    def newest_s(self, row: int) -> float:
        """Time stamp of the last frame that is shown under any look."""
        return float(self.videos[self.of[row]].pts_s[self.whole(row).max()])

    def frames(self, row: int, look: AnyLook = None) -> np.ndarray:
        """(T,) int64: which frames of the video those are."""
        if self.spans is not None:
            return self.spans.frames(row, look)
        return shown_at(self.videos[self.of[row]].pts_s, self.times_s[row])

    def whole(self, row: int) -> np.ndarray:
        """(m,) int64, in order: all frames of the video that are shown under some look."""
        return self.frames(row) if self.spans is None else self.spans.whole(row)

    def pictures(self, rows: Sequence[int], size: tuple[int, int], look: AnyLook = None) -> np.ndarray:
        """(len(rows), T, H, W, 3) uint8, or of flow (..., 2) where it is stored: the frames of ``rows``, all
        of one video, in ``size`` (H, W).
        """
        video_id = self.of[rows[0]]
        wanted = np.concatenate([self.frames(row, look) for row in rows])
        if self.store is None:
            video = self.videos[video_id]
            frames, _ = frames_at(video, video.pts_s[wanted], size)
        else:
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


def find(sampling: Sampling, modality: Modality, sources: Sources, who: str) -> Shown:
    """The frames of every sample of ``sources.samples`` in its video of the modality. Raises DataError for a
    sample that was dropped, a file that is not the one that was probed, and a window that reaches past the
    end of its video, or of that whose frames are counted.
    """
    samples = usable(sources.need("samples", who))
    of = samples.column("video_id").to_pylist()
    store = _store(modality, sources)
    if store is None:
        table, folder = sources.videos_of(modality, who)
        videos = _confirmed(frame_tables(table, folder), sorted(set(of)))
    else:
        table = of_modality(sources.need("videos", who), store.origin.made_from)
        videos = _stored(frame_tables(table, Path()), sorted(set(of)), store)
    counted = counted_in(sampling, modality if store is None else store.origin.made_from, sources.videos)
    ends_s = _ends_s(sampling, samples)
    shortest = {video_id: _shortest(video_id, videos, counted) for video_id in videos}
    late = [row for row, video_id in enumerate(of) if _late(sampling, ends_s[row], shortest[video_id].end_s)]
    if late:
        video = shortest[of[late[0]]]
        raise DataError(
            f"{len(late)} windows reach past the end of their video; the first to {ends_s[late[0]]:.3f} s",
            video.path,
            f"windows that end before {video.end_s:.3f} s",
            "compare the annotations with the video, or drop these samples",
        )
    found = laid_out(sampling, samples, videos, counted, store)
    if found.spans is not None and found.spans.short().any():
        row = int(np.flatnonzero(found.spans.short())[0])
        raise DataError(
            f"{found.spans.short().sum()} windows of fewer than {sampling.frames} frames",
            f"{who}: {samples['sample_id'][row].as_py()}",
            f"windows that the sampler {sampling.sampler.kind} shows {sampling.frames} frames of",
            "use another sampler, or drop these samples with on_bad_input: skip",
        )
    return found


def laid_out(
    sampling: Sampling,
    samples: pa.Table,
    videos: Mapping[str, FrameTable],
    counted: Mapping[str, FrameTable],
    store: FrameStore | None = None,
) -> Shown:
    """The frames of ``samples``, whose windows end with their videos at the latest; ``counted`` as
    ``counted_in`` gives it.
    """
    of = samples["video_id"].to_pylist()
    if sampling.sampler is None:
        return Shown(of=of, times_s=_times_s(sampling, samples), videos=videos, store=store)
    starts_s = np.maximum(samples[SPANS[sampling.window][0]].to_numpy(), 0.0)
    edges_s = list(zip(starts_s, _last_s(samples, sampling)))
    spans = spans_of(sampling, of, edges_s, videos, counted)
    return Shown(of=of, times_s=np.empty((len(of), 0)), videos=videos, store=store, spans=spans)


def wanted(
    sampling: Sampling,
    samples: pa.Table,
    videos: Mapping[str, FrameTable],
    counted: Mapping[str, FrameTable],
) -> dict[str, np.ndarray]:
    """video_id -> which frames (n,) of it, ascending, the windows of ``samples`` show, as far as they can be
    shown; ``counted`` as ``counted_in`` gives it.
    """
    of = np.array(samples["video_id"].to_pylist(), dtype=object)
    ends_s = _ends_s(sampling, samples)
    found = {}
    for video_id in sorted(set(of.tolist())):
        end_s = _shortest(video_id, videos, counted).end_s
        shown = [not _late(sampling, one, end_s) for one in ends_s]
        own = samples.filter(pa.array((of == video_id) & shown))
        if own.num_rows:
            windows = laid_out(sampling, own, videos, counted)
            found[video_id] = np.unique(np.concatenate([windows.whole(row) for row in range(own.num_rows)]))
    return found


def counted_in(sampling: Sampling, modality: str, videos: pa.Table | None) -> dict[str, FrameTable]:
    """video_id -> the RGB video in which a sampler counts the frames that are shown of another ``modality``,
    where ``videos`` (VIDEOS) has one; nothing where the videos that are shown are counted themselves.
    """
    if sampling.sampler is None or modality == RGB or videos is None:
        return {}
    return frame_tables(of_modality(videos, RGB), Path())


def _shortest(
    video_id: str, videos: Mapping[str, FrameTable], counted: Mapping[str, FrameTable]
) -> FrameTable:
    """The video, or that in which its frames are counted, if that ends before."""
    own = videos[video_id]
    return min(own, counted.get(video_id, own), key=lambda video: video.end_s)


def unseen(sampling: Sampling, modality: Modality, sources: Sources, who: str) -> np.ndarray:
    """(n,) object: why the window of a sample of ``sources.samples`` cannot be shown of the modality; None
    where it can.
    """
    samples = sources.need("samples", who)
    store = _store(modality, sources)
    probed = sources.need("videos", who)
    made_from = modality if store is None else store.origin.made_from
    table = of_modality(probed, made_from)
    if store is not None:
        table = table.filter(pc.is_in(table["video_id"], value_set=pa.array(store.videos, pa.string())))
    reasons = without_a_frame(samples, table, SPANS[sampling.window][1])
    videos, counted = frame_tables(table, Path()), counted_in(sampling, made_from, probed)
    beside = {} if made_from == RGB else frame_tables(of_modality(probed, RGB), Path())
    of, last_s = samples["video_id"].to_pylist(), _ends_s(sampling, samples)
    for row in np.flatnonzero(np.equal(reasons, None)):
        own = videos[of[row]]
        rgb = beside.get(of[row], own)
        if _late(sampling, last_s[row], own.end_s):
            reasons[row] = "window stops after the end of the video"
        elif _late(sampling, last_s[row], _shortest(of[row], videos, counted).end_s):
            reasons[row] = "window stops after the end of the RGB video, whose frames are counted"
        elif not of_one_shape(own.shown_size, rgb.shown_size):
            sizes = " and ".join(f"{width} x {height}" for height, width in (own.shown_size, rgb.shown_size))
            reasons[row] = f"pictures of another shape than those of the RGB video: {sizes}"
    if sampling.sampler is not None and sampling.sampler.kind == "layout":
        left = np.flatnonzero(np.equal(reasons, None))
        short = laid_out(sampling, samples.take(pa.array(left)), videos, counted).spans.short()
        reasons[left[short]] = f"fewer than {sampling.frames} frames"
    if modality != RGB:
        said = np.not_equal(reasons, None)
        reasons[said] = [f"{reason} ({modality})" for reason in reasons[said]]
    return reasons


def _store(modality: Modality, sources: Sources) -> FrameStore | None:
    paths = sources.frame_stores.get(modality)
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


def _ends_s(sampling: Sampling, samples: pa.Table) -> np.ndarray:
    """(n,) float64: when the last frame of each window is asked for."""
    last_s = _last_s(samples, sampling)
    if sampling.sampler is not None:
        return np.array(last_s)
    return np.array([grid_index(end_s, sampling.ticks) / sampling.ticks for end_s in last_s])


def _late(sampling: Sampling, last_s: float, end_s: float) -> bool:
    """Whether a window whose last frame is asked for at ``last_s`` reaches past the end of its video. One of
    frames by number may stop at the very end, where no frame begins, but the last one ends.
    """
    return last_s >= end_s if sampling.sampler is None else last_s > end_s + ROUNDING_S


def _last_s(samples: pa.Table, sampling: Sampling) -> list[float]:
    """The last moment of each sample's window."""
    return last_moment(samples[SPANS[sampling.window][1]].to_numpy(), sampling.window).tolist()


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
