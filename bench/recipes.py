"""How fast and in how much memory layer1.json is read: our stream, ijson and json.load on one generated file.

    python bench/recipes.py --size 200 --out bench/results/recipes.json

Each reader runs in a process of its own, on one core; MB are 10^6 bytes of the file, seconds are CPU seconds.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path


def generate(path: Path, megabytes: float) -> int:
    """Write recipes of Recipe1M's shape (about 1.4 kB each, ten instructions); returns how many."""
    chance = random.Random(0)
    words = [
        "stir",
        "the",
        "onions",
        "and",
        "a",
        "cup",
        "of",
        "milk",
        "until",
        "soft",
        "then",
        "add",
        "salt",
        "to",
        "boiling",
        "water",
        "for",
        "ten",
        "minutes",
    ]
    written = count = 0
    with open(path, "w", encoding="utf-8") as file:
        written += file.write("[")
        while written < megabytes * 1e6:
            steps = [{"text": " ".join(chance.choices(words, k=12)).capitalize() + "."} for _ in range(10)]
            recipe = {
                "ingredients": [{"text": " ".join(chance.choices(words, k=4))} for _ in range(9)],
                "url": f"http://www.food.com/{count}",
                "partition": "train",
                "title": " ".join(chance.choices(words, k=3)),
                "id": f"{count:010x}",
                "instructions": steps,
            }
            written += file.write((",\n" if count else "") + json.dumps(recipe))
            count += 1
        file.write("]\n")
    return count


def ours(path: Path) -> int:
    from foretaste.text.recipes import read_recipes

    return sum(len(recipe.instructions) for recipe in read_recipes(path))


def with_ijson(path: Path) -> int:
    import ijson.backends.yajl2_c as backend

    with open(path, "rb") as file:
        return sum(len(recipe["instructions"]) for recipe in backend.items(file, "item"))


def with_json(path: Path) -> int:
    with open(path, encoding="utf-8") as file:
        return sum(len(recipe["instructions"]) for recipe in json.load(file))


READERS: dict[str, Callable[[Path], int]] = {"foretaste": ours, "ijson": with_ijson, "json.load": with_json}


def measure(reader: str, path: Path) -> dict[str, float]:
    """Run one reader in its own process: MB/s and peak memory."""
    done = subprocess.run(
        [sys.executable, __file__, "--reader", reader, "--file", str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=float, default=200, help="MB of the generated file")
    parser.add_argument("--readers", nargs="+", choices=READERS, default=list(READERS))
    parser.add_argument("--out", type=Path, help="also write the figures to this JSON file")
    parser.add_argument("--reader", choices=READERS, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.reader:
        start = time.process_time()
        instructions = READERS[arguments.reader](arguments.file)
        seconds = time.process_time() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        print(
            json.dumps(
                {
                    "instructions": instructions,
                    "mb_per_s": arguments.file.stat().st_size / 1e6 / seconds,
                    "peak_mb": peak,
                }
            )
        )
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "layer1.json"
        recipes = generate(path, arguments.size)
        print(f"{recipes} recipes, {path.stat().st_size / 1e6:.0f} MB")
        figures = {}
        for reader in arguments.readers:
            figures[reader] = measure(reader, path)
            print(
                f"{reader:10} {figures[reader]['mb_per_s']:7.1f} MB/s   peak"
                f" {figures[reader]['peak_mb']:7.1f} MB"
            )
        if len({f["instructions"] for f in figures.values()}) != 1:
            raise SystemExit("the readers disagree")
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(
            json.dumps({"size_mb": arguments.size, "readers": figures}, indent=1, sort_keys=True) + "\n"
        )


if __name__ == "__main__":
    main()
