"""Students on EPIC-KITCHENS-55's real labels with GENERATED features: what training, scoring and measuring
them costs, in CPU-minutes.

    python bench/students.py --data DIR --work FOLDER [--width 64] [--recipes layer1.json] [--models MODEL
    ...] [--published] [--out FILE]

DIR holds the label files (docs/own-data.md). In FOLDER a data folder is made with links to them and GENERATED
features of ``--width`` values (generated_features.py). Then the documented command trains the students of
lm_avt_small there (all of them where there are recipes, else the two that need no teacher) and their CPU
minutes are printed: training, scoring and metrics together, from Snakemake's own measurements. What is done
already is not done again. How good they are means nothing: next to no noise.

--published trains the baseline of lm_avt at its published width (12 layers of 2,048; 10 GB of memory, 7 GB a
checkpoint) for three optimizer steps instead: once undisturbed, once killed after its second step and run
again, and compares the bytes.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import generated_features

from foretaste.contracts.tables import SAMPLES, read_table
from foretaste.pipeline import artifact
from foretaste.pipeline.contents import Contents
from foretaste.pipeline.graph import Graph
from foretaste.pipeline.jobs import job_of, keep
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.records import identity
from foretaste.pipeline.store import entry_of, read_entry
from foretaste.settings.catalogue import Catalogue

ROOT = Path(__file__).parents[1]
WITHOUT_TEACHERS = ("student_baseline", "student_smoothed")
WITH_TEACHERS = ("student_lm", "student_recipe_lm")
PUBLISHED_STEPS, KILLED_AFTER = 3, 2


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="folder with epic55/ and rulstm/"
    )
    parser.add_argument(
        "--work", type=Path, required=True, metavar="FOLDER", help="where features and results go"
    )
    parser.add_argument(
        "--width", type=int, default=64, help="values of a generated vector, D (default: %(default)s)"
    )
    parser.add_argument(
        "--recipes", type=Path, help="a layer1.json: text teachers and the students that they teach too"
    )
    parser.add_argument(
        "--models", nargs="+", metavar="MODEL", help="students to train (default: all that can be)"
    )
    parser.add_argument(
        "--published", action="store_true", help="three steps at the published width, killed and resumed"
    )
    parser.add_argument("--out", type=Path, help="JSON file that the figures are added to")
    arguments = parser.parse_args()
    work = arguments.work.resolve()
    generated_features.make_data(work / "data", arguments.data.resolve(), arguments.width, noise=1.0)
    shutil.copy(ROOT / "config.yaml", work)
    print(f"GENERATED features, D {arguments.width}: times and counts mean something, accuracies do not")
    config = {"dataset": "epic55", "systems": "lm_avt_small", "data_root": str(work / "data")}
    if arguments.published:
        found = {"published_width": published(work, {**config, "systems": "lm_avt"})}
    else:
        if arguments.recipes is not None:
            config["recipes"] = str(arguments.recipes.resolve())
        able = (*WITHOUT_TEACHERS, *(WITH_TEACHERS if "recipes" in config else ()))
        found = students(work, config, arguments.models or able)
    facts = {"features": f"generated, D {arguments.width}", "machine": platform.machine(), **samples(work)}
    print(json.dumps({**facts, **found}, indent=1))
    if arguments.out is not None:
        before = artifact.read_json(arguments.out) if arguments.out.exists() else {}
        arguments.out.write_text(json.dumps({**before, **facts, **found}, indent=1) + "\n", encoding="utf-8")


def students(work: Path, config: dict[str, str], models: Sequence[str]) -> dict[str, dict[str, float]]:
    """Train, score and measure ``models``; what each took."""
    found = {}
    folder = Path("results/epic55/lm_avt_small/seed0")
    snakemake(work, config, *(str(folder / model / "metrics.json") for model in models))
    for model in models:
        costs = [read_entry(entry_of(work / folder / model / part)).cost for part in PARTS]
        seconds, peak_mb = sum(cost.cpu_s for cost in costs), max(cost.max_rss_mb for cost in costs)
        steps = [
            json.loads(line)["step"]
            for line in (work / folder / model / "log.jsonl").read_text().splitlines()
        ]
        found[model] = {
            "cpu_minutes": round(seconds / 60, 1),
            "steps": max(steps),
            "peak_gb": round(peak_mb / 1000, 1),
        }
    return found


#: What the jobs of one student make.
PARTS = ("checkpoint", "scores", "metrics.json")


def samples(work: Path) -> dict[str, int]:
    """How many samples each split keeps, and how many it lost."""
    table = read_table(work / "results/epic55/samples/anticipation.parquet", SAMPLES)
    found = Counter()
    for split, reason in zip(table["split"].to_pylist(), table["dropped_because"].to_pylist()):
        found[f"{split}_samples" if reason is None else f"{split}_dropped"] += 1
    return dict(sorted(found.items()))


def snakemake(work: Path, config: dict[str, str], *targets: str) -> None:
    """The documented command, in the folder of the work."""
    settings = [f"{name}={value}" for name, value in config.items()]
    command = [
        "snakemake",
        "--quiet",
        "host",
        "--cores",
        "1",
        "-s",
        str(ROOT / "Snakefile"),
        "-d",
        str(work),
        *targets,
    ]
    subprocess.run([*command, "--config", *settings], check=True)


def published(work: Path, config: dict[str, str]) -> dict[str, object]:
    """Three steps of lm_avt's baseline: undisturbed, and killed once; what they are, and whether they end
    with the same bytes.
    """
    snakemake(work, config, "results/epic55/samples/anticipation.parquet", "results/epic55/classes.json")
    os.chdir(work)
    plan = Plan(Catalogue(config, ROOT))
    graph = Graph(plan, Contents(Path(plan.results) / ".sha256"))
    names = {"dataset": "epic55", "system": "lm_avt", "seed": "0", "model": "student_baseline"}
    planned = graph.step("train", names)
    record = copy.deepcopy(planned.record)
    network, training = (record["config"]["model"][part] for part in ("network", "training"))
    training |= {"epochs": None, "steps": PUBLISHED_STEPS, "checkpoint_steps": KILLED_AFTER}
    step = replace(planned, record=record, key=f"train/{identity(record)}")
    digests = []
    for name in ("undisturbed", "killed"):
        results = work / "published" / name
        named = {file: str(results / file) for file in planned.names}
        own = keep(job_of(step, named, str(results), (f"{plan.results}/.store",), []))
        if name == "killed":
            kill_after_a_step(own, results / ".scratch")
        started = time.perf_counter()
        subprocess.run(train_command(own), check=True)
        print(f"{name}: ended after {time.perf_counter() - started:.0f} s")
        digests.append(
            {
                path.name: digest(path)
                for path in (results / "checkpoint" / "model.safetensors", results / "log.jsonl")
            }
        )
    if digests[0] != digests[1]:
        raise RuntimeError(f"the training that was killed ended with other bytes: {digests}")
    return {
        "width": network["width"],
        "layers": network["layers"],
        "steps": PUBLISHED_STEPS,
        "killed_after_step": KILLED_AFTER,
        "same_bytes_after_resuming": "yes",
        "model_sha256": digests[0]["model.safetensors"],
    }


def train_command(step: Path) -> list[str]:
    return [sys.executable, "-m", "foretaste", "train", "--step", str(step)]


def kill_after_a_step(step: Path, scratch: Path) -> None:
    """Start the training and kill it once the state after ``KILLED_AFTER`` optimizer steps is there."""
    process = subprocess.Popen(train_command(step))
    while not list(scratch.glob(f"train-*/work/whole/step-{KILLED_AFTER}")):
        if process.poll() is not None:
            raise RuntimeError("the training ended before it could be killed")
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    print(f"killed: by SIGKILL, after step {KILLED_AFTER}")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
