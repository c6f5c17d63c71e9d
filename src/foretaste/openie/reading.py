"""From the classes of a sentence's words to its extractions: which grammar is tried where, and what its
groups mean.
"""

from __future__ import annotations

import re
from itertools import accumulate

from foretaste.openie import closed, grammar, particles, steps, usage
from foretaste.openie.extraction import Extraction
from foretaste.openie.things import Thing, named
from foretaste.openie.words import TAGS, WORDS, tokenise

#: Groups of a clause whose verb only leads to the action.
_LIGHT = ("chained", "let", "bring", "use")


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
        if tags[start] == "S" and WORDS[self.tokens[start]].lower == "so":
            start += 1
        match = grammar.FIRST.match(tags, start, stop)
        if match is not None:
            bare, end = self.clause(match), match.end()
        else:
            bare, end = False, self.prose(start, stop)
            if end is None:
                then = grammar.THEN.search(tags, start, stop)
                if then is None and grammar.SURE.match(tags, start, stop) is not None:
                    then = grammar.AND.search(tags, start, stop)
                if then is not None:
                    self.sentence(then.end(), stop)
                return
        chain = len(self.found) - 1
        while True:
            match = grammar.AFTER_BARE.match(tags, end, stop) if bare else None
            if match is None:
                chain = len(self.found)
                match = grammar.NEXT.search(tags, end, stop)
                if match is None:
                    return
                if match.lastgroup == "aside":
                    bare, end = False, match.end()
                    continue
                verb = match.start("verb")
                none = self.no_step(match, verb, end) if verb >= 0 else None
                if none is not None:
                    bare, end = False, none
                    continue
            last = len(self.found)
            bare, end = self.clause(match), match.end()
            if chain < last and not bare and match.start("let") < 0 and match.start("matter") < 0:
                self.share(chain, last, match["joint"])

    def no_step(self, match: re.Match[str], verb: int, before: int) -> int | None:
        """Where what is no step after all ends, of a later clause whose verb stands at token ``verb``;
        None of a step.
        """
        state = steps.becomes(self.tokens, self.tags, verb)
        if state is not None:
            return state
        last = self.found[-1] if self.found else None
        adjective = steps.describes(self.tokens, self.tags, verb, last)
        return verb + 1 if adjective or not steps.ordered(self.tokens, self.tags, match, before) else None

    def listed(self, colon: int) -> None:
        """Give the first thing after a colon to the bare verb before it: "whisk together: honey, oil"."""
        match = grammar.THING.match(self.tags, colon + 1)
        thing = None if match is None or not self.found else self.thing(match, "object")
        if (
            thing is None
            or self.found[-1].verb_span[1] != self.ends[colon - 1]
            or self.found[-1].object is not None
        ):
            return
        words = self.tokens[thing[0]], self.tokens[thing[1] - 1]
        begin, end = self.ends[thing[0]] - len(words[0].lstrip()), self.ends[thing[1] - 1]
        self.found[-1] = self.found[-1]._replace(
            object=self.text[begin:end], object_head=thing[2], object_span=(begin, end)
        )

    def share(self, chain: int, last: int, joint: str) -> None:
        """Give the object of the extraction at ``last`` to the bare verbs before it, from ``chain`` on.

        "Wash and chop the onions" and "peel, core, and slice the apples" share it; "cover, and reduce the
        heat" does not.
        """
        givers = [giver for giver in self.found[last:] if giver.object_head not in usage.SET]
        if not givers or ("," in joint and last - chain < 2) or not ("C" in joint or "c" in joint):
            return
        self.found[chain:last] = [
            receiver._replace(
                object=giver.object, object_head=giver.object_head, object_span=giver.object_span
            )
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
        if self.tags[at] in "ZE" and not self.narration:
            return False
        if verb in usage.CHAIN_VERBS and self.canonical and self.leads(verb, at):
            return False
        thing = self.thing(match, "object")
        last, particle = at, match.start("particle")
        if particle >= 0:
            word = WORDS[tokens[particle]].lower
            if particles.owns(tokens, self.tags, verb, word, particle, thing):
                verb, last = f"{verb} {word}", particle
            else:
                thing = None
        elif thing is None:
            if self.canonical and verb in usage.WITH_MATTER and self.given_with(match):
                thing = self.thing(match, "matter")
        elif match.start("late_particle") >= 0:
            verb = particles.late(tokens, self.tags, verb, match.start("late_particle"), self.narration)
        elif thing is not None and " together" in self.text:
            joined = grammar.TOGETHER.match(self.tags, match.end())
            if joined is not None and WORDS[tokens[joined.start("particle")]].lower == "together":
                verb = particles.late(tokens, self.tags, verb, joined.start("particle"), self.narration)
        if thing is None and last == at and (self.narration or verb in usage.PREPOSITIONAL):
            after = grammar.PREPOSITION.match(self.tags, at + 1)
            word = WORDS[tokens[at + 1]].lower if after is not None else ""
            if after is not None and (self.narration or word in usage.PREPOSITIONAL[verb]):
                thing, last, verb = self.thing(after, "object"), at + 1, f"{verb} {word}"
        if thing is None and last == at and self.tags[at + 1 : at + 3] in ("iD", "PD") and not self.narration:
            thing = self.placed(at + 1)
        self.add(verb, at, last, thing)
        shares = last == at or (verb.endswith(" up") and verb[:-3] in usage.TAKE_APART_UP)
        return thing is None and match.end() == last + 1 and shares

    def given_with(self, match: re.Match[str]) -> bool:
        """Whether the matter of a clause is told by "with", not by "using", which tells the tool."""
        return "with" in [WORDS[token].lower for token in self.tokens[slice(*match.span())]]

    def leads(self, verb: str, at: int) -> bool:
        """Whether a chain verb without object says how another action goes: "continuing to beat", "begin
        by mixing", "starting at one end".
        """
        gerund = self.tags[at] in "Gg"
        if gerund and verb in ("begin", "start"):
            return True
        chained = grammar.CHAINED.match(self.tags, at + 1) if gerund else None
        if chained is not None:
            self.light(chained)
            return True
        return grammar.BY.match(self.tags, at + 1) is not None or self.tags[at + 1 : at + 2] == "~"

    def placed(self, at: int) -> Thing | None:
        """A thing that stands after its place: "put in a pot the sugar"."""
        match = grammar.PLACED.match(self.tags, at)
        place = None if match is None else self.thing(match, "place")
        if place is None or place[2] not in usage.PLACES:
            return None
        return self.thing(match, "object")

    def light(self, match: re.Match[str]) -> None:
        """Add a clause whose verb only leads to the action: "let it rest", "bring to a boil", "use a knife
        to cut", "continue stirring".
        """
        name = next(name for name in _LIGHT if match.start(name) >= 0)
        at = match.start(name)
        word = WORDS[self.tokens[at]]
        thing = self.thing(match, f"{name}_object")
        goal = (
            grammar.GOAL.match(self.tags, at + 1)
            if name == "let" and word.base in ("come", "reach")
            else None
        )
        result = usage.RESULTS.get(
            word.lower if goal is None else WORDS[self.tokens[goal.start("goal")]].lower
        )
        if self.canonical and result is not None and (name == "bring" or goal is not None):
            self.add(result, at, at, thing)
        elif self.canonical and name != "bring":
            particle = match.start(f"{name}_particle")
            said = WORDS[self.tokens[particle]].lower if particle >= 0 else ""
            if particle < 0:
                self.add(word.base, at, at, thing)
            elif particles.owns(self.tokens, self.tags, word.base, said, particle, thing):
                self.add(f"{word.base} {said}", at, particle, thing)
            else:
                self.add(word.base, at, at, None)
        else:
            lead = next(i for i in range(match.start(), at) if self.tags[i] in "LqUKk")
            self.add(
                WORDS[self.tokens[lead]].base,
                lead,
                lead,
                self.thing(match, "tool") if name == "use" else thing,
            )

    def thing(self, match: re.Match[str], name: str) -> Thing | None:
        """The noun chunk of group ``name``."""
        return named(self.tokens, self.tags, match, name, self.narration)

    def add(self, verb: str, first: int, last: int, thing: Thing | None) -> None:
        """Add an extraction, with ``each`` one for every thing that is joined to ``thing``; its verb
        stands at tokens ``first`` to ``last``.
        """
        ends, tokens = self.ends, self.tokens
        span = (ends[first] - len(tokens[first].lstrip()), ends[last])
        if thing is None:
            self.found.append(Extraction(verb, span, None, None, None, None))
            return
        while thing is not None:
            start, stop, head = thing
            begin, end = ends[start] - len(tokens[start].lstrip()), ends[stop - 1]
            self.found.append(Extraction(verb, span, self.text[begin:end], head, (begin, end), None))
            conjunct = grammar.CONJUNCT.match(self.tags, stop) if self.each else None
            thing = None if conjunct is None else self.thing(conjunct, "object")

    def prose(self, start: int, stop: int) -> int | None:
        """Steps told in prose: "the onions should be chopped and fried", "we then add the eggs"; the end
        of what told them, if anything did.
        """
        match = grammar.PASSIVE.match(self.tags, start, stop)
        if match is None:
            return self.person(start, stop)
        patient = self.thing(match, "patient")
        modal = match.start("modal") >= 0 and WORDS[self.tokens[match.start("modal")]].lower in closed.ORDERS
        before, end = len(self.found), stop
        while match is not None:
            end = match.end()
            word = WORDS[self.tokens[match.start("participle")]]
            if (modal or word.base in usage.HANDS_ON) and (
                match["participle"] == "E" or word.lower in usage.SAME_PARTICIPLE
            ):
                self.told(match, patient)
            match = grammar.PASSIVE_TOO.match(self.tags, end, stop)
        return end if len(self.found) > before else None

    def person(self, start: int, stop: int) -> int | None:
        """What the reader or the writer does: "we then add the eggs", "you may stir"; its end, if it is a
        step.
        """
        match = grammar.PERSON.match(self.tags, start, stop)
        if match is None:
            return None
        before = len(self.found)
        self.clause(match)
        told = self.found[before:]
        modals = {WORDS[token].lower for token in self.tokens[slice(*match.span("modal"))]}
        ordered = not modals.isdisjoint(closed.ORDERS)
        steps = usage.TOLD if ordered else usage.HANDS_ON
        if not all(one.verb.split()[0] in steps and (ordered or one.object is not None) for one in told):
            del self.found[before:]
            return None
        subject = self.tokens[match.start("person")].strip()
        self.found[before:] = [one._replace(subject=subject) for one in told]
        return match.end()

    def told(self, match: re.Match[str], thing: Thing | None) -> None:
        """Add a passive's verb with the particle that follows it."""
        at, particle = match.start("participle"), match.start("particle")
        verb = WORDS[self.tokens[at]].base
        if particle < 0:
            self.add(verb, at, at, thing)
        else:
            self.add(f"{verb} {WORDS[self.tokens[particle]].lower}", at, particle, thing)
