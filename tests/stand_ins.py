"""A data folder for plans over the real data sets, where nothing is run: every file that they name, empty."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import hub_cache

from foretaste.contracts.errors import DataError
from foretaste.pipeline.contents import Contents
from foretaste.pipeline.graph import Graph, Node
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.targets import Targets
from foretaste.settings import families
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.config import validated

ROOT = Path(__file__).parents[1]
FILES = (
    "epic55/videos/P01_01.MP4",
    "epic100/videos/P01_01.MP4",
    "egtea/videos/OP01-R01-PastaSalad.mp4",
    "features/ircsn152/0.h5",
    "features/ircsn152_ek100/0.h5",
    "weights/jx_vit_base_p16_224-80ecf9dd.pth",
    "weights/openie-model.2020.03.26.tar.gz",
    "layer1.json",
)


def write(folder: Path, *datasets: str) -> Path:
    """The files of all data sets, and the labels of ``datasets``."""
    labels = [path for dataset in datasets for path in label_files(folder, dataset)]
    for path in (*labels, *(folder / name for name in FILES)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name)
    hub_cache.put_in_data_root(folder)
    return folder


def label_files(folder: Path, dataset: str) -> list[Path]:
    """What the reader of a data set reads."""
    settings = Catalogue({"dataset": dataset}, ROOT).dataset(dataset).reader
    reader = families.load("annotations", settings["kind"], "reader")
    options = {key: value for key, value in settings.items() if key != "kind"}
    return reader.files(validated(reader.Config, options, "reader"), folder)


def graph(data: Path, dataset: str, systems: Sequence[str] = (), **settings: Any) -> Graph:
    """The steps of a run on such a folder."""
    given = {"data_root": str(data), "recipes": str(data / "layer1.json")}
    run = {"dataset": dataset, "systems": list(systems), **given, **settings}
    return Graph(Plan(Catalogue(run, ROOT)), Contents(data / ".sha256", may_write=False))


def whole_plan(data: Path, dataset: str, system: str) -> list[Node]:
    """The steps behind the report of a system. What else is missing is named, one by one: it is put there."""
    write(data, dataset)
    made = None
    for _ in range(100):
        try:
            # What is planned stays planned.
            made = made or graph(data, dataset, [system], results_root=str(data / "results"))
            reports = Targets(made.plan.catalogue).reports(dataset, [system])({})
            return made.walk([made.at(path)[0] for path in reports])
        except DataError as error:
            missing = re.match(r"missing (file|video folder): (\S+?): ", str(error))
            if not missing or not missing[2].startswith(str(data)):
                raise
            names = [""] if missing[1] == "file" else ["1.webm", "1.avi", "1.mp4"]
            for path in (Path(missing[2], name) for name in names):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(path.name)
    raise AssertionError("always another file that is missing")
