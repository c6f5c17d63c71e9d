"""Runs of different settings in one results folder at once; `interleaving.py` does it as often as one
likes.
"""

from __future__ import annotations

import random

import pytest


@pytest.mark.slow
def test_runs_at_once_report_what_each_reports_alone_and_build_equal_steps_once(tmp_path):
    from interleaving import Alone, check, two_models  # it imports every stage

    alone, luck = Alone(tmp_path, two_models), random.Random(2)
    check(alone, tmp_path / "whole", 3, 600.0, luck)
    assert check(alone, tmp_path / "killed", 2, 3.0, luck) > 0
