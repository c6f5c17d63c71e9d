"""The forms of English verbs: from a list of base forms to every gerund, past and third person that they
have.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from foretaste.openie.lexicon import word_set

_VOWELS = frozenset("aeiou")

#: Base form -> past tense and past participle, where they are not in -ed.
IRREGULAR_PAST = {
    "beat": "beat beaten", "become": "became become", "begin": "began begun", "bend": "bent", "bind": "bound",
    "bite": "bit bitten", "blow": "blew blown",
    "break": "broke broken", "bring": "brought", "build": "built", "burn": "burnt", "burst": "burst",
    "buy": "bought", "catch": "caught", "choose": "chose chosen",
    "cling": "clung", "come": "came come", "cut": "cut", "dig": "dug", "do": "did done", "draw": "drew drawn",
    "drink": "drank drunk", "drive": "drove driven",
    "eat": "ate eaten", "fall": "fell fallen", "feed": "fed", "feel": "felt", "find": "found", "fit": "fit",
    "fling": "flung", "fly": "flew flown",
    "freeze": "froze frozen", "get": "got gotten", "give": "gave given", "go": "went gone", "grind": "ground",
    "grow": "grew grown", "hang": "hung", "hide": "hid hidden",
    "hit": "hit", "hold": "held", "keep": "kept", "knit": "knit", "know": "knew known", "lay": "laid",
    "lead": "led", "lean": "leant", "leave": "left", "lend": "lent",
    "let": "let", "lie": "lay lain", "light": "lit", "lose": "lost", "make": "made", "melt": "molten",
    "mow": "mown", "pay": "paid", "put": "put", "read": "read",
    "rid": "rid", "ring": "rang rung", "rise": "rose risen", "run": "ran run", "say": "said",
    "see": "saw seen", "seek": "sought", "sell": "sold", "send": "sent",
    "set": "set", "sew": "sewn", "shake": "shook shaken", "shed": "shed", "show": "showed shown",
    "shred": "shred", "shrink": "shrank shrunk", "shut": "shut", "sing": "sang sung",
    "sink": "sank sunk", "sit": "sat", "sleep": "slept", "slide": "slid", "sling": "slung", "slit": "slit",
    "smell": "smelt", "speak": "spoke spoken", "spend": "spent", "spill": "spilt",
    "spin": "spun", "spit": "spat", "split": "split", "spoil": "spoilt", "spread": "spread", "stand": "stood",
    "steal": "stole stolen", "stick": "stuck", "stir": "", "strike": "struck",
    "string": "strung", "sweat": "sweat", "sweep": "swept", "swell": "swollen", "swing": "swung",
    "take": "took taken", "teach": "taught", "tear": "tore torn", "tell": "told",
    "think": "thought", "throw": "threw thrown", "thrust": "thrust", "understand": "understood",
    "undo": "undid undone", "unwind": "unwound", "wake": "woke woken",
    "wear": "wore worn", "wet": "wet", "win": "won", "wind": "wound", "withdraw": "withdrew withdrawn",
    "wring": "wrung", "write": "wrote written", "overdo": "overdid overdone",
}  # fmt: skip

#: Several syllables, last one unstressed: no doubled consonant ("covering", not "coverring").
_STRESSED_LAST = word_set(
    """
    admit allot commit equip forget omit occur permit prefer refer regret reset refit submit transfer unclip
    unplug unwrap rewrap unpin defat unzip begin upset rerun overlap
    """
)


def _doubles(base: str) -> bool:
    if (
        len(base) < 3
        or base[-1] in "wxyaeiouh"
        or base[-2] not in _VOWELS
        or (base[-3] in _VOWELS and base[-4:-2] != "qu")
    ):
        return False
    syllables = sum(a in _VOWELS and b not in _VOWELS for a, b in pairwise(base))
    return syllables == 1 or base in _STRESSED_LAST


def gerund(base: str) -> str:
    if base.endswith("ie"):
        return base[:-2] + "ying"
    if base.endswith("e") and not base.endswith(("ee", "oe", "ye")) and base not in ("singe", "be"):
        return base[:-1] + "ing"
    return base + (base[-1] if _doubles(base) else "") + "ing"


def third_person(base: str) -> str:
    if base.endswith("y") and len(base) > 1 and base[-2] not in _VOWELS:
        return base[:-1] + "ies"
    return base + ("es" if base.endswith(("s", "sh", "ch", "x", "z", "o")) else "s")


def past_forms(base: str) -> list[str]:
    """Past tense and past participle: the irregular ones, and the regular one beside them (people write
    "shaked").
    """
    if base.endswith("e"):
        regular = base + "d"
    elif base.endswith("y") and len(base) > 1 and base[-2] not in _VOWELS:
        regular = base[:-1] + "ied"
    else:
        regular = base + (base[-1] if _doubles(base) else "") + "ed"
    return [*IRREGULAR_PAST.get(base, "").split(), regular]


def bases(verbs: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Inflected form -> (kind, base form); kinds: "gerund", "past", "third". Base forms themselves are not
    among the keys.
    """
    forms: dict[str, tuple[str, str]] = {}
    for base in sorted(verbs):
        found = [
            ("third", third_person(base)),
            ("gerund", gerund(base)),
            *(("past", form) for form in past_forms(base)),
        ]
        if gerund(base) != base + "ing" and not base.endswith("e"):
            found.append(("gerund", base + "ing"))
        for kind, form in found:
            if form != base:
                forms.setdefault(form, (kind, base))
    return forms


def guess_base(form: str) -> str:
    """The base that an unknown form in -ing or -ed most likely has: with an "e" after endings that hardly
    ever stand without.
    """
    stem = form[:-3] if form.endswith("ing") else form[:-2] if form.endswith("ed") else form
    if stem == form or len(stem) < 2:
        return form
    if len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] not in "aeiouslfz":
        return stem[:-1]
    if stem.endswith(("eat", "oat")):
        return stem
    if stem.endswith(
        (
            "at",
            "tur",
            "iz",
            "is",
            "v",
            "c",
            "dg",
            "ng",
            "rg",
            "u",
            "tl",
            "dl",
            "bl",
            "gl",
            "zl",
            "kl",
            "pl",
            "rs",
            "ns",
            "ls",
        )
    ) or (
        len(stem) > 2
        and stem[-1] not in "wxyaeiourn"
        and stem[-2] in _VOWELS
        and stem[-3] not in _VOWELS
        and len(stem) < 5
    ):
        return stem + "e"
    if stem.endswith("i") and form.endswith("ied"):
        return stem[:-1] + "y"
    return stem
