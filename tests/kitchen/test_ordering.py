"""Runs obey the graph, and the stated distribution of the next step is the one they follow."""

from collections import Counter
from math import exp
from random import Random

import pytest

from foretaste.kitchen.config import WorldConfig
from foretaste.kitchen.ordering import Habits, draw_run, next_actions, next_steps
from foretaste.kitchen.plan import Dish, Step
from foretaste.kitchen.world import World

#: take a, take b, then cut a (after take a); a and b are threads of their own.
SMALL = Dish(
    "small",
    "test",
    (),
    (),
    (Step("take", "a", "x", "a"), Step("take", "b", "x", "b"), Step("cut", "a", "x", "a", (0,))),
)


def test_next_steps_by_hand():
    habits = Habits(stickiness=2.0, orderliness=0.5)
    first = next_steps(SMALL, set(), None, habits)
    assert first == pytest.approx({0: 1 / (1 + exp(-0.5)), 1: exp(-0.5) / (1 + exp(-0.5))})
    after_a = next_steps(SMALL, {0}, 0, habits)
    assert after_a == pytest.approx({1: 1 / (1 + exp(1.5)), 2: exp(1.5) / (1 + exp(1.5))})
    assert next_steps(SMALL, {0, 1, 2}, 2, habits) == {}


def test_runs_follow_the_stated_distribution():
    habits = Habits(stickiness=1.0, orderliness=0.3)
    random, number = Random(5), 20000
    counts = Counter(tuple(draw_run(SMALL, random, habits)) for _ in range(number))
    for run in ((0, 1, 2), (0, 2, 1), (1, 0, 2)):
        expected = 1.0
        for position, step in enumerate(run):
            expected *= next_steps(
                SMALL, set(run[:position]), run[position - 1] if position else None, habits
            )[step]
        assert counts[run] / number == pytest.approx(
            expected, abs=4 * (expected * (1 - expected) / number) ** 0.5
        )
    assert sum(counts[run] for run in ((0, 1, 2), (0, 2, 1), (1, 0, 2))) == number


def test_steps_of_one_class_share_a_probability():
    twice = Dish(
        "twice",
        "test",
        (),
        (),
        (Step("stir", "a", "x", "a"), Step("stir", "a", "y", "b"), Step("cut", "b", "x", "c")),
    )
    assert next_actions(twice, set(), None, Habits(0.0, 0.0)) == pytest.approx(
        {"stir_a": 2 / 3, "cut_b": 1 / 3}
    )


def test_every_run_of_every_dish_obeys_its_graph_and_its_distribution():
    world = World(WorldConfig(seed=103))
    for number, dish in enumerate(world.told):
        run = draw_run(dish, Random(number), world.habits)
        assert sorted(run) == list(range(len(dish.steps)))
        done: set[int] = set()
        for position, step in enumerate(run):
            assert set(dish.steps[step].after) <= done
            distribution = next_steps(dish, done, run[position - 1] if position else None, world.habits)
            assert sum(distribution.values()) == pytest.approx(1)
            open_steps = {n for n, s in enumerate(dish.steps) if n not in done and set(s.after) <= done}
            assert set(distribution) == open_steps
            done.add(step)
