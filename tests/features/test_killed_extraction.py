"""Killed by -9 wherever it is, probing, extraction and the frame store end with the same bytes;
`killing_extraction.py` does it as often as one likes.
"""

from __future__ import annotations

import random

from killing_extraction import check


def test_what_was_killed_goes_on_to_the_same_bytes(tmp_path):
    assert check(tmp_path, 4, random.Random(2)) >= 4
