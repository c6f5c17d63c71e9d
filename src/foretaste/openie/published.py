"""Extractions as the published pipeline would have written them (Ghosh et al. 2023, recipe_processing.py).

Its OpenIE output keeps verbs as they stand in the lower-cased text, and objects whole, with their determiners
and all that is joined to them, in lower case as well; a code slip drops an object that ends with the text, so
that a step without a final period loses it.
"""

from __future__ import annotations

from bisect import bisect_left

from foretaste.openie import grammar
from foretaste.openie.extraction import Extraction
from foretaste.openie.reading import Reading


def published(reading: Reading, extractions: list[Extraction]) -> list[Extraction]:
    """``extractions`` of ``reading`` with the published quirks; spans stay those of the text."""
    text, tags, ends, tokens = reading.text, reading.tags, reading.ends, reading.tokens
    made = []
    for extraction in extractions:
        verb = " ".join(text[slice(*extraction.verb_span)].lower().split())
        subject = None if extraction.subject is None else extraction.subject.lower()
        if extraction.object_span is None:
            made.append(extraction._replace(verb=verb, subject=subject))
            continue
        start, stop = extraction.object_span
        first, last = bisect_left(ends, start + 1), bisect_left(ends, stop)
        while first > 0 and tags[first - 1] in "DnFM":
            first -= 1
        last = grammar.JOINED.match(tags, last + 1).end() - 1
        if last == len(tokens) - 1:
            made.append(Extraction(verb, extraction.verb_span, subject=subject))
            continue
        start, stop = ends[first] - len(tokens[first].lstrip()), ends[last]
        thing = text[start:stop].lower()
        made.append(
            Extraction(verb, extraction.verb_span, thing, extraction.object_head, (start, stop), subject)
        )
    return made
