"""Where the videos of a dataset lie, by modality."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from foretaste.contracts.errors import ConfigError
from foretaste.contracts.modalities import RGB
from foretaste.pipeline.records import listed
from foretaste.pipeline.video_files import FRAME_SUFFIXES, SUFFIXES, no_videos, video_files
from foretaste.settings.config import DatasetConfig, VideoFolder


@dataclass(frozen=True, kw_only=True)
class DatasetVideos:
    """Those of the dataset ``name``; a generated world makes its own, in RGB. Each folder is seen once."""

    name: str
    settings: DatasetConfig
    data_root: str
    results: str
    _seen: dict[str, dict[str, list[Path]]] = field(default_factory=dict, repr=False, compare=False)
    _files: dict[str, list[str]] = field(default_factory=dict, repr=False, compare=False)

    def folders(self, modality: str = RGB) -> dict[str, str]:
        """Modality -> the folder that its videos are named in. Raises ConfigError where there is none of
        ``modality``.
        """
        if self.settings.world is not None:
            found = {RGB: f"{self.results}/{self.name}/world/videos"}
        else:
            found = {name: f"{self.data_root}/{one.folder}" for name, one in self._given().items()}
        if modality not in found:
            raise ConfigError(
                f"no videos of the modality {modality}",
                f"workflow/datasets/{self.name}.yaml",
                f"videos: {{{modality}: {{folder: ...}}}}",
                "say where they lie",
            )
        return found

    def patterns(self) -> dict[str, str]:
        """Modality -> which files of its folder are videos."""
        if self.settings.world is not None:
            return {RGB: "*.mp4"}
        return {name: one.pattern for name, one in self._given().items()}

    def frames(self) -> dict[str, dict[str, float]]:
        """Modality -> how frames are numbered, where videos come as frames."""
        given = {} if self.settings.world is not None else self._given()
        return {name: one.frames.model_dump() for name, one in given.items() if one.frames is not None}

    def unlabelled(self) -> list[str]:
        """Modalities whose videos include those that no segment is of."""
        given = {} if self.settings.world is not None else self._given()
        return [name for name, one in given.items() if one.unlabelled]

    def files(self, modality: str = RGB) -> list[str]:
        """The videos of a modality; of a generated world, the folder that holds them. Raises ConfigError or
        DataError where there are none.
        """
        folder = self.folders(modality)[modality]
        if self.settings.world is not None:
            return [folder]
        found = self._look(Path(folder), modality)
        if not found:
            raise no_videos(Path(folder), self.patterns()[modality], self._suffixes(modality))
        if modality not in self._files:
            # A link to nothing, or a pipe, is an issue of probe_videos.
            there = [path for paths in found.values() for path in paths if path.is_file() or path.is_dir()]
            self._files[modality] = [str(path) for path in there]
        return self._files[modality]

    def all_files(self) -> list[str]:
        """Those of every modality."""
        return [path for modality in self.folders() for path in self.files(modality)]

    def names(self) -> dict[str, Any]:
        """Modality -> how its files are called in their folder, as ``listed`` writes it down: which file is
        which video. Nothing of a generated world, whose videos a step makes.
        """
        if self.settings.world is not None:
            return {}
        named = {}
        for modality, folder in self.folders().items():
            paths = [path for found in self._look(Path(folder), modality).values() for path in found]
            named[modality] = listed([str(path).removeprefix(f"{folder}/") for path in paths])
        return named

    def any(self, modality: str = RGB) -> bool:
        """Whether there is any video of a modality: a run of text alone needs none."""
        if self.settings.world is not None:
            return modality == RGB
        if modality not in self._given():
            return False
        folder = Path(self.folders(modality)[modality])
        return folder.is_dir() and bool(self._look(folder, modality))

    def _look(self, folder: Path, modality: str) -> dict[str, list[Path]]:
        if modality not in self._seen:
            pattern = self.patterns()[modality]
            self._seen[modality] = video_files(folder, pattern, self._suffixes(modality))
        return self._seen[modality]

    def _suffixes(self, modality: str) -> tuple[str, ...]:
        return FRAME_SUFFIXES if modality in self.frames() else SUFFIXES

    def _given(self) -> dict[str, VideoFolder]:
        videos = self.settings.videos
        if videos is None:
            return {}
        return {RGB: videos} if isinstance(videos, VideoFolder) else dict(videos)
