"""Give results their names, all of a run together. The workflow asks for it when all of them are made."""

from __future__ import annotations

import argparse
from pathlib import Path

from foretaste.contracts.json_files import read_json
from foretaste.pipeline import console
from foretaste.pipeline.links import give_names
from foretaste.pipeline.store import Store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("job", type=Path, help="what the workflow wrote: which results, and their names")


def run(arguments: argparse.Namespace) -> None:
    """Change what is to change."""
    job = read_json(arguments.job, "the workflow again")
    for path in give_names(Store(job["results"], job["stores"]), map(tuple, job["names"])):
        console.say(f"{path}: a file of somebody's own; it lies beside it now as {path.name}~")
