"""What the models of a preset see: which inputs, settings and folders of videos their views ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from foretaste.contracts.modalities import RGB
from foretaste.pipeline.locations import Locations
from foretaste.pipeline.planned import samples_of, tables
from foretaste.pipeline.taken import made_from
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.model_config import ModelConfig, with_each_view

#: The view that hears.
HEARD = "audio"


def seen(
    catalogue: Catalogue, dataset: str, system: str, settings: ModelConfig
) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
    """What a model's views and network are made from: inputs, settings, and by modality the folder of the
    videos that are decoded.
    """
    own = samples_of(catalogue.results, dataset, catalogue.system(dataset, system).task)
    inputs: dict[str, Any] = {"samples": own, **tables(catalogue.results, dataset, "segments", "classes")}
    if settings.extra:
        inputs["extra"] = [samples_of(catalogue.results, dataset, task) for task in settings.extra]
    folders: dict[str, str] = {}
    history = catalogue.system(dataset, system).history.model_dump(mode="json")

    def resolved(view: Mapping[str, Any]) -> dict[str, Any]:
        return {**history, **view} if catalogue.shows(view) == "history" else dict(view)

    config = {"view": with_each_view(settings.sees, resolved)}
    if settings.backbone is not None:
        inputs["features"] = Locations(catalogue).features(dataset, settings.backbone)
    for view in settings.each_view:
        shows = catalogue.shows(view)
        if settings.reads_store(view):
            modality = view.get("modality", RGB)
            inputs |= tables(catalogue.results, dataset, "videos")
            inputs[f"frames_{modality}"] = Locations(catalogue).frames(
                dataset, settings.frame_store, modality
            )
        elif shows in ("pixels", "boxes"):
            videos, modality = Locations(catalogue).videos(dataset), view.get("modality", RGB)
            inputs |= tables(catalogue.results, dataset, "videos")
            inputs[f"video_files_{modality}"] = videos.files(modality)
            folders[modality] = videos.folders(modality)[modality]
        if shows == "boxes":
            inputs["boxes"] = Locations(catalogue).boxes(dataset)
    if settings.lm is not None:
        lm = catalogue.named("lms", settings.lm, dataset)
        if lm.training is None:
            inputs["lm"] = Locations(catalogue).weights(lm.init)
        else:
            folder = f"{catalogue.results}/lm/{Locations(catalogue).corpus(dataset)}/{settings.lm}"
            inputs["lm"] = f"{folder}/checkpoint"
    return inputs, config, folders


def watched(
    catalogue: Catalogue, dataset: str, models: Iterable[ModelConfig]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What tells whether the models can see a sample: inputs, and every view that can say, each once, with
    the backbone that it reads.

    Where features are made or frames are stored here and a bad input stops the run, that stage stops at what
    it cannot see, and samples (text teachers with them) do not wait for it.
    """
    inputs: dict[str, Any] = {}
    views: list[dict[str, Any]] = []
    videos = tables(catalogue.results, dataset, "videos")
    for model in models:
        for view in model.each_view:
            shows = catalogue.shows(view)
            if shows not in catalogue.ASKED:
                continue
            one = {"view": dict(view), "backbone": model.backbone if shows == "features" else None}
            if model.reads_store(view):
                inputs |= _of_frames(catalogue, dataset, model.frame_store, view.get("modality", RGB))
                one["view"]["modality"] = made_from(catalogue, dataset, model, view)
                one["frames"] = _frames(model.frame_store, view.get("modality", RGB))
            if one not in views:
                views.append(one)
            if shows == "features":
                inputs |= _of_features(catalogue, dataset, model.backbone)
            if shows in ("pixels", "boxes"):
                inputs |= videos
            if shows == "boxes":
                inputs["boxes"] = Locations(catalogue).boxes(dataset)
    return inputs, views


def _frames(store: str, modality: str) -> str:
    """What an input is called that is a frame store."""
    return f"frames_{store}_{modality}"


def _of_frames(catalogue: Catalogue, dataset: str, store: str, modality: str) -> dict[str, Any]:
    if catalogue.run.on_bad_input == "fail":
        return {}
    return {_frames(store, modality): Locations(catalogue).frames(dataset, store, modality)}


def _of_features(catalogue: Catalogue, dataset: str, backbone: str) -> dict[str, Any]:
    features = {f"features_{backbone}": Locations(catalogue).features(dataset, backbone)}
    if catalogue.named("backbones", backbone, dataset).files is not None:
        return features
    videos = tables(catalogue.results, dataset, "videos")
    return {**videos, **features} if catalogue.run.on_bad_input == "skip" else {}
