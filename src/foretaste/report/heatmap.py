"""A table of shares as inline SVG that takes its colours from the page: the darker, the more."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup, escape

from foretaste.report.written import words

#: Side of a cell and width of a letter, in units of the drawing; letters of a name, at most.
_CELL, _LETTER, _LETTERS = 26, 6.3, 18


def heatmap(rows: Sequence[str], columns: Sequence[str], shares: np.ndarray, title: str) -> Markup:
    """Per cent (R, C) from 0 to 100; what rounds to 0 is left empty."""
    side, top = (round(_LETTER * max(map(len, map(_shown, named)))) + 14 for named in (rows, columns))
    width, height = side + _CELL * len(columns) + top // 2, top + _CELL * len(rows)
    parts = []
    for number, name in enumerate(columns):
        x = side + _CELL * number + _CELL / 2 + 4
        turned = f'transform="translate({x:g} {top - 6}) rotate(-60)"'
        parts.append(f'<text class="tick" {turned}>{escape(_shown(name))}</text>')
    for number, name in enumerate(rows):
        y = top + _CELL * number
        parts.append(
            f'<text class="tick" text-anchor="end" x="{side - 6}" y="{y + 17}">{escape(_shown(name))}</text>'
        )
        for place, column in enumerate(columns):
            parts.append(_cell(shares[number, place], side + _CELL * place, y, f"{name} as {column}"))
    size = f'viewBox="0 0 {width} {height}" style="max-width: {round(1.35 * width)}px"'
    return Markup(
        f'<svg class="chart heat" {size} role="img"><title>{escape(title)}</title>{"".join(parts)}</svg>'
    )


def _cell(share: float, x: float, y: float, name: str) -> str:
    said = f"<title>{escape(words(name))}: {share:.1f} %</title>"
    frame = f'<rect class="cell" x="{x:g}" y="{y:g}" width="{_CELL - 1}" height="{_CELL - 1}"'
    ground = f"{frame}>{said}</rect>"
    if round(share) == 0:
        return ground
    ink = "light" if share > 55 else "dark"
    text = (
        f'<text class="share {ink}" text-anchor="middle" x="{x + 12.5:g}" y="{y + 17:g}">{share:.0f}</text>'
    )
    return f'{ground}{frame.replace("cell", "full")} style="opacity:{share / 100:.2f}"/>{text}'


def _shown(name: str) -> str:
    readable = words(name)
    return readable if len(readable) <= _LETTERS else f"{readable[: _LETTERS - 1]}…"
