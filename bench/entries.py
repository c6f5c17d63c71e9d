"""How long `snakemake -n demo` takes, and that it writes nothing, where the store holds many other results:
the run's own store, another folder of `stores`, and that folder as a URL, which is listed.

    python bench/entries.py [--entries 20000] [--out bench/results/entries.json]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import tempfile
import time
from pathlib import Path

from foretaste.pipeline.records import identity
from foretaste.settings.result_paths import PATHS

ROOT = Path(__file__).parents[1]

#: Files of an entry beside its record.
FILES = ("scores/manifest.json", "log.jsonl")


def fill(store: Path, entries: int) -> None:
    """Put results of all stages there, each with a record of its own of a common size."""
    luck = random.Random(0)
    code = {f"module_{number}": f"{luck.getrandbits(48):012x}" for number in range(30)}
    facts = {name: {"size": 2, "sha256": "0" * 64} for name in FILES}
    for number in range(entries):
        record = {"stage": luck.choice(sorted(PATHS)), "config": {"seed": number}, "inputs": {}, "code": code}
        folder = store / record["stage"] / identity(record)
        for name in FILES:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("{}")
        (folder / "record.json").write_text(json.dumps({"format": 1, "record": record, "files": facts}))


def dry_run(results: Path, *settings: str) -> float:
    """Seconds of one; RuntimeError where it fails, or writes anything to ``results``."""
    before = _listing(results)
    command = ["snakemake", "-n", "--cores", "1", "demo", "--config", f"results_root={results}", *settings]
    start = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - start
    if done.returncode != 0 or "train" not in done.stdout or _listing(results) != before:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    return seconds


def measure(entries: int) -> dict[str, float]:
    """Seconds of a dry run, by where the entries lie."""
    with tempfile.TemporaryDirectory() as folder:
        full, empty = Path(folder) / "full", Path(folder) / "empty"
        alone = dry_run(empty)
        fill(full / ".store", entries)
        found = {
            "no entries": alone,
            "the run's own store": dry_run(full),
            "another folder": dry_run(empty, f"stores=[{full}/.store]"),
            "another folder as a URL": dry_run(empty, f"stores=[file://{full}/.store]"),
        }
    return {name: round(seconds, 1) for name, seconds in found.items()}


def _listing(folder: Path) -> list[tuple[str, int]]:
    paths = [os.path.join(top, name) for top, *inner in os.walk(folder) for names in inner for name in names]
    return sorted((path, os.lstat(path).st_mtime_ns) for path in paths)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--entries", type=int, default=20_000, help="(default: %(default)s)")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    found = {"entries": arguments.entries, "seconds": measure(arguments.entries)}
    print(json.dumps(found, indent=1))
    if arguments.out:
        arguments.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
