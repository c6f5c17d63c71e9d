"""What hands and things do during an action: one function a verb, of the share ``u`` of the action that is
over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from math import cos, pi, radians, sin

from foretaste.kitchen.food import FLESH
from foretaste.kitchen.plan import Step
from foretaste.kitchen.scene import FAR, Scene, Thing
from foretaste.kitchen.style import Colour, Point
from foretaste.kitchen.vocabulary import VESSELS


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


def _wave(u: float, times: float) -> float:
    return sin(2 * pi * times * u)


def _lifted(share: float) -> float:
    """How much larger a thing looks on its way: it comes nearer to the eyes."""
    return 1 + 0.45 * sin(pi * min(max(share, 0.0), 1.0))


def _take(scene: Scene, step: Step, u: float) -> Pose:
    noun, at = step.noun, step.at
    start = scene.shelf(noun, at) if at in ("fridge", "cupboard") else scene.style.spot("rack")
    far = FAR * (1.0 if noun not in VESSELS else 0.7)
    goal = scene.style.spot(noun) if noun in VESSELS or noun in ("knife", "spoon") else scene.home(noun)
    where = path(u, (0.28, start), (0.86, goal))
    share = min(max((u - 0.28) / 0.58, 0.0), 1.0)
    angle = {"knife": 96.0, "spoon": 40.0}.get(noun, 0.0)
    size = (
        far + (1 - far) * share if noun in VESSELS else (far + (1 - far) * min(2 * share, 1)) * _lifted(share)
    )
    grip = path(u, (0.28, near(start, 8, 12)), (0.86, near(goal, 14, 18)), (1.0, near(goal, 34, 46)))
    return Pose(
        things=[scene.thing(noun, where, angle, size)],
        right=grip,
        left=near(grip, -70, 14) if noun in VESSELS else None,
    )


def _put(scene: Scene, step: Step, u: float) -> Pose:
    noun, at = step.noun, step.at
    start = scene.home(noun)
    if at in ("fridge", "cupboard"):
        goal = scene.shelf(noun, at)
        where = path(u, (0.2, start), (0.78, goal))
        share = min(max((u - 0.2) / 0.58, 0.0), 1.0)
        return Pose(
            things=[scene.thing(noun, where, 0, (1 - (1 - FAR) * share) * _lifted(share))],
            right=near(where, 8, 12),
        )
    if at == "hob":
        goal = scene.style.spot(f"{noun} on hob")
        where = path(u, (0.25, start), (0.35, near(start, 0, -20)), (0.75, near(goal, 0, -16)), (0.9, goal))
        return Pose(
            things=[scene.thing(noun, where)],
            right=near(where, 44, 30),
            left=near(where, -40, 20) if noun == "pot" else None,
        )
    goal = scene.home(at)
    where = path(u, (0.2, start), (0.4, near(start, 0, -24)), (0.68, near(goal, 0, -34)), (0.85, goal))
    if noun == "butter":
        return Pose(
            things=[scene.thing(noun, start), scene.thing(noun, where, 0, 1.1, "cut")],
            right=near(where, 14, 14),
        )
    falling = [Effect("bits", near(where, 0, 8), goal, FLESH[noun][0], u)] if 0.6 < u < 0.9 else []
    size = 1 + 0.25 * sin(pi * min(max((u - 0.2) / 0.65, 0.0), 1.0))
    return Pose(
        things=[scene.thing(noun, where, 0, size)],
        effects=falling,
        right=near(where, 24, 16),
        left=near(where, -26, 16),
    )


def _door(scene: Scene, step: Step, u: float) -> Pose:
    """Doors are pulled open by the handle with the right hand, and pushed to with the left."""
    place = step.noun
    share = min(max((u - 0.3) / 0.5, 0.0), 1.0)
    openness = share if step.verb == "open" else 1 - share
    x, y = scene.style.spot(f"{place} handle")
    swing = 64 if place == "fridge" else 50
    grip = (x - scene.style.mirror(swing * openness), y + 10 * openness)
    if step.verb == "open":
        return Pose(right=grip, openness={place: openness})
    pushed = near(grip, scene.style.mirror(-14), 26)
    return Pose(left=pushed, openness={place: openness})


def _wash(scene: Scene, step: Step, u: float) -> Pose:
    home, sink = scene.home(step.noun), scene.style.spot("sink")
    where = path(u, (0.08, home), (0.25, sink), (0.8, sink), (0.97, home))
    rubbing = 0.22 < u < 0.82
    if rubbing:
        where = near(where, 5 * _wave(u, 7), 3 * _wave(u, 5))
    effects = [Effect("splash", where, where, (220, 236, 250), u)] if rubbing else []
    moved = scene.thing(step.noun, where, 25 * _wave(u, 4) if rubbing else 0)
    return Pose(
        things=[moved],
        effects=effects,
        right=near(where, 16, 12),
        left=near(where, -18, 12) if rubbing else None,
    )


def _cut(scene: Scene, step: Step, u: float) -> Pose:
    noun, board = step.noun, scene.style.spot("board")
    where = path(u, (0.05, scene.home(noun)), (0.2, board), (0.85, board), (0.97, scene.next_on_board()))
    share = min(max((u - 0.2) / 0.6, 0.0), 1.0)
    chopping = 0.2 < u < 0.84
    things = [scene.thing(noun, where, look="cut" if share > 0.5 else None, scale=1.1)]
    if 0.12 < share <= 0.5:
        things.insert(0, scene.thing(noun, near(where, 20, 4), look="cut", scale=0.7))
    blade = near(board, 12 - 24 * share, -10 + 9 * _wave(u, 11)) if chopping else near(board, 54, 4)
    knife = scene.thing("knife", near(blade, 20, 0), -62 + 7 * _wave(u, 11) if chopping else 80)
    return Pose(
        things=things,
        tools=[knife],
        right=near(knife_grip(knife), 0, 0),
        left=near(where, -22, 8) if chopping else None,
    )


def knife_grip(knife: Thing) -> Point:
    """Where a hand holds a tool: towards the end of its handle."""
    return knife.x + 22 * cos(radians(knife.angle)), knife.y + 22 * sin(radians(knife.angle))


def _peel(scene: Scene, step: Step, u: float) -> Pose:
    """Beside the board, where the peels gather."""
    noun, spot, home = step.noun, scene.style.spot("worktop"), scene.home(step.noun)
    where = path(u, (0.05, home), (0.16, spot), (0.88, spot), (0.98, home))
    if not 0.16 < u < 0.88:
        return Pose(
            things=[scene.thing(noun, where, look="peeled" if u > 0.5 else None)],
            right=near(where, 18, 12),
            left=near(where, -20, 10),
        )
    share = (u - 0.16) / 0.72
    held = scene.thing(noun, where, 24 * _wave(u, 3), 1.4, "peeled" if share > 0.55 else None)
    tool = Thing("peeler", "", where[0] + 16 + 20 * _wave(u, 8), where[1] - 8 + 5 * _wave(u, 8), -30, 1.2)
    colour = (150, 96, 44) if noun == "potato" else FLESH[noun][0] if noun == "carrot" else (206, 130, 60)
    peels = [
        Effect("peels", near(where, 4, 20), near(spot, 0, 44), colour, u),
        Effect("scraps", near(spot, 2, 48), spot, colour, share),
    ]
    return Pose(
        things=[held],
        tools=[tool],
        effects=peels,
        right=near((tool.x, tool.y), 20, -2),
        left=near(where, -26, 12),
    )


def _grate(scene: Scene, step: Step, u: float) -> Pose:
    noun, board = step.noun, scene.style.spot("board")
    rub = near(board, 12, -14 + 16 * _wave(u, 7))
    where = path(u, (0.05, scene.home(noun)), (0.2, near(board, 12, -14)))
    share = min(max((u - 0.2) / 0.65, 0.0), 1.0)
    grating = 0.2 < u < 0.88
    things = [Thing("grater", "", board[0], board[1] - 4, 8)]
    if share > 0.1:
        things.insert(
            0,
            scene.thing(
                noun,
                path(u, (0.86, near(board, 0, 30)), (1.0, scene.next_on_board())),
                0,
                0.5 + 0.5 * share,
                "grated",
            ),
        )
    tools = [scene.thing(noun, rub if grating else where, 20, 1.0 - 0.45 * share)] if u < 0.88 else []
    hand = rub if grating else where
    return Pose(things=things, tools=tools, right=near(hand, 12, 6), left=near(board, -14, -34))


def _crack(scene: Scene, step: Step, u: float) -> Pose:
    goal = scene.home(step.at)
    where = path(
        u,
        (0.1, scene.home("egg")),
        (0.32, near(goal, 26, -18)),
        (0.55, near(goal, 26, -18)),
        (0.66, near(goal, 0, -30)),
    )
    if u < 0.58:
        tap = near(where, 4 * abs(_wave(u, 5)) if u > 0.32 else 0, 0)
        return Pose(things=[scene.thing("egg", tap, 0, 0.8)], right=near(tap, 8, 8))
    gap = min((u - 0.58) * 60, 16)
    shells = [Thing("egg", "shell", where[0] + side * gap, where[1], side * 40, 1.3) for side in (-1, 1)]
    drop = [Effect("yolk", where, goal, (252, 180, 14), (u - 0.6) / 0.25)] if 0.6 < u < 0.88 else []
    return Pose(things=shells, effects=drop, right=near(where, 14 + gap, 8), left=near(where, -14 - gap, 8))


def _pour(scene: Scene, step: Step, u: float) -> Pose:
    noun = step.source or step.noun
    home, goal = scene.home(noun), scene.home(step.at)
    above = near(goal, 34, -46) if noun in VESSELS else near(goal, 30, -40)
    where = path(u, (0.06, home), (0.3, above), (0.82, above), (0.98, home))
    tilt = -min(max((u - 0.26) / 0.1, 0.0), 1.0, max((0.86 - u) / 0.1, 0.0)) * (
        50 if noun in VESSELS else 112
    )
    what = "beaten" if step.source and step.noun == "egg" else step.noun
    pouring = 0.36 < u < 0.8
    lip = near(where, -30, 12)
    effects = (
        [
            Effect(
                "grains" if what in ("rice", "pasta") else "stream", lip, near(goal, 2, 2), FLESH[what][0], u
            )
        ]
        if pouring
        else []
    )
    size = 1.0 if noun in VESSELS else 1 + 0.3 * min(max(u / 0.3, 0.0), 1.0, max((0.98 - u) / 0.16, 0.0))
    return Pose(
        things=[scene.thing(noun, where, tilt, size)],
        effects=effects,
        right=near(where, 36, 16) if noun in VESSELS else near(where, 18, 10),
        left=near(where, -38, 22) if noun in VESSELS else None,
    )


def _stir(scene: Scene, step: Step, u: float) -> Pose:
    goal = scene.home(step.at)
    reach = 18.0
    turn = 4.5 * u
    head = near(goal, reach * _wave(turn, 1), reach * 0.7 * sin(2 * pi * turn + pi / 2))
    spoon = scene.thing("spoon", near(head, 20, -18), -42 + 6 * _wave(turn, 1))
    vessel = scene.thing(step.at, goal, 0)
    vessel = Thing(vessel.noun, vessel.look, *goal, 0, 1.0, vessel.contents, u > 0.5 or vessel.mixed)
    return Pose(
        things=[vessel],
        tools=[spoon],
        effects=[Effect("swirl", goal, head, (255, 255, 255), turn)],
        right=near((spoon.x, spoon.y), 22, -16),
        left=near(goal, -40, 14),
    )


def _switch(scene: Scene, step: Step, u: float) -> Pose:
    """Turned on with the right hand, off with the left."""
    name = step.noun
    spot = scene.style.spot("tap lever" if name == "tap" else "hob knob")
    on = (step.verb == "turn-on") == (u > 0.5)
    touch = near(spot, 4 * _wave(u, 2) if 0.3 < u < 0.7 else 0, 4)
    if step.verb == "turn-on":
        return Pose(right=touch, switched={name: on})
    return Pose(left=touch, switched={name: on})


def _sprinkle(scene: Scene, step: Step, u: float) -> Pose:
    noun, goal = step.noun, scene.home(step.at)
    above = near(goal, 10, -44)
    where = path(
        u,
        (0.06, scene.home(noun)),
        (0.28, above),
        (0.82, above),
        (0.98, scene.home(noun) if noun == "salt" else above),
    )
    shaking = 0.28 < u < 0.82
    where = near(where, 7 * _wave(u, 7), 4 * _wave(u, 9)) if shaking else where
    effects = [Effect("drops", near(where, -8, 12), goal, FLESH[noun][0], u)] if shaking else []
    if noun == "salt":
        return Pose(
            things=[scene.thing(noun, where, -140 if shaking else 0, 1.3 if shaking else 1.0)],
            effects=effects,
            right=near(where, 18, 6),
        )
    share = min(max((u - 0.28) / 0.54, 0), 1)
    return Pose(
        things=[scene.thing(noun, where, 0, 0.8 * (1 - 0.8 * share))],
        effects=effects,
        right=near(where, 8, 6),
    )


def _spread(scene: Scene, step: Step, u: float) -> Pose:
    goal = scene.home(step.at)
    strokes = 0.25 < u < 0.92
    blade = (
        near(goal, 20 * _wave(u, 4), -3 + 5 * _wave(u, 2))
        if strokes
        else path(u, (0.0, scene.home("butter")), (0.22, goal))
    )
    plate = scene.thing(step.at, goal)
    done = u > 0.55
    contents = tuple(
        (food, "buttered" if done and food == "bread" else look) for food, look in plate.contents
    )
    knife = scene.thing("knife", near(blade, 34, 10), 18)
    smear = [Effect("smear", blade, blade, FLESH["butter"][0], u)]
    return Pose(
        things=[Thing(plate.noun, plate.look, *goal, 0, 1.0, contents)],
        tools=[knife],
        effects=smear,
        right=knife_grip(knife),
        left=near(goal, -36, 12),
    )


Gesture = Callable[[Scene, Step, float], Pose]
GESTURES: dict[str, Gesture] = {
    "take": _take, "put": _put, "open": _door, "close": _door, "wash": _wash, "cut": _cut, "peel": _peel,
    "grate": _grate,
    "crack": _crack, "pour": _pour, "stir": _stir, "turn-on": _switch, "turn-off": _switch,
    "sprinkle": _sprinkle, "spread": _spread,
}  # fmt: skip


def moved_by(step: Step) -> frozenset[str]:
    """The things that an action moves, and that are therefore not part of what stands still."""
    if step.verb in ("open", "close", "turn-on", "turn-off"):
        return frozenset()
    tools = {"cut": {"knife"}, "spread": {"knife", step.at}, "stir": {"spoon", step.at}}.get(step.verb, set())
    return frozenset({step.source or step.noun} | tools)
