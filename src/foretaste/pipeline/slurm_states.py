"""What Slurm says of jobs, as Snakemake's executor for it understands it.

The executor (2.8.0) compares states letter by letter and leaves some of them open. Where a job is cancelled
by hand, preempted for good, lost with its node or forgotten by the controller it would wait for ever, and
what Slurm does not know it would take for done. Here every job ends as what it is.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

#: Answers of a query: job -> state, and how long it took; None twice where nobody answered.
Answer = tuple[dict[str, str] | None, float | None]
Query = Callable[[str, Any], Awaitable[Answer]]

EXECUTOR = "snakemake_executor_plugin_slurm"

#: Seconds in which a job that was preempted, or whose node failed, may be put back into the queue, and one
#: that was seen may be missing from an answer.
PATIENCE_S = 40.0
#: Seconds between two looks, at most: the executor's own pause grows to three minutes.
LONGEST_PAUSE_S = 20.0

#: States that may be followed by another one.
_PERHAPS = ("PREEMPTED", "NODE_FAIL")
_ENDED = ("COMPLETED", "FAILED")


class States:
    """Asks ``query``, and puts its answer right; ``now``: seconds of a clock."""

    def __init__(self, query: Query, now: Callable[[], float] = time.monotonic):
        self._query, self._now = query, now
        self._last: dict[str, str] = {}
        self._since: dict[str, float] = {}

    async def __call__(self, command: str, logger: Any) -> Answer:
        """The states of all jobs that are, or were, in an answer; FAILED for those that will not come
        back.
        """
        found, seconds = await self._query(command, logger)
        if found is None:
            return None, None
        plain = {job: state.split()[0] for job, state in found.items() if state.strip()}
        known = {job: state for job, state in plain.items() if state != "UNKNOWN"}
        states = {job: self._state(job, known.get(job)) for job in {**self._last, **plain}}
        for job, state in states.items():
            if state == "FAILED" and known.get(job) != "FAILED" and self._last.get(job) != "FAILED":
                logger.warning(f"Slurm job {job}: {known.get(job, 'forgotten by Slurm')}; it has failed")
        self._last = states
        return states, seconds

    def _state(self, job: str, state: str | None) -> str:
        """Of a job that is in that state, or of which nothing is said."""
        before = self._last.get(job, "RUNNING")
        if state is not None and state not in _PERHAPS:
            self._since.pop(job, None)
            return state
        if before in _ENDED:
            return before
        began = self._since.setdefault(job, self._now())
        # (The executor would keep away from all nodes of a job with NODE_FAIL, the good ones too.)
        return "FAILED" if self._now() - began >= PATIENCE_S else before


def correct(modules: dict[str, Any] | None = None) -> None:
    """Put the executor right, where Snakemake has loaded it."""
    plugin = (sys.modules if modules is None else modules).get(EXECUTOR)
    if plugin is None or isinstance(plugin.query_job_status, States):
        return
    plugin.query_job_status = States(plugin.query_job_status)
    pause = plugin.Executor.next_seconds_between_status_checks

    def no_longer(executor: Any, seconds: float) -> None:
        pause.fset(executor, min(seconds, LONGEST_PAUSE_S))

    plugin.Executor.next_seconds_between_status_checks = pause.setter(no_longer)
