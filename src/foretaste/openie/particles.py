"""Which verb a particle belongs to: "stir in the flour", "turn the tap off"; but "stir in a bowl".

Each function takes the tokens of a text and their classes (``words.CLASSES``), one letter a token.
"""

from __future__ import annotations

from foretaste.openie import usage
from foretaste.openie.things import Thing
from foretaste.openie.words import WORDS

#: Particles and the class after them, where both are one preposition: "back on the pan", "away from",
#: "together with".
_NO_LATE_PARTICLES = frozenset({("back", "i"), ("away", "P"), ("together", "W")})
#: Classes (``words.CLASSES``) that may follow a particle without an object, and the end.
_AFTER_PARTICLE = frozenset({*".,;:CcSR_", ""})


def late(tokens: list[str], tags: str, verb: str, at: int, narration: bool) -> str:
    """The verb with the particle that stands after its object: "turn the tap off", not "put the lid
    back on the pan".
    """
    word = WORDS[tokens[at]].lower
    after = tags[at + 1 : at + 2]
    if (word, after) in _NO_LATE_PARTICLES and not (
        after == "i" and tags[at + 2 : at + 3] in _AFTER_PARTICLE
    ):
        return verb
    if after == "F" and verb in usage.MAKING:
        return verb
    return verb if narration and after in ("P", "F") else f"{verb} {word}"


def owns(tokens: list[str], tags: str, verb: str, particle: str, at: int, thing: Thing | None) -> bool:
    """Whether an "in", "on", "off", "over" or "through" belongs to the verb ("stir in the flour") or
    to a place ("stir in a bowl").
    """
    if tags[at] == "I":
        return True
    if thing is None:
        return tags[at + 1 : at + 2] in _AFTER_PARTICLE
    if particle in ("on", "off") and verb in usage.SWITCHED:
        return True
    if particle == "off" and thing[2] in usage.COVERS:
        return True
    if particle == "over" and verb in usage.OVER_MATTER:
        return thing[2] in usage.MATTERS
    return verb in usage.OWNERS[particle] and thing[2] not in usage.PLACES
