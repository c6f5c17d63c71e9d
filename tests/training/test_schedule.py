"""Learning rates against the numbers of the papers' own code (10 iterations an epoch)."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_training import config, train

from foretaste.contracts.errors import ConfigError
from foretaste.settings.training_config import ScheduleConfig
from foretaste.training.schedule import learning_rate, warmup_steps


def rates(schedule: ScheduleConfig, base: float, epochs: int, per_epoch: int) -> np.ndarray:
    steps = epochs * per_epoch
    return np.array([learning_rate(schedule, base, step, per_epoch, steps) for step in range(steps)])


@pytest.mark.parametrize(
    "case",
    [
        *(
            f"{who}/{name}"
            for who in ("avt", "authors")
            for name in ("egtea_12", "ek55_10_ig65m", "ek55_09_avtb")
        ),
        "avt/egtea_12_world32",
    ],
)
def test_published_schedules(case, shared_golden):
    stored = np.load(shared_golden / "lr_schedule.npz")
    base, epochs, warmup, cosine, floor, per_epoch, world = stored[
        f"{case}/cfg_base_epochs_warm_cosEpochs_etaMin_itersPerEpoch_world"
    ]
    edits = {"offset": 1e-7, "after": 3e-7} if case.startswith("authors") else {"after": 0.0}
    schedule = ScheduleConfig(
        kind="cosine", warmup=warmup, cosine_epochs=int(cosine), floor=floor * world, **edits
    )
    found = rates(schedule, base * world, int(epochs), int(per_epoch))
    np.testing.assert_allclose(found, stored[case], rtol=1e-9, atol=1e-15)


def test_cosine_without_length_ends_with_the_training():
    whole = rates(ScheduleConfig(kind="cosine", warmup=2), 1.0, 6, 5)
    named = rates(ScheduleConfig(kind="cosine", warmup=2, cosine_epochs=4), 1.0, 6, 5)
    np.testing.assert_array_equal(whole, named)


def test_linear_decay_falls_evenly_to_zero_after_the_warm_up():
    found = rates(ScheduleConfig(kind="linear", warmup=0.2), 3.0, 4, 5)
    np.testing.assert_allclose(found[:4], [0, 0.75, 1.5, 2.25])
    np.testing.assert_allclose(np.diff(found[4:]), -3.0 / 16)
    assert found[4] == 3.0


def test_constant_is_constant():
    assert set(rates(ScheduleConfig(), 0.5, 3, 4)) == {0.5}


def test_a_warm_up_of_one_step_is_none():
    short = ScheduleConfig(kind="cosine", warmup=0.1)
    assert warmup_steps(short, 5, 10) == 0
    assert rates(short, 1.0, 2, 5)[0] == 1.0


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ({"kind": "linear", "warmup": 2.0}, "a warmup of 2 epochs of 5 steps in a training of 9 steps"),
        ({"kind": "linear", "warmup": 1e308}, "a warmup of 1e[+]308 epochs"),
        ({"kind": "step", "drops": (1.5, 1.8)}, "a drop after 1.8 epochs of 5 steps"),
    ],
)
def test_a_schedule_that_its_training_has_no_room_for_is_refused(schedule, message, tmp_path):
    with pytest.raises(ConfigError, match=message):
        train(tmp_path, epochs=None, steps=9, schedule=schedule)
    assert not (tmp_path / "log.jsonl").exists()


def test_a_warm_up_may_be_the_whole_training():
    assert config(epochs=2, schedule={"kind": "linear", "warmup": 2})
    assert config(epochs=1, schedule={"kind": "cosine", "warmup": 1, "cosine_epochs": 5})


def test_steps_drop_the_rate_after_their_epochs():
    found = rates(ScheduleConfig(kind="step", drops=(2, 3)), 1.0, 5, 4)
    np.testing.assert_allclose(found, [1.0] * 8 + [0.1] * 4 + [0.01] * 8)
    with pytest.raises(ValueError, match="drops goes with kind: step"):
        ScheduleConfig(kind="cosine", drops=(2,))


@pytest.mark.parametrize(
    ("kind", "idle"),
    [("linear", {"floor": 1e-6}), ("constant", {"after": 3e-7}), ("linear", {"cosine_epochs": 5}),
     ("cosine", {"factor": 0.5})],
)  # fmt: skip
def test_a_setting_that_a_schedule_would_not_look_at_is_refused(kind, idle):
    with pytest.raises(ValueError, match=f"{next(iter(idle))} goes with kind: (cosine|step)"):
        ScheduleConfig(kind=kind, **idle)
