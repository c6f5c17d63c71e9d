"""A history in words: the phrases that a template makes, joined; and what the published texts leave out, how
long ago an action was and how often it was repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from foretaste.text.templates import Template

Repeats = Literal["each", "merged"]

#: Times that are told apart, in seconds; any other is told as the one nearest in ratio, which leaves a few
#: numbers to learn.
TOLD_S = (1, 2, 3, 5, 10, 20, 30, 60, 120, 300)


@dataclass(frozen=True, kw_only=True)
class Wording:
    """How a history is told.

    template
        Words a phrase and joins phrases.
    elapsed
        Whether each phrase says how long ago it was: "take pan 5 seconds ago".
    repeats
        ``merged``: a run of equal phrases is told once, with their number and the time of the last: "wash
        plate 3 times".
    """

    template: Template
    elapsed: bool = False
    repeats: Repeats = "each"

    def text(self, phrases: Sequence[str], elapsed_s: Sequence[float]) -> str:
        """``phrases`` (oldest first) as one line; ``elapsed_s``: seconds since each. The empty history is
        the empty string.
        """
        told = list(zip(phrases, elapsed_s, strict=True))
        if self.repeats == "merged":
            runs = [list(run) for _, run in groupby(told, key=lambda one: one[0])]
            told = [(run[-1][0] + (f" {len(run)} times" if len(run) > 1 else ""), run[-1][1]) for run in runs]
        if self.elapsed:
            return self.template.join.join(f"{phrase} {ago(seconds)}" for phrase, seconds in told)
        return self.template.join.join(phrase for phrase, _ in told)


def ago(seconds: float) -> str:
    """For example "5 seconds ago"; "now" for less than half a second, and for what has yet to begin
    (history rule ``all``).
    """
    if seconds < 0.5:
        return "now"
    nearest = min(TOLD_S, key=lambda told: max(told / seconds, seconds / told))
    return f"{nearest} second{'s' if nearest > 1 else ''} ago"
