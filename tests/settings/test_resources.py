"""What jobs ask a cluster for."""

from __future__ import annotations

import pytest
from shipped_catalogue import ROOT

from foretaste.contracts.errors import ConfigError
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.resources import Asked, asked

STUDENT = {"checkpoint": "results/kitchen/lm_avt_demo/seed0/student_lm/checkpoint"}


def job(stage: str = "train", processes: int = 1, kind: str = "loop", threads: int = 1) -> dict:
    """As much of one as says what it asks for."""
    config = {"model": {"training": {"kind": kind}}}
    record = {"stage": stage, "config": config, "processes": processes, "threads": threads}
    return {"record": record, "names": STUDENT}


def of(attempt: int = 1, settings: dict | None = None, **facts) -> dict:
    given = {name: Asked(**one) for name, one in (settings or {}).items()}
    return asked(job(**facts), given, "results", attempt)


def test_what_counts_holds_no_gpu():
    assert of()["gpu"] == 1
    assert of(processes=2)["gpu"] == 2
    for facts in ({"kind": "counting"}, {"stage": "evaluate"}, {"stage": "make_samples"}):
        found = of(settings={"gpu": {"slurm_partition": "gpu"}, "all": {"slurm_partition": "cpu"}}, **facts)
        assert "gpu" not in found and found["slurm_partition"] == "cpu"


def test_the_more_special_word_decides():
    settings = {
        "student_lm": {"mem_mb": 4},
        "train": {"mem_mb": 3, "qos": "long"},
        "gpu": {"mem_mb": 2},
        "all": {"mem_mb": 1, "slurm_account": "lab"},
    }
    found = of(settings=settings)
    assert (found["mem_mb"], found["qos"], found["slurm_account"]) == (4, "long", "lab")
    assert of(settings=settings, stage="score")["mem_mb"] == 2, "a training's name is not that of its scoring"
    assert of(settings=settings, stage="evaluate")["mem_mb"] == 1


def test_what_is_set_for_all_decides_over_a_stage_s_default():
    assert of()["runtime"] == 1440 and of(settings={"all": {"runtime": 20}})["runtime"] == 20


def test_another_attempt_asks_for_more_up_to_what_the_partition_allows():
    settings = {"all": {"longest": 2000}, "train": {"mem_mb": 100, "runtime": 900}}
    runs = [(found["mem_mb"], found["runtime"]) for found in (of(n, settings) for n in (1, 2, 3))]
    assert runs == [(100, 900), (200, 1800), (300, 2000)]


def test_several_nodes_are_one_task_each_with_a_share_of_the_gpus_and_cores():
    found = of(settings={"student_lm": {"nodes": 2, "gpu_model": "h100"}}, processes=8, threads=3)
    assert (found["nodes"], found["tasks"], found["mpi"], found["cpus_per_task"]) == (2, 2, "srun", 12)
    assert found["slurm_extra"].split() == [
        "--ntasks-per-node=1",
        "--gpus-per-node=h100:4",
        "--signal=USR2@300",
    ]
    assert "gpu" not in found and "gpu_model" not in found, "the executor would ask for contradictory tasks"


def test_a_short_job_hears_of_its_end_in_time():
    found = of(settings={"train": {"runtime": 2, "slurm_extra": "--exclusive"}})
    assert found["slurm_extra"] == "--signal=USR2@30 --exclusive"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"resources": {"trian": {}}}, "unknown job 'trian'.*resources.*did you mean 'train'"),
        ({"resources": {"train": {"mem": 5}}}, "unknown key 'mem'.*resources.train.mem.*mem_mb"),
        ({"resources": {"train": {"runtime": "2h"}}}, "wrong value '2h'.*resources.train.runtime"),
        ({"resources": {"student_lm": {"nodes": 2}}}, "1 processes of student_lm on 2 nodes.*multiple"),
        (
            {"resources": {"student_lm": {"nodes": 2}}, "processes": {"student_lm": 3}},
            "3 processes of student_lm on 2 nodes",
        ),
    ],
)
def test_a_typo_is_an_error_that_lists_the_choices(settings, message):
    with pytest.raises(ConfigError, match=message):
        Catalogue({"dataset": "kitchen", **settings}, ROOT)
