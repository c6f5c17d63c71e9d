"""Pictures of food: whole, peeled, in pieces, in packets, and as what fills a vessel."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi, sin
from random import Random

from foretaste.kitchen.sprites import Brush, blend, shaded
from foretaste.kitchen.style import Colour

#: Colours of each food's pieces or of its liquid.
FLESH: dict[str, tuple[Colour, ...]] = {
    "onion": ((244, 236, 238), (222, 186, 214)), "tomato": ((206, 36, 26), (236, 92, 66)), "potato": ((244,
    226, 150), (230, 206, 120)),
    "carrot": ((244, 126, 22), (250, 156, 60)), "mushroom": ((226, 206, 182), (166, 128, 96)),
    "cheese": ((252, 208, 60), (244, 186, 34)),
    "egg": ((252, 186, 20), (250, 248, 236)), "milk": ((248, 248, 250),), "flour": ((248, 244, 234),),
    "butter": ((252, 234, 120),),
    "oil": ((214, 190, 40),), "salt": ((255, 255, 255),), "pasta": ((238, 200, 100), (224, 180, 76)),
    "rice": ((250, 248, 236), (232, 228, 210)),
    "bread": ((244, 220, 168), (182, 116, 52)), "water": ((150, 186, 214),), "batter": ((242, 214, 140),),
    "beaten": ((250, 206, 84),),
}  # fmt: skip
LIQUID = frozenset({"milk", "oil", "water", "batter", "flour", "beaten", "egg"})
SKIN: dict[str, Colour] = {"onion": (196, 112, 44), "potato": (160, 112, 64), "carrot": (226, 104, 16)}


def piece(brush: Brush, food: str, look: str, x: float, y: float, random: Random) -> None:
    """One piece of a cut, grated or fried food."""
    colours = FLESH[food]
    if look == "fried":
        colours = tuple(blend(colour, (140, 76, 20), 0.3) for colour in colours)
    colour = random.choice(colours)
    edge = shaded(colour, 0.72)
    angle = random.uniform(0, 180)
    if look == "grated" or food == "pasta":
        length = 7 if food == "pasta" else 4.5
        dx, dy = length * cos(angle), length * sin(angle)
        brush.line((x - dx, y - dy), (x + dx, y + dy), edge, 2.4)
        brush.line((x - dx, y - dy), (x + dx, y + dy), colour, 1.6)
    elif food == "rice":
        brush.ellipse((x, y), (2.2, 1.1), colour, angle)
    elif food in ("carrot", "tomato"):
        radius = 5.2 if food == "carrot" else 6.4
        brush.ellipse((x, y), (radius, radius * 0.85), colours[0], angle, edge)
        brush.ellipse((x, y), (radius * 0.5, radius * 0.42), colours[1], angle)
    elif food == "mushroom":
        brush.ellipse((x, y - 1), (6.2, 4.2), colours[0], 0, colours[1])
        brush.box((x, y + 3), (3.4, 5), colours[0], 0, colours[1])
    elif food == "onion":
        brush.arc((x, y), (5.4, 4.4), angle, angle + 210, edge, 2.2)
        brush.arc((x, y), (5.4, 4.4), angle, angle + 210, colour, 1.6)
    elif food == "bread":
        brush.box((x, y), (12, 10), FLESH[food][0], angle, FLESH[food][1])
    else:
        brush.box((x, y), (7.6, 6.4), colour, angle, edge)


def heap(
    brush: Brush, food: str, look: str, spread: float, count: int, random: Random, height: float = 0.75
) -> None:
    """Pieces strewn over a disc, densest in the middle."""
    for _ in range(count):
        distance, angle = spread * random.random() ** 0.7, random.uniform(0, 2 * pi)
        piece(brush, food, look, distance * cos(angle), distance * sin(angle) * height, random)


def _onion(brush: Brush, look: str) -> None:
    skin = SKIN["onion"] if look == "whole" else (246, 236, 232)
    edge = shaded(skin, 0.65)
    brush.ellipse((0, 2), (17, 15), skin, 0, edge)
    brush.polygon([(-5, -10), (5, -10), (1, -20), (-2, -19)], skin, edge)
    for bend in (5, 11):
        brush.arc((0, 2), (bend, 15), 90, 270, shaded(skin, 0.82), 1)
        brush.arc((0, 2), (bend, 15), -90, 90, shaded(skin, 0.82), 1)
    brush.ellipse((-6, -3), (3, 4), blend(skin, (255, 255, 255), 0.45))
    brush.line((-3, 17), (3, 17), (120, 100, 70), 2)


def _tomato(brush: Brush, look: str) -> None:
    red = FLESH["tomato"][0]
    brush.ellipse((0, 1), (18, 16), red, 0, shaded(red, 0.6))
    brush.ellipse((-7, -5), (4, 3), (250, 170, 150))
    for n in range(5):
        brush.line((0, -10), (8 * cos(n * 1.26 + 0.3), -10 + 5 * sin(n * 1.26 + 0.3)), (50, 130, 40), 2.4)
    brush.line((0, -10), (1, -17), (60, 110, 40), 2)


def _potato(brush: Brush, look: str) -> None:
    skin = SKIN["potato"] if look == "whole" else FLESH["potato"][0]
    brush.ellipse((0, 0), (21, 14), skin, -12, shaded(skin, 0.65))
    brush.ellipse((-6, -5), (6, 3), blend(skin, (255, 255, 255), 0.3), -12)
    if look == "whole":
        for x, y in ((5, 3), (-9, 3), (11, -4), (1, -7), (-2, 7)):
            brush.ellipse((x, y), (1.6, 1.1), shaded(skin, 0.55))


def _carrot(brush: Brush, look: str) -> None:
    skin = SKIN["carrot"] if look == "whole" else (255, 160, 70)
    if look == "whole":
        for x, y in ((-34, -6), (-35, 0), (-33, 6)):
            brush.line((-22, 0), (x, y), (46, 130, 40), 3)
    brush.polygon(
        [(-24, -8), (-18, -10), (28, -2), (31, 0), (28, 2), (-18, 10), (-24, 8)], skin, shaded(skin, 0.65)
    )
    if look == "whole":
        for x in (-12, -2, 8, 17):
            brush.line((x, -5 + x * 0.1), (x + 1, 0), shaded(skin, 0.75), 1)


def _mushroom(brush: Brush, look: str) -> None:
    cap = FLESH["mushroom"][0]
    for x, y in ((-10, 3), (9, 5), (0, -7)):
        brush.box((x, y + 7), (7, 11), (240, 230, 214), 0, (170, 150, 126))
        brush.ellipse((x, y), (11, 8), cap, 0, (140, 108, 80))
        brush.ellipse((x - 3, y - 3), (3, 2), (246, 238, 226))


def _cheese(brush: Brush, look: str) -> None:
    yellow, dark = FLESH["cheese"]
    brush.polygon([(-22, 4), (18, -14), (22, -2), (22, 12), (-20, 14)], dark, (160, 110, 10))
    brush.polygon([(-22, 4), (18, -14), (22, -2)], yellow, (160, 110, 10))
    for x, y, r in ((2, 7, 3), (12, 4, 2.2), (-9, 9, 2), (8, -5, 2)):
        brush.ellipse((x, y), (r, r), (206, 150, 20))


def _egg(brush: Brush, look: str) -> None:
    if look == "shell":
        brush.ellipse((0, 0), (8, 7), (236, 206, 172), 0, (150, 116, 84))
        brush.ellipse((0, -3), (7, 3), (252, 246, 236))
        return
    for x, y in ((-9, 2), (9, 4), (1, -8)):
        brush.ellipse((x, y), (8, 10.5), (238, 206, 170), 8, (158, 120, 86))
        brush.ellipse((x - 2, y - 4), (2.4, 3), (252, 236, 216))


def _milk(brush: Brush, look: str) -> None:
    brush.box((0, 6), (24, 40), (244, 246, 250), 0, (120, 130, 150))
    brush.polygon([(-12, -14), (12, -14), (7, -26), (-7, -26)], (226, 232, 244), (120, 130, 150))
    brush.box((0, -27), (14, 4), (40, 100, 200))
    brush.box((0, 8), (24, 14), (40, 100, 200))
    brush.ellipse((0, 8), (5, 5), (250, 250, 255))


def _flour(brush: Brush, look: str) -> None:
    brush.box((0, 4), (34, 44), (224, 198, 156), 0, (140, 112, 70))
    brush.polygon([(-17, -18), (17, -18), (13, -26), (-13, -26)], (206, 178, 132), (140, 112, 70))
    for dx in (-6, 0, 6):
        brush.line((0, 20), (dx, -4), (150, 104, 30), 1.6)
        brush.ellipse((dx, -6), (2, 5), (196, 146, 40), dx * 3)
    brush.ellipse((0, -25), (9, 2.5), (250, 248, 240))


def _butter(brush: Brush, look: str) -> None:
    yellow = FLESH["butter"][0]
    brush.polygon([(-24, 12), (24, 12), (20, -2), (-20, -2)], (206, 214, 226), (130, 140, 156))
    brush.polygon([(-17, 6), (17, 6), (17, -6), (-17, -6)], shaded(yellow, 0.9), (190, 160, 50))
    brush.polygon([(-17, -6), (17, -6), (13, -12), (-13, -12)], yellow, (190, 160, 50))


def _bottle(brush: Brush, body: Colour, cap: Colour, label: Colour) -> None:
    edge = shaded(body, 0.55)
    brush.box((0, 10), (20, 38), body, 0, edge)
    brush.polygon([(-10, -9), (10, -9), (4, -20), (-4, -20)], body, edge)
    brush.box((0, -24), (8, 10), body, 0, edge)
    brush.box((0, -30), (9, 5), cap)
    brush.box((0, 12), (20, 16), label)


def _oil(brush: Brush, look: str) -> None:
    _bottle(brush, (170, 150, 24), (40, 60, 24), (236, 226, 170))
    brush.ellipse((0, 12), (4, 5), (70, 100, 30))


def _salt(brush: Brush, look: str) -> None:
    brush.polygon([(-9, 18), (9, 18), (7, -8), (-7, -8)], (236, 240, 246), (110, 120, 136))
    brush.ellipse((0, -10), (8, 6), (120, 126, 134), 0, (70, 74, 80))
    for dx in (-3, 0, 3):
        brush.ellipse((dx, -11), (1, 1), (20, 20, 20))
    brush.line((-3, 2), (3, 2), (60, 70, 150), 1.6)
    brush.line((-3, 8), (3, 8), (60, 70, 150), 1.6)


def _pasta(brush: Brush, look: str) -> None:
    brush.box((0, 0), (24, 56), (36, 70, 160), 0, (18, 36, 90))
    brush.box((0, 6), (16, 34), FLESH["pasta"][0])
    for dx in (-6, -3, 0, 3, 6):
        brush.line((dx, -10), (dx, 22), (190, 140, 50), 0.8)


def _rice(brush: Brush, look: str) -> None:
    brush.box((0, 2), (30, 42), (198, 40, 44), 0, (110, 16, 20))
    brush.ellipse((0, 4), (10, 12), (250, 248, 236), 0, (110, 16, 20))
    random = Random(7)
    for _ in range(16):
        brush.ellipse(
            (random.uniform(-7, 7), random.uniform(-5, 13)), (2, 0.9), (206, 196, 160), random.uniform(0, 180)
        )


def _bread(brush: Brush, look: str) -> None:
    crumb, crust = FLESH["bread"]
    if look == "whole":
        brush.ellipse((0, 2), (32, 17), crust, 0, shaded(crust, 0.6))
        for x in (-16, -4, 8, 20):
            brush.line((x - 4, -8), (x + 2, 4), (226, 178, 110), 2.6)
        return
    for x in (-17, 17):
        brush.ellipse((x, -7), (15, 8), crumb, 0, crust)
        brush.box((x, 3), (28, 20), crumb, 0, crust)
        brush.box((x, 1), (25, 19), crumb)
        if look == "buttered":
            brush.box((x, 2), (22, 16), (255, 232, 90), 4)
            brush.ellipse((x - 4, -2), (6, 4), (255, 246, 170))


def _water(brush: Brush, look: str) -> None:
    brush.polygon([(-15, 22), (15, 22), (18, -20), (-18, -20)], (206, 226, 238), (110, 140, 160))
    brush.polygon([(-15, 21), (15, 21), (17, -8), (-17, -8)], (120, 176, 216))
    brush.arc((20, 0), (9, 12), -80, 80, (110, 140, 160), 2.6)
    for y in (-2, 6, 14):
        brush.line((-14, y), (-7, y), (60, 90, 120), 1)


WHOLE: dict[str, Callable[[Brush, str], None]] = {
    "onion": _onion, "tomato": _tomato, "potato": _potato, "carrot": _carrot, "mushroom": _mushroom,
    "cheese": _cheese, "egg": _egg,
    "milk": _milk, "flour": _flour, "butter": _butter, "oil": _oil, "salt": _salt, "pasta": _pasta,
    "rice": _rice, "bread": _bread,
    "water": _water,
}  # fmt: skip


def paint_food(brush: Brush, food: str, look: str) -> None:
    """A food as it lies on the counter: whole, peeled, cut, grated, or a state of its own (buttered, shell,
    part).
    """
    if look in ("cut", "grated") and food != "bread":
        random = Random(f"{food} {look}")
        if food == "butter":
            for x in (-9, 0, 9):
                brush.box((x, 0), (7, 15), FLESH["butter"][0], 0, (190, 160, 50))
        else:
            heap(brush, food, look, 18, 34 if look == "cut" else 60, random)
        return
    WHOLE[food](brush, look)
