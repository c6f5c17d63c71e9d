"""Fetch a result that another has made. The workflow asks for it where a store has what it lacks."""

from __future__ import annotations

import argparse
from pathlib import Path

from foretaste.contracts.json_files import read_json
from foretaste.pipeline import console
from foretaste.pipeline.store import Store
from foretaste.sharing.opening import open_place
from foretaste.sharing.remote import fetch, remote


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("job", type=Path, help="what the workflow wrote: which result, and from where")


def run(arguments: argparse.Namespace) -> None:
    """Bring it here, verified."""
    job = read_json(arguments.job, "the workflow again")
    found = remote(open_place(job["place"]), job["key"])
    fetch(found, Store(job["results"], job["stores"]))
    console.say(
        f"{next(iter(job['names'].values()))}: {found.bytes / 1e6:.1f} MB from {job['place']}, verified"
    )
