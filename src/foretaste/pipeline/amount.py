"""Amounts on the command line."""

from __future__ import annotations

import argparse
import math


def amount(text: str) -> float:
    """A number of at least 0, as argparse takes it (``type=amount``); no NaN, with which nothing compares."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of at least 0")
    return number
