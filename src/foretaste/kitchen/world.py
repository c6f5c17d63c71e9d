"""A world: its dishes, and which kitchen, participant, dish and run each video has."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from random import Random

from foretaste.contracts.errors import ConfigError
from foretaste.kitchen.chance import stream
from foretaste.kitchen.config import WorldConfig
from foretaste.kitchen.dishes import KINDS, draw_dish
from foretaste.kitchen.ordering import Habits, draw_run
from foretaste.kitchen.plan import Dish
from foretaste.kitchen.vocabulary import NOUN_IDS, VERB_IDS

#: The n-th dish is shown in proportion to (n + 1) to the power -TAIL: some dishes are common, many are rare.
TAIL = 0.7
#: So many draws in a row without a new dish: there are no more.
FRUITLESS = 500


@dataclass(frozen=True)
class Video:
    """One video to be made: who cooks what, and in which order (indices of the dish's steps)."""

    video_id: str
    split: str
    participant: str
    dish: Dish
    run: tuple[int, ...]


class World:
    """Everything that follows from the settings before a word is written or a pixel is drawn."""

    def __init__(self, config: WorldConfig):
        self.config = config
        dishes = _draw_dishes(config)
        self.shown: tuple[Dish, ...] = dishes[: config.shown_dishes]
        self.told: tuple[Dish, ...] = dishes
        self.habits = Habits(config.stickiness, config.orderliness)

    @cached_property
    def actions(self) -> tuple[tuple[str, str], ...]:
        """(verb, noun) of every action class, by class id: what the dishes of the videos are made of."""
        pairs = {(step.verb, step.noun) for dish in self.shown for step in dish.steps}
        return tuple(sorted(pairs, key=lambda pair: (VERB_IDS[pair[0]], NOUN_IDS[pair[1]])))

    @cached_property
    def action_ids(self) -> dict[str, int]:
        """Class id of each action by its name (``take_pan``)."""
        return {f"{verb}_{noun}": number for number, (verb, noun) in enumerate(self.actions)}

    @cached_property
    def videos(self) -> tuple[Video, ...]:
        """Training videos first; no kitchen, participant or run of the one split is in the other."""
        config = self.config
        runs: set[tuple[str, tuple[int, ...]]] = set()
        videos = []
        for split, number, first, kitchens in (
            ("training", config.train_videos, 1, config.train_kitchens),
            ("validation", config.validation_videos, 1 + config.train_kitchens, config.validation_kitchens),
        ):
            dishes = self._dishes_of(split, number)
            for n, dish in enumerate(dishes):
                participant = f"P{first + n % kitchens:02d}"
                random = stream(config.seed, "run", split, n)
                run = self._fresh_run(dish, random, runs)
                videos.append(Video(f"{participant}_{1 + n // kitchens:02d}", split, participant, dish, run))
        return tuple(videos)

    def _dishes_of(self, split: str, number: int) -> list[Dish]:
        random = stream(self.config.seed, "dishes of", split)
        weights = [(n + 1) ** -TAIL for n in range(len(self.shown))]
        once = list(self.shown) if number >= len(self.shown) else []
        dishes = once + random.choices(self.shown, weights, k=number - len(once))
        random.shuffle(dishes)
        return dishes

    def _fresh_run(
        self, dish: Dish, random: Random, runs: set[tuple[str, tuple[int, ...]]]
    ) -> tuple[int, ...]:
        """A run that no earlier video has."""
        for _ in range(1000):
            run = tuple(draw_run(dish, random, self.habits))
            if (dish.name, run) not in runs:
                runs.add((dish.name, run))
                return run
        raise ConfigError(
            f"no new order for {dish.name!r}",
            "world",
            "fewer videos or a smaller stickiness",
            "change the world's settings",
        )


def _draw_dishes(config: WorldConfig) -> tuple[Dish, ...]:
    """Different dishes (no two with the same ingredients and steps), all kinds in turn, in an order of the
    world's own.
    """
    random = stream(config.seed, "dishes")
    dishes: dict[str, Dish] = {}
    wanted = config.shown_dishes + config.told_dishes
    attempt = fruitless = 0
    while len(dishes) < wanted:
        dish = draw_dish(random, KINDS[attempt % len(KINDS)])
        attempt += 1
        fruitless = fruitless + 1 if dish.name in dishes else 0
        dishes.setdefault(dish.name, dish)
        if fruitless == FRUITLESS:
            raise ConfigError(
                f"{wanted} dishes",
                "world",
                f"at most about {len(dishes)} different dishes",
                "lower shown_dishes or told_dishes",
            )
    order = list(dishes.values())
    random.shuffle(order)
    return tuple(order)
