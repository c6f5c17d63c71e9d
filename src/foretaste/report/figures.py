"""Line charts and histograms as inline SVG that takes its colours from the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 500, 260, 38, 176, 12, 30


@dataclass(frozen=True)
class Series:
    """One line: its name, a CSS colour, (x, y) points of the mean, and of each seed; ``dashed`` tells equal
    colours apart.
    """

    name: str
    colour: str
    points: tuple[tuple[float, float], ...]
    repeats: tuple[tuple[tuple[float, float], ...], ...] = ()
    dashed: bool = False


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten apart) from at or below ``low`` to at or above
    ``high``.
    """
    if not high > low:
        low, high = low - 0.5, high + 0.5
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(k * step, 10) for k in range(first, last + 1)]


def lines(series: Sequence[Series], x_label: str, y_label: str) -> Markup:
    """A line chart with every line named at its end."""
    drawn = [one for one in series if one.points]
    everything = [point for one in drawn for path in (one.points, *one.repeats) for point in path]
    xs, ys = (
        ticks(0, max(x for x, _ in everything), 4),
        ticks(min(y for _, y in everything), max(y for _, y in everything), 4),
    )
    if max(x for x, _ in everything) == int(max(x for x, _ in everything)):
        xs = [x for x in xs if x == int(x)]

    def place(point: tuple[float, float]) -> tuple[float, float]:
        x = _LEFT + (point[0] - xs[0]) / (xs[-1] - xs[0]) * (_WIDTH - _LEFT - _RIGHT)
        return x, _HEIGHT - _BOTTOM - (point[1] - ys[0]) / (ys[-1] - ys[0]) * (_HEIGHT - _TOP - _BOTTOM)

    parts = []
    for y in ys:
        (x1, at), (x2, _) = place((xs[0], y)), place((xs[-1], y))
        parts.append(f'<line class="grid" x1="{x1:.1f}" x2="{x2:.1f}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(f'<text class="tick" text-anchor="end" x="{x1 - 6:.1f}" y="{at + 4:.1f}">{y:g}</text>')
    for x in xs:
        at, bottom = place((x, ys[0]))
        parts.append(
            f'<text class="tick" text-anchor="middle" x="{at:.1f}" y="{bottom + 16:.1f}">{x:g}</text>'
        )
    for one in drawn:
        for repeat in one.repeats if len(one.repeats) > 1 else ():
            parts.append(
                f'<path class="line" style="stroke:{one.colour};opacity:.22;stroke-width:1"'
                f' d="{_path(repeat, place)}"/>'
            )
        dash = ";stroke-dasharray:5 4" if one.dashed else ""
        parts.append(
            f'<path class="line" style="stroke:{one.colour}{dash}"'
            f' d="{_path(one.points, place)}"><title>{escape(one.name)}</title></path>'
        )
    ends = [place(one.points[-1]) for one in drawn]
    for one, (x, y), at in zip(
        drawn, ends, spread([y for _, y in ends], 14, _TOP + 4, _HEIGHT - _BOTTOM), strict=True
    ):
        right = place((xs[-1], ys[0]))[0]
        parts.append(
            f'<path class="leader" style="stroke:{one.colour}" d="M{x + 2:.1f} {y:.1f}L{right + 5:.1f}'
            f' {at:.1f}"/>'
        )
        label = one.name if len(one.name) <= 26 else f"{one.name[:25]}…"
        parts.append(
            f'<text class="name" style="fill:{one.colour}" x="{right + 8:.1f}"'
            f' y="{at + 4:.1f}">{escape(label)}</text>'
        )
    parts.append(
        f'<text class="axis" text-anchor="end" x="{place((xs[-1], ys[0]))[0]:.1f}"'
        f' y="{_HEIGHT - 2}">{escape(x_label)}</text>'
    )
    return Markup(
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
        f' role="img"><title>{escape(y_label)}</title>{"".join(parts)}</svg>'
    )


def bars(first_s: float, width_s: float, counts: Sequence[int], label: str) -> Markup:
    """A histogram; each bar begins ``width_s`` after the one before."""
    height, step = 120, min(40, (_WIDTH - _LEFT) / len(counts))
    parts = []
    for number, count in enumerate(counts):
        begin = round(first_s + number * width_s, 9)
        tall, x = (height - 40) * count / max(counts), _LEFT / 2 + number * step
        said = f"{begin:g} to {round(begin + width_s, 9):g} s: {count}"
        parts.append(
            f'<rect class="bar" x="{x + 1:.1f}" y="{height - 30 - tall:.1f}" width="{step - 2:.1f}"'
            f' height="{tall:.1f}"><title>{said}</title></rect>'
        )
        if number % (1 + len(counts) // 8) == 0:
            parts.append(
                f'<text class="tick" text-anchor="middle" x="{x:.1f}" y="{height - 16}">{begin:g}</text>'
            )
    right = _LEFT / 2 + max(step * len(counts), 170)
    axis = f'<text class="axis" text-anchor="end" x="{right}" y="{height - 2}">{escape(label)}</text>'
    return Markup(
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {height}" role="img"><title>{escape(label)}</title>'
        f"{''.join(parts)}{axis}</svg>"
    )


def spread(wanted: Sequence[float], apart: float, low: float, high: float) -> list[float]:
    """Positions near ``wanted``, in the same order, at least ``apart`` from each other and, as far as they
    fit, within limits.
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed = [0.0] * len(wanted)
    edge = low
    for i in order:
        placed[i] = edge = max(wanted[i], edge)
        edge += apart
    edge = high
    for i in reversed(order):
        placed[i] = edge = min(placed[i], edge)
        edge -= apart
    return placed


def _path(points: Sequence[tuple[float, float]], place) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in map(place, points))
