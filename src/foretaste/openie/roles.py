"""From the tags of a semantic role labeller to extractions: which argument is the object, and what its head
is.

A labeller tags every word of a sentence once for each verb: B-V, B-ARG1, I-ARG1, O ... Labellers that learnt
OpenIE from prose (Stanovsky et al. 2018), where hardly any sentence is an instruction, call the first
argument ARG0 even where it is the object of an imperative. So the labels do not decide here but the places:
the object is the argument that starts nearest after the verb.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from foretaste.openie import closed, grammar
from foretaste.openie.extraction import Extraction, Span
from foretaste.openie.nouns import singular
from foretaste.openie.reading import Reading
from foretaste.openie.words import WORDS

#: Core arguments, in PropBank's and AW-OIE's names; not ARGM-TMP and its like, which say when, where and how.
_ARGUMENT = re.compile(r"(?:ARG|A)(?:\d|A)")
#: Parts of a verb: PropBank's continuation, and AW-OIE's words after the verb.
_VERB_PARTS = ("C-V", "AV")
_PARTICLES = closed.PARTICLES | closed.PARTICLES_OR_PREPOSITIONS
#: Classes (``words.CLASSES``) of words that lead in where, when or how: prepositions, particles,
#: subordinators.
_PREPOSITIONS = "PiIWTFwyS"
_BASES = {
    **dict.fromkeys(closed.BE, "be"),
    **dict.fromkeys(("has", "had", "having", "'ve"), "have"),
    "did": "do",
    "does": "do",
    "doing": "do",
}


class Chunk(NamedTuple):
    """Words [first, stop) with one label."""

    label: str
    first: int
    stop: int


def chunks(tags: list[str]) -> Iterator[Chunk]:
    """The labelled chunks of BIO tags, in order."""
    first = 0
    for at in range(1, len(tags) + 1):
        if at == len(tags) or tags[at] != f"I-{tags[first][2:]}":
            if tags[first] != "O":
                yield Chunk(tags[first][2:], first, at)
            first = at


def extractions(sentence: str, answer: Mapping[str, Any]) -> list[Extraction]:
    """The extractions of one answer (``words``, ``starts``, and for each verb its word's ``index`` and
    ``tags``), in the order of the verbs.
    """
    reading = Reading(sentence, canonical=False, each=False)
    places = [
        (start, start + len(word)) for word, start in zip(answer["words"], answer["starts"], strict=True)
    ]
    return [
        _extraction(reading, places, verb) for verb in sorted(answer["verbs"], key=lambda verb: verb["index"])
    ]


def _extraction(reading: Reading, places: list[Span], verb: Mapping[str, Any]) -> Extraction:
    text, at = reading.text, verb["index"]
    found = list(chunks(verb["tags"]))
    own = next(
        (chunk for chunk in found if chunk.label == "V" and chunk.first <= at < chunk.stop),
        Chunk("V", at, at + 1),
    )
    words = [text[slice(*place)].lower() for place in places[own.first : own.stop]]
    last = own.stop
    for chunk in found:
        part = text[places[chunk.first][0] : places[chunk.stop - 1][1]].lower()
        if chunk.label in _VERB_PARTS and chunk.first == last and part in _PARTICLES:
            words.append(part)
            last = chunk.stop
    name = " ".join([_BASES.get(words[0]) or WORDS[words[0]].base, *words[1:]])
    verb_span = (places[own.first][0], places[last - 1][1])
    arguments = [chunk for chunk in found if _ARGUMENT.fullmatch(chunk.label)]
    subject = next((chunk for chunk in arguments if chunk.label[-1] == "0" and chunk.stop <= own.first), None)
    told = None if subject is None else text[places[subject.first][0] : places[subject.stop - 1][1]]
    span = _object(reading, places, arguments, last)
    if span is None:
        return Extraction(name, verb_span, subject=told)
    (start, stop), head = _thing(reading, span)
    return Extraction(name, verb_span, text[start:stop], head, (start, stop), told)


def _object(reading: Reading, places: list[Span], arguments: list[Chunk], after: int) -> Span | None:
    """The argument that starts nearest after the verb and is no "in a bowl"; of a passive the ARG1 before
    it.
    """
    for chunk in arguments:
        span = (places[chunk.first][0], places[chunk.stop - 1][1])
        if chunk.first >= after and reading.tags[bisect_right(reading.ends, span[0])] not in _PREPOSITIONS:
            return span
    if any(chunk.first >= after for chunk in arguments):
        return None
    patient = next((chunk for chunk in arguments if chunk.label[-1] == "1"), None)
    return None if patient is None else (places[patient.first][0], places[patient.stop - 1][1])


def _thing(reading: Reading, span: Span) -> tuple[Span, str]:
    """The first noun chunk of an argument without its determiner, and its head; all of it where it has
    none.
    """
    tokens, ends = reading.tokens, reading.ends
    first, stop = bisect_right(ends, span[0]), bisect_right(ends, span[1] - 1) + 1
    match = grammar.THING.match(reading.tags, first, stop)
    thing = None if match is None else reading.thing(match, "object")
    if thing is None:
        return span, WORDS[tokens[stop - 1]].noun
    begin, end, head = thing
    return (ends[begin] - len(tokens[begin].lstrip()), ends[end - 1]), head


def published_extractions(answer: Mapping[str, Any]) -> list[Extraction]:
    """The same as the published pipeline makes them (Ghosh et al. 2023, recipe_processing.py): the object is
    the first ARG1, before the verb or after it, its words joined by spaces; a chunk that ends with the
    sentence is lost, so that a step without a final period loses its object. A verb that is lost takes its
    extraction with it.
    """
    words, starts = answer["words"], answer["starts"]
    made = []
    for verb in sorted(answer["verbs"], key=lambda verb: verb["index"]):
        kept = [chunk for chunk in chunks(verb["tags"]) if chunk.stop < len(words)]
        own = next((chunk for chunk in kept if chunk.label == "V"), None)
        thing = next((chunk for chunk in kept if chunk.label == "ARG1"), None)
        if own is None:
            continue
        spans = {
            chunk: (starts[chunk.first], starts[chunk.stop - 1] + len(words[chunk.stop - 1]))
            for chunk in (own, thing)
            if chunk
        }
        name = " ".join(words[own.first : own.stop]).lower()
        if thing is None:
            made.append(Extraction(name, spans[own]))
            continue
        phrase = words[thing.first : thing.stop]
        made.append(
            Extraction(name, spans[own], " ".join(phrase).lower(), singular(phrase[-1].lower()), spans[thing])
        )
    return made
