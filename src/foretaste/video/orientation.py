"""How a stored picture is turned and mirrored before it is shown: what phones write beside it as a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Orientation(NamedTuple):
    """The stored picture is mirrored, left to right, where ``mirrored``, and then turned counter-clockwise by
    ``rotation`` degrees (0, 90, 180, 270).
    """

    rotation: int = 0
    mirrored: bool = False

    def apply(self, picture: np.ndarray) -> np.ndarray:
        """(H, W, 3) as stored -> as shown."""
        if self == UPRIGHT:
            return picture
        mirrored = picture[:, ::-1] if self.mirrored else picture
        return np.ascontiguousarray(np.rot90(mirrored, self.rotation // 90))

    def shown(self, height: int, width: int) -> tuple[int, int]:
        """(H, W) of a shown picture that is stored as (H, W), and the other way round."""
        return (width, height) if self.rotation in (90, 270) else (height, width)


UPRIGHT = Orientation()

#: The matrix (a, b, c, d) of each turn; a pixel at (x, y) is shown at (a x + c y, b x + d y). y counts
#: downwards.
_TURNS = {(1, 0, 0, 1): 0, (0, -1, 1, 0): 90, (-1, 0, 0, -1): 180, (0, 1, -1, 0): 270}


def orientation_of(matrix: Sequence[int]) -> Orientation | None:
    """What a display matrix says (nine numbers, row by row, as in ISO 14496-12); None where it does anything
    else than turn by quarters and mirror.
    """
    a, b, u, c, d, v = matrix[:6]
    scale = max(abs(value) for value in (a, b, c, d))
    if u or v or not scale:
        return None
    whole = tuple(round(value / scale) for value in (a, b, c, d))
    if any(abs(value / scale - near) > 1e-3 for value, near in zip((a, b, c, d), whole)):
        return None
    mirrored = whole[0] * whole[3] - whole[1] * whole[2] < 0
    # Mirroring comes first, so it is undone in the columns of x.
    turn = (-whole[0], -whole[1], whole[2], whole[3]) if mirrored else whole
    return Orientation(_TURNS[turn], mirrored) if turn in _TURNS else None
