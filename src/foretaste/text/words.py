"""Tokens of a sentence and their classes: one letter a token, so that a grammar can be a regular expression.

A sentence is cut into tokens that cover every character: each token carries the white space before it, so that offsets
are sums of lengths. The class of a token depends on its letters alone and is remembered.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from foretaste.text import lexicon
from foretaste.text.lexicon import word_set
from foretaste.text.nouns import singular
from foretaste.text.verbs import bases, guess_base

TOKENS = re.compile(
    r"\s*(?:\d[\d./,–×½¼¾⅓⅔⅛]*(?<![.,/])(?:-?[A-Za-z]+(?:-[A-Za-z]+)*(?:\.(?=\s*[a-z]))?)?|[½¼¾⅓⅔⅛]"
    r"|(?:tsp|tbsp|tbs|oz|lbs?|approx|mins?|hrs?|pkg|qt|pt)\.(?=\s*[a-z(])"
    r"|[A-Za-zÀ-ÖØ-öø-ÿ]+(?:['’/-][A-Za-zÀ-ÖØ-öø-ÿ]+)*|(?:°|º)[A-Za-z]?|\S|$)",
    re.IGNORECASE,
)

#: Letters of the classes (see ``classify``).
CLASSES = {
    "V": "verb", "A": "verb or noun", "h": "noun or verb", "H": "noun, rarely verb", "J": "verb or adjective", "K": "chain verb", "L": "let, allow", "q": "bring",
    "G": "gerund", "g": "gerund that is often a modifier", "E": "participle in -ed", "Z": "third person",
    "N": "noun", "u": "unknown word", "a": "adjective", "M": "number", "t": "measure of extent", "D": "determiner", "n": "amount", "O": "pronoun", "Y": "subject pronoun",
    "P": "preposition", "W": "with", "F": "of", "T": "to", "I": "particle", "i": "particle or preposition", "S": "subordinator", "C": "conjunction", "R": "adverb",
    "X": "auxiliary", "x": "can", "d": "do", "B": "be", "~": "negation",
    ".": "end of sentence", ",": "comma", ";": "semicolon", ":": "colon", "(": "opening bracket", ")": "closing bracket", "-": "dash", "_": "other",
}  # fmt: skip


class Word(NamedTuple):
    """A token's class, its letters in lower case, the base form it has as a verb, and its singular as a noun."""

    tag: str
    lower: str
    base: str
    noun: str


_ALL_VERBS = (
    lexicon.VERBS
    | lexicon.VERBS_OR_NOUNS
    | lexicon.NOUNS_OR_VERBS
    | lexicon.NOUNS_RARELY_VERBS
    | lexicon.VERBS_OR_ADJECTIVES
    | lexicon.CHAIN_VERBS
)
_FORMS = bases(_ALL_VERBS | {"let", "allow", "bring"})
#: Gerunds that stand before a noun more often than they begin a clause ("baking dish").
_MODIFIERS = word_set(
    "baking boiling chopping cooking cutting dipping drinking drying frying grilling measuring mixing peeling remaining rolling roasting serving simmering washing cleaning icing freezing"
)

_PUNCTUATION = {
    ".": ".", "!": ".", "?": ".", "…": ".", ",": ",", ";": ";", ":": ":", "(": "(", "[": "(", ")": ")", "]": ")", "-": "-", "–": "-", "—": "-", "•": ".", "*": ".", "&": "C", "": "_", "½": "M",
    "¼": "M", "¾": "M", "⅓": "M", "⅔": "M", "⅛": "M", "%": "t", "°": "t", "º": "t",
}  # fmt: skip

_NUMBERS = word_set("two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty sixty hundred thousand")

