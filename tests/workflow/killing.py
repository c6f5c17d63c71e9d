"""Starts a run again and again, and kills it each time: nine times the whole process group, once the driver alone.

On the demo (two checkouts with the same environment; the second one has run undisturbed):

    python tests/workflow/killing.py CHECKOUT --undisturbed OTHER [--longest 60]
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

#: Of ten kills, the one that leaves the driver's jobs alive; the next driver meets them at work.
DRIVER_ALONE = 4


def killed(command: Sequence[str], folder: Path, environment: Mapping[str, str], wait_s: tuple[float, float], log: TextIO) -> int:
    """Kill ``command`` up to ten times after a random time in ``wait_s``, let it end, and return how often it was killed."""
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


def metrics(folder: Path) -> dict[str, bytes]:
    """Every metrics.json of a checkout's results, by path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted((folder / "results").rglob("metrics.json"))}


def half_written(folder: Path) -> list[Path]:
    """Temporary files that a kill left behind among the results."""
    return [path for path in (folder / "results").rglob("*") if ".partial" in path.name]


def _start(command: Sequence[str], folder: Path, environment: Mapping[str, str], log: TextIO) -> subprocess.Popen:
    return subprocess.Popen(command, cwd=folder, env=dict(environment), stdout=log, stderr=log, start_new_session=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--undisturbed", type=Path, required=True, help="checkout whose demo has run without a kill")
    parser.add_argument("--longest", type=float, default=60.0, help="seconds before a kill, at most (default: %(default)s)")
    arguments = parser.parse_args()
    command = ("snakemake", "--quiet", "host", "--cores", "2", "demo")
    with open(arguments.checkout / "killing.log", "w", encoding="utf-8") as log:
        kills = killed(command, arguments.checkout, os.environ, (5.0, arguments.longest), log)
    ours, theirs = metrics(arguments.checkout), metrics(arguments.undisturbed)
    shared = sorted(set(ours) & set(theirs))
    different = [path for path in shared if ours[path] != theirs[path]]
    print(
        f"{kills} kills; {len(shared) - len(different)} of {len(ours)} metrics.json equal byte for byte; different: {different or 'none'}"
    )
    print(f"half-written files: {half_written(arguments.checkout) or 'none'}")
    raise SystemExit(bool(different or set(ours) - set(theirs) or half_written(arguments.checkout)))


if __name__ == "__main__":
    main()
