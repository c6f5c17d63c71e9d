"""Fetch what is public of a dataset, each file with its sha256, and say where to ask for the rest.

    foretaste fetch epic55 --config data_root=/data

Files that are there already and as published are kept; one that is there and is another is left alone, with
an error. Which files there are stands in workflow/published. `foretaste doctor` examines what came. (Results
that others share are fetched by `foretaste store fetch`.)
"""

from __future__ import annotations

import argparse
from pathlib import Path

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.doctor.download import download
from foretaste.doctor.published import RECIPE1M, PublicFile, Published, published
from foretaste.pipeline import console
from foretaste.pipeline.artifact import sha256
from foretaste.pipeline.configured import add_config, configured


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("dataset", help="a file of workflow/datasets, or recipe1m")
    add_config(parser)
    parser.add_argument("--dry-run", action="store_true", help="only say what")


def run(arguments: argparse.Namespace) -> int:
    """Fetch and tell; 1 where a file could not be had."""
    of_text = arguments.dataset == RECIPE1M
    made = configured([*arguments.config, *([] if of_text else [f"dataset={arguments.dataset}"])])
    known = published(made.catalogue.files, arguments.dataset)
    if known is None:
        settings = made.catalogue.dataset(arguments.dataset)
        raise ConfigError(
            f"nothing is known of where {arguments.dataset} can be had",
            f"workflow/published/{arguments.dataset}.yaml",
            settings.source or "files with their sha256",
            "get it by hand, or write down what is public of it",
        )
    data_root = Path(made.catalogue.run.data_root)
    failed = sum(_fetch(file, data_root, arguments.dry_run) for file in known.each_file())
    _ask(known, data_root)
    return 1 if failed else 0


def _fetch(file: PublicFile, data_root: Path, dry_run: bool) -> bool:
    """Whether it failed."""
    path = data_root / file.path
    try:
        print(f"{path}: {_got(file, path, dry_run)}", flush=True)
    except DataError as error:
        console.say(f"error: {error}")
        return True
    return False


def _got(file: PublicFile, path: Path, dry_run: bool) -> str:
    if path.exists():
        if (found := sha256(path)) != file.sha256:
            to_do = "move it away to have the published one, or keep it and say what was changed"
            raise DataError("another file is there", path, f"sha256 {file.sha256}, found {found}", to_do)
        return "there already, as published"
    if file.address is None:
        return "not to be had without asking"
    if dry_run:
        return f"would be fetched from {file.address}"
    return f"{download(file, path):,} bytes, as published"


def _ask(known: Published, data_root: Path) -> None:
    for one in known.apply:
        print(f"ask for {one.what}: {one.where}; it belongs into {data_root / one.into}")
