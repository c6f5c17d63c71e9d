"""An instruction as sentences: list numbering stripped, split where a sentence ends and nowhere else."""

from __future__ import annotations

import re

from foretaste.openie.lexicon import word_set

#: "1)", "2.", "(3)", "Step 4:", "a)", bullets; not "2 cups", not "1.5".
_NUMBERING = re.compile(
    r"\s*+(?:(?:step|directions?|method)?\s*+(?:\(?\d{1,3}[).:](?!\d)|\(?[a-h]\)"
    r"|step\s+\d{1,3}\b[-–:.]?)|[-–—•*·▪►]+)\s+",
    re.IGNORECASE,
)

#: Words whose period does not end a sentence when a lower-case letter, a digit or a bracket follows.
_ABBREVIATIONS = word_set(
    """
    tsp tsps tbsp tbsps tbs tb t c oz lb lbs pt pts qt qts gal pkg pkgs env doz in ft cm mm ml gm kg g l min
    mins hr hrs sec secs deg approx no nos vol max med lg sm dr mr mrs ms st vs etc e.g i.e eg ie f a.m p.m jr
    sr ca incl opt temp diam
    """
)
#: Those of them that never end a sentence, whatever follows.
_NEVER_LAST = word_set("approx dr mr mrs ms e.g i.e eg ie vs ca no nos")

_CAPITAL = "[A-ZÀ-ÖØ-Þ]"
#: Any other letter, or an accent that is a character of its own.
_SMALL = r"(?:[^\W\d_A-ZÀ-ÖØ-Þ]|[\u0300-\u036f])"
_STOP = re.compile(
    rf"(?<![.!?…])[.!?…]++[\"”’')\]]*+(?=\s|$)|(?<={_SMALL}{_SMALL}{_SMALL})[.!?](?={_CAPITAL}{_SMALL})"
    rf"|\n\s*\n|\n(?=\s*+(?:\d{{1,2}}[).]\s|[-•*]\s|{_CAPITAL}))"
)
_WORD_BEFORE = re.compile(r"(?:[^\W\d_]|[.\u0300-\u036f])+$")
_AFTER = re.compile(r"\s*+(\S?)")


def split(instruction: str) -> list[str]:
    """The sentences of one instruction, in order, each as written but for white space at its ends; [] if
    there is no letter.
    """
    numbering = _NUMBERING.match(instruction)
    start = counted = numbering.end() if numbering else 0
    sentences = []
    depth, last_bracket = 0, instruction.rfind(")")
    for stop in _STOP.finditer(instruction, start):
        end = stop.end()
        depth += instruction.count("(", counted, end) - instruction.count(")", counted, end)
        counted = end
        # a bracket that never closes holds nothing together
        if _goes_on(instruction, stop) or (depth > 0 and end <= last_bracket):
            continue
        sentences.append(instruction[start:end].strip())
        start, depth = end, 0
    sentences.append(instruction[start:].strip())
    return [s for s in map(_without_numbering, sentences) if any(map(str.isalpha, s))]


def _without_numbering(sentence: str) -> str:
    numbering = _NUMBERING.match(sentence)
    return sentence[numbering.end() :] if numbering else sentence


def _goes_on(text: str, stop: re.Match[str]) -> bool:
    """Whether the period belongs to an abbreviation or a number rather than to the sentence."""
    if stop[0][0] != ".":
        return False
    after = _AFTER.match(text, stop.end())[1]
    if stop[0].startswith(".."):
        return after.islower()
    word = _WORD_BEFORE.search(text, max(0, stop.start() - 12), stop.start())
    if word is None:
        # "1. Mix" within a text is numbering, which begins a sentence; "heat to 350. Mix" ends one
        return False
    name = word[0].lower().strip(".")
    if name in _NEVER_LAST:
        return bool(after)
    return name in _ABBREVIATIONS and bool(after) and not after.isupper()
