"""What a run costs the process that drives it: CPU seconds of `snakemake -n` over Something-Something v2's
220,847 clips (stand-ins of a few bytes, so without reading clips), the first time and once the clips are
remembered; and of the driver of 1,000 short jobs on one core, beside those of the jobs. What it takes of all
is its share of a core where jobs run one after the other, without a pause, and each as short as these, of an
eighth of a second; of longer jobs it is less, and a tenth from those of a quarter of a second on.

    python bench/driver.py [--clips 220847] [--seeds 84] [--out bench/results/driver.json]

CPU seconds, not seconds: they tell the same where others use the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import stand_ins  # noqa: E402 (the tests' stand-ins of data sets)

SYSTEMS = ("multimodal", "lanvikd")

#: Models of the kitchen's micro preset that count, in a fraction of a second.
COUNTS = ("teacher_unigram", "teacher_bigram", "teacher_trigram", "teacher_counts")

#: Seconds between two looks at what the driver has used.
LOOK_S = 0.5


def snakemake(*words: str) -> list[str]:
    """The command, in this checkout."""
    return [sys.executable, "-m", "snakemake", "--cores", "1", *words]


def dry_runs(folder: Path, clips: int) -> dict[str, dict[str, float]]:
    """System -> jobs, and CPU seconds of the first and the second `snakemake -n`."""
    data = folder / "data"
    for system in SYSTEMS:
        stand_ins.whole_plan(data, "ssv2", system)
    for number in range(1, clips + 1):
        (data / "ssv2" / "videos" / f"{number}.webm").write_text(str(number))
    time.sleep(3)  # what was written just now is not remembered
    return {system: _dry_run(folder, data, system) for system in SYSTEMS}


def _dry_run(folder: Path, data: Path, system: str) -> dict[str, float]:
    results = folder / f"results_{system}"
    given = ["dataset=ssv2", f"data_root={data}", f"recipes={data}/layer1.json", f"results_root={results}"]
    found: dict[str, float] = {}
    for name in ("first", "second"):
        found["jobs"], found[f"{name}_cpu_s"] = _planned(system, "--config", *given)
    return found


def _planned(*words: str) -> tuple[int, float]:
    """The jobs of a dry run, and its CPU seconds."""
    before = _children_s()
    done = subprocess.run(snakemake("-n", *words), cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    return _jobs(done.stdout), round(_children_s() - before, 1)


def _jobs(said: str) -> int:
    return int(re.findall(r"^total +(\d+)$", said, re.M)[-1])


def driver_load(folder: Path, seeds: int) -> dict[str, float]:
    """CPU seconds of a driver and of the jobs that it runs: three for each counting model and seed."""
    results = folder / "results"
    config = ["--config", "dataset=kitchen_micro", f"results_root={results}"]
    home = f"{results}/kitchen_micro/lm_avt_micro"
    wanted = [f"{home}/seed{seed}/{model}/metrics.json" for seed in range(seeds) for model in COUNTS]
    planning = _planned(*wanted, *config)[1]
    before = _children_s()
    log = folder / "driver.log"
    with open(log, "w", encoding="utf-8") as out:
        driver = subprocess.Popen(snakemake(*wanted, *config), cwd=ROOT, stdout=out, stderr=out)
        used = _watched(driver)
    text = log.read_text(encoding="utf-8")
    if driver.returncode != 0:
        raise RuntimeError(text[-3000:])
    jobs = _jobs(text)
    everything = _children_s() - before
    return {
        "jobs": jobs,
        "planning_cpu_s": planning,
        "driver_cpu_s": round(used, 1),
        "driver_cpu_ms_a_job_beyond_planning": round(1000 * (used - planning) / jobs, 1),
        "jobs_cpu_s": round(everything - used, 1),
        "jobs_for_10_per_cent_of_a_core_last_s": round(10 * (used - planning) / jobs, 2),
        "driver_per_cent_of_all": round(100 * used / everything, 1),
    }


def _watched(process: subprocess.Popen) -> float:
    """CPU seconds that a process itself has used, without its children, once it has ended."""
    used = 0.0
    while process.poll() is None:
        time.sleep(LOOK_S)
        try:
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            break
        user, system = int(fields[11]), int(fields[12])
        used = max(used, (user + system) / os.sysconf("SC_CLK_TCK"))
    process.wait()
    return used


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=220_847, help="(default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=84, help="12 jobs each (default: %(default)s)")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        found = {
            "clips": arguments.clips,
            "snakemake -n": dry_runs(Path(name), arguments.clips),
            "driver": driver_load(Path(name), arguments.seeds),
        }
    print(json.dumps(found, indent=1))
    if arguments.out:
        arguments.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
