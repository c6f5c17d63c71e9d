"""The kitchen behind everything: wall, worktop, fridge, cupboard, sink, hob, board and clutter."""

from __future__ import annotations

from functools import lru_cache
from random import Random

import cv2
import numpy as np

from foretaste.kitchen.chance import field
from foretaste.kitchen.sprites import Brush, blend, lay, shaded
from foretaste.kitchen.style import HEIGHT, MARGIN, WIDTH, Colour, Point, Style

#: Where the worktop meets the wall.
EDGE = 96


def paint_room(style: Style) -> np.ndarray:
    """The kitchen without doors, clutter and things: RGB, uint8 (HEIGHT, WIDTH, 3)."""
    image = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    _surfaces(image, style)
    _sink(image, style)
    _hob(image, style)
    _board(image, style)
    edge = shaded(style.unit, 0.6)
    _rectangle(image, style, 188, 0, 336, 84, shaded(style.unit, 0.34), edge)
    for y in (40, 78):
        _rectangle(image, style, 192, y, 332, y + 4, shaded(style.unit, 0.6))
    white = _fridge_white(style)
    _rectangle(image, style, -MARGIN, 0, 94, 204, shaded(white, 0.8), shaded(white, 0.6))
    _rectangle(image, style, 8, 4, 86, 198, (236, 246, 252), shaded(white, 0.6))
    for y in (60, 106, 152):
        _rectangle(image, style, 8, y, 86, y + 4, (190, 206, 216))
    _rectangle(image, style, 12, 160, 82, 194, (206, 222, 232), shaded(white, 0.6))
    return image


def paint_doors(image: np.ndarray, style: Style, fridge: float, cupboard: float) -> None:
    """The doors of fridge and cupboard, open as far as said (0 to 1), over what is inside, and the clutter
    before them.
    """
    _cupboard_doors(image, style, cupboard)
    _fridge_door(image, style, fridge)
    for kind, spot, seed in style.clutter:
        lay(image, _clutter(kind, seed), *style.place(spot))


