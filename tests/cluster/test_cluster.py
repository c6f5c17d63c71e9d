"""The micro kitchen on a real Slurm: two nodes, a job cancelled by hand, one that needs more memory than it
asked for; and the bytes of a run without Slurm.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from driving import Checkout, jobs, new_checkout, newest, say
from slurm_cluster import call

pytestmark = [pytest.mark.slow, pytest.mark.cluster]

STUDENT = Path("results/kitchen_micro/lm_avt_micro/seed0/student_baseline")
#: Two processes, which run on two nodes where there are some; the same bytes either way.
TWO = "processes={student_baseline: 2}"
ASKED = (
    "resources={all: {slurm_account: lab, slurm_partition: cpu, mem_mb: 1200, runtime: 20, longest: 60},"
    " gpu: {slurm_partition: gpu, mem_mb: 1500}, student_baseline: {nodes: 2},"
    # Snakemake alone takes more.
    " probe_videos: {mem_mb: 250}}"
)

#: Of a student: weights, the loss of every step, the metrics.
FILES = ("checkpoint/model.safetensors", "log.jsonl", "metrics.json")


def made(checkout: Checkout) -> dict[str, str]:
    """sha256 of those that are there."""
    paths = [checkout.folder / STUDENT / name for name in FILES]
    return {
        str(path.relative_to(checkout.folder / STUDENT)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
        if path.is_file()
    }


def test_the_kitchen_through_slurm(cluster, checkout, tmp_path):
    run = checkout.start(str(STUDENT / "metrics.json"), TWO, ASKED)
    cancelled = run.job("train_backbone")
    call("scancel", cancelled)
    two = run.job("train")
    say("# squeue, while a student trains on two nodes", call("squeue", "-o", "%.6i %.9P %.8T %.6D %N %k"))
    run.end()
    ended = call("sacct", "-X", "-D", "-n", "-P", "--format=JobID,State,NNodes,NodeList,AllocTRES")
    rows = {row.split("|")[0]: row.split("|")[1:] for row in ended.splitlines()}
    say("# sacct, after the run", jobs())
    assert rows[cancelled][0].startswith("CANCELLED by")
    assert rows[two][0] == "COMPLETED" and rows[two][1:3] == ["2", "n[1-2]"]
    assert "gres/gpu=2" in rows[two][3]
    probes = [state for _, rule, state in newest() if rule == "probe_videos"]
    assert probes[0] == "COMPLETED" and probes[-1] in ("FAILED", "OUT_OF_MEMORY"), probes
    log = (checkout.folder / f"logs/{STUDENT}/checkpoint.log").read_text(encoding="utf-8")
    assert "2 processes on n1, n2" in log
    # Nothing that computes on no GPU holds one.
    holding = {job: row for job, row in rows.items() if "gres/gpu" in row[3]}
    rules = {job: rule for job, rule, _ in newest()}
    assert {rules[job] for job in holding} <= {"train", "train_backbone", "score", "extract_features"}
    record = json.loads((checkout.folder / STUDENT / "checkpoint.provenance.json").read_text())["record"]
    assert record["processes"] == 2
    alone = new_checkout(tmp_path / "alone")
    alone.start(str(STUDENT / "metrics.json"), TWO, slurm=False).end()
    assert len(made(checkout)) == len(FILES) and made(checkout) == made(alone)
