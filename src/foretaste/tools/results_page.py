"""Make docs/results.md from the summaries of the runs that it shows.

    foretaste results-page docs/results/*.json            write docs/results.md
    foretaste results-page docs/results/*.json --check    exit 1 if it is not what these files give

A file is a run's summary.json, kept as docs/results/<dataset>_<history rule>.json; published.json holds
others' numbers.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from foretaste.contracts.errors import DataError
from foretaste.pipeline import artifact
from foretaste.report.results_page import page


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
        "--out", type=Path, default=Path("docs/results.md"), help="the page (default docs/results.md)"
    )
    parser.add_argument("--check", action="store_true", help="only compare")


def run(arguments: argparse.Namespace) -> None:
    """Write or compare the page."""
    made = page(sorted(arguments.files))
    if not arguments.check:
        with artifact.whole(arguments.out) as partial:
            partial.write_text(made, encoding="utf-8")
    elif not arguments.out.exists() or arguments.out.read_text(encoding="utf-8") != made:
        raise DataError(
            "out of date",
            arguments.out,
            "what the result files give",
            "run foretaste results-page docs/results/*.json",
        )
