"""OpenIE by rules for English instructions: who does what to what, in the order of the words.

``Rules(Config()).extract("Wash and chop the onions.")`` finds (wash, onions) and (chop, onions). What the
rules do and how well is in docs/openie.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import model_validator

from foretaste.openie.extraction import Extraction, Found
from foretaste.openie.published import published
from foretaste.openie.reading import Reading
from foretaste.settings.options import Options


class Config(Options):
    """Settings of the rules backend."""

    canonical: bool = True
    """Whether the action counts rather than the verb that leads to it: "bring the water to a boil" is (boil,
    water), "let it stand" (stand, it), "use a knife to cut the dough" (cut, dough), "continue stirring"
    (stir); and whether a with-phrase stands in for the object of "season with salt" (season, salt).
    """
    objects: Literal["first", "each"] = "first"
    """Of objects that are joined ("the salt and the pepper"): the first, or an extraction for each."""
    as_published: bool = False
    """The quirks of the published extraction: verbs as written, objects with their determiners and all that
    is joined to them, lost where they end the text without a period; all in lower case. It implies
    `canonical: false` and `objects: first`.
    """

    @model_validator(mode="after")
    def _not_both(self) -> Config:
        if self.as_published and self.objects == "each":
            raise ValueError(
                "as_published keeps joined objects together: use objects: first, or leave it out"
            )
        if self.as_published and self.canonical and "canonical" in self.model_fields_set:
            raise ValueError("as_published keeps verbs as written: use canonical: false, or leave it out")
        return self


class Rules:
    """Extracts the actions of one sentence at a time."""

    #: A third of a second: what a kill may cost.
    block = 1 << 14

    def __init__(self, config: Config):
        self.config = config
        self.canonical = config.canonical and not config.as_published

    def extract(self, sentence: str) -> list[Extraction]:
        """The actions of ``sentence``, in the order of their verbs; a text of several sentences gives
        those of each.
        """
        reading = Reading(sentence, self.canonical, self.config.objects == "each")
        found = reading.read()
        return published(reading, found) if self.config.as_published else found

    def extract_all(self, sentences: Sequence[str]) -> list[Found]:
        """What ``extract`` finds in each of the sentences."""
        return [self.extract(sentence) for sentence in sentences]

    def close(self) -> None:
        """Nothing is held."""


def build(config: Config, scratch: Path | None = None) -> Rules:
    """``scratch`` is for backends that keep what they found; these rules find it again as fast."""
    return Rules(config)
