"""Are features that others made whole, of this dataset's videos, and on the grid that the preset says?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from foretaste.contracts.errors import DataError
from foretaste.doctor.examined import Examined
from foretaste.doctor.findings import Findings, NothingToCheckError
from foretaste.features.store import FeatureStore
from foretaste.features.verify import verify
from foretaste.pipeline.found_files import matching
from foretaste.settings.backbone_config import BackboneConfig


def look(dataset: Examined, found: Findings) -> str:
    """Every backbone of the run whose features are given as files."""
    given = list(_given(dataset))
    if not given:
        raise NothingToCheckError("no backbone of the run has its features given as files")
    return "; ".join(_backbone(dataset, name, settings, found) for name, settings in given)


def _given(dataset: Examined) -> Iterator[tuple[str, BackboneConfig]]:
    backbones: dict[str, BackboneConfig] = {}
    for system in dataset.catalogue.systems_of(dataset.name):
        backbones |= dataset.defined("backbones", system)
    yield from ((name, one) for name, one in backbones.items() if one.files is not None)


def _backbone(dataset: Examined, name: str, settings: BackboneConfig, found: Findings) -> str:
    paths = matching(dataset.data_root, settings.files)
    if not paths:
        found.fail(
            f"no features of {name}",
            f"{dataset.data_root}/{settings.files}",
            "feature files (HDF5, docs/formats.md)",
            "foretaste import-features makes them of others' files; or correct files of the backbone",
        )
        return f"{name}: none"
    try:
        verify(paths)
    except DataError as error:
        found.error(error)
    store = FeatureStore(paths)
    if abs(store.origin.grid_fps - settings.grid.fps) > 1e-9:
        found.fail(
            f"features of {name} at {store.origin.grid_fps:g} a second",
            f"{dataset.data_root}/{settings.files}",
            f"{settings.grid.fps:g}, as grid: fps of the preset says",
            "correct the preset's grid, or import the features with their own rate",
        )
    _compare_videos(dataset, name, set(store.videos), paths, found)
    return f"{name}: {len(store.videos)} videos, vectors {store.shape} at {store.origin.grid_fps:g} a second"


def _compare_videos(dataset: Examined, name: str, have: set[str], paths: list[Path], found: Findings) -> None:
    wanted = set(dataset.segments["video_id"].to_pylist())
    where = f"{paths[0].parent} ({len(paths)} files)"
    if absent := sorted(wanted - have):
        found.fail(
            f"features of {name} lack {len(absent)} of {len(wanted)} videos: {', '.join(absent[:3])}",
            where,
            "features of every annotated video",
            "import the missing ones; or leave their samples out: on_bad_input: skip",
        )
    if have and not have & wanted:
        found.fail(
            f"features of {name} are of other videos: {', '.join(sorted(have)[:3])}",
            where,
            f"ids as in the labels: {', '.join(sorted(wanted)[:3])}",
            "rename the videos when you import them",
        )
