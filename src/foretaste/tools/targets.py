"""List what can be asked of Snakemake by name, a line each.

    foretaste targets --config dataset=epic55

Every path of a result is a target, too (docs/formats.md).
"""

from __future__ import annotations

import argparse

from foretaste.pipeline.configured import add_config, configured
from foretaste.pipeline.named_targets import elsewhere, named_targets


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    add_config(parser)
    parser.add_argument("--all", action="store_true", help="also systems that are made for other datasets")


def run(arguments: argparse.Namespace) -> None:
    """Print them."""
    catalogue = configured(arguments.config).catalogue
    found = named_targets(catalogue)
    width = max(len(name) for name in found)
    for name, line in found.items():
        print(f"{name:{width}}  {line}")
    others = elsewhere(catalogue)
    if arguments.all:
        for name, datasets in others.items():
            print(f"{name:{width}}  (not on {catalogue.run.dataset}; made for {datasets})")
    else:
        print(f"{len(others)} more systems are made for other datasets than {catalogue.run.dataset} (--all)")
