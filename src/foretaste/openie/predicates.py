"""The verbs of a sentence: where a parser that wants part-of-speech tags is asked for arguments.

General taggers take short imperatives for nouns and adjectives ("open drawer", "grease a dish"), and a parser
that asks them for verbs then finds nothing. Here a word counts as a verb where the rules read it as one;
elsewhere its class and its neighbours decide, so that verbs of subordinate clauses and of prose, which the
rules pass over, are asked about too. Auxiliaries are not: they are no steps. The letters of the expressions
are classes of words: ``words.CLASSES`` says which.
"""

from __future__ import annotations

import re

from foretaste.openie.reading import Reading

#: After "to", a modal, "do" or a subject pronoun (and adverbs) a word that can be a verb is one.
_AFTER_SIGN = r"(?<=[TXxdYL])R*+(?P<signed>[VAhHJKkqU])|(?<=[Kk])R*+(?P<chained>[Gg])"
#: Between what leads a noun in and the noun, participles and gerunds describe it ("the chopped onions",
#: "salt, baked beans", "a mixing bowl").
_DESCRIBES = r"(?:[DaMnPWFC,]|^)R*+[aEGg]*+(?<=[EGg])(?=[NuAhHQ])(?<!^[Gg])"
#: Words that are verbs whatever surrounds them, but for a determiner before them ("a drain").
_ALWAYS = r"(?<![DaF])(?P<always>[VKkqLUGZ])|(?P<participle>E)"
_VERB = re.compile(f"(?:{_DESCRIBES})|{_AFTER_SIGN}|{_ALWAYS}")


def verbs(sentence: str) -> list[tuple[int, int]]:
    """The verbs of ``sentence`` as characters [start, stop), in order; of "pick up" the first word alone."""
    reading = Reading(sentence, canonical=False, each=False)
    tokens, ends = reading.tokens, reading.ends
    starts = [end - len(token.lstrip()) for token, end in zip(tokens, ends, strict=True)]
    found = {extraction.verb_span[0] for extraction in reading.read()}
    for match in _VERB.finditer(reading.tags):
        if match.lastgroup:
            found.add(starts[match.start(match.lastgroup)])
    return [(start, stop) for start, stop in zip(starts, ends, strict=True) if start in found]
