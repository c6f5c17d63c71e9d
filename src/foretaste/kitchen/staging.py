"""A video before it is drawn: for every frame, what stands still, what moves, where the hands are and where
one looks.

The drawing (``render``) and the truth (``truth``) both follow from this, so that boxes fit the pixels without
decoding them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, pi, radians, sin

from foretaste.kitchen.chance import stream
from foretaste.kitchen.config import WorldConfig
from foretaste.kitchen.gestures import GESTURES, moved_by
from foretaste.kitchen.plan import Step
from foretaste.kitchen.pose import Pose
from foretaste.kitchen.scene import Scene, Thing
from foretaste.kitchen.schedule import Action, Timeline
from foretaste.kitchen.style import HEIGHT, WIDTH, Point, Style

#: Width of what the camera shows, in world units, while nothing is being done.
VIEW = 400.0
#: How much nearer the head comes for each kind of work.
ZOOM = {
    "cut": 0.74,
    "peel": 0.72,
    "grate": 0.74,
    "crack": 0.74,
    "spread": 0.74,
    "stir": 0.78,
    "sprinkle": 0.78,
    "pour": 0.8,
    "wash": 0.8,
}
#: Steps in which a door is drawn opening.
DOOR_STEPS = 4


@dataclass(frozen=True)
class Room:
    """State of the fixtures: doors in steps of 1 / DOOR_STEPS, and the vessel that the hob heats."""

    fridge: int = 0
    cupboard: int = 0
    tap_on: bool = False
    hot: str | None = None


@dataclass(frozen=True)
class Camera:
    """Centre of the view, its width in world units, and its roll in degrees."""

    x: float
    y: float
    width: float
    roll: float

    def matrix(
        self, width: int, height: int
    ) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
        """The affine map from world units to pixels of a frame of that size."""
        scale = width / self.width
        c, s = scale * cos(radians(self.roll)), scale * sin(radians(self.roll))
        return (c, -s, width / 2 - c * self.x + s * self.y), (s, c, height / 2 - s * self.x - c * self.y)


@dataclass(frozen=True)
class Shot:
    """Everything that one frame shows.

    stock
        Things inside an open fridge or cupboard.
    still
        Things that stand in the open and do not move. Both are the same objects for all frames between two
        changes.
    steam
        Where steam rises, if it does.
    current
        Number of the action under way, None between actions.
    """

    time: float
    room: Room
    stock: tuple[Thing, ...]
    still: tuple[Thing, ...]
    pose: Pose
    right: Point
    left: Point
    camera: Camera
    current: int | None
    steam: Point | None


def shots(config: WorldConfig, timeline: Timeline, style: Style) -> Iterator[Shot]:
    """The frames of a video in order."""
    video = timeline.video
    scene = Scene(config.seed, video.video_id, video.dish, style)
    head = _Head(config, video.video_id, style)
    right, left = style.spot("rest right"), style.spot("rest left")
    if style.mirrored:
        right, left = left, right
    rest = (right, left)
    from_right, from_left = right, left
    current: int | None = None
    done = 0
    stock, still = _lying(scene, None)
    for number in range(timeline.frames):
        time = number / config.fps
        if current is not None and time >= timeline.actions[current].stop:
            scene.apply(timeline.actions[current].step)
            current, done = None, done + 1
            stock, still = _lying(scene, None)
        if current is None and done < len(timeline.actions) and time >= timeline.actions[done].start:
            current = done
            from_right, from_left = right, left
            stock, still = _lying(scene, timeline.actions[current].step)
        pose = Pose()
        if current is not None:
            action = timeline.actions[current]
            u = (time - action.start) / (action.stop - action.start)
            pose = GESTURES[action.step.verb](scene, action.step, u)
            reach = min(1.0, u / 0.15)
            right = _between(from_right, pose.right or rest[0], reach)
            left = _between(from_left, pose.left or rest[1], reach)
        else:
            right, left = _between(right, rest[0], 0.1), _between(left, rest[1], 0.15)
        target = _looked_at(timeline.actions, current, done, time)
        camera = head.look(scene, target, right)
        room = _room(scene, pose)
        steam = (
            scene.home(room.hot)
            if room.hot and scene.where[room.hot] == "hob" and scene.contents[room.hot]
            else None
        )
        yield Shot(time, room, stock, still, pose, right, left, camera, current, steam)


def _lying(scene: Scene, step: Step | None) -> tuple[tuple[Thing, ...], tuple[Thing, ...]]:
    """What is inside open furniture and what stands in the open, without what the step moves."""
    hidden = moved_by(step) if step else frozenset()
    opened = [
        place
        for place in ("fridge", "cupboard")
        if getattr(scene, f"{place}_open") or (step and step.noun == place)
    ]
    return tuple(thing for place in opened for thing in scene.stock(place, hidden)), scene.standing(hidden)


def _room(scene: Scene, pose: Pose) -> Room:
    doors = {
        place: pose.openness.get(place, float(getattr(scene, f"{place}_open")))
        for place in ("fridge", "cupboard")
    }
    switched = {name: pose.switched.get(name, getattr(scene, f"{name}_on")) for name in ("tap", "hob")}
    hot = scene.heated if switched["hob"] else None
    return Room(
        round(doors["fridge"] * DOOR_STEPS), round(doors["cupboard"] * DOOR_STEPS), switched["tap"], hot
    )


def _looked_at(actions: tuple[Action, ...], current: int | None, done: int, time: float) -> Action | None:
    """The action that the eyes are on: the one under way, or the next one shortly before it begins."""
    if current is not None:
        return actions[current]
    if done < len(actions) and actions[done].start - time < 0.4:
        return actions[done]
    return actions[done - 1] if done else None


def _between(start: Point, stop: Point, share: float) -> Point:
    return start[0] + (stop[0] - start[0]) * share, start[1] + (stop[1] - start[1]) * share


class _Head:
    """Where the camera looks: it follows the work smoothly, and sways."""

    def __init__(self, config: WorldConfig, video_id: str, style: Style):
        random = stream(config.seed, "head", video_id)
        self.phases = [random.uniform(0, 2 * pi) for _ in range(5)]
        self.rates = [random.uniform(0.15, 0.5) for _ in range(5)]
        self.sway = style.sway
        self.fps = config.fps
        self.aspect = config.height / config.width
        self.x, self.y, self.width = WIDTH / 2, HEIGHT / 2, VIEW
        self.number = 0

    def look(self, scene: Scene, action: Action | None, hand: Point) -> Camera:
        """Turn towards the work for the time of one frame."""
        goal_x, goal_y, goal_width = WIDTH / 2, HEIGHT / 2, VIEW
        if action is not None:
            step = action.step
            x, y = self._spot(scene, step.verb, step.at)
            share = 0.5 if step.verb in ("take", "put") else 0.2
            goal_x, goal_y = x + share * (hand[0] - x), y + share * (hand[1] - y)
            goal_width = VIEW * ZOOM.get(step.verb, 0.92)
        rate = 1 - 0.12 ** (1 / self.fps)
        self.x += rate * (goal_x - self.x)
        self.y += rate * (goal_y - self.y)
        self.width += rate * (goal_width - self.width)
        time = self.number / self.fps
        self.number += 1
        waves = [
            sin(2 * pi * rate * time + phase) for rate, phase in zip(self.rates, self.phases, strict=True)
        ]
        width = self.width * (1 + 0.015 * self.sway * waves[0])
        half, tall = width / 2 + 4, width * self.aspect / 2 + 4
        x = min(max(self.x + self.sway * (4 * waves[1] + 2 * waves[2]), half), WIDTH - half)
        y = min(max(self.y + self.sway * 3 * waves[3], tall), HEIGHT - tall)
        return Camera(x, y, width, 0.7 * self.sway * waves[4])

    def _spot(self, scene: Scene, verb: str, at: str) -> Point:
        spots = {"counter": "board", "hob": "hob knob"}
        if at in scene.contents and scene.where.get(at):
            return scene.home(at)
        return scene.style.spot(spots.get(at, at))
