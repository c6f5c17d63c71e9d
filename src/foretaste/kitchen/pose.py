"""One moment of an action: where hands and things are, and the ways between places."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from math import pi, sin

from foretaste.kitchen.scene import Thing
from foretaste.kitchen.style import Colour, Point


@dataclass(frozen=True)
class Effect:
    """Something fluid: a ``stream`` from one point down to another, falling ``drops``, ``splash``, flying
    ``bits``, ``peels`` and the ``scraps`` they become.
    """

    kind: str
    start: Point
    stop: Point
    colour: Colour
    phase: float


@dataclass
class Pose:
    """One moment of an action.

    things
        Moved things, drawn in this order over what stands still and under the hands' tools.
    tools
        Drawn over things and effects.
    right, left
        Where the finger tips are; None where the hand rests.
    openness
        How far a fridge or cupboard is open, where the action moves its door.
    """

    things: list[Thing] = field(default_factory=list)
    tools: list[Thing] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    right: Point | None = None
    left: Point | None = None
    openness: dict[str, float] = field(default_factory=dict)
    switched: dict[str, bool] = field(default_factory=dict)


def path(u: float, *stations: tuple[float, Point]) -> Point:
    """A point that is at each station at its time, and moves smoothly between them."""
    if u <= stations[0][0]:
        return stations[0][1]
    for (begin, first), (end, second) in pairwise(stations):
        if u <= end:
            s = (u - begin) / (end - begin)
            s = s * s * (3 - 2 * s)
            return first[0] + (second[0] - first[0]) * s, first[1] + (second[1] - first[1]) * s
    return stations[-1][1]


def near(point: Point, dx: float, dy: float) -> Point:
    """A point beside another."""
    return point[0] + dx, point[1] + dy


def wave(u: float, times: float) -> float:
    """-1 to 1, back and forth ``times`` during an action."""
    return sin(2 * pi * times * u)


def lifted(share: float) -> float:
    """How much larger a thing looks on its way: it comes nearer to the eyes."""
    return 1 + 0.45 * sin(pi * min(max(share, 0.0), 1.0))
