"""Where the files lie that a run's names stand for: corpora, language models, models, features, videos."""

from __future__ import annotations

import re
from functools import cache, cached_property
from pathlib import Path

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.dataset_videos import DatasetVideos
from foretaste.pipeline.found_files import matching
from foretaste.settings.average_config import AverageConfig
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.language_models import artifact_name
from foretaste.settings.result_paths import path_of

#: The text whose files lie in the folder of the corpus itself.
PLAIN_TEXT = "recipes"


class Locations:
    """The files of one run, by the names of its catalogue."""

    def __init__(self, catalogue: Catalogue):
        self.catalogue, self.run, self.results = catalogue, catalogue.run, catalogue.results

    def text_name(self, corpus: str, lm: str) -> str:
        """What the language model reads of a corpus, as it stands in paths: ``<corpus>`` for the text
        ``recipes``, else ``<corpus>/<text>``.
        """
        text = self.catalogue.named("lms", lm).text
        return corpus if text == PLAIN_TEXT else f"{corpus}/{text}"

    @cached_property
    def first_models(self) -> dict[str, str]:
        """The name of its artifact -> the name in presets, of every language model and backbone that one of
        them starts from.
        """
        found: dict[str, str] = {}
        for system in self.catalogue.files.names("systems"):
            preset = self.catalogue.files.merged("systems", system)
            trained = [*preset.get("lms", {}).values(), *preset.get("backbones", {}).values()]
            for name in (one.get(key) for one in trained for key in ("init", "generator")):
                if name is not None and found.setdefault(artifact_name(name), name) != name:
                    raise ConfigError(
                        f"{name} and {found[artifact_name(name)]} would be one folder",
                        f"workflow/systems/{system}.yaml: lms, backbones",
                        "one name for one model",
                        "use one of the names in all presets",
                    )
        return found

    def weights(self, name: str) -> str:
        """Where the model lies that presets call ``name``: what ``fetch_weights`` makes."""
        return f"{self.results}/weights/{artifact_name(name)}"

    def corpus(self, dataset: str) -> str:
        """The recipe corpus that goes with a dataset: its own world's, or the file that the run names."""
        if self.catalogue.dataset(dataset).world is not None:
            return dataset
        if self.run.recipes is None:
            raise ConfigError(
                "no recipes", "config.yaml: recipes", "the path of a layer1.json", "set recipes=FILE"
            )
        name = re.fullmatch(r"([A-Za-z0-9_-]+)(?i:\.json)?(?i:\.gz|\.xz|\.bz2)?", Path(self.run.recipes).name)
        if name is None or name[1] in self.catalogue.files.names("datasets"):
            raise ConfigError(
                f"recipes named {Path(self.run.recipes).name!r}",
                self.run.recipes,
                "a name of letters, digits, _ and - that no dataset has, then .json, .gz, .xz, .bz2 or"
                " nothing",
                "rename or link the file",
            )
        return name[1]

    def model_folder(self, dataset: str, system: str, model: str, seed: int) -> str:
        """Where a model of a system lies; teachers have only ``teacher_seeds`` different seeds, an average
        over seeds has one.
        """
        settings = self.catalogue.model(dataset, system, model)
        if isinstance(settings, AverageConfig) and settings.seeds:
            seed = 0
        elif settings.role == "teacher":
            seed %= self.catalogue.system(dataset, system).teacher_seeds
        return f"{self.results}/{dataset}/{system}/seed{seed}/{model}"

    def features(self, dataset: str, backbone: str) -> list[str]:
        """The feature shards of a backbone: made here, or given."""
        settings = self.catalogue.named("backbones", backbone, dataset)
        if settings.files is not None:
            found = matching(Path(self.run.data_root), settings.files)
            return [str(path) for path in found] or [f"{self.run.data_root}/{settings.files}"]
        return [
            f"{self.results}/{dataset}/features/{backbone}/{shard}.h5"
            for shard in range(settings.grid.shards)
        ]

    def frames(self, dataset: str, store: str, modality: str) -> list[str]:
        """The shards of a frame store that hold a modality."""
        shards = self.catalogue.named("frame_stores", store, dataset).shards
        names = {"dataset": dataset, "frame_store": store, "modality": modality}
        paths = [path_of("store_frames", "frames", **names, shard=shard) for shard in range(shards)]
        return [f"{self.results}/{path}" for path in paths]

    def boxes(self, dataset: str) -> str:
        """The table of boxes of its videos; of a generated world, the folder that holds it."""
        settings = self.catalogue.dataset(dataset)
        if settings.world is not None:
            return f"{self.results}/{dataset}/world/annotations"
        if settings.boxes is None:
            raise ConfigError(
                "no boxes",
                f"workflow/datasets/{dataset}.yaml",
                "boxes: FILE, a table of boxes (docs/formats.md)",
                "say where they lie",
            )
        return f"{self.run.data_root}/{settings.boxes}"

    def videos(self, dataset: str) -> DatasetVideos:
        """Where its videos lie."""
        return _videos(self.catalogue, dataset)


@cache
def _videos(catalogue: Catalogue, dataset: str) -> DatasetVideos:
    """One look a plan: there is one catalogue for each."""
    settings, data_root = catalogue.dataset(dataset), catalogue.run.data_root
    return DatasetVideos(name=dataset, settings=settings, data_root=data_root, results=catalogue.results)
