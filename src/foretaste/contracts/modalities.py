"""The modalities that the videos of a dataset come in. Each has a folder of its own, with files of the same
names.
"""

from __future__ import annotations

from typing import Literal

#: ``rgb``: what a camera saw. ``flow``: how it moved, as pictures whose first two channels are u (to the
#: right) and v (downwards), with 128 for no motion.
Modality = Literal["rgb", "flow"]

RGB: Modality = "rgb"
FLOW: Modality = "flow"
