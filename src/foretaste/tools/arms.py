"""Print the table of arms of a finished run, and where its report is.

    foretaste arms results/kitchen/lm_avt_demo/summary.json

Per cent, with the standard deviation over seeds; * marks the primary metric. The last line is `report:
<path>`, where there is one beside it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from foretaste.report.arms_table import table
from foretaste.report.summaries import read_summary


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("summary", metavar="SUMMARY", type=Path, help="a summary.json")


def run(arguments: argparse.Namespace) -> None:
    """Print the table."""
    print("\n".join(table(read_summary(arguments.summary))))
    report = arguments.summary.with_name("report.html")
    if report.exists():
        print(f"report: {report}")
