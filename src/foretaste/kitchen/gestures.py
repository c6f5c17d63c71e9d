"""What hands and things do during an action: one function a verb, of the share ``u`` of the action that is
over.
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi, sin

from foretaste.kitchen import tool_gestures
from foretaste.kitchen.food import FLESH
from foretaste.kitchen.plan import Step
from foretaste.kitchen.pose import Effect, Pose, lifted, near, path, wave
from foretaste.kitchen.scene import FAR, Scene, Thing
from foretaste.kitchen.vocabulary import VESSELS


def _take(scene: Scene, step: Step, u: float) -> Pose:
    noun, at = step.noun, step.at
    start = scene.shelf(noun, at) if at in ("fridge", "cupboard") else scene.style.spot("rack")
    far = FAR * (1.0 if noun not in VESSELS else 0.7)
    goal = scene.style.spot(noun) if noun in VESSELS or noun in ("knife", "spoon") else scene.home(noun)
    where = path(u, (0.28, start), (0.86, goal))
    share = min(max((u - 0.28) / 0.58, 0.0), 1.0)
    angle = {"knife": 96.0, "spoon": 40.0}.get(noun, 0.0)
    size = (
        far + (1 - far) * share if noun in VESSELS else (far + (1 - far) * min(2 * share, 1)) * lifted(share)
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
            things=[scene.thing(noun, where, 0, (1 - (1 - FAR) * share) * lifted(share))],
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
        where = near(where, 5 * wave(u, 7), 3 * wave(u, 5))
    effects = [Effect("splash", where, where, (220, 236, 250), u)] if rubbing else []
    moved = scene.thing(step.noun, where, 25 * wave(u, 4) if rubbing else 0)
    return Pose(
        things=[moved],
        effects=effects,
        right=near(where, 16, 12),
        left=near(where, -18, 12) if rubbing else None,
    )


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
        tap = near(where, 4 * abs(wave(u, 5)) if u > 0.32 else 0, 0)
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


def _switch(scene: Scene, step: Step, u: float) -> Pose:
    """Turned on with the right hand, off with the left."""
    name = step.noun
    spot = scene.style.spot("tap lever" if name == "tap" else "hob knob")
    on = (step.verb == "turn-on") == (u > 0.5)
    touch = near(spot, 4 * wave(u, 2) if 0.3 < u < 0.7 else 0, 4)
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
    where = near(where, 7 * wave(u, 7), 4 * wave(u, 9)) if shaking else where
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


Gesture = Callable[[Scene, Step, float], Pose]
GESTURES: dict[str, Gesture] = {
    "take": _take,
    "put": _put,
    "open": _door,
    "close": _door,
    "wash": _wash,
    "cut": tool_gestures.cut,
    "peel": tool_gestures.peel,
    "grate": tool_gestures.grate,
    "crack": _crack,
    "pour": _pour,
    "stir": tool_gestures.stir,
    "turn-on": _switch,
    "turn-off": _switch,
    "sprinkle": _sprinkle,
    "spread": tool_gestures.spread,
}


def moved_by(step: Step) -> frozenset[str]:
    """The things that an action moves, and that are therefore not part of what stands still."""
    if step.verb in ("open", "close", "turn-on", "turn-off"):
        return frozenset()
    tools = {"cut": {"knife"}, "spread": {"knife", step.at}, "stir": {"spoon", step.at}}.get(step.verb, set())
    return frozenset({step.source or step.noun} | tools)