def _surfaces(image: np.ndarray, style: Style) -> None:
    random = Random(style.seed)
    image[:EDGE] = style.wall
    if style.tiles:
        for x in range(0, WIDTH, style.tiles):
            cv2.line(image, (x, 0), (x, EDGE), shaded(style.wall, 0.86), 1)
        for y in range(0, EDGE, style.tiles):
            cv2.line(image, (0, y), (WIDTH, y), shaded(style.wall, 0.86), 1)
    image[EDGE:] = style.counter
    grain = cv2.resize(
        field(random, HEIGHT // 4, WIDTH // 24), (WIDTH, HEIGHT - EDGE), interpolation=cv2.INTER_LINEAR
    )
    speckle = cv2.resize(
        field(random, HEIGHT // 2, WIDTH // 2), (WIDTH, HEIGHT - EDGE), interpolation=cv2.INTER_LINEAR
    )
    texture = (9 * grain + 7 * speckle)[..., None]
    image[EDGE:] = np.clip(image[EDGE:] + texture, 0, 255).astype(np.uint8)
    cv2.line(image, (0, EDGE), (WIDTH, EDGE), shaded(style.counter, 0.5), 3)
    cv2.line(image, (0, EDGE + 3), (WIDTH, EDGE + 3), shaded(style.counter, 0.75), 3)


def _rectangle(
    image: np.ndarray,
    style: Style,
    left: float,
    top: float,
    right: float,
    bottom: float,
    colour: Colour,
    edge: Colour | None = None,
) -> None:
    """A filled rectangle given in the coordinates of the plan, mirrored where the kitchen is."""
    (x0, y0), (x1, y1) = style.place((left, top)), style.place((right, bottom))
    corners = (round(min(x0, x1)), round(y0)), (round(max(x0, x1)), round(y1))
    cv2.rectangle(image, *corners, colour, -1)
    if edge:
        cv2.rectangle(image, *corners, edge, 1)


def _sink(image: np.ndarray, style: Style) -> None:
    steel = style.metal
    _rectangle(image, style, 98, 112, 202, 194, steel, shaded(steel, 0.6))
    _rectangle(image, style, 106, 120, 194, 188, shaded(steel, 0.62), shaded(steel, 0.4))
    _rectangle(image, style, 110, 126, 190, 186, shaded(steel, 0.74))
    x, y = style.place((150, 172))
    cv2.circle(image, (round(x), round(y)), 5, shaded(steel, 0.35), -1, cv2.LINE_AA)


def paint_tap(image: np.ndarray, style: Style, running: bool, phase: float) -> None:
    """The tap over the sink, with its lever turned and water falling while it runs."""
    x, y = (round(v) for v in style.spot("tap"))
    steel, dark = blend(style.metal, (255, 255, 255), 0.4), shaded(style.metal, 0.45)
    if running:
        wobble = round(1.5 * np.sin(phase * 30))
        cv2.line(image, (x + wobble, y + 34), (x, y + 74), (196, 224, 248), 9, cv2.LINE_AA)
        cv2.line(image, (x + 1, y + 34), (x - wobble, y + 74), (240, 250, 255), 3, cv2.LINE_AA)
        radius = round(10 + 6 * abs(np.sin(phase * 9)))
        cv2.ellipse(
            image, (x, y + 76), (radius + 10, radius // 2 + 4), 0, 0, 360, (214, 234, 250), 2, cv2.LINE_AA
        )
        cv2.ellipse(image, (x, y + 76), (radius, radius // 2), 0, 0, 360, (240, 248, 255), 2, cv2.LINE_AA)
    cv2.line(image, (x, y + 8), (x, y + 34), dark, 13, cv2.LINE_AA)
    cv2.line(image, (x, y + 8), (x, y + 33), steel, 9, cv2.LINE_AA)
    cv2.circle(image, (x, y + 6), 11, dark, -1, cv2.LINE_AA)
    cv2.circle(image, (x, y + 6), 9, steel, -1, cv2.LINE_AA)
    lx, ly = style.spot("tap lever")
    end = (round(lx + (0 if not running else style.mirror(14))), round(ly - (6 if not running else -8)))
    cv2.line(image, (x, y + 4), end, dark, 7, cv2.LINE_AA)
    cv2.line(image, (x, y + 4), end, (40, 120, 220) if running else (200, 60, 50), 4, cv2.LINE_AA)


def _hob(image: np.ndarray, style: Style) -> None:
    _rectangle(image, style, 334, 110, 476, 224, (34, 36, 40), (120, 124, 130))
    for x, y in ((378, 152), (436, 156)):
        cx, cy = style.place((x, y))
        for radius in (36, 26, 14):
            cv2.ellipse(
                image,
                (round(cx), round(cy)),
                (radius, round(radius * 0.8)),
                0,
                0,
                360,
                (78, 80, 86),
                1,
                cv2.LINE_AA,
            )


def paint_heat(image: np.ndarray, style: Style, hot: str | None) -> None:
    """The hob's knobs and the ring under the vessel that is ``hot``, glowing."""
    for n, (x, vessel) in enumerate(((356, "pan"), (384, "pot"), (412, None), (440, None))):
        cx, cy = (round(v) for v in style.place((x, 212)))
        lit = hot is not None and (vessel == hot or n == 0)
        cv2.circle(image, (cx, cy), 8, (200, 204, 210), -1, cv2.LINE_AA)
        tip = (cx + (6 if lit else 0), cy - (0 if lit else 6))
        cv2.line(image, (cx, cy), tip, (210, 30, 20) if lit else (40, 40, 44), 3, cv2.LINE_AA)
        if lit:
            cv2.circle(image, (cx, cy - 13), 3, (255, 60, 30), -1, cv2.LINE_AA)
    if hot:
        cx, cy = (round(v) for v in style.spot(f"{hot} on hob"))
        for radius, colour in (
            (47, (120, 26, 10)),
            (43, (220, 60, 18)),
            (36, (250, 100, 36)),
            (26, (255, 130, 56)),
            (14, (255, 150, 70)),
        ):
            cv2.ellipse(image, (cx, cy), (radius, round(radius * 0.8)), 0, 0, 360, colour, 5, cv2.LINE_AA)


def paint_steam(image: np.ndarray, at: Point, time: float) -> None:
    """Steam that rises from a hot vessel."""
    x, y = round(at[0]), round(at[1])
    top, left = max(y - 84, 0), max(x - 34, 0)
    part = image[top : y + 8, left : x + 34]
    veil = part.copy()
    for n in range(4):
        rise = (0.45 * time + 0.25 * n) % 1.0
        centre = (x - left + round(12 * np.sin(2.1 * n + 3 * time)), y - top - round(72 * rise))
        cv2.ellipse(
            veil,
            centre,
            (round(7 + 13 * rise), round(9 + 10 * rise)),
            0,
            0,
            360,
            (236, 238, 240),
            -1,
            cv2.LINE_AA,
        )
    cv2.addWeighted(veil, 0.22, part, 0.78, 0, dst=part)


def _board(image: np.ndarray, style: Style) -> None:
    x, y = style.spot("board")
    brush = Brush(148, 112)
    brush.box((2, 5), (136, 98), shaded(style.counter, 0.5))
    brush.box((0, 0), (136, 98), style.board, 0, shaded(style.board, 0.6))
    for dy in (-34, -14, 8, 30):
        brush.line((-64, dy), (64, dy + 3), shaded(style.board, 0.93), 1.2)
    lay(image, brush.sprite(), x, y)


def _cupboard_doors(image: np.ndarray, style: Style, openness: float) -> None:
    edge = shaded(style.unit, 0.6)
    width = 74 - 62 * openness
    for hinge, side in ((188, 1), (336, -1)):
        lean = round(10 * openness)
        _rectangle(image, style, hinge, 0, hinge + side * width, 84 + lean, style.unit, edge)
        if openness < 0.8:
            _rectangle(
                image,
                style,
                hinge + side * 8,
                0,
                hinge + side * (width - 8),
                74,
                blend(style.unit, edge, 0.12),
                blend(style.unit, edge, 0.4),
            )
        knob = style.place((hinge + side * (width - 6), 62 + lean))
        cv2.circle(image, (round(knob[0]), round(knob[1])), 4, (60, 60, 64), -1, cv2.LINE_AA)


def _fridge_white(style: Style) -> Colour:
    return blend(style.metal, (255, 255, 255), 0.55)


def _fridge_door(image: np.ndarray, style: Style, openness: float) -> None:
    white = _fridge_white(style)
    edge = shaded(white, 0.6)
    width = 94 - 80 * openness
    lean = round(14 * openness)
    _rectangle(image, style, -MARGIN, 0, width, 204 + lean, white, edge)
    if openness < 0.9:
        _rectangle(image, style, -MARGIN, 58, width, 60, edge)
        for top, bottom in ((20, 50), (70, 140)):
            _rectangle(image, style, width - 16, top, width - 11, bottom, (92, 96, 102), (50, 52, 56))
    else:
        _rectangle(image, style, -MARGIN, 20, width - 3, 120, shaded(white, 0.88), edge)


@lru_cache(maxsize=64)
def _clutter(kind: str, seed: int) -> np.ndarray:
    """A thing that no action ever touches."""
    random = Random(seed)
    colour: Colour = (random.randint(50, 220), random.randint(50, 200), random.randint(50, 220))
    edge = shaded(colour, 0.55)
    brush = Brush(60, 72)
    if kind == "mug":
        brush.arc((14, 2), (8, 9), -90, 90, edge, 3.4)
        brush.box((0, 4), (26, 28), colour, 0, edge)
        brush.ellipse((0, -10), (13, 5), shaded(colour, 0.5), 0, edge)
    elif kind == "jar":
        brush.box((0, 6), (24, 36), blend(colour, (255, 255, 255), 0.4), 0, edge)
        brush.box((0, -15), (26, 8), (150, 110, 60), 0, (90, 60, 30))
    elif kind == "box":
        brush.box((0, 2), (36, 50), colour, 0, edge)
        brush.box((0, -6), (28, 12), (240, 236, 220))
    elif kind == "cloth":
        brush.polygon([(-26, -10), (22, -18), (27, 16), (-20, 22)], colour, edge)
        for dy in (-6, 4, 13):
            brush.line((-24, dy), (25, dy - 6), blend(colour, (255, 255, 255), 0.5), 2)
    elif kind == "plant":
        for dx, dy in ((-14, -16), (12, -20), (0, -28), (-18, -2), (18, -4), (4, -12)):
            brush.ellipse((dx, dy), (10, 5), (60, random.randint(110, 160), 50), dx * 4, (30, 80, 30))
        brush.polygon([(-13, 6), (13, 6), (9, 30), (-9, 30)], (186, 100, 64), (110, 56, 34))
    elif kind == "phone":
        brush.box((0, 0), (22, 42), (20, 22, 26), random.randint(-40, 40), (90, 92, 98))
        brush.box((0, 0), (17, 32), (60, 90, 130), 0)
    elif kind == "apples":
        for dx, dy in ((-10, 4), (10, 6), (0, -9)):
            brush.ellipse((dx, dy), (11, 10), (110 + random.randint(0, 60), 170, 50), 0, (60, 100, 20))
    elif kind == "kettle":
        brush.arc((0, -16), (16, 14), 180, 360, (30, 30, 34), 4)
        brush.ellipse((0, 6), (22, 20), (180, 184, 190), 0, (80, 84, 90))
        brush.ellipse((0, -10), (10, 4), (60, 62, 66))
    elif kind == "bottle":
        brush.box((0, 10), (16, 40), colour, 0, edge)
        brush.box((0, -18), (7, 18), colour, 0, edge)
        brush.box((0, 12), (16, 14), (244, 240, 226))
    else:
        brush.box((0, 0), (46, 34), colour, random.randint(-20, 20), edge)
        brush.box((0, 0), (30, 6), (240, 236, 220), 0)
    return brush.sprite()
