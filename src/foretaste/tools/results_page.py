"""Pages of finished runs, from their summaries.

    foretaste results-page docs/results/*.json            write docs/results.md and the tables behind it
    foretaste results-page docs/results/*.json --check    exit 1 if one is not what these files give
    foretaste results-page results/*/*/summary.json --out comparison.html
                                                          any runs side by side, in the look of a report

A file of the first two is a run's summary.json, kept as docs/results/<dataset>_<history rule>.json, or where
nobody reads a history <dataset>.<system>.json; published.json holds others' numbers.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.pipeline import artifact
from foretaste.report import comparison
from foretaste.report.results_page import pages


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("files", nargs="+", metavar="FILE", type=Path, help="summary.json of finished runs")
    parser.add_argument(
        "--out", type=Path, default=Path("docs/results.md"),
        help="the first page (default docs/results.md); with the ending .html, the runs side by side",
    )  # fmt: skip
    parser.add_argument(
        "--over", metavar="SETTING", help="of runs side by side: draw the primary metric against it (tau_a)"
    )
    parser.add_argument("--check", action="store_true", help="only compare")


def run(arguments: argparse.Namespace) -> None:
    """Write or compare the pages."""
    for path, made in _made(arguments):
        if not arguments.check:
            with artifact.whole(path) as partial:
                partial.write_text(made, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != made:
            raise DataError("out of date", path, "what the files give", "run it without --check")


def _made(arguments: argparse.Namespace) -> Iterator[tuple[Path, str]]:
    out = arguments.out
    if out.suffix == ".html":
        yield out, comparison.page(arguments.files, arguments.over)
        return
    if arguments.over is not None:
        raise ConfigError(f"--over with {out}", "--out", "a page .html", "add --out comparison.html")
    tables = out.with_name(f"{out.stem}-tables{out.suffix}")
    yield from zip((out, tables), pages(sorted(arguments.files)), strict=True)
