"""Make docs/results.md, and docs/results-tables.md behind it, from the summaries of the runs that they show.

    foretaste results-page docs/results/*.json            write both
    foretaste results-page docs/results/*.json --check    exit 1 if one is not what these files give

A file is a run's summary.json, kept as docs/results/<dataset>_<history rule>.json; published.json holds
others' numbers.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from foretaste.contracts.errors import DataError
from foretaste.pipeline import artifact
from foretaste.report.results_page import pages


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        type=Path,
        help="docs/results/<dataset>_<history rule>.json, published.json",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("docs/results.md"), help="the first page (default docs/results.md)"
    )
    parser.add_argument("--check", action="store_true", help="only compare")


def run(arguments: argparse.Namespace) -> None:
    """Write or compare the pages."""
    tables = arguments.out.with_name(f"{arguments.out.stem}-tables{arguments.out.suffix}")
    for path, made in zip((arguments.out, tables), pages(sorted(arguments.files)), strict=True):
        if not arguments.check:
            with artifact.whole(path) as partial:
                partial.write_text(made, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != made:
            raise DataError(
                "out of date",
                path,
                "what the result files give",
                "run foretaste results-page docs/results/*.json",
            )
