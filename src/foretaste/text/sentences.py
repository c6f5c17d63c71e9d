"""An instruction as sentences: list numbering stripped, split where a sentence ends and nowhere else."""

from __future__ import annotations

import re

from foretaste.text.lexicon import word_set

#: "1)", "2.", "(3)", "Step 4:", "a)", bullets; not "2 cups", not "1.5".
_NUMBERING = re.compile(
    r"\s*(?:(?:step|directions?|method)?\s*(?:\(?\d{1,3}[).:](?!\d)|\(?[a-h]\)|step\s+\d{1,3}\b[-–:.]?)|[-–—•*·▪►]+)\s+", re.IGNORECASE
)

#: Words whose period does not end a sentence when a lower-case letter, a digit or a bracket follows.
_ABBREVIATIONS = word_set(
    "tsp tsps tbsp tbsps tbs tb t c oz lb lbs pt pts qt qts gal pkg pkgs env doz in ft cm mm ml gm kg g l min mins hr hrs sec secs deg approx no nos vol max med lg sm "
    "dr mr mrs ms st vs etc e.g i.e eg ie f a.m p.m jr sr ca incl opt temp diam"
)
#: Those of them that never end a sentence, whatever follows.
_NEVER_LAST = word_set("approx dr mr mrs ms e.g i.e eg ie vs ca no nos")

_STOP = re.compile(r"[.!?…]+[\"”’')\]]*(?=\s|$)|(?<=[a-z]{3})[.!?](?=[A-Z][a-z])|\n\s*\n|\n(?=\s*(?:\d{1,2}[).]\s|[-•*]\s|[A-Z]))")
_WORD_BEFORE = re.compile(r"[A-Za-z.]+$")


def split(instruction: str) -> list[str]:
    """The sentences of one instruction, in order, each as written but for white space at its ends; [] if there is no letter."""
    numbering = _NUMBERING.match(instruction)
    start = numbering.end() if numbering else 0
    sentences = []
    depth_from = start
    for stop in _STOP.finditer(instruction, start):
        end = stop.end()
        if _goes_on(instruction, stop) or _in_brackets(instruction, depth_from, end):
            continue
        sentences.append(instruction[start:end].strip())
        start = depth_from = end
    sentences.append(instruction[start:].strip())
    return [s for s in map(_without_numbering, sentences) if any(map(str.isalpha, s))]


def _without_numbering(sentence: str) -> str:
    numbering = _NUMBERING.match(sentence)
    return sentence[numbering.end() :] if numbering else sentence


def _goes_on(text: str, stop: re.Match[str]) -> bool:
    """Whether the period belongs to an abbreviation or a number rather than to the sentence."""
    if stop[0][0] != ".":
        return False
    if stop[0].startswith(".."):
        return text[stop.end() :].lstrip()[:1].islower()
    word = _WORD_BEFORE.search(text, max(0, stop.start() - 12), stop.start())
    after = text[stop.end() :].lstrip()[:1]
    if word is None:
        # "1. Mix" within a text is numbering, which begins a sentence; "heat to 350. Mix" ends one
        return False
    name = word[0].lower().strip(".")
    if name in _NEVER_LAST:
        return bool(after)
    return name in _ABBREVIATIONS and bool(after) and not after.isupper()


def _in_brackets(text: str, start: int, end: int) -> bool:
    """Whether ``end`` lies in a bracket that closes later."""
    return text.count("(", start, end) > text.count(")", start, end) and ")" in text[end:]
