"""Task graphs: steps, which of them must come before which, and the errands that every dish shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from foretaste.kitchen.vocabulary import NOUNS

#: Share of the things a dish needs that stand on the counter from the start.
LAID = 0.3
PEELED = ("onion", "potato", "carrot")
WASHED = ("tomato", "potato", "carrot", "mushroom")


@dataclass(frozen=True)
class Step:
    """One step of a dish.

    at
        Where it happens: a fixture (fridge, cupboard, sink, hob), ``board``, ``counter``, ``worktop``, or the
        vessel that receives it.
    thread
        What it is about (one ingredient, one errand): cooks tend to go on within a thread.
    after
        Indices of the steps that must be done before.
    source
        For ``pour``: the vessel whose contents are moved, where it is one.
    """

    verb: str
    noun: str
    at: str
    thread: str
    after: tuple[int, ...] = ()
    source: str | None = None

    @property
    def action(self) -> str:
        """The action class, named as RULSTM names it."""
        return f"{self.verb}_{self.noun}"


@dataclass(frozen=True)
class Dish:
    """A named task graph; ``steps`` are listed so that each comes after those it waits for.

    things
        Ingredients and tools that the dish needs.
    laid
        Those of them that stand on the counter from the start.
    """

    name: str
    kind: str
    things: tuple[str, ...]
    laid: tuple[str, ...]
    steps: tuple[Step, ...]


@dataclass
class Plan:
    """A task graph under construction."""

    random: Random
    steps: list[Step] = field(default_factory=list)
    things: list[str] = field(default_factory=list)
    laid: list[str] = field(default_factory=list)
    taken: dict[str, int] = field(default_factory=dict)
    last_close: dict[str, int] = field(default_factory=dict)

    def add(
        self, verb: str, noun: str, at: str, thread: str, after: Sequence[int] = (), source: str | None = None
    ) -> int:
        """Append a step and return its index."""
        self.steps.append(Step(verb, noun, at, thread, tuple(sorted(set(after))), source))
        return len(self.steps) - 1

    def got(self, *things: str) -> list[int]:
        """The steps that brought ``things`` to the counter (none for what stood there)."""
        return [self.taken[thing] for thing in things if thing in self.taken]

    def some(self, foods: Sequence[str], low: int, high: int) -> list[str]:
        """Between ``low`` and ``high`` of ``foods``."""
        return self.random.sample(list(foods), self.random.randint(low, high))

    def errand(
        self, place: str, verb: str, items: Sequence[str], after: Sequence[int] = ()
    ) -> dict[str, int]:
        """Open a fridge or cupboard, take things out or put them back, and close it; errands to one place do
        not overlap.
        """
        thread = f"{place} {len(self.steps)}"
        before = [*after, *([self.last_close[place]] if place in self.last_close else [])]
        opened = self.add("open", place, place, thread, before)
        moved: dict[str, int] = {}
        for item in items:
            moved[item] = self.add(verb, item, place, thread, [opened, *moved.values()])
        self.last_close[place] = self.add("close", place, place, thread, list(moved.values()))
        return moved

    def fetch(self, *items: str) -> None:
        """Take ``items`` from where they are kept, in the order of this dish; some stand on the counter
        already.
        """
        self.things.extend(items)
        away = [item for item in items if self.random.random() >= LAID]
        self.laid.extend(item for item in items if item not in away)
        for place in self.random.sample(("cupboard", "fridge"), 2):
            there = [item for item in away if NOUNS[item].kept == place]
            self.random.shuffle(there)
            if there:
                self.taken |= self.errand(place, "take", there)
        for item in away:
            if NOUNS[item].kept == "counter":
                self.taken[item] = self.add(
                    "take", item, "counter", "board" if item == "knife" else "cooking"
                )

    def prepare(self, foods: Sequence[str], grated: Sequence[str] = ()) -> dict[str, int]:
        """Wash and peel what this dish washes and peels, then cut or grate it on the board; returns the last
        step of each.
        """
        peeled = [f for f in foods if f in PEELED and self.random.random() < 0.6]
        washed = [f for f in foods if f in WASHED and self.random.random() < 0.5]
        last = {food: self.got(food) for food in foods}
        if washed:
            on = self.add("turn-on", "tap", "sink", "sink")
            cleaned = [self.add("wash", food, "sink", "sink", [on, *last[food]]) for food in washed]
            self.add("turn-off", "tap", "sink", "sink", cleaned)
            last |= {food: [step] for food, step in zip(washed, cleaned, strict=True)}
        ready = {}
        for food in foods:
            if food in peeled:
                last[food] = [self.add("peel", food, "worktop", food, last[food])]
            if food in grated:
                ready[food] = self.add("grate", food, "board", food, last[food])
            else:
                ready[food] = self.add("cut", food, "board", food, [*last[food], *self.got("knife")])
        return ready

    def heat(self, vessel: str) -> tuple[int, int]:
        """Put a vessel on the hob and turn the hob on."""
        stands = self.add("put", vessel, "hob", vessel, self.got(vessel))
        return stands, self.add("turn-on", "hob", "hob", vessel, [stands])

    def grease(self, fat: str, stands: int) -> int:
        """Oil or butter into the pan."""
        return self.add("pour" if fat == "oil" else "put", fat, "pan", "pan", [stands, *self.got(fat)])

    def salt(self, vessel: str, thread: str, after: Sequence[int]) -> list[int]:
        """Salt, where the dish has it."""
        if "salt" not in self.things:
            return []
        return [self.add("sprinkle", "salt", vessel, thread, [*after, *self.got("salt")])]

    def cheese(self, vessel: str, after: Sequence[int]) -> int:
        """Grate cheese and sprinkle it over what is in the vessel."""
        grated = self.add("grate", "cheese", "board", "cheese", self.got("cheese"))
        return self.add("sprinkle", "cheese", vessel, "cheese", [grated, *after])
