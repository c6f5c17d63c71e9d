"""What a noun chunk names: its tokens without determiner, with what an "of" adds, and its head.

Measures are looked through ("a cup of milk" is milk), vessels where they measure ("2 cans of tuna", but "open
can of tuna"), and what is joined is one thing where a mixture of it is named ("the flour and broth mixture").
"""

from __future__ import annotations

import re

from foretaste.openie import closed, grammar, lexicon, usage
from foretaste.openie.words import WORDS

#: The tokens [start, stop) of an object and its head; the empty object has no tokens.
Thing = tuple[int, int, str]


def named(tokens: list[str], tags: str, match: re.Match[str], name: str, narration: bool) -> Thing | None:
    """The thing that group ``name`` of ``match`` names among ``tokens`` with their classes ``tags``.

    ``narration``: whether the text is one, which means a vessel itself where a recipe means a measure.
    """
    start, stop = match.span(name)
    if start < 0:
        start = match.start(name + "_alone")
        return None if start < 0 else _alone(tokens, start)
    head = WORDS[tokens[stop - 1]].noun
    if tags[stop - 1] == "a" and head in closed.NO_THINGS:
        return None  # "cook a little longer"
    if tags[stop - 1] == "R" and head != "well":
        return _alone(tokens, start - 1)  # "repeat this twice"
    if head in lexicon.UNITS:
        if tags[stop : stop + 1] == "t" and grammar.MEASURED.match(tags, stop) is None:
            return None  # a couple minutes
        return _measured(tokens, tags, start, stop, narration)
    if head in lexicon.VESSELS:
        return _measured(tokens, tags, start, stop, narration)
    if head == "egg" and stop < len(tokens) and WORDS[tokens[stop]].lower == "white":
        return start, stop + 1, "white"
    if tags[stop : stop + 1] == "C" and WORDS[tokens[stop - 1]].lower == head:
        mixed = grammar.MIXED.match(tags, stop)
        if mixed is not None and WORDS[tokens[mixed.end() - 1]].noun in usage.MIXTURES:
            return start, mixed.end(), WORDS[tokens[mixed.end() - 1]].noun
    return start, max(stop, match.end(name + "_of")), head


def _alone(tokens: list[str], at: int) -> Thing | None:
    """A pronoun or what stands for one: "each", "half", but neither "the" nor "a bit"."""
    word = WORDS[tokens[at]].lower
    return None if word in closed.NO_THINGS else (at, at + 1, word)


def _measured(tokens: list[str], tags: str, start: int, stop: int, narration: bool) -> Thing:
    """The thing whose last noun may be a measure: its head is what is measured, if that is said."""
    first, head = start, WORDS[tokens[stop - 1]].noun
    while head in lexicon.UNITS or (
        head in lexicon.VESSELS and _measures(tokens, tags, first, stop, narration)
    ):
        of = grammar.MEASURED.match(tags, stop)
        if of is None or (tags[stop] == "D" and WORDS[tokens[stop]].lower != "each"):
            return start, stop, head
        first, stop = of.span("of")
        head = WORDS[tokens[stop - 1]].noun
    of = grammar.MEASURED.match(tags, stop)
    return start, stop if of is None or tags[stop] == "D" else of.end(), head


def _measures(tokens: list[str], tags: str, start: int, stop: int, narration: bool) -> bool:
    """Whether a vessel is a measure: "2 cans of tuna", "a cup of milk" in a recipe."""
    half = tags[max(0, start - 3) : start] in ("nFD", "MFD")  # half of the
    start = max(0, start - 1)
    if half or "M" in tags[start:stop]:
        return True
    return not narration and any(WORDS[token].lower in closed.ONE_MORE for token in tokens[start:stop])
