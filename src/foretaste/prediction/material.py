"""What the views of a model are built from, for some moments of a video: samples, and features or stored
frames, made as the workflow makes them, by the same code.

Features are kept from one call to the next for as long as windows may show them, so that each is computed
once and memory does not grow with the video.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.modalities import RGB
from foretaste.contracts.view import Sources
from foretaste.features.clips import Clip
from foretaste.features.extract import Backbone, Settings, extract_video
from foretaste.features.frame_parts import store_videos
from foretaste.features.frame_shard import Origin as FrameOrigin
from foretaste.features.frame_shard import write_frames
from foretaste.features.shard import VideoFeatures, write_features
from foretaste.prediction.package import Facts, FeaturesMade
from foretaste.prediction.watched import VIDEO_ID, Watched
from foretaste.settings import families
from foretaste.settings.config import validated
from foretaste.tasks.rows import table
from foretaste.video.transforms import Picture
from foretaste.video.windows import window_indices
from foretaste.views import shown


def samples_of(starts_s: np.ndarray, stops_s: np.ndarray, facts: Facts, classes: ClassSpace) -> pa.Table:
    """A sample a window, from (n,) to (n,) seconds; nothing is known of what comes."""
    heads = tuple(classes.heads)
    targets_s = stops_s + facts.tau_a if facts.ahead else starts_s
    n = len(stops_s)
    columns: dict[str, Any] = {
        "sample_id": [f"{number}" for number in range(n)],
        "segment_id": [None] * n,
        "video_id": [VIDEO_ID] * n,
        "split": ["predicted"] * n,
        "window_start_s": starts_s,
        "window_stop_s": stops_s,
        "target_start_s": targets_s,
        "target_stop_s": targets_s if facts.ahead else stops_s,
        "dropped_because": [None] * n,
    }
    return table(columns | {f"{head}_id": [None] * n for head in heads}, heads)


def settings_of(made: FeaturesMade, device: str) -> Settings:
    """How frames become vectors, as the step that made features was told."""
    return Settings(
        grid_fps=made.grid_fps,
        picture=Picture(**made.picture),
        clip=None if made.clip is None else Clip(**made.clip),
        backbone=made.network,
        weights_sha256=made.weights_sha256,
        dtype=made.dtype,
        batch=made.batch,
        bf16=made.precision == "bf16",
        device=device,
    )


class Material:
    """The sources of one video, moments after moments."""

    def __init__(self, facts: Facts, video: Watched | None, scratch: Path, base: Sources):
        self.facts, self.video, self.scratch, self.base = facts, video, scratch, base
        self.views = list(_each(facts.view))
        self._kept: VideoFeatures | None = None

    def sources(self, samples: pa.Table, backbone: Backbone | None, settings: Settings | None) -> Sources:
        """What the views show of ``samples``, which follow those of the call before. Raises DataError where
        the video does not decode.
        """
        found = replace(
            self.base,
            samples=samples,
            videos=self.video.table,
            video_folders={RGB: self.video.folder},
            frame_stores=self._frames(samples),
        )
        if backbone is None or settings is None:
            return found
        return replace(found, features=(self._features(samples, backbone, settings),))

    def _features(self, samples: pa.Table, backbone: Backbone, settings: Settings) -> Path:
        """A feature file of the grid times that the windows show."""
        wanted = self._grid_indices(samples, settings.grid_fps)
        kept = self._kept
        known = np.empty(0, np.int64) if kept is None else np.intersect1d(kept.grid_index, wanted)
        fresh = np.setdiff1d(wanted, known)
        made = None
        if len(fresh):
            made = extract_video(VIDEO_ID, self.video.frames, fresh, backbone, settings)
            if not np.isfinite(made.feat).all():
                raise DataError(
                    f"features that are not finite in {settings.dtype}",
                    self.video.frames.path,
                    "finite vectors",
                    "train the backbone again",
                )
        self._kept = _joined(kept, made, known)
        path = self.scratch / "features.h5"
        write_features(path, settings.origin(backbone.width), [self._kept])
        return path

    def _grid_indices(self, samples: pa.Table, grid_fps: float) -> np.ndarray:
        """(n,) int64, ascending: what the views of features show of ``samples``."""
        edges_s = list(zip(samples["window_start_s"].to_pylist(), samples["window_stop_s"].to_pylist()))
        found = []
        for view in self.views:
            if view["kind"] != "features":
                continue
            config = _config(view)
            spaced = {"frames": config.frames, "rate": config.rate, "grid_fps": grid_fps}
            found += [window_indices(start_s, stop_s, **spaced) for start_s, stop_s in edges_s]
        return np.unique(np.concatenate(found))

    def _frames(self, samples: pa.Table) -> dict[str, tuple[Path, ...]]:
        """modality -> a frame file of what the views show of ``samples``."""
        stores = {}
        for modality, said in self.facts.frames.items():
            origin = FrameOrigin(**said)
            wanted = [
                shown.wanted(_config(view), samples, {VIDEO_ID: self.video.frames}, {})
                for view in self.views
                if _config(view).modality == modality
            ]
            frames = np.unique(np.concatenate([one[VIDEO_ID] for one in wanted]))
            folder = self.scratch / modality
            folder.mkdir(exist_ok=True)
            parts, issues = store_videos({VIDEO_ID: frames}, {VIDEO_ID: self.video.frames}, origin, folder)
            if issues:
                raise DataError(
                    issues[0].reason, self.video.frames.path, "a video that decodes", "replace the file"
                )
            write_frames(folder / "frames.h5", origin, parts)
            stores[modality] = (folder / "frames.h5",)
        return stores


def times_shown_s(facts: Facts, stops_s: np.ndarray) -> np.ndarray:
    """Sorted times (n,) float64 of the video at which frames are shown, of all windows that stop at
    ``stops_s``. ConfigError for views that do not say so before the frames are known.
    """
    found = [np.empty(0)]
    made = facts.features
    for view in _each(facts.view):
        config = _config(view)
        if getattr(config, "sampler", None) or getattr(config, "modality", RGB) != RGB:
            raise ConfigError(
                "a model that sees flow, or frames by their number",
                "a stream",
                "a model that sees pictures at times",
                "save the stream, and name the file",
            )
        ticks = config.ticks if view["kind"] == "clip" else made.grid_fps
        spaced = {"frames": config.frames, "rate": config.rate, "grid_fps": ticks}
        windows = [window_indices(stop_s - facts.window_s, stop_s, **spaced) for stop_s in stops_s.tolist()]
        times_s = np.unique(np.concatenate(windows)) / ticks
        if view["kind"] == "features" and made.clip is not None:
            times_s = Clip(**made.clip).times_s(times_s).ravel()
        found.append(times_s)
    return np.unique(np.concatenate(found))


def inputs_of(facts: Facts, base: Sources, rows: int) -> dict[str, Tensor]:
    """Inputs of the network as its views give them, of ``rows`` rows that show nothing in particular."""
    found = {}
    several = "views" in facts.view and facts.view["kind"] == "named"
    for name, view in facts.view.get("views", {"": facts.view}).items():
        config, prefix = _config(view), f"{name}." if several else ""
        if view["kind"] == "features":
            found[f"{prefix}features"] = torch.randn(rows, config.frames, base.feature_width)
            continue
        channels = 3 if config.modality == RGB or (not several and "views" in facts.view) else 2
        size = config.geometry.size
        shape = (rows, config.frames, channels, size, size)
        found[f"{prefix}frames"] = torch.randint(0, 256, shape, dtype=torch.uint8)
    return found


def smallest_step_s(view: Mapping[str, Any]) -> float:
    """Seconds between two frames of a window that a view shows; 0 where a sampler spreads them."""
    configs = [_config(one) for one in _each(view)]
    return max(0.0 if getattr(one, "sampler", None) else 1 / one.rate for one in configs)


def _each(view: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for one in view.get("views", {"": view}).values():
        yield dict(one)


def _config(view: Mapping[str, Any]) -> Any:
    options = {name: value for name, value in view.items() if name != "kind"}
    return validated(families.load("views", view["kind"]).Config, options, f"view: {view['kind']}")


def _joined(kept: VideoFeatures | None, made: VideoFeatures | None, known: np.ndarray) -> VideoFeatures:
    """The rows ``known`` of what was kept, and all that was made, in the order of their grid times."""
    if kept is None or made is None or not len(known):
        chosen = made or kept
        assert chosen is not None
        return chosen if made is not None else _rows(chosen, np.isin(chosen.grid_index, known))
    old = _rows(kept, np.isin(kept.grid_index, known))
    order = np.argsort(np.concatenate([old.grid_index, made.grid_index]))
    columns = ("feat", "grid_index", "pts_s", "valid")
    return replace(
        made, **{name: np.concatenate([getattr(old, name), getattr(made, name)])[order] for name in columns}
    )


def _rows(features: VideoFeatures, which: np.ndarray) -> VideoFeatures:
    columns = ("feat", "grid_index", "pts_s", "valid")
    return replace(features, **{name: getattr(features, name)[which] for name in columns})
