"""OpenIE by rules for English instructions: who does what to what, in the order of the words.

``Rules(Config()).extract("Wash and chop the onions.")`` finds (wash, onions) and (chop, onions). What the rules do and how
well is in docs/openie.md.
"""

from __future__ import annotations

from itertools import accumulate
from typing import NamedTuple

from foretaste.pipeline.options import Options
from foretaste.text import grammar, lexicon
from foretaste.text.words import TAGS, TOKENS, WORDS

Span = tuple[int, int]


class Extraction(NamedTuple):
    """A verb in its base form ("pick up") and its arguments as written; spans are [start, stop) characters of the sentence."""

    verb: str
    verb_span: Span
    object: str | None = None
    object_head: str | None = None
    object_span: Span | None = None
    subject: str | None = None


class Config(Options):
    """Settings of the rules backend."""

    canonical: bool = True
    """Whether "bring the water to a boil" is (boil, water), "let it stand" (stand, it) and "season with salt" (season, salt)."""
    as_published: bool = False
    """The quirks of the published extraction: verbs as written, objects with determiner and all that is joined to them, lost where
    they end the sentence without a period."""


class Rules:
    """Extracts the actions of one sentence at a time; holds no state."""

    def __init__(self, config: Config):
        self.canonical = config.canonical

    def extract(self, sentence: str) -> list[Extraction]:
        """The actions of ``sentence``, in the order of their verbs."""
        tokens = TOKENS.findall(sentence)
        tags = "".join(map(TAGS.__getitem__, tokens))
        if "(" in tags:
            tags = grammar.BRACKETS.sub(lambda found: "_" * len(found[0]), tags)
        reading = _Reading(sentence, tokens, tags, self.canonical)
        start, length = 0, len(tags)
        while start < length:
            end = grammar.SENTENCE_END.search(tags, start)
            stop = end.start() if end else length
            if stop > start:
                reading.sentence(start, stop)
            start = stop + 1
        return reading.found


class _Reading:
    """The extractions of one sentence while they are gathered."""

    __slots__ = ("canonical", "ends", "found", "open", "tags", "text", "tokens")

    def __init__(self, text: str, tokens: list[str], tags: str, canonical: bool):
        self.text, self.tokens, self.tags, self.canonical = text, tokens, tags, canonical
        self.ends = [*accumulate(map(len, tokens))]
        self.found: list[Extraction] = []
        self.open = 0

    def sentence(self, start: int, stop: int) -> None:
        first = grammar.FIRST.match(self.tags, start, stop)
        if first is None:
            self.prose(start, stop)
            return
        bare = self.add(first)
        for match in grammar.NEXT.finditer(self.tags, first.end(), stop):
            if match.lastgroup in ("condition", "prevented"):
                bare = None
                continue
            at = len(self.found)
            end = self.add(match)
            if bare == match.start() and end is None:
                self.share(at)
            bare = end if bare in (None, match.start()) or end is not None else None

    def share(self, last: int) -> None:
        """Give the object of the extraction at ``last`` to the verbs directly before it that have none."""
        giver = self.found[last]
        for at in range(last - 1, -1, -1):
            if self.found[at].object_span:
                break
            self.found[at] = self.found[at]._replace(object=giver.object, object_head=giver.object_head, object_span=giver.object_span)

    def add(self, match) -> int | None:
        """Add what ``match`` found; where it ends when it ends in a bare verb, whose object may still come."""
        groups = match.groupdict()
        if groups["let"] is not None:
            verb, name = ("let", "let_object")
        elif groups["bring"] is not None:
            verb, name = ("bring", "bring_object")
        elif groups["chained"] is not None:
            verb, name = ("chained", "chained_object")
        else:
            verb, name = ("verb", "object")
        at = match.start(verb)
        word = WORDS[self.tokens[at]]
        base, verb_stop = word.base, at
        particle = match.start("particle") if verb == "verb" else match.start("chained_particle") if verb == "chained" else -1
        obj = self.chunk(match, name)
        if particle >= 0:
            if obj and not _takes(base, WORDS[self.tokens[particle]].lower, obj[1]):
                obj = None
            else:
                base, verb_stop = f"{base} {WORDS[self.tokens[particle]].lower}", particle
        elif verb == "verb" and (late := match.start("late_particle")) >= 0:
            base = f"{base} {WORDS[self.tokens[late]].lower}"
        span = (self.begin(at), self.ends[verb_stop])
        if obj:
            self.found.append(Extraction(base, span, self.text[obj[0][0] : obj[0][1]], obj[1], obj[0]))
            return None
        self.found.append(Extraction(base, span))
        return match.end()

    def chunk(self, match, name: str) -> tuple[Span, str] | None:
        start, stop = match.span(name)
        if start < 0:
            start, stop = match.span(f"{name}_alone")
            if start < 0:
                return None
            return (self.begin(start), self.ends[stop - 1]), WORDS[self.tokens[start]].lower
        head = WORDS[self.tokens[stop - 1]].noun
        of_start, of_stop = match.span(f"{name}_of")
        if of_start >= 0:
            if head in lexicon.UNITS or (head in lexicon.VESSELS and "M" in self.tags[match.start() : stop]):
                head = WORDS[self.tokens[of_stop - 1]].noun
            stop = of_stop
        return (self.begin(start), self.ends[stop - 1]), head

    def begin(self, token: int) -> int:
        return self.ends[token] - len(self.tokens[token].lstrip())

    def prose(self, start: int, stop: int) -> None:
        """Passives and first or second persons of a sentence that does not begin as an instruction."""


def _takes(verb: str, particle: str, head: str) -> bool:
    """Whether the verb owns the particle, rather than the particle a place ("stir in flour", "stir in a bowl")."""
    table = _OWNERS.get(particle)
    return table is None or (verb in table and head not in lexicon.PLACES)


_OWNERS = {
    "in": lexicon.TAKE_IN,
    "on": lexicon.TAKE_ON,
    "off": lexicon.TAKE_OFF,
    "over": lexicon.TAKE_OVER,
    "through": lexicon.TAKE_THROUGH,
}


def build(config: Config) -> Rules:
    return Rules(config)
