"""From the classes of a sentence's words to its extractions: which grammar is tried where, and what its groups mean."""

from __future__ import annotations

import re
from itertools import accumulate

from foretaste.text import grammar, lexicon
from foretaste.text.extraction import Extraction
from foretaste.text.words import TAGS, WORDS, tokenise

#: The tokens [start, stop) of an object and its head; the empty object has no tokens.
Thing = tuple[int, int, str]


class Reading:
    """One text, usually a sentence, and what has been found in it so far."""

    __slots__ = ("canonical", "each", "ends", "found", "narration", "tags", "text", "tokens")

    def __init__(self, text: str, canonical: bool, each: bool):
        self.text, self.canonical, self.each = text, canonical, each
        self.tokens = tokenise(text)
        tags = "".join(map(TAGS.__getitem__, self.tokens))
        if "(" in tags:
            tags = grammar.BRACKETS.sub(lambda bracket: "_" * len(bracket[0]), tags)
        self.tags = tags
        self.ends = [*accumulate(map(len, self.tokens))]
        self.found: list[Extraction] = []
        self.narration = text[:1].islower() and grammar.MARK.search(tags) is None

    def read(self) -> list[Extraction]:
        """The extractions of all sentences, in the order of their verbs."""
        start = 0
        for end in grammar.SENTENCE_END.finditer(self.tags):
            if end.start() > start:
                # a colon says whether "cook time:" is a heading, so the grammar sees it
                self.sentence(start, end.end() if end[0] == ":" else end.start())
                if end[0] == ":":
                    self.listed(end.start())
            start = end.end()
        if start < len(self.tags):
            self.sentence(start, len(self.tags))
        return self.found

    def sentence(self, start: int, stop: int) -> None:
        """Add the extractions of tokens [start, stop)."""
        tags = self.tags
        match = grammar.FIRST.match(tags, start, stop)
        if match is None:
            before = len(self.found)
            self.prose(start, stop)
            then = grammar.THEN.search(tags, start, stop)
            if then is not None and len(self.found) == before:
                self.sentence(then.end(), stop)
            return
        bare, chain, end = self.clause(match), len(self.found) - 1, match.end()
        while True:
            match = grammar.AFTER_BARE.match(tags, end, stop) if bare else None
            if match is None:
                chain = len(self.found)
                match = grammar.NEXT.search(tags, end, stop)
                if match is None:
                    return
                end = match.end()
                if match.lastgroup == "aside":
                    bare = False
                    continue
                verb = match.start("verb")
                if verb >= 0 and tags[verb] == "J" and self.describes(verb):
                    bare, end = False, verb + 1
                    continue
            last = len(self.found)
            bare, end = self.clause(match), match.end()
            if chain < last and not bare and match.start("let") < 0:
                self.share(chain, last, match["joint"])

    def listed(self, colon: int) -> None:
        """Give the first thing after a colon to the bare verb before it: "whisk together: honey, oil"."""
        match = grammar.THING.match(self.tags, colon + 1)
        thing = None if match is None or not self.found else self.thing(match, "object")
        if thing is None or self.found[-1].verb_span[1] != self.ends[colon - 1] or self.found[-1].object is not None:
            return
        words = self.tokens[thing[0]], self.tokens[thing[1] - 1]
        begin, end = self.ends[thing[0]] - len(words[0].lstrip()), self.ends[thing[1] - 1]
        self.found[-1] = self.found[-1]._replace(object=self.text[begin:end], object_head=thing[2], object_span=(begin, end))

    def describes(self, at: int) -> bool:
        """Whether a verb or adjective that a noun follows is an adjective: "(add the milk) and dry mustard", not "and dry lettuce"."""
        after = grammar.THING.match(self.tags, at + 1)
        if after is None or self.tags[at + 1] in "DOMn":
            return False
        word = WORDS[self.tokens[at]].lower
        nouns = {WORDS[token].noun for token in self.tokens[slice(*after.span("object"))]}
        last = self.found[-1] if self.found else None
        if WORDS[self.tokens[at - 1]].lower == "or":
            return True
        goes_on = last is not None and last.object is not None and last.verb.split()[0] in lexicon.MIXING
        return goes_on or not nouns.isdisjoint(lexicon.DESCRIBED.get(word, ()))

    def share(self, chain: int, last: int, joint: str) -> None:
        """Give the object of the extraction at ``last`` to the bare verbs before it, from ``chain`` on.

        "Wash and chop the onions" and "peel, core, and slice the apples" share it; "cover, and reduce the heat" does not.
        """
        givers = [giver for giver in self.found[last:] if giver.object_head not in lexicon.SET]
        if not givers or ("," in joint and last - chain < 2) or not ("C" in joint or "c" in joint):
            return
        self.found[chain:last] = [
            receiver._replace(object=giver.object, object_head=giver.object_head, object_span=giver.object_span)
            for receiver in self.found[chain:last]
            for giver in givers
        ]

    def clause(self, match: re.Match[str]) -> bool:
        """Add what one clause says; True if it ends in a bare verb, whose object may still come."""
        at = match.start("verb")
        if at < 0:
            self.light(match)
            chained = match.start("chained")  # "begin to peel and chop the onions"
            return chained >= 0 and match.end() == chained + 1 and self.canonical
        tokens = self.tokens
        verb = WORDS[tokens[at]].base
        if (self.tags[at] in "ZE" and not self.narration) or (verb == "begin" and self.tags[at] in "Gg"):
            return False
        thing = self.thing(match, "object")
        last, particle = at, match.start("particle")
        if particle >= 0:
            word = WORDS[tokens[particle]].lower
            if self.owns(verb, word, particle, thing):
                verb, last = f"{verb} {word}", particle
            else:
                thing = None
        elif thing is None:
            if self.canonical and verb in lexicon.WITH_MATTER:
                thing = self.thing(match, "matter")
        elif match.start("late_particle") >= 0:
            verb = self.with_late_particle(verb, match.start("late_particle"))
        if thing is None and last == at and (self.narration or verb in lexicon.PREPOSITIONAL):
            after = grammar.PREPOSITION.match(self.tags, at + 1)
            word = WORDS[tokens[at + 1]].lower if after is not None else ""
            if after is not None and (self.narration or word in lexicon.PREPOSITIONAL[verb]):
                thing, last, verb = self.thing(after, "object"), at + 1, f"{verb} {word}"
        if thing is None and last == at and self.tags[at + 1 : at + 3] in ("iD", "PD") and not self.narration:
            thing = self.placed(at + 1)
        self.add(verb, at, last, thing)
        return thing is None and match.end() == at + 1

    def placed(self, at: int) -> Thing | None:
        """A thing that stands after its place: "put in a pot the sugar"."""
        match = grammar.PLACED.match(self.tags, at)
        place = None if match is None else self.thing(match, "place")
        if place is None or place[2] not in lexicon.PLACES:
            return None
        return self.thing(match, "object")

    def with_late_particle(self, verb: str, at: int) -> str:
        """The verb with the particle that stands after its object: "turn the tap off", not "put the lid back on the pan"."""
        word = WORDS[self.tokens[at]].lower
        return verb if self.tags[at + 1 : at + 2] == "P" and word not in ("up", "down", "over") else f"{verb} {word}"

    def owns(self, verb: str, particle: str, at: int, thing: Thing | None) -> bool:
        """Whether an "in", "on", "off", "over" or "through" belongs to the verb ("stir in the flour") or to a place ("stir in a bowl")."""
        if self.tags[at] == "I":
            return True
        if thing is None:
            return self.tags[at + 1 : at + 2] in _AFTER_PARTICLE
        if particle in ("on", "off") and verb in lexicon.SWITCHED:
            return True
        if particle == "over" and verb in lexicon.OVER_MATTER:
            return thing[2] in lexicon.MATTERS
        return verb in _OWNERS[particle] and thing[2] not in lexicon.PLACES

    def light(self, match: re.Match[str]) -> None:
        """Add a clause whose verb only leads to the action: "let it rest", "bring to a boil", "use a knife to cut", "continue stirring"."""
        name = next(name for name in _LIGHT if match.start(name) >= 0)
        at = match.start(name)
        word = WORDS[self.tokens[at]]
        thing = self.thing(match, f"{name}_object")
        if self.canonical and name == "bring" and word.lower in lexicon.RESULTS:
            self.add(lexicon.RESULTS[word.lower], at, at, thing)
        elif self.canonical and name != "bring":
            particle = match.start(f"{name}_particle")
            if particle < 0 or (thing is not None and not self.owns(word.base, WORDS[self.tokens[particle]].lower, particle, thing)):
                self.add(word.base, at, at, thing if particle < 0 else None)
            else:
                self.add(f"{word.base} {WORDS[self.tokens[particle]].lower}", at, particle, thing)
        else:
            lead = next(i for i in range(match.start(), at) if self.tags[i] in "LqUKk")
            self.add(WORDS[self.tokens[lead]].base, lead, lead, self.thing(match, "tool") if name == "use" else thing)

    def thing(self, match: re.Match[str], name: str) -> Thing | None:
        """The noun chunk of group ``name``: its tokens without determiner, with what an "of" adds, and its head."""
        start, stop = match.span(name)
        if start < 0:
            start = match.start(name + "_alone")
            return None if start < 0 else self.alone(start)
        head = WORDS[self.tokens[stop - 1]].noun
        if self.tags[stop - 1] == "R" and head != "well":
            return self.alone(start - 1)  # "repeat this twice"
        if (
            head in lexicon.UNITS and self.tags[stop : stop + 1] == "t" and grammar.MEASURED.match(self.tags, stop) is None
        ):  # a couple minutes
            return None
        if head in lexicon.UNITS or head in lexicon.VESSELS:
            return self.measured(start, stop, head)
        if head == "egg" and stop < len(self.tokens) and WORDS[self.tokens[stop]].lower == "white":
            return start, stop + 1, "white"
        return start, max(stop, match.end(name + "_of")), head

    def alone(self, at: int) -> Thing | None:
        """A pronoun or what stands for one: "each", "half", but neither "the" nor "a bit"."""
        word = WORDS[self.tokens[at]].lower
        return None if word in _NO_THINGS else (at, at + 1, word)

    def measured(self, start: int, stop: int, head: str) -> Thing:
        """The same where the head may be a measure: the head is what is measured, if that is said."""
        first = start
        while head in lexicon.UNITS or (head in lexicon.VESSELS and self.measures(first, stop)):
            of = grammar.MEASURED.match(self.tags, stop)
            if of is None or (self.tags[stop] == "D" and WORDS[self.tokens[stop]].lower != "each"):
                return start, stop, head
            first, stop = of.span("of")
            head = WORDS[self.tokens[stop - 1]].noun
        of = grammar.MEASURED.match(self.tags, stop)
        return start, stop if of is None or self.tags[stop] == "D" else of.end(), head

    def measures(self, start: int, stop: int) -> bool:
        """Whether a vessel is a measure: "2 cans of tuna", "a cup of milk" in a recipe; a narration means the vessel itself."""
        half = self.tags[max(0, start - 3) : start] in ("nFD", "MFD")  # half of the
        start = max(0, start - 1)
        if half or "M" in self.tags[start:stop]:
            return True
        return not self.narration and any(WORDS[token].lower in _ONE_MORE for token in self.tokens[start:stop])

    def add(self, verb: str, first: int, last: int, thing: Thing | None, subject: str | None = None) -> None:
        """Add an extraction, with ``each`` one for every thing that is joined to ``thing``; its verb stands at tokens ``first`` to ``last``."""
        ends, tokens = self.ends, self.tokens
        span = (ends[first] - len(tokens[first].lstrip()), ends[last])
        if thing is None:
            self.found.append(Extraction(verb, span, None, None, None, subject))
            return
        while thing is not None:
            start, stop, head = thing
            begin, end = ends[start] - len(tokens[start].lstrip()), ends[stop - 1]
            self.found.append(Extraction(verb, span, self.text[begin:end], head, (begin, end), subject))
            conjunct = grammar.CONJUNCT.match(self.tags, stop) if self.each else None
            thing = None if conjunct is None else self.thing(conjunct, "object")

    def prose(self, start: int, stop: int) -> None:
        """Steps told in prose: "the onions should be chopped and fried", "we then add the eggs"."""
        match = grammar.PASSIVE.match(self.tags, start, stop)
        if match is None:
            person = grammar.PERSON.match(self.tags, start, stop)
            if person is not None and WORDS[self.tokens[person.start("verb")]].base in lexicon.HANDS_ON:
                self.told(person, "verb", self.thing(person, "object"), self.tokens[person.start("person")].strip())
            return
        patient = self.thing(match, "patient")
        modal = match.start("modal") >= 0 and WORDS[self.tokens[match.start("modal")]].lower in _ORDERS
        while match is not None:
            word = WORDS[self.tokens[match.start("participle")]]
            if (modal or word.base in lexicon.HANDS_ON) and (match["participle"] == "E" or word.lower in lexicon.SAME_PARTICIPLE):
                self.told(match, "participle", patient)
            match = grammar.PASSIVE_TOO.match(self.tags, match.end(), stop)

    def told(self, match: re.Match[str], name: str, thing: Thing | None, subject: str | None = None) -> None:
        """Add the verb of group ``name`` with the particle that follows it."""
        at, particle = match.start(name), match.start("particle")
        verb = WORDS[self.tokens[at]].base
        if particle < 0:
            self.add(verb, at, at, thing, subject)
        else:
            self.add(f"{verb} {WORDS[self.tokens[particle]].lower}", at, particle, thing, subject)


#: Before a vessel these make it a measure.
_ONE_MORE = frozenset({"a", "an", "another", "other", "remaining", "last", "full", "additional", "extra"})
#: Alone these are no objects ("heat a bit", "stir every now and then").
_NO_THINGS = frozenset({"a", "an", "the", "your", "every", "bit", "lot", "lots"})
#: Modal verbs that make a passive an instruction, where "will" makes it a forecast.
_ORDERS = frozenset({"should", "must", "can", "may", "shall"})
_LIGHT = ("let", "bring", "use", "chained")
#: Classes (``words.CLASSES``) that may follow a particle without an object, and the end.
_AFTER_PARTICLE = frozenset({*".,;:CcSR_", ""})
_OWNERS = {
    "in": lexicon.TAKE_IN,
    "on": lexicon.TAKE_ON,
    "off": lexicon.TAKE_OFF,
    "over": lexicon.TAKE_OVER,
    "through": lexicon.TAKE_THROUGH,
}
