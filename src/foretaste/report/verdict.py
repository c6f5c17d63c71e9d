"""What a comparison of ``summary.json`` lets a reader say, in words; the same for the report, the results
page and a terminal.

A summary that was made before the jackknife names no ``method``: its limits are those of a percentile
bootstrap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from foretaste.evaluation.compare import METHOD, few

_PERCENTILE = "percentile"

#: caution, without its number -> what it means.
_MEANS = {
    "one video": "It does not say how others would differ.",
    "a world with one video": "It does not say how others would differ.",
    "no variation between videos": (
        "Whichever video is left out, it is the same: so the videos do not say how others would differ."
    ),
    "few videos": "Single videos decide such numbers: read them as a hint, not as a result.",
    "few samples": (
        "Single samples move such numbers by a point or more: read them as a hint, not as a result."
    ),
}


def way(one: Mapping[str, Any]) -> str:
    """How the limits were made, in words that follow "interval"."""
    units = {"video+seed": "videos and seeds", "video": "videos"}[one["unit"]]
    method = one.get("method", _PERCENTILE)
    return (
        f"{method} over {units}"
        if method == METHOD
        else f"older {method} bootstrap of {units}, {one['resamples']} times"
    )


def heading(compared: Sequence[Mapping[str, Any]]) -> str:
    """``way`` of all rows of a table; where some are of one seed only, ``rows`` says which."""
    with_seeds = [one for one in compared if one["unit"] == "video+seed"]
    return way(with_seeds[0]) if with_seeds else f"{way(compared[0])}; one seed"


def rows(compared: Sequence[Mapping[str, Any]], written: Callable[[float], str]) -> list[str]:
    """``limits`` of every row of a table."""
    mixed = len({one["unit"] for one in compared}) > 1
    return [
        limits(one, written) + (", one seed" if mixed and one["unit"] == "video" else "") for one in compared
    ]


def has_interval(one: Mapping[str, Any]) -> bool:
    """Whether there are limits; an older summary writes equal ones where no resample differed."""
    return one["low"] is not None and one["low"] < one["high"]


def caution(one: Mapping[str, Any]) -> str | None:
    """In a few words why not to lean on it; None where nothing is the matter."""
    return one.get("caution") or (None if has_interval(one) else "no variation between videos")


def meaning(caution: str) -> str:
    """What a caution means, a sentence."""
    return _MEANS[caution.partition(" (")[0]]


def small(summary: Mapping[str, Any]) -> str | None:
    """What to say of a summary whose data are few; None where they are not."""
    found = few(summary["videos"], summary["samples"])
    return None if found is None else f"Small data, {found}. {meaning(found)}"


def sure(one: Mapping[str, Any]) -> bool:
    """Whether the interval excludes 0 and enough data say so."""
    return has_interval(one) and caution(one) is None and not one["low"] <= 0 <= one["high"]


def limits(one: Mapping[str, Any], written: Callable[[float], str]) -> str:
    """``low to high``, or in words why there is no interval; a caution stands behind the limits."""
    if not has_interval(one):
        return f"no interval: {caution(one)}"
    ends = f"{written(one['low'])} to {written(one['high'])}"
    return ends if caution(one) is None else f"{ends}, {caution(one)}"
