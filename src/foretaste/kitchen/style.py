"""What differs from kitchen to kitchen: where things stand, colours, light, clutter, and the person's hands.

World units: the kitchen is planned on 480 x 352 units and painted with a margin; a camera frame shows a part
of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from foretaste.kitchen.chance import stream

Colour = tuple[int, int, int]
Point = tuple[float, float]

WIDTH, HEIGHT = 520, 352
#: Empty space on either side of the plan, so that one can look at what stands at its ends.
MARGIN = 20

#: Where fixtures and working places are, in a kitchen that is not mirrored.
SPOTS: dict[str, Point] = {
    "fridge": (46, 100), "fridge handle": (80, 105), "cupboard": (262, 42), "cupboard handle": (262, 62),
    "tap": (150, 96),
    "tap lever": (166, 92), "sink": (150, 152), "hob knob": (356, 214), "pan on hob": (378, 152),
    "pot on hob": (436, 156),
    "pan": (412, 266), "pot": (412, 262), "bowl": (340, 262), "plate": (408, 296), "board": (238, 268),
    "rack": (306, 128),
    "knife": (304, 292), "spoon": (286, 222), "water": (212, 176), "worktop": (132, 262), "rest right": (322,
    338), "rest left": (162, 338),
}  # fmt: skip
#: Places on the counter for what has been taken out.
SLOTS: tuple[Point, ...] = (
    (150, 232), (104, 226), (58, 232), (150, 284), (104, 280), (58, 286), (128, 326), (80, 330), (34, 326),
    (20, 256),
)  # fmt: skip

WALLS: tuple[Colour, ...] = (
    (222, 214, 196),
    (176, 200, 206),
    (206, 184, 160),
    (190, 206, 178),
    (226, 222, 218),
    (168, 160, 172),
)
COUNTERS: tuple[Colour, ...] = (
    (150, 112, 78),
    (96, 98, 104),
    (196, 186, 172),
    (120, 84, 62),
    (172, 150, 120),
    (88, 104, 100),
)
UNITS: tuple[Colour, ...] = (
    (236, 232, 224),
    (120, 82, 56),
    (92, 116, 126),
    (176, 140, 98),
    (150, 66, 58),
    (72, 84, 76),
)
BOARDS: tuple[Colour, ...] = ((206, 162, 104), (226, 226, 220), (150, 104, 62), (196, 214, 170))
BOWLS: tuple[Colour, ...] = ((208, 214, 222), (70, 110, 160), (196, 88, 70), (232, 224, 200), (120, 150, 110))
SKINS: tuple[Colour, ...] = ((236, 188, 160), (198, 140, 104), (142, 92, 62), (98, 62, 44), (224, 172, 132))
SLEEVES: tuple[Colour, ...] = (
    (60, 76, 120),
    (150, 52, 56),
    (72, 110, 80),
    (40, 40, 46),
    (200, 190, 176),
    (120, 84, 130),
)
CLUTTER = ("mug", "jar", "box", "cloth", "plant", "phone", "apples", "kettle", "bottle", "book")
#: Where clutter may stand: the back of the counter, beside the hob, the front corners.
CLUTTER_SPOTS: tuple[Point, ...] = (
    (112, 112),
    (198, 112),
    (232, 116),
    (270, 118),
    (330, 112),
    (464, 222),
    (462, 322),
    (322, 326),
    (196, 214),
)


@dataclass(frozen=True)
class Style:
    """The look of one participant's kitchen. Colours are RGB."""

    mirrored: bool
    wall: Colour
    tiles: int
    counter: Colour
    unit: Colour
    board: Colour
    bowl: Colour
    metal: Colour
    skin: Colour
    sleeve: Colour
    light: tuple[float, float, float]
    shade: tuple[float, float]
    clutter: tuple[tuple[str, Point, int], ...]
    sway: float
    seed: int

    def spot(self, name: str) -> Point:
        """Where a named spot is in this kitchen."""
        return self.place(SPOTS[name])

    def slot(self, number: int) -> Point:
        """A place on the counter for a thing that was taken out."""
        return self.place(SLOTS[number % len(SLOTS)])

    def place(self, point: Point) -> Point:
        """A point of the plan, moved and mirrored as this kitchen is."""
        x, y = point[0] + MARGIN, point[1]
        return (WIDTH - x if self.mirrored else x), y

    def mirror(self, value: float) -> float:
        """An offset to the right of the plan, as an offset in this kitchen."""
        return -value if self.mirrored else value


def draw_style(seed: int, participant: str) -> Style:
    """The kitchen of one participant."""
    random = stream(seed, "kitchen", participant)

    def about(colour: Colour, spread: int = 14) -> Colour:
        return tuple(max(0, min(255, channel + random.randint(-spread, spread))) for channel in colour)  # type: ignore[return-value]

    spots = random.sample(CLUTTER_SPOTS, random.randint(3, 6))
    clutter = tuple((random.choice(CLUTTER), spot, random.randrange(1 << 16)) for spot in spots)
    warmth = random.uniform(-0.1, 0.1)
    level = random.uniform(0.74, 1.08)
    return Style(
        mirrored=random.random() < 0.35,
        wall=about(random.choice(WALLS)),
        tiles=random.choice((0, 24, 32, 44)),
        counter=about(random.choice(COUNTERS)),
        unit=about(random.choice(UNITS)),
        board=about(random.choice(BOARDS), 8),
        bowl=about(random.choice(BOWLS)),
        metal=about((172, 176, 182), 10),
        skin=about(random.choice(SKINS), 8),
        sleeve=about(random.choice(SLEEVES), 16),
        light=(level * (1 + warmth), level, level * (1 - warmth)),
        shade=(random.uniform(-0.22, 0.22), random.uniform(-0.15, 0.1)),
        clutter=clutter,
        sway=random.uniform(0.6, 1.4),
        seed=random.randrange(1 << 30),
    )
