"""How a cook goes through a task graph, and what is likely to come next.

Among the steps whose predecessors are done, a step of the thread of the last one is exp(stickiness) times as
likely as another, and each place further down the dish's own list costs a factor exp(orderliness). Nothing
else decides, so the distribution of the next step given what is done is known exactly.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from math import exp
from random import Random

from foretaste.kitchen.plan import Dish


@dataclass(frozen=True)
class Habits:
    """What makes a cook turn to one step rather than another (log-odds)."""

    stickiness: float
    orderliness: float


def ready(dish: Dish, done: Collection[int]) -> list[int]:
    """The steps that may come next, in the order of the dish."""
    return [
        n
        for n, step in enumerate(dish.steps)
        if n not in done and all(before in done for before in step.after)
    ]


def next_steps(dish: Dish, done: Collection[int], last: int | None, habits: Habits) -> dict[int, float]:
    """Probability of each step that may come next; empty when the dish is finished.

    last
        The step that was done last, None at the start.
    """
    thread = None if last is None else dish.steps[last].thread
    weights = {
        n: exp((habits.stickiness if dish.steps[n].thread == thread else 0.0) - habits.orderliness * rank)
        for rank, n in enumerate(ready(dish, done))
    }
    total = sum(weights.values())
    return {n: weight / total for n, weight in weights.items()}


def next_actions(dish: Dish, done: Collection[int], last: int | None, habits: Habits) -> dict[str, float]:
    """Probability of each action class that may come next (several steps can be of one class)."""
    actions: dict[str, float] = {}
    for n, probability in next_steps(dish, done, last, habits).items():
        actions[dish.steps[n].action] = actions.get(dish.steps[n].action, 0.0) + probability
    return actions


def draw_run(dish: Dish, random: Random, habits: Habits) -> list[int]:
    """One way through the dish: all of its steps, in an order that the graph allows."""
    run: list[int] = []
    while len(run) < len(dish.steps):
        choices = next_steps(dish, set(run), run[-1] if run else None, habits)
        run.append(random.choices(list(choices), list(choices.values()))[0])
    return run
