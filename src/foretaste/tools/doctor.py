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
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from foretaste.contracts.errors import ConfigError, unknown
from foretaste.doctor.examination import CHECKS, examine
from foretaste.doctor.examined import Asked, Examined
from foretaste.doctor.findings import Finding, Result
from foretaste.doctor.published import RECIPE1M, published
from foretaste.pipeline.configured import Configured, add_config, configured

#: What a level of --fail-on counts as failure.
FAILS = {"fail": ("FAIL",), "warn": ("FAIL", "WARN")}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("dataset", help="a file of workflow/datasets, or recipe1m")
    add_config(parser)
    parser.add_argument(
        "--only", nargs="+", metavar="CHECK", default=list(CHECKS), help=f"of {', '.join(CHECKS)}"
    )
    parser.add_argument("--every-frame", action="store_true", help="decode every frame of every video")
    parser.add_argument(
        "--scores", nargs="+", type=Path, default=[], metavar="FOLDER", help="score caches that are to fit it"
    )
    parser.add_argument("--fail-on", choices=tuple(FAILS), default="fail", help="default: fail")
    parser.add_argument(
        "--most", type=int, default=10, metavar="N", help="findings shown a check; 0: all (default: 10)"
    )
    parser.add_argument("--json", action="store_true", help="print all of it as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print what is found; 1 where something is."""
    for name in arguments.only:
        if name not in CHECKS:
            raise unknown("check", name, CHECKS, "--only")
    of_text = arguments.dataset == RECIPE1M
    made = configured([*arguments.config, *([] if of_text else [f"dataset={arguments.dataset}"])])
    asked = Asked(every_frame=arguments.every_frame, scores=tuple(arguments.scores))
    results: list[Result] = []
    for examined, checks in _each(made, arguments, asked):
        for result in examine(examined, checks):
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


def _each(
    made: Configured, arguments: argparse.Namespace, asked: Asked
) -> Iterator[tuple[Examined, Sequence[str]]]:
    """What is examined, with its checks: the dataset or all that it pools, or the recipes of the run."""
    files = made.catalogue.files
    if arguments.dataset == RECIPE1M:
        if made.catalogue.run.recipes is None:
            to_do = "foretaste doctor recipe1m --config recipes=FILE"
            raise ConfigError("no recipes", "config.yaml: recipes", "the path of a layer1.json", to_do)
        known = published(files, RECIPE1M)
        yield Examined(made, made.catalogue.run.dataset, known, asked), ("recipes",)
        return
    for name in made.catalogue.dataset(arguments.dataset).pool or (arguments.dataset,):
        yield Examined(made, name, published(files, name), asked), arguments.only


def _tell(result: Result, most: int) -> None:
    print(f"{result.level}  {result.check:12} {result.said}", flush=True)
    shown = result.findings[: most or None]
    for one in shown:
        print(f"      {_line(one)}")
    if len(result.findings) > len(shown):
        print(f"      and {len(result.findings) - len(shown):,} more; --most 0 or --json shows all")


def _line(found: Finding) -> str:
    return f"{found.level.lower()}: {found.what}: {found.where}: {found.expected}: {found.to_do}"


def _sum(dataset: str, results: Sequence[Result]) -> str:
    counts = {level: sum(one.level == level for one in results) for level in ("PASS", "WARN", "FAIL", "SKIP")}
    words = {"PASS": "passed", "WARN": "with warnings", "FAIL": "failed", "SKIP": "not made"}
    return f"{dataset}: checks " + ", ".join(f"{count} {words[name]}" for name, count in counts.items())
