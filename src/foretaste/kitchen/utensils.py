"""Pictures of vessels with what is in them, and of tools."""

from __future__ import annotations

from math import cos, pi, sin
from random import Random

from foretaste.kitchen.food import FLESH, LIQUID, paint_food, piece
from foretaste.kitchen.sprites import Brush, blend, shaded
from foretaste.kitchen.style import Colour, Style

#: Outer radius of each vessel, and the share of it that contents fill.
RADIUS = {"pan": 40, "pot": 36, "bowl": 36, "plate": 42}
INSIDE = {"pan": 0.8, "pot": 0.82, "bowl": 0.8, "plate": 0.72}
#: The camera looks down at a slant: circles are this much lower than wide.
SLANT = 0.8

#: What is in a vessel, in the order it went in: (food, look).
Contents = tuple[tuple[str, str], ...]


def paint_vessel(brush: Brush, vessel: str, contents: Contents, mixed: bool, style: Style) -> None:
    """A vessel seen from above with its contents; ``mixed`` says whether the last of them were stirred in."""
    r = RADIUS[vessel]
    if vessel == "pan":
        brush.line((r * 0.7, r * 0.5), (r + 34, r * 0.5 + 30), (30, 30, 32), 9)
        brush.line((r * 0.7, r * 0.5), (r + 33, r * 0.5 + 28), (70, 70, 74), 3)
        brush.ellipse((0, 3), (r, r * SLANT), (28, 28, 30))
        brush.ellipse((0, 0), (r, r * SLANT), (64, 64, 68), 0, (20, 20, 22))
        inner: Colour = (44, 44, 48)
    elif vessel == "pot":
        steel = style.metal
        for side in (-1, 1):
            brush.arc(
                (side * (r + 2), 2), (8, 7), -90 if side > 0 else 90, 90 if side > 0 else 270, (50, 50, 54), 4
            )
        brush.box((0, 12), (2 * r, 22), shaded(steel, 0.78))
        brush.ellipse((0, 22), (r, r * 0.5), shaded(steel, 0.72))
        brush.ellipse((0, 0), (r, r * SLANT), steel, 0, shaded(steel, 0.5))
        inner = shaded(steel, 0.55)
    elif vessel == "bowl":
        brush.ellipse((0, 12), (r * 0.74, r * 0.6), shaded(style.bowl, 0.6))
        brush.ellipse((0, 4), (r * 0.95, r * 0.82), shaded(style.bowl, 0.76))
        brush.ellipse((0, 0), (r, r * SLANT), style.bowl, 0, shaded(style.bowl, 0.55))
        inner = blend(style.bowl, (255, 255, 255), 0.35)
    else:
        brush.ellipse((0, 2), (r, r * SLANT), (150, 150, 152))
        brush.ellipse((0, 0), (r, r * SLANT), (240, 240, 240), 0, (160, 160, 166))
        inner = (226, 226, 228)
    reach = r * INSIDE[vessel]
    brush.ellipse((0, 0), (reach, reach * SLANT), inner)
    _fill(brush, contents, mixed, reach)


def _fill(brush: Brush, contents: Contents, mixed: bool, reach: float) -> None:
    """Liquids as a level, everything else as pieces; what was not stirred in lies in a heap on top."""
    random = Random("filling")
    liquids = [food for food, _ in contents if food in LIQUID]
    if liquids:
        _level(brush, liquids, mixed, reach)
    solids = [(food, look) for food, look in contents if food not in LIQUID and food != "salt"]
    for n, (food, look) in enumerate(solids):
        fresh = n == len(solids) - 1 and not mixed
        spread = reach * (0.5 if fresh else 0.82)
        if food == "bread":
            paint_food(brush, "bread", look)
            continue
        count = {"rice": 110, "pasta": 34}.get(food, 46 if look == "grated" else 22)
        for _ in range(count):
            distance, angle = spread * random.random() ** 0.6, random.uniform(0, 2 * pi)
            piece(brush, food, look, distance * cos(angle), distance * sin(angle) * SLANT, random)
        if food == "butter" and mixed:
            brush.ellipse((4, 2), (reach * 0.3, reach * 0.2), (250, 222, 110))
    if any(food == "salt" for food, _ in contents) and not mixed:
        for _ in range(26):
            distance, angle = reach * 0.8 * random.random() ** 0.5, random.uniform(0, 2 * pi)
            brush.ellipse((distance * cos(angle), distance * sin(angle) * SLANT), (0.9, 0.9), (255, 255, 255))


def _level(brush: Brush, liquids: list[str], mixed: bool, reach: float) -> None:
    if mixed and len(set(liquids) & {"flour", "egg", "milk"}) > 1:
        liquids = ["batter" if "flour" in liquids else "beaten"]
    elif mixed and liquids[-1] == "egg":
        liquids = [*liquids[:-1], "beaten"]
    base = liquids[0]
    size = reach * (0.97 if base in ("water", "batter", "beaten", "milk") else 0.62)
    if base != "egg":
        brush.ellipse((0, 0), (size, size * SLANT), FLESH[base][0])
        brush.arc(
            (0, 0), (size * 0.7, size * 0.5), 200, 290, blend(FLESH[base][0], (255, 255, 255), 0.6), 1.6
        )
    for n, liquid in enumerate(liquids[1:] if base != "egg" else liquids):
        if liquid == "egg":
            for x, y in ((-7, -2), (8, 5)):
                brush.ellipse((x, y), (12, 9), (252, 250, 240))
            for x, y in ((-7, -3), (8, 4)):
                brush.ellipse((x, y), (5.5, 5), (252, 176, 10), 0, (220, 140, 0))
        else:
            brush.ellipse((4 * n - 3, 3), (size * 0.55, size * 0.4), FLESH[liquid][0])


def paint_tool(brush: Brush, tool: str, style: Style) -> None:
    """A tool, its handle to the right: knife, spoon, peeler or grater."""
    if tool == "knife":
        brush.polygon([(-40, 4), (-34, -5), (8, -6), (8, 5)], (214, 220, 228), (110, 116, 124))
        brush.line((-38, 4), (8, 4), (250, 252, 255), 1)
        brush.box((24, 0), (32, 8), (36, 30, 28), 0, (16, 12, 10))
    elif tool == "spoon":
        brush.line((-14, 0), (42, 0), (150, 100, 52), 5)
        brush.ellipse((-24, 0), (14, 9), (176, 122, 68), 0, (110, 70, 34))
        brush.ellipse((-25, 0), (9, 5), (140, 92, 46))
    elif tool == "peeler":
        brush.box((14, 0), (30, 8), (60, 140, 70), 0, (30, 80, 36))
        brush.polygon(
            [(0, -8), (-14, -8), (-18, 0), (-14, 8), (0, 8), (0, 5), (-11, 4), (-11, -4), (0, -5)],
            (206, 210, 216),
            (90, 94, 100),
        )
    else:
        brush.polygon([(-17, 32), (17, 32), (11, -26), (-11, -26)], style.metal, (80, 84, 90))
        for row in range(6):
            for column in range(4):
                brush.ellipse((-10 + column * 6.6, 24 - row * 8), (1.7, 2.2), (60, 62, 66))
        brush.arc((0, -28), (9, 8), 180, 360, (40, 40, 44), 3.4)
