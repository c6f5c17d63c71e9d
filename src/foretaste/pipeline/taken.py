"""Which samples the models of a run take: tasks of its systems, their settings, and who sees the video."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from foretaste.contracts.modalities import RGB
from foretaste.pipeline.found_files import matching
from foretaste.pipeline.locations import Locations
from foretaste.settings import task_checks
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.model_config import ModelConfig


def task_of(catalogue: Catalogue, dataset: str, name: str) -> dict[str, Any]:
    """A task as a component; its settings are the dataset's."""
    where = f"workflow/datasets/{dataset}.yaml"
    return task_checks.task_of(catalogue.dataset(dataset), name, where, catalogue.components)


def needs_videos(catalogue: Catalogue, dataset: str, task: str) -> bool:
    """Whether the samples of a task are made from the table of videos, as far as there is any video."""
    return catalogue.components["tasks"][task]["videos"] and Locations(catalogue).videos(dataset).any(RGB)


def tasks_seen_through(catalogue: Catalogue, dataset: str, backbone: str) -> list[dict[str, Any]]:
    """The tasks of the run's systems whose samples models see through a backbone."""
    names: dict[str, None] = {}
    for system in catalogue.systems_of(dataset):
        preset = catalogue.system(dataset, system)
        for model in preset.models.values():
            if isinstance(model, ModelConfig) and model.backbone == backbone:
                names |= dict.fromkeys((preset.task, *model.extra))
    return [task_of(catalogue, dataset, name) for name in names]


def stored(
    catalogue: Catalogue, dataset: str
) -> dict[tuple[str, str], list[tuple[dict[str, Any], list[str]]]]:
    """(frame store, modality) -> the views of the run's systems that read it, each with the tasks whose
    samples it is asked for.
    """
    found: dict[tuple[str, str], list[tuple[dict[str, Any], list[str]]]] = {}
    for system in catalogue.systems_of(dataset):
        preset = catalogue.system(dataset, system)
        models = [model for model in preset.models.values() if isinstance(model, ModelConfig)]
        for model in models:
            for view in (one for one in model.each_view if model.reads_store(one)):
                reading = found.setdefault((model.frame_store, view.get("modality", RGB)), [])
                reading.append((dict(view), [preset.task, *model.extra]))
    return found


def watching(catalogue: Catalogue, dataset: str, task: str) -> list[ModelConfig]:
    """The models of the run's systems that take samples of a task and may be unable to see one: those that
    read its narration, and see video, as far as there is any; none in a run that reads labels alone.
    """
    found = []
    for name in catalogue.systems_of(dataset):
        preset = catalogue.system(dataset, name)
        for model in preset.models.values():
            takes = isinstance(model, ModelConfig) and task in (preset.task, *model.extra)
            if takes and _can_say(catalogue, dataset, model):
                found.append(model)
    return found


def _can_say(catalogue: Catalogue, dataset: str, model: ModelConfig) -> bool:
    shown = [view for view in model.each_view if catalogue.shows(view) in catalogue.ASKED]
    return any(_is_there(catalogue, dataset, model, view) for view in shown)


def _is_there(catalogue: Catalogue, dataset: str, model: ModelConfig, view: Mapping[str, Any]) -> bool:
    """Whether there is what a view shows; narrations are in the segments."""
    if catalogue.shows(view) == "narration":
        return True
    if catalogue.shows(view) == "features" and model.backbone is not None:
        files = catalogue.named("backbones", model.backbone, dataset).files
        if files is not None:
            return bool(matching(Path(catalogue.run.data_root), files))
    return Locations(catalogue).videos(dataset).any(made_from(catalogue, dataset, model, view))


def made_from(catalogue: Catalogue, dataset: str, model: ModelConfig, view: Mapping[str, Any]) -> str:
    """The modality of the videos that a view of pixels or boxes comes from."""
    modality = view.get("modality", RGB)
    if not model.reads_store(view):
        return modality
    return catalogue.named("frame_stores", model.frame_store, dataset).made_from(modality)
