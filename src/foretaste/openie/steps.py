"""Whether what reads like a step is one: adjectives, states and forecasts look the same to the grammar.

Each function takes the tokens of a text and their classes (``words.CLASSES``), one letter a token.
"""

from __future__ import annotations

import re

from foretaste.openie import closed, grammar, usage
from foretaste.openie.extraction import Extraction
from foretaste.openie.words import WORDS


def describes(tokens: list[str], tags: str, at: int, last: Extraction | None) -> bool:
    """Whether a verb or adjective that a noun follows is an adjective: "(add the milk) and dry mustard",
    not "and dry lettuce".
    """
    word = WORDS[tokens[at]].lower
    after_or = WORDS[tokens[at - 1]].lower == "or"
    if not (tags[at] in "JH" or word in usage.DESCRIBED or (after_or and tags[at] == "h")):
        return False
    after = grammar.THING.match(tags, at + 1)
    if after is None or tags[at + 1] in "DOMn":
        return False
    nouns = {WORDS[token].noun for token in tokens[slice(*after.span("object"))]}
    if tags[at] == "H" and "mixture" in nouns:
        return True  # "then egg mixture"
    if after_or:
        return True
    goes_on = (
        tags[at] == "J"
        and not tokens[at - 1].endswith("ly")
        and last is not None
        and last.object is not None
        and last.verb.split()[0] in usage.MIXING
    )
    return goes_on or not nouns.isdisjoint(usage.DESCRIBED.get(word, ()))


def becomes(tokens: list[str], tags: str, at: int) -> int | None:
    """Where what becomes of a thing ends: "(until the onions soften,) turn translucent"; None of what is
    done to one.
    """
    if WORDS[tokens[at]].lower not in usage.BECOMING:
        return None
    match = grammar.BECOMES.match(tags, at + 1)
    return None if match is None else match.end()


def ordered(tokens: list[str], tags: str, match: re.Match[str], before: int) -> bool:
    """Whether a clause after token ``before`` is a step: ", or you can peel them", "heat the pan add the
    oil".

    It is none in "you will have lumps", "slices get salt" and "(stir) to blend and dissolve the sugar".
    """
    at, verb = match.start("joint"), match.start("verb")
    if match["joint"] == "C" and WORDS[tokens[verb]].lower in usage.RESULTING:
        return grammar.PURPOSE.search(tags, before, at) is None
    if tags[at] == "Y":
        return WORDS[tokens[at + 1]].lower in closed.ORDERS and WORDS[tokens[verb]].base in usage.TOLD
    return verb != at or tags[at] != "V" or WORDS[tokens[verb]].base in usage.UNJOINED
