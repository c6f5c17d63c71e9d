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

    __slots__ = ("canonical", "ends", "found", "narration", "tags", "text", "tokens")

    def __init__(self, text: str, tokens: list[str], tags: str, canonical: bool):
        self.text, self.tokens, self.tags, self.canonical = text, tokens, tags, canonical
        self.ends = [*accumulate(map(len, tokens))]
        self.found: list[Extraction] = []
        self.narration = text[:1].islower() and not any(mark in tags for mark in ".,;:")

    def sentence(self, start: int, stop: int) -> None:
        first = grammar.FIRST.match(self.tags, start, stop)
        if first is None:
            self.prose(start, stop)
            return
        bare = self.add(first)
        end, chain = first.end(), len(self.found) - 1
        while True:
            match = grammar.AFTER_BARE.match(self.tags, end, stop) if bare else None
            if match is None:
                chain = len(self.found)
                match = grammar.NEXT.search(self.tags, end, stop)
                if match is None:
                    return
            end = match.end()
            if match.lastgroup in ("condition", "prevented"):
                bare = False
                continue
            last = len(self.found)
            bare = self.add(match)
            if chain < last and not bare:
                self.share(chain, last, match["joint"])

    def share(self, chain: int, last: int, joint: str) -> None:
        """Give the object of the extraction at ``last`` to the bare verbs before it, from ``chain`` on.

        "Wash and chop the onions" and "peel, core, and slice the apples" share it; "cover, and reduce the heat" does not.
        """
        if ("," in joint and last - chain < 2) or not {"C", "c"} & set(joint):
            return
        giver = self.found[last]
        for at in range(chain, last):
            self.found[at] = self.found[at]._replace(object=giver.object, object_head=giver.object_head, object_span=giver.object_span)

    def add(self, match) -> bool:
        """Add what ``match`` found; whether it ends in a bare verb, whose object may still come."""
        name, thing = "verb", "object"
        if match["verb"] is None:
            name, thing = next(pair for pair in _LIGHT if match[pair[0]] is not None)
            if not self.canonical or (name == "bring" and WORDS[self.tokens[match.start("bring")]].lower not in lexicon.RESULTS):
                return self.light(match, thing)
        at = match.start(name)
        base = WORDS[self.tokens[at]].base
        if self.tags[at] in "ZE" and not self.narration:
            return False
        if name == "bring":
            base = lexicon.RESULTS[base]
        verb_stop = at
        found = self.chunk(match, thing)
        particle = match.start(_PARTICLE[name]) if name in _PARTICLE else -1
        if particle >= 0:
            word = WORDS[self.tokens[particle]].lower
            if found is None or _takes(base, word, found[1]):
                base, verb_stop = f"{base} {word}", particle
            else:
                found = None
        elif name == "verb":
            late = match.start("late_particle")
            if late >= 0:
                base = f"{base} {WORDS[self.tokens[late]].lower}"
            elif found is None and base in lexicon.WITH_MATTER:
                found = self.chunk(match, "matter")
        if found is None and self.narration and verb_stop == at:
            narrated = grammar.NARRATED.match(self.tags, at + 1)
            if narrated is not None:
                found, verb_stop = self.chunk(narrated, "object"), at + 1
                base = f"{base} {WORDS[self.tokens[verb_stop]].lower}"
        span = (self.begin(at), self.ends[verb_stop])
        if found:
            self.found.append(Extraction(base, span, self.text[found[0][0] : found[0][1]], found[1], found[0]))
            return False
        self.found.append(Extraction(base, span))
        return name == "verb" and match.end() == verb_stop + 1

    def light(self, match, thing: str) -> bool:
        """The verb as written where the settings ask for it: let, bring, use, continue."""
        at = match.start() + next(i for i, tag in enumerate(match[0]) if tag in "LqUKk")
        found = self.chunk(match, thing if thing != "use_object" else "tool")
        self.found.append(Extraction(WORDS[self.tokens[at]].base, (self.begin(at), self.ends[at]), *self.fields(found)))
        return False

    def fields(self, found: tuple[Span, str] | None) -> tuple[str | None, str | None, Span | None]:
        return (self.text[found[0][0] : found[0][1]], found[1], found[0]) if found else (None, None, None)

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
        """Steps told in prose: "the onions should be chopped and fried", "we then add the eggs"."""
        passive = grammar.PASSIVE.match(self.tags, start, stop)
        if passive is not None:
            fields = self.fields(self.chunk(passive, "patient"))
            match, modal = passive, passive["modal"] is not None
            while match is not None:
                word = WORDS[self.tokens[match.start("participle")]]
                if (modal or word.base in lexicon.HANDS_ON) and (match["participle"] == "E" or word.lower in lexicon.SAME_PARTICIPLE):
                    self.found.append(Extraction(*self.verb(match, "participle"), *fields))
                match = grammar.PASSIVE_TOO.match(self.tags, match.end(), stop)
            return
        person = grammar.PERSON.match(self.tags, start, stop)
        if person is not None and WORDS[self.tokens[person.start("verb")]].base in lexicon.HANDS_ON:
            subject = self.tokens[person.start("person")].strip()
            self.found.append(Extraction(*self.verb(person, "verb"), *self.fields(self.chunk(person, "object")), subject))

    def verb(self, match, name: str) -> tuple[str, Span]:
        """The base form with the particle that follows directly, and the span of both."""
        at = match.start(name)
        base, last = WORDS[self.tokens[at]].base, match.start("particle")
        if last < 0:
            return base, (self.begin(at), self.ends[at])
        return f"{base} {WORDS[self.tokens[last]].lower}", (self.begin(at), self.ends[last])


def _takes(verb: str, particle: str, head: str) -> bool:
    """Whether the verb owns the particle, rather than the particle a place ("stir in flour", "stir in a bowl")."""
    if particle in ("on", "off") and verb in lexicon.SWITCHED:
        return True
    table = _OWNERS.get(particle)
    return table is None or (verb in table and head not in lexicon.PLACES)


_OWNERS = {
    "in": lexicon.TAKE_IN,
    "on": lexicon.TAKE_ON,
    "off": lexicon.TAKE_OFF,
    "over": lexicon.TAKE_OVER,
    "through": lexicon.TAKE_THROUGH,
}
_LIGHT = (("let", "let_object"), ("bring", "bring_object"), ("use", "use_object"), ("chained", "chained_object"))
_PARTICLE = {"verb": "particle", "let": "let_particle", "use": "use_particle", "chained": "chained_particle"}


def build(config: Config) -> Rules:
    return Rules(config)
