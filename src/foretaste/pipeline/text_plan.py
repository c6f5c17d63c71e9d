"""The steps of workflow/rules/text.smk: from recipes to phrases and language models."""

from __future__ import annotations

from pathlib import Path

from foretaste.contracts.errors import ConfigError, unknown
from foretaste.pipeline.locations import PLAIN_TEXT, Locations
from foretaste.pipeline.planned import Planned
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.config import TextConfig
from foretaste.settings.language_models import source
from foretaste.settings.places import place


class TextPlan:
    """A method a stage; its arguments are the rule's wildcards."""

    def __init__(self, catalogue: Catalogue):
        self.catalogue, self.run, self.results = catalogue, catalogue.run, catalogue.results
        self.at = Locations(catalogue)

    def read_recipes(self, corpus: str) -> Planned:
        generated = corpus in self.catalogue.files.names("datasets")
        recipes = f"{self.results}/{corpus}/world/recipes" if generated else self.run.recipes
        if not generated and (recipes is None or self.at.corpus(self.run.dataset) != corpus):
            raise ConfigError(
                f"no recipes for the corpus {corpus!r}",
                "config.yaml: recipes",
                f"a file named {corpus}.json",
                "set recipes=FILE",
            )
        return Planned(
            inputs={"recipes": recipes},
            config={"on_bad_input": self.run.on_bad_input},
        )

    def extract_openie(self, text: str, shard: str) -> Planned:
        corpus = text.partition("/")[0]
        config = {**self._text(text).openie.model_dump(mode="json"), "shard": int(shard)}
        inputs, places = {"sentences": f"{self.results}/text/{corpus}/sentences.parquet"}, {}
        if "archive" in config["backend"]:
            # What is in the archive decides; where it and its environment lie does not.
            archive = place(config["backend"].pop("archive"), "openie.backend.archive")
            inputs["archive"] = str(Path(self.run.data_root) / archive)
            places["environment"] = place(
                config["backend"].pop("environment", ".venv-openie"), "openie.backend.environment"
            )
        return Planned(
            inputs=inputs,
            config=config,
            places=places,
        )

    def make_phrases(self, text: str) -> Planned:
        folder, settings = f"{self.results}/text/{text}", self._text(text)
        return Planned(
            inputs={
                "extractions": [f"{folder}/shards/{shard}.parquet" for shard in range(settings.openie.shards)]
            },
            config=dict(settings.phrases),
        )

    def _text(self, text: str) -> TextConfig:
        """The settings of a text from its name in paths (``Catalogue.text_name``)."""
        return self.catalogue.text(text.partition("/")[2] or PLAIN_TEXT)

    def fetch_weights(self, weights: str) -> Planned:
        if weights not in self.at.first_models:
            raise unknown("model", weights, self.at.first_models, "the presets' lms and backbones")
        found = source(self.at.first_models[weights], Path(self.run.data_root))
        inputs = {"files": [str(path) for path in found.files]} if found.files else {}
        return Planned(
            inputs=inputs,
            config=found.facts,
        )

    def pretrain(self, corpus: str, lm: str) -> Planned:
        settings = self.catalogue.named("lms", lm)
        text = self.at.text_name(corpus, lm)
        inputs = {
            "phrases": f"{self.results}/text/{text}/phrases.parquet",
            "lm": self.at.weights(settings.init),
        }
        if settings.generator is not None:
            inputs["generator"] = self.at.weights(settings.generator)
        return Planned(
            inputs=inputs,
            config=settings.model_dump(mode="json", exclude={"text"}),
            places=self.run.tracked(f"lm/{corpus}/{lm}"),
            processes=self.run.processes.get(lm, 1),
        )
