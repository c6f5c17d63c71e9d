"""What can go wrong on a cluster goes wrong, one after the other, while a student trains on two nodes: the
bytes are those of a run without Slurm.
"""

from __future__ import annotations

import re
import shutil
import time
from datetime import datetime

import pytest
from driving import Checkout, Driver, jobs, new_checkout, newest, say
from slurm_cluster import Cluster, call, wait_for
from slurm_cluster import states as states_of_nodes
from test_cluster import STUDENT, TWO, made

pytestmark = [pytest.mark.slow, pytest.mark.cluster, pytest.mark.full]

#: So many epochs that there is time for accidents.
LONG = "set={student_baseline.training.epochs: 400}"
CHECKPOINT, METRICS = str(STUDENT / "checkpoint"), str(STUDENT / "metrics.json")
LOG = f"{STUDENT}/checkpoint.log"


def asked(student: str = "") -> str:
    return (
        "resources={all: {slurm_account: lab, slurm_partition: cpu, mem_mb: 1500, runtime: 30, longest: 60},"
        f" gpu: {{slurm_partition: gpu}}, student_baseline: {{nodes: 2{student}}}}}"
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Checkout:
    """A run without Slurm, with as many processes."""
    checkout = new_checkout(tmp_path_factory.mktemp("undisturbed") / "foretaste")
    checkout.start(METRICS, TWO, LONG, slurm=False).end()
    return checkout


@pytest.fixture
def student(undisturbed: Checkout, checkout: Checkout) -> Checkout:
    """A checkout where everything is there but the student."""
    store = undisturbed.folder / "results" / ".store"
    ours = checkout.folder / "results" / ".store"
    shutil.copytree(store, ours, ignore=shutil.ignore_patterns("train", "score", "evaluate", ".locks"))
    return checkout


def steps(checkout: Checkout) -> int:
    """After how many steps the state of the training was last kept."""
    kept = (checkout.folder / "results" / ".scratch").glob("train-*/work/whole/step-*")
    return max((int(path.name.removeprefix("step-")) for path in kept if path.name[5:].isdigit()), default=0)


def training(run: Driver) -> str:
    """The job that trains, once it has kept its state."""
    job = run.job("train")
    wait_for(lambda: steps(run.checkout) >= 20, 120, "checkpoint")
    return job


def same(checkout: Checkout, undisturbed: Checkout, title: str) -> None:
    """Tell what happened, and compare the bytes."""
    ours = made(checkout)
    theirs = {name: digest for name, digest in made(undisturbed).items() if name in ours}
    lines = [f"{digest[:16]} {theirs[name][:16]} {name}" for name, digest in ours.items()]
    log = (checkout.folder / "logs" / LOG).read_text(encoding="utf-8")
    say(f"# {title}: the jobs", jobs())
    say(f"# {title}: what the training said", log)
    say(f"# {title}: sha256 here and without Slurm", "\n".join(lines))
    assert len(ours) >= 2 and ours == theirs


def states(rule: str) -> list[str]:
    """Of the jobs of a rule, the newest first."""
    return [state for _, name, state in newest() if name == rule]


@pytest.fixture(autouse=True)
def fresh_books(cluster: Cluster):
    """Jobs of the test before are out of the controller's mind."""
    since = len(newest())
    yield
    call("scancel", "-u", "root", check=False)
    for node in ("n1", "n2"):
        call("scontrol", "update", f"nodename={node}", "state=resume", check=False)
    assert since >= 0


def test_cancelled_by_hand(cluster, student, undisturbed):
    run = student.start(METRICS, TWO, LONG, asked())
    job = training(run)
    call("scancel", job)
    run.end()
    assert [one for one, rule, state in newest() if rule == "train" and state == "CANCELLED"][:1] == [job]
    same(student, undisturbed, "scancel")


def test_time_is_over(cluster, student, undisturbed):
    """The step hears of it, keeps its state and ends; the next job goes on."""
    run = student.start(CHECKPOINT, TWO, LONG, asked(", runtime: 1"))
    run.says("this was one try", LOG)
    run.end()
    same(student, undisturbed, "time limit")


def test_a_node_is_drained(cluster, student, undisturbed):
    run = student.start(METRICS, TWO, LONG, asked())
    training(run)
    call("scontrol", "update", "nodename=n2", "state=drain", "reason=test")
    run.end()
    scored = next(job for job, rule, _ in newest() if rule == "score")
    assert call("squeue", "-h", "--states=all", "-j", scored, "-o", "%N").strip() == "n1"
    same(student, undisturbed, "drained node")


def test_a_node_is_lost(cluster, student, undisturbed):
    run = student.start(CHECKPOINT, TWO, LONG, asked())
    job = training(run)
    cluster.kill_node("n2")
    wait_for(lambda: call("squeue", "-h", "-j", job, "-o", "%T").strip() == "PENDING", 120, "requeued job")
    cluster.start_node("n2")
    hurry(job)
    run.end()
    same(student, undisturbed, "killed slurmd")


def test_the_database_is_away_for_a_minute(cluster, student, undisturbed):
    run = student.start(CHECKPOINT, TWO, LONG, asked())
    training(run)
    cluster.kill("slurmdbd")
    time.sleep(60)
    cluster.start_accounting()
    run.end()
    assert states("train")[0] == "COMPLETED"
    same(student, undisturbed, "no accounting for a minute")


def test_the_driver_dies(cluster, student, undisturbed):
    """Its job goes on; the next driver's waits for it, and takes over what it made."""
    first = student.start(CHECKPOINT, TWO, LONG, asked())
    job = training(first)
    first.kill()
    second = student.start(CHECKPOINT, TWO, LONG, asked())
    second.says("waiting for it", LOG)
    assert call("squeue", "-h", "-j", job, "-o", "%T").strip() == "RUNNING", "the first trains while it waits"
    second.end()
    assert states("train")[:2] == ["COMPLETED", "COMPLETED"]
    same(student, undisturbed, "driver killed and started again")


@pytest.mark.parametrize("how", ["urgent jobs", "USR2"])
def test_it_has_to_make_room(cluster, student, undisturbed, how):
    """The job saves its state, goes back into the queue by itself, and no try is spent."""
    run = student.start(CHECKPOINT, TWO, LONG, asked())
    job = training(run)
    if how == "USR2":
        call("scancel", "--signal=USR2", job)
    else:
        call(
            "sbatch",
            "-A",
            "lab",
            "-p",
            "urgent",
            "-N2",
            "--exclusive",
            "-o",
            "/dev/null",
            "--wrap",
            "sleep 15",
        )
    run.says("makes room and goes back into the queue", LOG)
    wait_for(lambda: call("squeue", "-h", "-j", job, "-o", "%T").strip() == "PENDING", 120, "requeued job")
    hurry(job)
    run.end()
    ended = [one for one, rule, state in newest() if rule == "train" and state == "COMPLETED"]
    assert ended[0] == job, "the job itself went on"
    same(student, undisturbed, f"preempted ({how})")


def test_a_failure_that_stays_ends_the_driver_soon(cluster, student):
    run = student.start(CHECKPOINT, TWO, LONG, asked(), more=("--retries", "0"))
    job = training(run)
    call("scancel", job)
    run.end(1)
    ended = time.time()
    wait_for(lambda: end_of(job) is not None, 30, "verdict")
    late = ended - end_of(job).timestamp()
    lines = re.findall(rf"^.*SLURM-job '{job}' failed.*$", run.text(), re.M)
    say(f"# a failure that stays: the driver ended {late:.0f} s after Slurm's verdict", "\n".join(lines))
    assert len(lines) == 1 and "CANCELLED" in lines[0]
    assert late < 60


def end_of(job: str) -> datetime | None:
    said = (call("sacct", "-X", "-n", "-P", "-j", job, "--format=End") or "").strip()
    return datetime.fromisoformat(said) if said[:1].isdigit() else None


def hurry(job: str) -> None:
    """Slurm lets a requeued job wait two minutes. Here it waits until its nodes have ended what it left
    there: a job that starts in that second fails, and one whose node comes back then gets no step on it.
    """
    wait_for(lambda: set(states_of_nodes().values()) == {"idle"}, 120, "nodes that are idle")
    time.sleep(10)

    def hurried() -> bool:
        return call("scontrol", "update", f"jobid={job}", "StartTime=now", check=False) is not None

    wait_for(hurried, 60, "job that can be hurried")
