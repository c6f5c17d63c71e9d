"""The steps of workflow/rules/video.smk: from annotations and videos to samples and features."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.locations import Locations
from foretaste.pipeline.planned import Planned, tables
from foretaste.pipeline.seen import HEARD, watched
from foretaste.pipeline.taken import needs_videos, stored, task_of, tasks_seen_through, watching
from foretaste.settings import families
from foretaste.settings.backbone_config import BackboneConfig
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.components import with_defaults
from foretaste.settings.config import validated
from foretaste.settings.model_config import ModelConfig


class VideoPlan:
    """A method a stage; its arguments are the rule's wildcards."""

    def __init__(self, catalogue: Catalogue):
        self.catalogue, self.run, self.results = catalogue, catalogue.run, catalogue.results
        self.at = Locations(catalogue)

    def make_kitchen(self, dataset: str, part: str) -> Planned:
        """A part of a generated world."""
        world = self.catalogue.dataset(dataset).world
        if world is None:
            raise ConfigError(
                f"{dataset} is not a generated dataset",
                f"workflow/datasets/{dataset}.yaml",
                "world: {...}",
                "use another dataset",
            )
        return Planned(
            inputs={},
            config={"world": world, "part": part},
        )

    def read_annotations(self, dataset: str) -> Planned:
        """A dataset's labels, as tables."""
        settings = self.catalogue.dataset(dataset)
        data_root = self.run.data_root
        if settings.world is None:
            reader = families.load(
                "annotations", settings.reader["kind"], f"workflow/datasets/{dataset}.yaml: reader"
            )
            options = {key: value for key, value in settings.reader.items() if key != "kind"}
            files = [
                str(path)
                for path in reader.files(validated(reader.Config, options, "reader"), Path(data_root))
            ]
        else:
            data_root = f"{self.results}/{dataset}/world/annotations"
            files = [data_root]
        return Planned(
            inputs={"annotations": files},
            config={
                "reader": settings.reader,
                "evaluated": settings.evaluated,
                "choose": settings.choose,
                "withheld_pairs": settings.withheld_pairs,
                "tail": settings.tail,
                "on_bad_input": self.run.on_bad_input,
                "dataset": dataset,
            },
            places={"data_root": data_root},
        )

    def make_samples(self, dataset: str, task: str) -> Planned:
        """The samples of a task that every model of the run can see."""
        config: dict[str, Any] = {"task": task_of(self.catalogue, dataset, task)}
        inputs: dict[str, Any] = self._tables(dataset, "segments")
        if needs_videos(self.catalogue, dataset, task):
            inputs |= self._tables(dataset, "videos")
        places: dict[str, Any] = {}
        seeing = watching(self.catalogue, dataset, task)
        if not seeing:  # text alone: every segment is a sample
            config["task"].pop("earliest_stop_s", None)
        else:
            of_views, views = watched(self.catalogue, dataset, seeing)
            inputs |= of_views
            config |= {"views": views, "on_bad_input": self.run.on_bad_input, "dataset": dataset}
            if any(one["view"]["kind"] == HEARD for one in views):
                # Whether a track can be heard is not in the table of videos: they are decoded.
                inputs["video_files"] = self.at.videos(dataset).files()
                places["video_folders"] = self.at.videos(dataset).folders()
        return Planned(inputs=inputs, config=config, places=places)

    def probe_videos(self, dataset: str) -> Planned:
        """What each video file holds."""
        return Planned(
            inputs={
                "segments": f"{self.results}/{dataset}/segments.parquet",
                "files": self.at.videos(dataset).all_files(),
            },
            config={
                "patterns": self.at.videos(dataset).patterns(),
                "names": self.at.videos(dataset).names(),
                "frames": self.at.videos(dataset).frames(),
                "unlabelled": self.at.videos(dataset).unlabelled(),
                "on_bad_input": self.run.on_bad_input,
            },
            places={"video_folders": self.at.videos(dataset).folders()},
        )

    def train_backbone(self, dataset: str, backbone: str) -> Planned:
        """The network whose vectors students read."""
        settings = self.catalogue.named("backbones", backbone, dataset)
        return Planned(
            inputs={
                **self._tables(dataset, "segments", "videos", "classes"),
                "video_files": self.at.videos(dataset).files(),
                **self._published(settings),
            },
            config={
                "model": settings.model_dump(mode="json", exclude={"grid", "files"}),
                "dataset": dataset,
                "evaluated": self.catalogue.dataset(dataset).evaluated,
            },
            places={
                "video_folders": self.at.videos(dataset).folders(),
                **self.run.tracked(f"{dataset}/backbones/{backbone}"),
            },
            processes=self.run.processes.get(backbone, 1),
        )

    def extract_features(self, dataset: str, backbone: str, shard: str) -> Planned:
        """Its vectors of one shard of the videos."""
        settings = self.catalogue.named("backbones", backbone, dataset)
        published, checkpoint = self._published(settings), {}
        if settings.training is not None:
            checkpoint["checkpoint"] = f"{self.results}/{dataset}/backbones/{backbone}/checkpoint"
            published.pop("weights", None)  # its checkpoint holds weights of its own
        return Planned(
            inputs={
                **self._tables(dataset, "segments", "videos"),
                **checkpoint,
                **published,
                "video_files": self.at.videos(dataset).files(),
            },
            config={
                "network": settings.network,
                "view": settings.view,
                "grid": settings.grid.model_dump(mode="json"),
                "shard": int(shard),
                "tasks": tasks_seen_through(self.catalogue, dataset, backbone),
                "on_bad_input": self.run.on_bad_input,
            },
            places={"video_folders": self.at.videos(dataset).folders()},
        )

    def store_frames(self, dataset: str, frame_store: str, modality: str, shard: str) -> Planned:
        """One shard of a frame store: the frames that some view of the run shows."""
        settings = self.catalogue.named("frame_stores", frame_store, dataset)
        made_from = settings.made_from(modality)
        videos = self.at.videos(dataset)
        reading = stored(self.catalogue, dataset).get((frame_store, modality), [])
        shown = []
        for view, tasks in reading:
            resolved = with_defaults(view, "views", self.catalogue.components)
            sampling = {name: resolved[name] for name in ("frames", "rate", "ticks", "sampler", "window")}
            for task in tasks:
                one = {"sampling": sampling, "task": task_of(self.catalogue, dataset, task)}
                shown += [one] if one not in shown else []
        return Planned(
            inputs={
                **self._tables(dataset, "segments", "videos"),
                "video_files": videos.files(made_from),
            },
            config={
                "modality": modality,
                "made_from": made_from,
                **settings.model_dump(mode="json"),
                "shard": int(shard),
                "shown": shown,
                "on_bad_input": self.run.on_bad_input,
            },
            places={"video_folders": videos.folders(made_from)},
        )

    def _published(self, settings: BackboneConfig) -> dict[str, str]:
        """What its network starts from."""
        found = {}
        if settings.init is not None:
            found["pretrained"] = self.at.weights(settings.init)
        if settings.published is not None:
            found["weights"] = f"{self.run.data_root}/{settings.published}"
        return found

    def gather_issues(self, dataset: str) -> Planned:
        """Everything that was wrong with the dataset's files."""
        folder = f"{self.results}/{dataset}/issues"
        parts = {f"{folder}/read_annotations.parquet"}
        for system in self.catalogue.systems_of(dataset):
            preset = self.catalogue.system(dataset, system)
            used = {model.backbone for model in preset.models.values() if isinstance(model, ModelConfig)}
            made = {
                name: backbone
                for name, backbone in preset.backbones.items()
                if name in used and backbone.files is None
            }
            for name, backbone in made.items():
                parts |= {
                    f"{folder}/extract_features-{name}-{shard}.parquet"
                    for shard in range(backbone.grid.shards)
                }
            pixels = any(
                self.catalogue.shows(view) in ("pixels", "boxes")
                for model in preset.models.values()
                if isinstance(model, ModelConfig)
                for view in model.each_view
            )
            for (store, modality), _ in stored(self.catalogue, dataset).items():
                shards = range(self.catalogue.named("frame_stores", store, dataset).shards)
                parts |= {f"{folder}/store_frames-{store}-{modality}-{shard}.parquet" for shard in shards}
            if made or pixels:  # features that are given as files need no video
                parts.add(f"{folder}/probe_videos.parquet")
        return Planned(
            inputs={"issues": sorted(parts)},
            config={},
        )

    def _tables(self, dataset: str, *names: str) -> dict[str, str]:
        return tables(self.results, dataset, *names)
