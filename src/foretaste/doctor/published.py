"""What is known of a public dataset before anybody looks at it: how many rows there are, the sha256 of
its files. Data, in ``workflow/published/<dataset>.yaml``; what holds of a dataset holds of those based on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from foretaste.settings.catalogue import Catalogue
from foretaste.settings.components import with_defaults
from foretaste.settings.config import validated
from foretaste.settings.options import Options
from foretaste.settings.places import inside_data_root
from foretaste.settings.preset_files import Files
from foretaste.settings.setting_types import DataPath
from foretaste.settings.yaml_files import read_yaml

#: The one corpus with facts of its own; it goes with any dataset.
RECIPE1M = "recipe1m"

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def _of_the_web(address: str) -> str:
    if not address.startswith(("https://", "http://")):
        raise ValueError("an address that begins with https:// or http://")
    return address.rstrip("/")


class PublishedFiles(Options):
    """Files that lie at one address."""

    into: DataPath
    """The folder where they belong, relative to data_root."""
    at: Annotated[str, AfterValidator(_of_the_web)] | None = None
    """The address that their names are put behind; null: they cannot be had without asking."""
    sha256: dict[Annotated[str, AfterValidator(inside_data_root)], Sha256]
    """Of each file, by its name."""


class Application(Options):
    """What is given to those who ask for it."""

    what: str
    """Videos, labels."""
    where: str
    """The page, or who to ask."""
    into: DataPath
    """The folder where it belongs, relative to data_root."""


class Published(Options):
    """The facts about one dataset."""

    reader: dict[str, Any] = {}
    """Settings of the reader under which they hold."""
    segments: dict[str, int] = {}
    """Rows of each split."""
    videos: dict[str, int] = {}
    """Videos of each split."""
    classes: dict[str, int] = {}
    """Classes of each head."""
    order: dict[str, Sha256] = {}
    """head -> sha256 of its class names, one a line, in the order of their ids."""
    alphabetical: dict[str, bool] = {}
    """head -> whether the ids follow the alphabet of its class names."""
    shared_videos: bool = False
    """Whether its splits part segments, and not videos."""
    recipes: dict[str, int] = {}
    """Of a corpus: recipes of each partition."""
    files: tuple[PublishedFiles, ...] = ()
    """What can be had, or compared."""
    apply: tuple[Application, ...] = ()
    """What one has to ask for."""

    def each_file(self) -> Iterator[PublicFile]:
        """Every file, with where it belongs and where it is had from."""
        for some in self.files:
            for name, sha256 in some.sha256.items():
                address = None if some.at is None else f"{some.at}/{name}"
                yield PublicFile(str(PurePosixPath(some.into, name)), sha256, address)


@dataclass(frozen=True)
class PublicFile:
    """``path`` is relative to data_root."""

    path: str
    sha256: str
    address: str | None


def published(files: Files, dataset: str) -> Published | None:
    """What is known of a dataset, or of what it is based on: the nearest word of each counts. None where
    nothing is known.
    """
    folder, known = files.root / "workflow" / "published", {}
    for name in reversed(files.chain("datasets", dataset) if dataset != RECIPE1M else [RECIPE1M]):
        path = folder / f"{name}.yaml"
        if path.is_file():
            known |= read_yaml(path)
    return validated(Published, known, f"workflow/published/{dataset}.yaml") if known else None


def holds(known: Published, reader: Mapping[str, Any], catalogue: Catalogue) -> bool:
    """Whether the facts are about labels that are read so."""
    settings = with_defaults(reader, "annotations", catalogue.components)
    return all(settings.get(name) == value for name, value in known.reader.items())
