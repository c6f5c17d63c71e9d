"""What a job asks a cluster for: memory, time, GPUs and nodes, a partition and an account.

It follows from the stage, from whether the job computes on GPUs, and from ``resources`` of config.yaml. None
of it is part of what makes a result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import PositiveInt

from foretaste.contracts.errors import ConfigError, unknown
from foretaste.settings.options import Options
from foretaste.settings.result_paths import PATHS, steps_of

#: Stages that compute on GPUs where there are any.
ON_GPUS = ("train", "score", "pretrain", "train_backbone", "extract_features")

#: Every job, and every job that computes on GPUs.
ALL, GPU = "all", "gpu"

#: Seconds before the end of its time at which a step is told so, of a job with 20 minutes or more.
WARNING_S = 300

#: Of a result's path, the names by which ``processes`` and ``resources`` call a training.
_TRAINED = {"train": "model", "pretrain": "lm", "train_backbone": "backbone"}


class Asked(Options):
    """What some jobs ask for; what is left out, less special settings say."""

    mem_mb: PositiveInt | None = None
    """Memory of a node in MB; a job that is submitted again asks for as much more."""
    runtime: PositiveInt | None = None
    """Minutes; a job that is submitted again asks for as much more, up to `longest`."""
    longest: PositiveInt | None = None
    """The minutes that the partition allows."""
    nodes: PositiveInt | None = None
    """Nodes over which the processes of a step are spread evenly."""
    slurm_account: str | None = None
    """The account that pays for the jobs."""
    slurm_partition: str | None = None
    """Where they are queued."""
    qos: str | None = None
    """Their quality of service."""
    constraint: str | None = None
    """What their nodes must have, as sbatch takes it."""
    gpu_model: str | None = None
    """What `--gpus=model:n` calls it; on several nodes, `--gpus-per-node`."""
    slurm_extra: str | None = None
    """Further words for sbatch."""


#: Laid under ``resources`` of config.yaml.
DEFAULTS = {
    ALL: Asked(mem_mb=4000, runtime=120),
    GPU: Asked(mem_mb=16000),
    "extract_openie": Asked(runtime=720),
    "store_frames": Asked(runtime=720),
    "extract_features": Asked(runtime=720),
    "score": Asked(runtime=240),
    "train": Asked(runtime=1440),
    "train_backbone": Asked(runtime=1440),
    "pretrain": Asked(runtime=1440),
}

#: What Snakemake and its Slurm executor call it.
WORDS = (
    "mem_mb", "runtime", "gpu", "gpu_model", "nodes", "tasks", "mpi", "cpus_per_task", "slurm_account",
    "slurm_partition", "qos", "constraint", "slurm_extra",
)  # fmt: skip


def gpus(stage: str, training: str | None, processes: int) -> int:
    """How many GPUs a job computes on, if there are any: one a process; none where it only counts
    (``training``: its kind).
    """
    return processes if stage in ON_GPUS and training != "counting" else 0


def kind_of_training(config: Mapping[str, Any]) -> str | None:
    """Of a step with these settings; None where it says nothing of one."""
    model = config.get("model")
    return model.get("training", {}).get("kind") if isinstance(model, Mapping) else None


def asked(
    job: Mapping[str, Any], settings: Mapping[str, Asked], results: str, attempt: int
) -> dict[str, int | str]:
    """What a job of a step asks for at an attempt (from 1), by the names of ``WORDS``."""
    record = job["record"]
    stage, processes = record["stage"], record["processes"]
    gpu = gpus(stage, kind_of_training(record["config"]), processes)
    own = _laid_over(list(_names(job, stage, gpu, results)), settings)
    runtime = own["runtime"] * attempt
    found: dict[str, Any] = {
        **{name: own.get(name) for name in WORDS},
        "mem_mb": own["mem_mb"] * attempt,
        "runtime": min(runtime, own.get("longest", runtime)),
        "gpu": gpu,
    }
    # Of a job that has to end soon its step hears some time before.
    warning = min(WARNING_S, 15 * found["runtime"])
    found["slurm_extra"] = " ".join(filter(None, [f"--signal=USR2@{warning}", found["slurm_extra"]]))
    if found["nodes"] is not None:
        found |= _on_nodes(found, processes, record["threads"])
    return {name: value for name, value in found.items() if value not in (None, 0)}


def _names(job: Mapping[str, Any], stage: str, gpu: int, results: str) -> Iterator[str]:
    """What settings may call a job, the least special first."""
    yield ALL
    if gpu:
        yield GPU
    yield stage
    for path in job["names"].values():
        for named, _, names in steps_of(path.removeprefix(f"{results}/")):
            if named == stage and stage in _TRAINED:
                yield names[_TRAINED[stage]]


def _laid_over(names: Sequence[str], settings: Mapping[str, Asked]) -> dict[str, Any]:
    """What was set decides over the defaults, and of both the more special word."""
    found: dict[str, Any] = {}
    for source in (DEFAULTS, settings):
        for name in names:
            if name in source:
                found |= source[name].model_dump(exclude_none=True)
    return found


def _on_nodes(found: Mapping[str, Any], processes: int, threads: int) -> dict[str, Any]:
    """One task a node, which starts the processes there (``training.nodes``). Slurm takes ``--gpus`` for a
    number of all nodes, and Snakemake's executor asks for contradictory tasks with it: so it is told a node's
    share in words of its own.
    """
    share = processes // found["nodes"]
    words = ["--ntasks-per-node=1"]
    if found["gpu"]:
        kind = f"{found['gpu_model']}:" if found["gpu_model"] else ""
        words.append(f"--gpus-per-node={kind}{share}")
    return {
        "gpu": None,
        "gpu_model": None,
        "mpi": "srun",
        "tasks": found["nodes"],
        "cpus_per_task": share * threads,
        "slurm_extra": " ".join([*words, found["slurm_extra"]]),
    }


def check_asked(
    settings: Mapping[str, Asked], processes: Mapping[str, int], trainings: Sequence[str]
) -> None:
    """Raise ConfigError for a name that no job has, and for processes that cannot be spread evenly."""
    choices = [ALL, GPU, *PATHS, *trainings]
    for name, one in settings.items():
        where = f"config.yaml: resources.{name}"
        if name not in choices:
            raise unknown("job", name, choices, "config.yaml: resources")
        if one.nodes is None:
            continue
        several = processes.get(name, 1)
        if one.nodes == 1 or several % one.nodes:
            raise ConfigError(
                f"{several} processes of {name} on {one.nodes} nodes",
                f"{where}.nodes",
                "at least 2 nodes, and as many processes on each of them",
                f"set processes.{name} to a multiple of it, or leave nodes out",
            )
