"""Starts a run again and again, and kills it each time: nine times the whole process group, once the driver
alone.

On the demo (two checkouts with the same environment; the second one has run undisturbed):

    python tests/workflow/killing.py CHECKOUT --undisturbed OTHER [--longest 60]
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

#: Of ten kills, the one that leaves the driver's jobs alive; the next driver meets them at work.
DRIVER_ALONE = 4


def killed(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    wait_s: tuple[float, float],
    log: TextIO,
) -> int:
    """Kill ``command`` up to ten times after a random time in ``wait_s``, let it end, and return how often it
    was killed.
    """
    moments, kills = random.Random(5), 0
    for attempt in range(10):
        process = _start(command, folder, environment, log)
        wait = moments.uniform(*wait_s)
        try:
            process.wait(timeout=wait)
            break
        except subprocess.TimeoutExpired:
            kill = os.kill if attempt == DRIVER_ALONE else os.killpg
            kill(process.pid, signal.SIGKILL)
            process.wait()
            kills += 1
            print(f"killed {kills} times, after {wait:.1f} s", file=log, flush=True)
    if _start(command, folder, environment, log).wait() != 0:
        raise RuntimeError("the run that was not killed did not end well; see its log")
    return kills


#: What trainings, extraction and scoring leave: weights and score shards, features, the losses of every step,
#: metrics.
MADE = ("*.safetensors", "*.h5", "log.jsonl", "metrics.json")


def made(folder: Path) -> dict[str, str]:
    """The sha256 of every such file among a checkout's results, by path."""
    paths = sorted(
        path
        for pattern in MADE
        for path in (folder / "results").rglob(pattern)
        if ".scratch" not in path.parts
    )
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def half_written(folder: Path) -> list[Path]:
    """Temporary files that a kill left behind among the results."""
    return [path for path in (folder / "results").rglob("*") if ".partial" in path.name]


def _start(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], log: TextIO
) -> subprocess.Popen:
    return subprocess.Popen(
        command, cwd=folder, env=dict(environment), stdout=log, stderr=log, start_new_session=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkout", type=Path)
    parser.add_argument(
        "--undisturbed", type=Path, required=True, help="checkout whose demo has run without a kill"
    )
    parser.add_argument(
        "--longest", type=float, default=60.0, help="seconds before a kill, at most (default: %(default)s)"
    )
    arguments = parser.parse_args()
    command = ("snakemake", "--quiet", "host", "--cores", "2", "demo")
    with open(arguments.checkout / "killing.log", "w", encoding="utf-8") as log:
        kills = killed(command, arguments.checkout, os.environ, (5.0, arguments.longest), log)
    ours, theirs = made(arguments.checkout), made(arguments.undisturbed)
    different = [path for path in ours if ours[path] != theirs.get(path)]
    for pattern in MADE:
        mine = [path for path in ours if Path(path).match(pattern)]
        same = len(mine) - sum(path in different for path in mine)
        print(
            f"{kills} kills; {same} of {len(mine)} files {pattern} equal those of the undisturbed run byte"
            " for byte"
        )
    print(f"different: {different or 'none'}; half-written: {half_written(arguments.checkout) or 'none'}")
    raise SystemExit(bool(different or half_written(arguments.checkout)))


if __name__ == "__main__":
    main()
