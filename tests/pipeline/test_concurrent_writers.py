"""Two writers of one result at once, killed at random moments, lose no row and write none twice; nor do two
that publish it. `killing_writers.py` does the same as often as one likes.
"""

from __future__ import annotations

import random

import pytest
from killing_writers import check_publishing, check_writing


@pytest.mark.slow
def test_writers_that_are_killed_leave_what_an_undisturbed_one_does(tmp_path):
    assert check_writing(tmp_path, 8, random.Random(1))[0] >= 8
    assert check_publishing(tmp_path, 8, random.Random(1))[0] >= 8
