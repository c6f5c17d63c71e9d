"""Print the table of arms of a finished run, and where its report is.

    foretaste arms results/kitchen/lm_avt_demo/summary.json

Per cent, with the standard deviation over seeds; * marks the primary metric. The last line is `report:
<path>`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from foretaste.contracts.errors import DataError
from foretaste.pipeline import artifact
from foretaste.report.arms_table import table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("summary", metavar="SUMMARY", type=Path, help="a summary.json")


def run(arguments: argparse.Namespace) -> None:
    """Print the table."""
    summary = artifact.read_json(arguments.summary)
    if not isinstance(summary, dict) or not {"arms", "primary_metric"} <= set(summary):
        raise DataError(
            "not a summary", arguments.summary, "the summary.json of a finished report", "correct the path"
        )
    print("\n".join(table(summary)))
    print(f"report: {arguments.summary.with_name('report.html')}")
