"""What hands do with a tool: knife, peeler, grater, spoon. As in ``gestures``, ``u`` is the share of the
action that is over.
"""

from __future__ import annotations

from math import cos, pi, radians, sin

from foretaste.kitchen.food import FLESH
from foretaste.kitchen.plan import Step
from foretaste.kitchen.pose import Effect, Pose, near, path, wave
from foretaste.kitchen.scene import Scene, Thing
from foretaste.kitchen.style import Point


def cut(scene: Scene, step: Step, u: float) -> Pose:
    """On the board, where the things pile up."""
    noun, board = step.noun, scene.style.spot("board")
    where = path(u, (0.05, scene.home(noun)), (0.2, board), (0.85, board), (0.97, scene.next_on_board()))
    share = min(max((u - 0.2) / 0.6, 0.0), 1.0)
    chopping = 0.2 < u < 0.84
    things = [scene.thing(noun, where, look="cut" if share > 0.5 else None, scale=1.1)]
    if 0.12 < share <= 0.5:
        things.insert(0, scene.thing(noun, near(where, 20, 4), look="cut", scale=0.7))
    blade = near(board, 12 - 24 * share, -10 + 9 * wave(u, 11)) if chopping else near(board, 54, 4)
    knife = scene.thing("knife", near(blade, 20, 0), -62 + 7 * wave(u, 11) if chopping else 80)
    return Pose(
        things=things,
        tools=[knife],
        right=near(knife_grip(knife), 0, 0),
        left=near(where, -22, 8) if chopping else None,
    )


def knife_grip(knife: Thing) -> Point:
    """Where a hand holds a tool: towards the end of its handle."""
    return knife.x + 22 * cos(radians(knife.angle)), knife.y + 22 * sin(radians(knife.angle))


def peel(scene: Scene, step: Step, u: float) -> Pose:
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
    held = scene.thing(noun, where, 24 * wave(u, 3), 1.4, "peeled" if share > 0.55 else None)
    tool = Thing("peeler", "", where[0] + 16 + 20 * wave(u, 8), where[1] - 8 + 5 * wave(u, 8), -30, 1.2)
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


def grate(scene: Scene, step: Step, u: float) -> Pose:
    """The grater stands on the board."""
    noun, board = step.noun, scene.style.spot("board")
    rub = near(board, 12, -14 + 16 * wave(u, 7))
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


def stir(scene: Scene, step: Step, u: float) -> Pose:
    """The spoon goes round in the vessel."""
    goal = scene.home(step.at)
    reach = 18.0
    turn = 4.5 * u
    head = near(goal, reach * wave(turn, 1), reach * 0.7 * sin(2 * pi * turn + pi / 2))
    spoon = scene.thing("spoon", near(head, 20, -18), -42 + 6 * wave(turn, 1))
    vessel = scene.thing(step.at, goal, 0)
    vessel = Thing(vessel.noun, vessel.look, *goal, 0, 1.0, vessel.contents, u > 0.5 or vessel.mixed)
    return Pose(
        things=[vessel],
        tools=[spoon],
        effects=[Effect("swirl", goal, head, (255, 255, 255), turn)],
        right=near((spoon.x, spoon.y), 22, -16),
        left=near(goal, -40, 14),
    )


def spread(scene: Scene, step: Step, u: float) -> Pose:
    """Butter, with the knife, on what lies on a plate."""
    goal = scene.home(step.at)
    strokes = 0.25 < u < 0.92
    blade = (
        near(goal, 20 * wave(u, 4), -3 + 5 * wave(u, 2))
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
