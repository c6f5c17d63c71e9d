"""Tokens of a sentence and their classes: one letter a token, so that a grammar can be a regular expression.

A sentence is cut into tokens that cover every character: each token carries the white space before it, so
that offsets are sums of lengths. The class of a token depends on its letters alone and is remembered. Letters
are those of any script; an accent may be a character of its own ("n" and a combining tilde), which changes
the class of no word and the text of no token.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from foretaste.openie import closed, lexicon, usage
from foretaste.openie.lexicon import word_set
from foretaste.openie.nouns import singular
from foretaste.openie.verbs import bases, guess_base

#: Not the digits and fractions that Unicode counts among the characters of words.
_LETTER = r"[^\W\d_²³¹¼-¾\u2070-\u2079\u2080-\u2089\u2150-\u2189\u2460-\u249b\u24ea-\u24ff]"
_LETTERS = rf"(?:[A-Za-z]++|{_LETTER}++)++(?:[\u0300-\u036f]++{_LETTER}*+)*+"
_WORD = rf"{_LETTERS}(?:['’/-]{_LETTERS})*+(?:(?<=s)['’](?=\s))?+"
#: Words ("don't", "all-purpose", "and/or"), numbers with what is joined to them ("8-in", "1/2"), and single
#: marks.
_TOKENS = re.compile(rf"\s*+(?:{_WORD}|\d[^\s(),.;:]*+(?::\d[^\s(),.;:]*+)*+|\S)")
_ABBREVIATIONS = (
    r"(?:[A-Za-z]\.){2,8}+(?=\s+\S)|(?:dr|mr|mrs|ms|jr|sr|inc|co|corp|ltd)\.(?=\s+\S)"
    r"|(?:tsp|tbsp|tbs|oz|lbs?|approx|mins?|hrs?|pkg|qt|pt)\.(?=\s*[a-z(])"
)
_NUMBER = r"\d(?:[^\s(),.;:]|[.,:](?=\d))*+(?:(?<=[a-z])\.(?=\s*[a-z]))?"
#: The same where a period may belong to a token ("2 tsp. salt", "1.5", "Dr.").
_TOKENS_WITH_PERIODS = re.compile(rf"\s*+(?:{_ABBREVIATIONS}|{_WORD}|{_NUMBER}|\S)", re.IGNORECASE)
#: The same where a token may be several words, a verb ("stir fry"), a manner ("skin side down"), an amount
#: ("as much"), or a word with the sign of a trade mark ("Crisco®", "Old Bay(TM)").
_SEVERAL_WORDS = (
    r"(?:(?:stir|deep|pan) fr(?:y|ied|ying|ies)|side by side|as (?:soon|long) as|as much|as many|al"
    r" dente|feel free|go ahead and|do no(?=\s)|(?:don['’]t|do not|never) forget|up to(?=\s\d)"
    rf"|{_LETTERS}[ -]sides? (?:up|down)|face (?:up|down))\b"
)
_TOKENS_OF_WORDS = re.compile(
    rf"\s*+(?:{_SEVERAL_WORDS}|{_ABBREVIATIONS}|{_WORD}(?:[®™]|\((?:TM|R)\))?+|{_NUMBER}|\S)", re.IGNORECASE
)


def _several(text: str) -> bool:
    """Whether such a token may be in ``text``, in capitals or not. To search for each part is faster than one
    expression.
    """
    text = text.lower()
    if (not text.isascii() and ("®" in text or "™" in text)) or "(r)" in text or "(tm)" in text:
        return True
    if " face " in text or " up to " in text or " fry" in text or " frie" in text:
        return True
    if "side" in text and (" up" in text or " down" in text or "by side" in text):
        return True
    return (
        "as m" in text
        or "as soon" in text
        or "as long" in text
        or "al d" in text
        or "eel free" in text
        or "o ah" in text
        or "o no " in text
        or "forget" in text
    )


def tokenise(text: str) -> list[str]:
    """The tokens of ``text``, each with the white space before it; white space at the end is left out."""
    text = text.rstrip()  # each of the spaces at the end would be tried as the beginning of a token
    if _several(text):
        return _TOKENS_OF_WORDS.findall(text)
    if text.find(".", 0, -1) < 0:
        return _TOKENS.findall(text)
    return _TOKENS_WITH_PERIODS.findall(text)


#: The legend of classes: here, in the grammar and in whatever else names a class, it is one of these letters.
CLASSES = {
    "V": "verb", "A": "verb or noun", "h": "noun or verb", "H": "noun, rarely verb", "J": "verb or adjective",
    "K": "chain verb", "k": "continue", "L": "let, allow, leave", "q": "bring, return", "U": "use",
    "e": "ensure", "G": "gerund", "g": "gerund that names or modifies a thing", "E": "participle in -ed",
    "Z": "third person",
    "N": "noun", "Q": "side", "u": "unknown word", "a": "adjective", "s": "sure, careful", "M": "number",
    "t": "measure of extent", "D": "determiner", "n": "amount", "O": "pronoun", "Y": "subject pronoun",
    "P": "preposition", "y": "by", "w": "while", "W": "with", "F": "of", "T": "to", "I": "particle",
    "i": "particle or preposition", "S": "subordinator", "C": "conjunction", "c": "then", "R": "adverb",
    "X": "auxiliary", "x": "can", "d": "do", "B": "be", "~": "negation",
    ".": "end of sentence", ",": "comma", ";": "semicolon", ":": "colon", "(": "opening bracket",
    ")": "closing bracket", "-": "dash", "_": "other",
}  # fmt: skip


class Word(NamedTuple):
    """A token's class, its letters in lower case and composed (NFC), the base form it has as a verb, and
    its singular as a noun.
    """

    tag: str
    lower: str
    base: str
    noun: str


_ALL_VERBS = frozenset().union(
    lexicon.VERBS, lexicon.VERBS_OR_NOUNS, lexicon.NOUNS_OR_VERBS, lexicon.NOUNS_RARELY_VERBS,
    lexicon.VERBS_OR_ADJECTIVES, usage.CHAIN_VERBS, {"let", "allow", "bring", "use", "stir fry", "deep fry",
    "pan fry"}
)  # fmt: skip
_FORMS = bases(_ALL_VERBS)

_PUNCTUATION = {
    ".": ".", "!": ".", "?": ".", "…": ".", ",": ",", ";": ";", ":": ":", "(": "(", "[": "(", ")": ")",
    "]": ")", "-": "-", "–": "-", "—": "-", "•": ".", "*": ".", "&": "C", "": "_", "½": "M",
    "¼": "M", "¾": "M", "⅓": "M", "⅔": "M", "⅛": "M", "%": "t", "°": "t", "º": "t",
}  # fmt: skip

#: Letters of ``CLASSES`` and their words: the first list that holds a word decides.
_LISTS: tuple[tuple[str, frozenset[str]], ...] = (
    ("~", closed.NEGATIONS | {"do no"}), ("L", word_set("let lets let's allow leave")), ("q",
    word_set("bring return")), ("U", word_set("use")), ("K", usage.CHAIN_VERBS - {"continue"}), ("k",
    word_set("continue")), ("s", word_set("sure careful certain care")), ("e", word_set(
        """
        remember assure assuring ensure ensures ensuring insure insuring
        """
    ) | {"feel free", "don't forget", "do not forget",
    "never forget"}),
    ("d", word_set("do")), ("B", closed.BE), ("x", word_set("can")), ("X", closed.AUXILIARIES), ("C",
    closed.CONJUNCTIONS), ("c", word_set("then")),
    ("T", word_set("to")), ("F", word_set("of")), ("W", word_set("with using")), ("y", word_set("by")), ("w",
    word_set("while")), ("P", word_set("working")), ("Q", word_set("side")), ("-", word_set("x")),
    ("I", closed.PARTICLES), ("i", closed.PARTICLES_OR_PREPOSITIONS), ("M", closed.NUMBERS), ("n",
    closed.AMOUNTS | {"as much", "as many"}), ("O", closed.PRONOUNS), ("D", closed.DETERMINERS),
    ("Y", closed.SUBJECTS), ("S", closed.SUBORDINATORS | {"as soon as", "as long as"}), ("P",
    closed.PREPOSITIONS), ("t", lexicon.EXTENTS),
    ("J", lexicon.VERBS_OR_ADJECTIVES), ("H", lexicon.NOUNS_RARELY_VERBS), ("h", lexicon.NOUNS_OR_VERBS),
    ("A", lexicon.VERBS_OR_NOUNS), ("V", lexicon.VERBS | {"stir fry", "deep fry", "pan fry"}), ("g",
    lexicon.NOUN_GERUNDS),
    ("R", closed.ADVERBS | {"side by side", "go ahead and", "up to"}), ("N",
    lexicon.NOUNS_AS_THEY_ARE | lexicon.NOUNS), ("a", lexicon.ADJECTIVES | {"al dente"}), ("N",
    lexicon.UNITS | lexicon.VESSELS),
)  # fmt: skip
_KNOWN = {word: tag for tag, words in reversed(_LISTS) for word in words}

_PREFIX = re.compile(r"(?:re|un|de|over|pre|mis|dis|under)-?(?=[a-z]{3})")
_ADJECTIVE_ENDING = re.compile(
    r".{2,}(?:ous|ful|less|able|ible|y-?sized|-size|-style|[^s]ic|ive|-free|-fat|-sodium|-quality"
    r"|-thick|-deep|-long|-wide|-purpose|-ready|-safe|-dry|-proof|'s|s')$"
)
#: First parts of compound verbs ("pan-fry", "double-check").
_MANNERS = word_set(
    """
    air blind cross deep double dry flash hand hard hot oven oil over pan paper pre pressure quick re slow
    soft spoon steam stir un under
    """
)
_NOUN_ENDING = re.compile(
    r".{2,}(?:tion|sion|ness|ment|ship|ists?|isms?|ity|ance|ence|ency|ancy|est|or|age|ian|ology)$"
    r"|(?:arm|bowl|cup|fist|glass|hand|ladle|mouth|pan|pot|shovel|spoon|tablespoon|teaspoon)ful$"
)
_FRACTION = re.compile(
    r"(?:one|two|three|four|five|a)-(?:half|halves|thirds?|fourths?|quarters?|fifths?|eighths?)$"
)


def classify(token: str) -> Word:
    """The class of one token (white space before it is ignored)."""
    lower = unicodedata.normalize("NFC", token.strip().lower()).replace("’", "'")
    if lower.endswith(("®", "™", "(tm)", "(r)")):
        lower = lower.rstrip("®™") if lower[-1] != ")" else lower[: lower.rindex("(")]
    if lower in _PUNCTUATION:
        return Word(_PUNCTUATION[lower], lower, lower, lower)
    if not lower[0].isalpha():
        return Word("M" if lower[0].isdigit() else "_", lower, lower, lower)
    lower = " ".join(lower.split())
    known = _KNOWN.get(lower)
    if known is None and "/" in lower:
        return classify(lower.partition("/")[0])._replace(lower=lower)  # "butter/margarine" is butter
    if known:
        return Word(
            known, lower, _FORMS[lower][1] if known == "g" and lower in _FORMS else lower, singular(lower)
        )
    tag, base = _inflected(lower) or _by_ending(lower)
    return Word(tag, lower, base, singular(lower))


def _inflected(lower: str) -> tuple[str, str] | None:
    """A form of a word of the lists: its class and its base."""
    noun = singular(lower)
    kind, base = _FORMS.get(lower, ("", lower))
    if kind == "gerund":
        return "L" if base in ("let", "allow") else "q" if base == "bring" else "G", base
    if kind == "past":
        return "E", base
    if noun != lower:
        if noun in lexicon.EXTENTS:
            return "t", lower
        tag = _KNOWN.get(noun, "")
        if tag and tag in "NHhAgx":
            return "N", base
    return ("Z", base) if kind == "third" else None


def _by_ending(lower: str) -> tuple[str, str]:
    """The class of a word that no list holds, and the base form it would have as a verb."""
    if _FRACTION.match(lower):
        return "M", lower
    if lower.endswith((" up", " down")):  # "cut side up"
        return "R", lower
    if lower.endswith("ly") and lower not in closed.NOT_ADVERBS:
        return "R", lower
    prefix = _PREFIX.match(lower)
    rest = lower[prefix.end() :] if prefix else ""
    if rest and rest in _ALL_VERBS and _KNOWN[rest] in "VA":
        return "V", lower
    if rest and rest in _FORMS:
        kind, base = _FORMS[rest]
        return {"gerund": "G", "past": "E", "third": "Z"}[kind], lower[: prefix.end()] + base
    if "-" in lower:
        return _hyphenated(lower), lower
    if lower.endswith("ing") and len(lower) > 5:
        return "g", guess_base(lower)
    if lower.endswith("ed") and len(lower) > 4:
        return "E", guess_base(lower)
    if _NOUN_ENDING.match(lower):
        return "N", lower
    return "a" if _ADJECTIVE_ENDING.match(lower) else "u", lower


def _hyphenated(lower: str) -> str:
    """The class of a compound by its last part: "stir-fry" a verb, "oven-safe" an adjective, "half-moon" a
    noun.
    """
    last = lower.rsplit("-", 1)[1]
    tag = _KNOWN.get(last) or (_inflected(last) or ("", ""))[0]
    if tag in ("V", "A") and lower.split("-", 1)[0] in _MANNERS:
        return "A"
    if (
        _ADJECTIVE_ENDING.match(lower)
        or (tag and tag in "EGagJtM")
        or (last.endswith("ed") and len(last) > 3)
    ):
        return "a"
    return "N" if tag and tag in "NHh" else "u"


class _Words(dict):
    """Token -> Word, filled as words are met; emptied when it has grown large, so that any amount of text
    fits.
    """

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
