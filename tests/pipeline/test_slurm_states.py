"""Every job of Slurm ends as what it is, also where the executor alone would wait for ever."""

from __future__ import annotations

import asyncio
import logging
from types import SimpleNamespace

import pytest

from foretaste.pipeline import slurm_states
from foretaste.pipeline.slurm_states import LONGEST_PAUSE_S, PATIENCE_S, States

LOG = logging.getLogger("states")


class Clock:
    """Answers one after the other, each some seconds after the one before."""

    def __init__(self, *answers: dict[str, str] | None, seconds: float = PATIENCE_S / 2):
        self.answers, self.seconds, self.time = list(answers), seconds, 0.0

    async def __call__(self, command, logger):
        self.time += self.seconds
        answer = self.answers.pop(0)
        return (None, None) if answer is None else (answer, 0.1)

    def heard(self) -> list[dict[str, str] | None]:
        states = States(self, now=lambda: self.time)
        return [asyncio.run(states("sacct", LOG))[0] for _ in list(self.answers)]


@pytest.mark.parametrize("state", ["CANCELLED by 0", "CANCELLED", "FAILED", "TIMEOUT", "OUT_OF_MEMORY"])
def test_a_suffix_is_no_state_of_its_own(state):
    assert Clock({"7": state}).heard() == [{"7": state.split()[0]}]


@pytest.mark.parametrize("state", ["PREEMPTED", "NODE_FAIL"])
def test_what_slurm_puts_back_is_waited_for_and_what_it_does_not_fails(state):
    back = Clock({"7": "RUNNING"}, {"7": state}, {"7": "PENDING"}, {"7": "COMPLETED"})
    assert [one["7"] for one in back.heard()] == ["RUNNING", "RUNNING", "PENDING", "COMPLETED"]
    stays = Clock({"7": "RUNNING"}, *[{"7": state}] * 4)
    assert [one["7"] for one in stays.heard()] == ["RUNNING", "RUNNING", "RUNNING", "FAILED", "FAILED"]


@pytest.mark.parametrize("then", [{}, {"7": "UNKNOWN"}])
def test_a_forgotten_job_has_failed_and_not_before_slurm_had_its_time(then, caplog):
    clock = Clock({"7": "RUNNING"}, then, then, then, then)
    assert [one["7"] for one in clock.heard()] == ["RUNNING", "RUNNING", "RUNNING", "FAILED", "FAILED"]
    said = [record.message for record in caplog.records]
    assert len(said) == 1 and said[0].startswith("Slurm job 7: "), "one line says it"


def test_a_job_that_ended_stays_so_where_slurm_forgets_it():
    assert Clock({"7": "COMPLETED"}, {}, {}, {}).heard()[-1] == {"7": "COMPLETED"}


def test_an_outage_is_no_answer_and_costs_no_job_its_time():
    heard = Clock({"7": "RUNNING"}, None, None, None, {"7": "RUNNING"}).heard()
    assert heard == [{"7": "RUNNING"}, None, None, None, {"7": "RUNNING"}]


def test_the_executor_asks_so_and_pauses_no_longer():
    class Executor:
        _pause = None

        @property
        def next_seconds_between_status_checks(self):
            return self._pause

        @next_seconds_between_status_checks.setter
        def next_seconds_between_status_checks(self, value):
            self._pause = value

    plugin = SimpleNamespace(query_job_status=Clock({"7": "CANCELLED by 5"}), Executor=Executor)
    slurm_states.correct({slurm_states.EXECUTOR: plugin})
    slurm_states.correct({slurm_states.EXECUTOR: plugin})
    assert asyncio.run(plugin.query_job_status("sacct", LOG))[0] == {"7": "CANCELLED"}
    executor = Executor()
    executor.next_seconds_between_status_checks = 180
    assert executor.next_seconds_between_status_checks == LONGEST_PAUSE_S
    slurm_states.correct({})