#: The first that holds a word decides.
_CLOSED: tuple[tuple[str, frozenset[str]], ...] = (
    ("~", lexicon.NEGATIONS), ("L", frozenset({"let", "lets", "let's", "allow"})), ("q", frozenset({"bring"})), ("K", lexicon.CHAIN_VERBS),
    ("d", frozenset({"do"})), ("B", lexicon.BE), ("x", frozenset({"can"})), ("X", lexicon.AUXILIARIES), ("C", lexicon.CONJUNCTIONS | {"then", "then,"}),
    ("T", frozenset({"to"})), ("F", frozenset({"of"})), ("W", frozenset({"with"})),
    ("I", lexicon.PARTICLES), ("i", lexicon.PARTICLES_OR_PREPOSITIONS), ("M", _NUMBERS), ("n", lexicon.AMOUNTS), ("O", lexicon.PRONOUNS - lexicon.DETERMINERS), ("D", lexicon.DETERMINERS),
    ("Y", lexicon.SUBJECTS), ("S", lexicon.SUBORDINATORS), ("P", lexicon.PREPOSITIONS), ("t", lexicon.EXTENTS),
    ("J", lexicon.VERBS_OR_ADJECTIVES), ("H", lexicon.NOUNS_RARELY_VERBS), ("h", lexicon.NOUNS_OR_VERBS), ("A", lexicon.VERBS_OR_NOUNS), ("V", lexicon.VERBS),
    ("R", lexicon.ADVERBS), ("N", lexicon.NOUNS_AS_THEY_ARE | lexicon.NOUNS), ("a", lexicon.ADJECTIVES),
)  # fmt: skip
_KNOWN = {word: tag for tag, words in reversed(_CLOSED) for word in words}

_PREFIX = re.compile(r"(?:re|un|de|over|pre|mis|dis|out|under|co)-?(?=[a-z]{3})")
_ADJECTIVE_ENDING = re.compile(
    r".{2,}(?:ous|ful|less|able|ible|ish|y-?sized|-size|-style|ic|ive|-free|-fat|-sodium|-quality|-thick|-deep|-long|-wide|-purpose|-ready|-safe|-dry|-proof|-lined)$"
)


def classify(token: str) -> Word:
    """The class of one token (white space before it is ignored)."""
    lower = token.strip().lower().replace("’", "'")
    if lower in _PUNCTUATION:
        return Word(_PUNCTUATION[lower], lower, lower, lower)
    if lower[0].isdigit():
        return Word("M", lower, lower, lower)
    if not lower[0].isalpha():
        return Word("_", lower, lower, lower)
    tag, base = _open_class(lower)
    return Word(tag, lower, base, singular(lower))


def _open_class(lower: str) -> tuple[str, str]:
    known = _KNOWN.get(lower)
    if known:
        return known, lower
    noun = singular(lower)
    kind, base = _FORMS.get(lower, ("", lower))
    if kind == "gerund":
        return "g" if lower in _MODIFIERS else "G", base
    if kind == "past":
        return "E", base
    if noun != lower:
        if noun in lexicon.EXTENTS:
            return "t", lower
        if kind == "third" and base in lexicon.VERBS and base not in lexicon.VERBS_OR_NOUNS | lexicon.NOUNS_OR_VERBS | lexicon.NOUNS:
            return "Z", base
        if noun in _KNOWN and _KNOWN[noun] in "NHhAV":
            return "N", base
    if kind == "third":
        return "Z", base
    if lower.endswith("ly") and lower not in lexicon.NOT_ADVERBS:
        return "R", lower
    if lower.endswith("ing") and len(lower) > 5:
        return "G" if _PREFIX.match(lower) and _PREFIX.sub("", lower, count=1) in _FORMS else "u", guess_base(lower)
    if lower.endswith("ed") and len(lower) > 4:
        return "E", guess_base(lower)
    prefix = _PREFIX.match(lower)
    if prefix and lower[prefix.end() :] in lexicon.VERBS - lexicon.NOUNS_OR_VERBS:
        return "V", lower
    if "-" in lower:
        last = lower.rsplit("-", 1)[1]
        if _KNOWN.get(last) == "V":
            return "V", lower
        if last in _FORMS and _FORMS[last][0] == "past":
            return "a", lower
        if singular(last) in _KNOWN and _KNOWN[singular(last)] in "NHh":
            return "N", lower
    if _ADJECTIVE_ENDING.match(lower):
        return "a", lower
    return "u", lower


class _Words(dict):
    """Token -> Word, filled as words are met; emptied when it has grown large, so that any amount of text fits."""

    def __missing__(self, token: str) -> Word:
        if len(self) >= 1 << 17:
            self.clear()
        word = self[token] = classify(token)
        return word


class _Tags(dict):
    """Token -> class letter, as ``_Words``."""

    def __missing__(self, token: str) -> str:
        if len(self) >= 1 << 17:
            self.clear()
        tag = self[token] = WORDS[token].tag
        return tag


WORDS = _Words()
TAGS = _Tags()
