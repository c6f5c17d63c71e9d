"""Can every model of the run see every sample, and does none see what it may not: the observation boundary,
sample by sample, by time stamps?
"""

from __future__ import annotations

from collections import defaultdict

from foretaste.doctor.examined import Examined
from foretaste.doctor.findings import Findings
from foretaste.doctor.sampled import Sampled, sampled

#: Samples that a finding names.
NAMED = 3


def look(dataset: Examined, found: Findings) -> str:
    """Every task of the run's systems."""
    return "; ".join(_task(dataset, task, found) for task in dataset.tasks)


def _task(dataset: Examined, task: str, found: Findings) -> str:
    made = sampled(dataset, task)
    ids = made.samples["sample_id"].to_pylist()
    reasons: dict[str, list[str]] = defaultdict(list)
    for sample_id, reason in zip(ids, made.unseen):
        if reason is not None:
            reasons[reason].append(sample_id)
    for reason, named in reasons.items():
        found.fail(
            f"{len(named):,} samples that a model cannot see: {reason}",
            f"{task}: {_first(named)}",
            "windows that every model can see",
            "mend the videos or features; for windows that end too early set earliest_stop_s in"
            f" {dataset.where}; or drop them for all models with on_bad_input: skip",
        )
    _shown_late(task, made, found)
    dropped = sum(reason is not None for reason in made.samples["dropped_because"].to_pylist())
    return (
        f"{task}: {len(ids):,} samples, {dropped:,} dropped by the task, {made.views} views asked,"
        f" {len(made.late)} samples show too much"
    )


def _shown_late(task: str, made: Sampled, found: Findings) -> None:
    if not made.late:
        return
    worst = max(made.late, key=lambda one: one.newest_s - one.limit_s)
    found.fail(
        f"{len(made.late):,} samples show what is later than their window: {worst.sample_id} shows"
        f" {worst.newest_s:.3f} s",
        f"{task}: view {worst.view}",
        f"nothing after {worst.limit_s:.3f} s",
        "correct the time stamps of what it shows; a model would see the action that it is to anticipate",
    )


def _first(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (" ..." if len(names) > NAMED else "")
