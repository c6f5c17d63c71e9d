"""Examine a dataset before a week of computing is spent on it: everything that a run would stop at, and what
would make its numbers wrong without stopping it, found in one go.

    foretaste doctor epic55
    foretaste doctor epic55 --config data_root=/data systems=lm_avt_counts --fail-on warn

A line a check: PASS, WARN, FAIL, or SKIP where there is nothing to look at; below it a line a finding: what,
where, what was expected, what to do. Exit code 1 where a check fails (--fail-on warn: or warns).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from foretaste.contracts.errors import unknown
from foretaste.doctor.examination import examine, names
from foretaste.doctor.examined import Examined
from foretaste.doctor.findings import Finding, Result
from foretaste.doctor.published import published
from foretaste.pipeline.configured import add_config, configured

#: What a level of --fail-on counts as failure.
FAILS = {"fail": ("FAIL",), "warn": ("FAIL", "WARN")}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("dataset", help="a file of workflow/datasets")
    add_config(parser)
    parser.add_argument(
        "--only", nargs="+", metavar="CHECK", default=names(), help=f"of {', '.join(names())}"
    )
    parser.add_argument("--every-frame", action="store_true", help="decode every frame of every video")
    parser.add_argument("--fail-on", choices=tuple(FAILS), default="fail", help="default: fail")
    parser.add_argument(
        "--most", type=int, default=10, metavar="N", help="findings shown a check (default: 10)"
    )
    parser.add_argument("--json", action="store_true", help="print all of it as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print what is found; 1 where something is."""
    for name in arguments.only:
        if name not in names():
            raise unknown("check", name, names(), "--only")
    made = configured([*arguments.config, f"dataset={arguments.dataset}"])
    results: list[Result] = []
    for name in made.catalogue.dataset(arguments.dataset).pool or (arguments.dataset,):
        known = published(Path(), made.catalogue.files, name)
        examined = Examined(made, name, known, arguments.every_frame)
        for result in examine(examined, arguments.only):
            results.append(result)
            if not arguments.json:
                _tell(result, arguments.most)
    if arguments.json:
        print(
            json.dumps({"dataset": arguments.dataset, "checks": [asdict(one) for one in results]}, indent=1)
        )
    else:
        print(_sum(arguments.dataset, results))
    return 1 if any(one.level in FAILS[arguments.fail_on] for one in results) else 0


def _tell(result: Result, most: int) -> None:
    print(f"{result.level}  {result.check:10} {result.said}", flush=True)
    for one in result.findings[:most]:
        print(f"      {_line(one)}")
    if len(result.findings) > most:
        print(f"      and {len(result.findings) - most:,} more; --most 0 or --json shows all")


def _line(found: Finding) -> str:
    return f"{found.level.lower()}: {found.what}: {found.where}: {found.expected}: {found.to_do}"


def _sum(dataset: str, results: Sequence[Result]) -> str:
    counts = {level: sum(one.level == level for one in results) for level in ("PASS", "WARN", "FAIL", "SKIP")}
    words = {"PASS": "passed", "WARN": "with warnings", "FAIL": "failed", "SKIP": "not made"}
    return f"{dataset}: checks " + ", ".join(f"{count} {words[name]}" for name, count in counts.items())
