"""Drawing a video: the room and what stands still are kept between changes; hands, moved things and light go
over it.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import cos, sin

import cv2
import numpy as np

from foretaste.kitchen.chance import field, stream
from foretaste.kitchen.config import WorldConfig
from foretaste.kitchen.pictures import Pictures
from foretaste.kitchen.pose import Effect
from foretaste.kitchen.room import paint_doors, paint_heat, paint_room, paint_steam, paint_tap
from foretaste.kitchen.scene import Thing
from foretaste.kitchen.schedule import Timeline
from foretaste.kitchen.sprites import lay, shaded
from foretaste.kitchen.staging import DOOR_STEPS, Shot, shots
from foretaste.kitchen.style import HEIGHT, WIDTH, Point, Style

#: Strength of sensor noise, in grey levels.
NOISE = 4.0


def frames(config: WorldConfig, timeline: Timeline, style: Style) -> Iterator[np.ndarray]:
    """The pictures of a video: RGB, uint8 (height, width, 3)."""
    painter = Painter(config, style, timeline.video.video_id)
    for shot in shots(config, timeline, style):
        yield painter.picture(shot)


class Painter:
    """Draws the shots of one video."""

    def __init__(self, config: WorldConfig, style: Style, video_id: str):
        self.size = (config.width, config.height)
        self.style = style
        self._pictures = Pictures(style)
        self._room = paint_room(style)
        self._base: tuple[Shot, np.ndarray] | None = None
        self._light = _light(style, config.width, config.height)
        random = stream(config.seed, "noise", video_id)
        noises = [np.rint(NOISE * field(random, config.height, config.width)) for _ in range(4)]
        self._noise = [
            tuple(cv2.merge([np.maximum(sign * noise, 0).astype(np.uint8)] * 3) for sign in (1, -1))
            for noise in noises
        ]
        self._number = 0

    def picture(self, shot: Shot) -> np.ndarray:
        """One frame."""
        canvas = self._standing(shot).copy()
        if shot.room.tap_on:
            paint_tap(canvas, self.style, True, shot.time)
        if shot.steam:
            paint_steam(canvas, shot.steam, shot.time)
        pose = shot.pose
        for thing in pose.things:
            self._draw(canvas, thing)
        for effect in pose.effects:
            draw_effect(canvas, effect)
        self._hand(canvas, shot.left, -1)
        for tool in pose.tools:
            self._draw(canvas, tool)
        self._hand(canvas, shot.right, 1)
        matrix = np.array(shot.camera.matrix(*self.size), np.float64)
        picture = cv2.warpAffine(
            canvas, matrix, self.size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        lit = cv2.multiply(picture, self._light, scale=1 / 128, dtype=cv2.CV_8U)
        brighter, darker = self._noise[self._number % len(self._noise)]
        noisy = cv2.subtract(cv2.add(lit, brighter), darker)
        self._number += 1
        return noisy

    def _standing(self, shot: Shot) -> np.ndarray:
        """The kitchen without what moves; painted anew only when something has changed for good."""
        base = self._base
        if base is None or base[0].room != shot.room or base[0].still is not shot.still:
            canvas = self._room.copy()
            for thing in shot.stock:
                self._draw(canvas, thing)
            paint_doors(canvas, self.style, shot.room.fridge / DOOR_STEPS, shot.room.cupboard / DOOR_STEPS)
            if not shot.room.tap_on:
                paint_tap(canvas, self.style, False, 0.0)
            paint_heat(canvas, self.style, shot.room.hot)
            for thing in shot.still:
                self._draw(canvas, thing)
            self._base = base = shot, canvas
        return base[1]

    def _draw(self, canvas: np.ndarray, thing: Thing) -> None:
        lay(canvas, self._pictures.sprite(thing), thing.x, thing.y)

    def _hand(self, canvas: np.ndarray, at: Point, side: int) -> None:
        """An arm that comes in from below and a hand whose finger tips are at ``at``."""
        x, y = at
        skin, edge = self.style.skin, shaded(self.style.skin, 0.62)
        palm = (x + side * 12, y + 24)
        elbow = (WIDTH / 2 + 0.55 * (x - WIDTH / 2) + side * 80, max(HEIGHT + 60, y + 190))
        cuff = (palm[0] + 0.42 * (elbow[0] - palm[0]), palm[1] + 0.42 * (elbow[1] - palm[1]))
        _limb(canvas, palm, cuff, 30, edge)
        _limb(canvas, palm, cuff, 27, skin)
        _limb(canvas, cuff, elbow, 44, shaded(self.style.sleeve, 0.6))
        _limb(canvas, cuff, elbow, 40, self.style.sleeve)
        cv2.ellipse(canvas, _pixel(palm), (17, 19), side * 20, 0, 360, edge, -1, cv2.LINE_AA)
        cv2.ellipse(canvas, _pixel(palm), (15, 17), side * 20, 0, 360, skin, -1, cv2.LINE_AA)
        for n, (dx, dy) in enumerate(((-9, 2), (-3, -3), (4, -2), (10, 4))):
            knuckle = (palm[0] - 10 + 7 * n, palm[1] - 10)
            tip = (x + dx + side * 2, y + dy)
            _limb(canvas, knuckle, tip, 9, edge)
            _limb(canvas, knuckle, tip, 7, skin)
        thumb = (x - side * 15, y + 14)
        _limb(canvas, (palm[0] - side * 10, palm[1] + 4), thumb, 10, edge)
        _limb(canvas, (palm[0] - side * 10, palm[1] + 4), thumb, 8, skin)


def _pixel(point: Point) -> tuple[int, int]:
    return round(point[0]), round(point[1])


def _limb(canvas: np.ndarray, start: Point, stop: Point, width: int, colour: tuple[int, int, int]) -> None:
    cv2.line(canvas, _pixel(start), _pixel(stop), colour, width, cv2.LINE_AA)


def draw_effect(canvas: np.ndarray, effect: Effect) -> None:
    """Water, grains, crumbs and the like."""
    (x0, y0), (x1, y1), phase = effect.start, effect.stop, effect.phase
    if effect.kind == "stream":
        middle = (x1 + 0.3 * (x0 - x1), y0 + 0.4 * (y1 - y0))
        for width, colour in ((10, shaded(effect.colour, 0.8)), (7, effect.colour)):
            _limb(canvas, (x0, y0), middle, width, colour)
            _limb(canvas, middle, (x1, y1), width - 1, colour)
        cv2.ellipse(
            canvas,
            _pixel((x1, y1)),
            (16 + round(3 * sin(60 * phase)), 9),
            0,
            0,
            360,
            effect.colour,
            -1,
            cv2.LINE_AA,
        )
    elif effect.kind in ("grains", "drops", "bits", "peels"):
        count = {"grains": 34, "drops": 22, "bits": 10, "peels": 9}[effect.kind]
        spread = {"grains": 12, "drops": 22, "bits": 16, "peels": 20}[effect.kind]
        for n in range(count):
            fall = (phase * 6 + n * 0.618) % 1.0
            drift = sin(n * 12.9898) * spread * (0.3 + 0.7 * fall)
            at = (x0 + (x1 - x0) * fall + drift, y0 + (y1 - y0) * fall)
            if effect.kind == "peels":
                turn = n * 1.7 + phase * 9
                _limb(canvas, at, (at[0] + 9 * cos(turn), at[1] + 6 * sin(turn)), 4, effect.colour)
            else:
                cv2.circle(
                    canvas, _pixel(at), 2 if effect.kind != "bits" else 3, effect.colour, -1, cv2.LINE_AA
                )
    elif effect.kind == "scraps":
        for n in range(round(16 * phase)):
            at = (x0 + 26 * sin(n * 12.9898), y0 + 8 * cos(n * 4.1))
            _limb(canvas, at, (at[0] + 9 * cos(n * 1.7), at[1] + 4 * sin(n * 1.7)), 4, effect.colour)
    elif effect.kind == "splash":
        for n in range(12):
            turn, reach = n * 0.53 + phase * 17, 16 + 16 * ((n * 0.618 + phase * 9) % 1.0)
            cv2.circle(
                canvas,
                _pixel((x0 + reach * cos(turn), y0 + 0.8 * reach * sin(turn))),
                2,
                effect.colour,
                -1,
                cv2.LINE_AA,
            )
        cv2.line(canvas, _pixel((x0, y0 - 34)), _pixel((x0, y0 - 6)), (224, 240, 252), 7, cv2.LINE_AA)
    elif effect.kind == "yolk":
        at = (x0 + (x1 - x0) * phase, y0 + (y1 - y0) * phase)
        cv2.ellipse(canvas, _pixel(at), (9, 14), 0, 0, 360, (250, 248, 238), -1, cv2.LINE_AA)
        cv2.circle(canvas, _pixel(at), 7, effect.colour, -1, cv2.LINE_AA)
    elif effect.kind == "swirl":
        for n in range(3):
            start = 360 * phase + 120 * n
            cv2.ellipse(
                canvas, _pixel((x0, y0)), (20, 15), 0, start, start + 50, (235, 235, 225), 1, cv2.LINE_AA
            )
    else:
        cv2.ellipse(canvas, _pixel((x0, y0)), (12, 5), 0, 0, 360, effect.colour, -1, cv2.LINE_AA)


def _light(style: Style, width: int, height: int) -> np.ndarray:
    """Factors of the light in 1/128, uint8 (height, width, 3): its colour and a gradient over the picture."""
    x, y = np.linspace(-1, 1, width)[None, :, None], np.linspace(-1, 1, height)[:, None, None]
    gradient = 1 + style.shade[0] * x + style.shade[1] * y - 0.1 * (x * x + y * y)
    return np.clip(np.rint(128 * gradient * np.array(style.light)), 0, 255).astype(np.uint8)
