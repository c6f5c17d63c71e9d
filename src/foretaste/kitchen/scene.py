"""The state of a kitchen: where everything is, what it looks like, and what each step changes for good."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from foretaste.kitchen.chance import stream
from foretaste.kitchen.plan import Dish, Step
from foretaste.kitchen.style import Point, Style
from foretaste.kitchen.utensils import Contents
from foretaste.kitchen.vocabulary import FOODS, NOUNS, VESSELS

#: Where cut food is left on the board, from its centre.
ON_BOARD: tuple[Point, ...] = ((-36, -20), (34, -20), (-36, 22), (34, 24), (0, -26))
#: Where things stand in an open fridge or cupboard, from its centre.
SHELVES: dict[str, tuple[Point, ...]] = {
    "fridge": ((-22, -64), (4, -62), (24, -64), (-20, -18), (6, -16), (-20, 28), (8, 30), (24, -20)),
    "cupboard": (
        (-44, -12),
        (-14, -14),
        (16, -12),
        (44, -14),
        (-30, 18),
        (4, 20),
        (36, 18),
        (-56, 18),
        (58, 18),
        (20, 20),
    ),
}
#: Things on a shelf look smaller: they are further away.
FAR = 0.72


@dataclass(frozen=True)
class Thing:
    """Something to be drawn: a noun in a state, at a place, turned (degrees) and scaled; vessels have
    contents.
    """

    noun: str
    look: str
    x: float
    y: float
    angle: float = 0.0
    scale: float = 1.0
    contents: Contents = ()
    mixed: bool = False


class Scene:
    """What changes in a kitchen while a dish is made."""

    def __init__(self, seed: int, video_id: str, dish: Dish, style: Style):
        random = stream(seed, "scene", video_id)
        self.style = style
        self.where: dict[str, str] = {}
        self.look: dict[str, str] = {}
        self.contents: dict[str, Contents] = dict.fromkeys(VESSELS, ())
        self.mixed: dict[str, bool] = dict.fromkeys(VESSELS, False)
        self.fridge_open = self.cupboard_open = self.tap_on = self.hob_on = False
        self.heated = "pot" if "pot" in dish.things else "pan"
        self._cut = 0
        foods = [food for food in FOODS if food not in ("water", "batter")]
        slots = random.sample(range(10), 10)
        used = [food for food in foods if food in dish.things]
        self._slot = {food: style.slot(slot) for food, slot in zip(used, slots)}
        others = [thing for thing in (*foods, *VESSELS) if thing not in dish.things and random.random() < 0.5]
        for thing in (*dish.things, *others):
            kept = NOUNS[thing].kept or "counter"
            self.where[thing] = "counter" if thing in dish.laid else {"counter": "rack"}.get(kept, kept)
            self.look[thing] = "whole"
        for tool in ("knife", "spoon"):
            self.where.setdefault(tool, "counter" if tool not in dish.things else "rack")
            self.look[tool] = "whole"
        self.where["water"], self.look["water"] = "counter", "whole"
        self._shelf = {
            place: random.sample(range(len(spots)), len(spots)) for place, spots in SHELVES.items()
        }
        self._board: dict[str, Point] = {}

    def shelf(self, thing: str, place: str) -> Point:
        """Where in the open fridge or cupboard a thing stands or belongs."""
        kept = [name for name in (*FOODS, *VESSELS) if NOUNS[name].kept == place]
        spots = SHELVES[place]
        dx, dy = spots[self._shelf[place][kept.index(thing) % len(spots)]]
        x, y = self.style.spot(place)
        return x + self.style.mirror(dx), y + dy

    def home(self, thing: str) -> Point:
        """Where a thing stands on the counter, the board or the hob."""
        if thing in VESSELS:
            return self.style.spot(f"{thing} on hob" if self.where[thing] == "hob" else thing)
        if thing in ("knife", "spoon", "water"):
            return self.style.spot("rack" if self.where[thing] == "rack" else thing)
        if self.where.get(thing) == "board":
            return self._board[thing]
        return self._slot[thing]

    def next_on_board(self) -> Point:
        """Where the food that is cut now will be left on the board."""
        x, y = self.style.spot("board")
        dx, dy = ON_BOARD[self._cut % len(ON_BOARD)]
        return x + dx, y + dy

    def thing(
        self,
        name: str,
        at: Point | None = None,
        angle: float = 0.0,
        scale: float = 1.0,
        look: str | None = None,
    ) -> Thing:
        """A thing as it looks now, at its home or somewhere else."""
        x, y = self.home(name) if at is None else at
        angle = {"knife": 96.0, "spoon": 40.0}.get(name, angle) if at is None else angle
        return Thing(
            name,
            look or self.look[name],
            x,
            y,
            angle,
            scale,
            self.contents.get(name, ()),
            self.mixed.get(name, False),
        )

    def standing(self, hidden: Collection[str]) -> tuple[Thing, ...]:
        """Everything that stands on counter, board and hob, from back to front, without ``hidden``."""
        places = ("counter", "board", "hob")
        names = [name for name, place in self.where.items() if place in places and name not in hidden]
        things = [self.thing(name) for name in names]
        return tuple(
            sorted(things, key=lambda thing: (thing.noun in ("knife", "spoon"), thing.y, thing.noun))
        )

    def stock(self, place: str, hidden: Collection[str]) -> tuple[Thing, ...]:
        """What is in the fridge or the cupboard."""
        names = [name for name, where in self.where.items() if where == place and name not in hidden]
        return tuple(
            self.thing(name, self.shelf(name, place), scale=FAR if name in FOODS else FAR * 0.7)
            for name in names
        )

    def apply(self, step: Step) -> None:
        """What a finished step leaves behind."""
        verb, noun, at = step.verb, step.noun, step.at
        if verb in ("open", "close"):
            setattr(self, f"{noun}_open", verb == "open")
        elif verb in ("turn-on", "turn-off"):
            setattr(self, f"{noun}_on", verb == "turn-on")
        elif verb == "take":
            self.where[noun] = "counter"
        elif verb == "put" and at in ("fridge", "cupboard"):
            self.where[noun] = at
        elif verb == "put" and at == "hob":
            self.where[noun] = "hob"
        elif verb in ("cut", "grate") and noun != "butter":
            self._board[noun] = self.next_on_board()
            self._cut += 1
            self.where[noun], self.look[noun] = "board", "cut" if verb == "cut" else "grated"
        elif verb == "peel":
            self.look[noun] = "peeled"
        elif verb == "spread":
            self.contents[at] = tuple(
                (food, "buttered" if food == "bread" else look) for food, look in self.contents[at]
            )
        elif verb == "stir":
            self.mixed[at] = True
            if at == "pan" and self.hob_on:
                self.contents[at] = tuple((food, "fried") for food, _ in self.contents[at])
        elif verb in ("put", "sprinkle", "pour", "crack"):
            self._fill(step)

    def _fill(self, step: Step) -> None:
        """Food goes into a vessel."""
        noun, at = step.noun, step.at
        if step.source:
            self.contents[at] += (("batter" if noun == "batter" else "beaten", "cut"),)
            self.contents[step.source] = ()
            return
        self.contents[at] += ((noun, self.look[noun] if self.look[noun] != "whole" else "cut"),)
        self.mixed[at] = False
        if noun not in ("milk", "flour", "butter", "oil", "salt", "pasta", "rice", "water"):
            self.where[noun] = at
