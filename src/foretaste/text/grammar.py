"""The grammar of instructions: regular expressions over strings of word classes, one letter a word (``words.CLASSES``).

A sentence of instructions is a first clause, which must begin with a verb after at most an introduction ("In a bowl,",
"When hot,"), and further clauses that a comma or a conjunction joins to it. Finite-state grammars of this kind are Abney's
("Partial parsing via finite-state cascades", 1996). What does not begin in this way is prose.
"""

from __future__ import annotations

import re

_NOUN = "[NuAhHxg]"
_DESCRIBING = "[aEJ]"
_MODIFIER = rf"(?:{_DESCRIBING}(?:,?C?R?(?={_DESCRIBING}))?|R(?={_DESCRIBING})|(?<![NuAhH])G(?={_NOUN}))"
_QUANTITY = r"(?:R?M(?:[TC-]?M)*+_*+)?"
_START = rf"(?:R?D?a?n(?:F[DO]?|D(?!$))?|D)?{_QUANTITY}"
#: Atomic: a run of modifiers that no noun ends is left alone at once.
_NOUNS = rf"(?:{_MODIFIER}*+{_NOUN})++"


def _chunk(name: str) -> str:
    """A noun chunk: its words without determiner (group ``name``) and those after a first "of", or a pronoun."""
    return (
        rf"(?:{_START}(?P<{name}>{_NOUNS})(?:F{_START}(?P<{name}_of>{_NOUNS}))?"
        rf"|(?P<{name}_alone>O|(?:n(?!F)|D)(?=[.,;:CPWiITSR_]|$)))"
    )


#: A verb of a later clause: what else a word can be decides what must follow it.
_LATER = (
    r"(?:[VKLq]|A(?=[DOPWiIRSTMGnaEJNuAhHg.;:()C_,-]|$)"
    r"|h(?=[DOPWiIRSMGn])|H(?=[DOW])|J(?=[DOPWiIRSMGn.;]|$))"
)
#: The verb of a first clause.
_FIRST = (
    r"(?:[VKLq]|A(?![FXB:Y])|J(?![XB:,Y])|[Gg](?![NuAhH]*[XB:])"
    r"|h(?![FXB:,Y])|H(?=[DOW]|[NuaE]+(?:[PiTWI.]|$)|C[AhHV]+[Ii]?[DO])|u(?=[DO]|[NH]+(?:$|\.$|[PiTW][DNuaHhA])))"
)


def _clause(verb: str) -> str:
    """A verb with its particle and its object; ``verb`` is the class of verbs that may stand here."""
    return (
        rf"(?:L(?:{_chunk('let_object')})?T?R*(?P<let>[VAhJ])(?=[PWiIRSTMn.,;:()C_GE-]|$)"
        rf"|q(?:{_chunk('bring_object')}[^.,;:VT]*)?TD?a?(?P<bring>[AhNug])(?![NuAhH])"
        rf"|KT?R*(?P<chained>(?<=T)[VAhJ]|[Gg])(?P<chained_particle>[Ii](?=[DNuaMn]))?R*(?:{_chunk('chained_object')})?"
        rf"|(?P<verb>{verb})(?P<particle>[Ii])?(?:R+(?![aEJ]))?(?:{_chunk('object')})?(?P<late_particle>[Ii](?=[.,;:CST_]|$))?)"
    )


_INTRODUCTION = rf"(?:[PWiTSGgMnDNuaEF][^.;:]*?,C?[RC]*(?={_LATER})|[Pi]D?[^.,;:VSCTX]*?(?=[VA][ODIM])|S[^,.;:]*?[aEJNtM](?=V[DOM]))"

FIRST = re.compile(rf"(?:M?[).]|_)*(?:[RC],?)*+{_INTRODUCTION}??{_clause(_FIRST)}")
NEXT = re.compile(
    rf"(?P<condition>S(?:[^,.;:C]|C(?!R*(?:V|A(?=[DOTIi])))|,(?=R*J))*)"
    rf"|(?P<prevented>[dX]?~[^,.;:]*)"
    rf"|(?P<joint>[,C_-][,CR_-]*){_clause(_LATER + '|[Gg](?![NuAhH])')}"
)
#: Prose: "the onions are chopped", "we then add the eggs".
PASSIVE = re.compile(rf"{_chunk('patient')}X?BR*(?P<participle>E)(?P<passive_particle>[Ii](?![DNua]))?")
PERSON = re.compile(rf"(?P<person>Y)X?R*(?P<verb>V)(?P<particle>[Ii])?{_chunk('object')}")
SENTENCE_END = re.compile(r"[.;:]")
BRACKETS = re.compile(r"\([^()]*\)")
