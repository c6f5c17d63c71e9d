"""Make a project folder that the installed workflow runs in: for your videos and labels, or for the kitchen.

    foretaste init tea --videos films --labels actions.csv
    foretaste init try

Videos and labels stay where they are; the project links to them. Without them its dataset is the generated
kitchen. The folder holds config.yaml, a dataset in workflow/datasets, profiles, and a README of what to run;
the workflow itself and its presets stay in the package.
"""

from __future__ import annotations

import argparse
import csv
import json
import shlex
import shutil
from pathlib import Path
from string import Template

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.pipeline.artifact import whole
from foretaste.settings.families import PACKAGE
from foretaste.settings.names import check_name
from foretaste.settings.preset_files import Files

TEMPLATES = PACKAGE / "workflow" / "project"
PROFILES = PACKAGE / "workflow" / "profiles"

#: The dataset of a project without data of its own.
KITCHEN = "kitchen"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="folder to make")
    parser.add_argument("--videos", metavar="DIR", type=Path, help="the folder of your videos")
    parser.add_argument("--labels", metavar="CSV", type=Path, help="the file of your labels, a row an action")
    parser.add_argument("--dataset", metavar="NAME", help="what it is called (default: as FOLDER)")


def run(arguments: argparse.Namespace) -> None:
    """Make it, whole or not at all, and print what to do next."""
    folder, videos, labels = arguments.folder, arguments.videos, arguments.labels
    if (videos is None) != (labels is None):
        raise ConfigError("half of a dataset", "command line", "--videos and --labels", "give both, or none")
    if folder.exists():
        raise ConfigError("something is there", folder, "a folder to make", "name another")
    own = labels is not None
    dataset = arguments.dataset or (folder.resolve().name if own else KITCHEN)
    header = _check(dataset, videos, labels) if own else []
    with whole(folder) as made:
        shutil.copytree(PROFILES, made / "workflow" / "profiles")
        shutil.copytree(PROFILES / "local", made / "profiles" / "default")
        for name in ("datasets", "systems"):
            (made / "workflow" / name).mkdir()
        words = {"dataset": dataset}
        for name in ("Snakefile", "config.yaml", "README.md"):
            _fill(name, made / name, words)
        data = made / "data"
        data.mkdir()
        if own:
            # In quotes, for a name may hold what means something in YAML; a header on one line.
            named = json.dumps(f"{dataset}/{labels.name}", ensure_ascii=False)
            told = " ".join(", ".join(header).split())
            words |= {"file": named, "labels": " ".join(labels.name.split()), "header": told}
            _fill("dataset.yaml", made / "workflow" / "datasets" / f"{dataset}.yaml", words)
            (data / dataset).mkdir()
            (data / dataset / "videos").symlink_to(videos.resolve(), target_is_directory=True)
            (data / dataset / labels.name).symlink_to(labels.resolve())
    print(_told(folder, dataset, own))


def _check(dataset: str, videos: Path, labels: Path) -> list[str]:
    """The header of the labels; raises for a name that is no dataset's, and for data that are not there."""
    check_name("dataset", dataset, "--dataset, or the folder's name", Files(PACKAGE).names("datasets"))
    if not videos.is_dir():
        raise DataError("no folder of videos", videos, "a folder", "correct --videos")
    if not labels.is_file():
        raise DataError("no labels", labels, "a CSV file with a header", "correct --labels")
    try:
        with open(labels, encoding="utf-8-sig", newline="") as file:
            return next(csv.reader(file), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"no CSV ({error})", labels, "UTF-8 with a header", "save it as that") from error


def _fill(template: str, path: Path, words: dict[str, str]) -> None:
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    path.write_text(Template(text).substitute(words), encoding="utf-8")


def _told(folder: Path, dataset: str, own: bool) -> str:
    there = shlex.quote(str(folder))
    if not own:
        return (
            f"{folder}: cd {there}; snakemake --cores 2 demo (from generated recipes and videos to a report)"
        )
    first = f"say in {folder}/workflow/datasets/{dataset}.yaml what the columns are called"
    return f"{folder}: {first}, then cd {there}; foretaste doctor {dataset}; snakemake --cores 2"
