"""The grammar of instructions: regular expressions over strings of word classes, one letter a word (``words.CLASSES``).

A sentence of instructions is a first clause, which must begin with a verb after at most an introduction ("In a bowl,",
"When hot,"), and further clauses that a comma or a conjunction joins to it. Finite-state grammars of this kind are Abney's
("Partial parsing via finite-state cascades", 1996). What does not begin in this way is prose.
"""

from __future__ import annotations

import re

_NOUN = "(?:[NuAhHg](?!QI)|Q(?!I)|x(?!R*[BV]))"
_DESCRIBING = "[aEJs]"
_MODIFIER = rf"(?:{_DESCRIBING}(?:,?C?R?(?={_DESCRIBING}))?|R(?={_DESCRIBING})|(?<=D)t|(?<![NuAhH])[Gg]I?(?={_NOUN}))"
_NUMBERS = r"(?:R?M(?:[TCy-]?M)*+_*+t?)"
_START = r"(?:(?:D?[as]?n|D?M(?=F)|D(?=F))(?:F[DO]?|D(?!$))?|D)?"
#: Atomic: a run of modifiers that no noun ends is left alone at once. Numbers stand before the first noun only.
_NOUNS = rf"(?:{_MODIFIER}*+{_NUMBERS}?{_MODIFIER}*+{_NOUN}(?:{_MODIFIER}*+{_NOUN})*+|(?<=D)R(?![aEJsNuAhHgRMQ]))"

#: As short as what follows allows: where a verb follows a noun chunk directly.
_LAZY = rf"(?:{_MODIFIER}*+{_NUMBERS}?{_MODIFIER}*+{_NOUN})+?"


def _chunk(name: str, nouns: str = _NOUNS) -> str:
    """A noun chunk: its words without determiner (group ``name``) and those after a first "of", or a pronoun."""
    return (
        rf"(?:{_START}(?P<{name}>{_NUMBERS}?{nouns})(?:F{_START}(?P<{name}_of>{_NUMBERS}?{_NOUNS}))?"
        rf"|(?:D(?=n))?(?P<{name}_alone>O|(?:n(?!F)|D)(?=[.,;:CcPWiITSR_y]|$)))"
    )


#: What follows a verb that could be a noun: not what follows a noun that is said of ("the cover is", "mix:").
_NO_SUBJECT = rf"(?!{_NOUN}*M?[XB:Y]|{_NOUN}+M?Z|{_NOUN}+(?:[CPFWi]D?[aE]*{_NOUN}+)*[XBZ]|F|C(?=R*[NuaDEMOQ]))"
_MANY = rf"(?:[aEJs]*{_NOUN})+[PWiITRSy]"
#: A verb of a later clause: what else a word can be decides what must follow it.
_LATER = rf"(?:[VKkLqU](?!s|I?yD)|A(?![FXBYVZ~dK]|{_NOUN}+[XB]|QI)|h(?=[DOPWiIRSMny]|{_MANY}|C[VAhJ][Ii]?[DOM])|H(?=[DO])|J(?=[DOPWiIRSMn.;y]|$|,c))"
#: A verb of a clause that must have one: the first, and those after an introduction, an adverb, "then", or a verb without object.
_SURE = rf"(?:[VKkLqU](?!s)|A{_NO_SUBJECT}|J(?![,Y]){_NO_SUBJECT}|J(?=,C?[RVAcKLq])|h(?![,.;)C]|$){_NO_SUBJECT}|h(?=,?C[VAhJ])|H(?=[DOMWI]|[aE]*{_NOUN}+(?:[PiTWISyC,]|[.;]?$)|C[AhHV]+[Ii]?[DOM]))"
_UNKNOWN = r"(?<!.)(?:h$|Z(?=[DNuaAhHM])|E(?=D))|u(?=[DO]|[NHhgA]+(?:$|\.$|[PiTW][DNuaHhAg]))"
_GERUND = rf"[Gg](?!,|[^.;:]*[XBZY]|{_NOUN}+[E:,])"


def _clause(verb: str) -> str:
    """A verb with its particle and its object; ``verb`` is the class of verbs that may stand here."""
    return (
        rf"(?:LR*(?:{_chunk('let_object', _LAZY)}R*)?T?R*(?P<let>[VAhJ])(?=[PWiIRSTMn.,;:()CcGEga_y-]|$)(?P<let_particle>I|i(?=[.,;:CcS_]|$))?"
        rf"|qI?(?:{_chunk('bring_object')}[^.;:VT]*?)?TD?[aGgEJ,]*(?P<bring>[AhNug])"
        rf"|U{_chunk('tool')}[^.,;:VXS]*?TR*(?P<use>[VAhJ])(?P<use_particle>[Ii])?R*(?:{_chunk('use_object')})?"
        rf"|[Kk]I?i?T?R*(?P<chained>(?<=[Tk])[VAhJ]|(?<=K)V|[Gg])(?P<chained_particle>[Ii])?R*(?:{_chunk('chained_object')})?"
        rf"|(?P<verb>{verb})(?P<particle>I++|i)?(?:R+(?![aEJ]))?(?:{_chunk('object')}(?P<late_particle>[Ii](?=[.,;:CcSTP_]|$))?|W{_chunk('matter')})?)"
    )


_INTRODUCTION = (
    rf"(?:[PWiTSyGg][^.;:]*?,C?[RCc]*(?={_SURE})"
    rf"|M(?:t[PSy]|P)[^.;:]*?,C?[RCc]*(?={_SURE})"
    rf"|[DNuaEMnt][^.;:XBZYV~,]*,C?[RCc]*(?=[VKkLq]|A(?=[DOMIi]))"
    rf"|W{_START}{_NUMBERS}?{_NOUNS}T(?=[VA])|[PiyWT]{_START}(?:{_LAZY}(?:C|[PiF]{_START}))*?{_LAZY}R*(?=[VKkq]|[AJ](?=[DOMRInNuaEHhAg])|h[DOM]|H[NuEaD])"
    rf"|S[^,.;:]*?[aEJNtMIGgOuZ](?=V[DOMNuaIWPi]|A[DOMIW])|TR*[VAhJ](?=[VAh][DNuaE]))"
)

FIRST = re.compile(
    rf"(?:M?[().]|_)*(?:[RCc],?|a(?:,|(?=V)))*+(?:[VB]s(?:T|D?Y?)(?=[VLKA])|{_INTRODUCTION}??){_clause(rf'{_SURE}|{_UNKNOWN}|{_GERUND}')}"
)
NEXT = re.compile(
    rf"(?P<aside>[Sy](?!G|E[VAR])(?:[^,.;:Cc]|C(?!R*(?:V|A(?=[DOTIi])))|,(?=R*J))*|[dX]?~[^,.;:]*)"
    rf"|(?P<joint>(?:SE|y(?=G)|[,Cc_-])[,CcR_-]*){_clause(rf'(?:(?<=[cR])|(?<=SE)){_SURE}|{_LATER}|(?<![Cc-])G|(?<=C)G(?=[DO])|(?<=[,R])g(?=[DOPWiIRSM])')}"
)
#: Directly after a verb without object: "peel, core and slice".
AFTER_BARE = re.compile(rf"(?P<joint>[,Cc]+R*){_clause(_SURE)}")
#: An object that stands after a preposition ("dispose of the peel"; a narration's "put into the pan").
PREPOSITION = re.compile(rf"[PiWTFy]{_chunk('object')}")
#: Prose: "the onions should be chopped", "we then add the eggs".
_PROSE = r"(?:[RCc],?|a,)*+(?:[PWiTSy][^.;:]*?,)??"
PASSIVE = re.compile(rf"{_PROSE}{_chunk('patient')}(?P<modal>[Xx]R*)?BR*(?P<participle>[EVA])(?P<particle>[Ii](?![DNuaM]))?")
PASSIVE_TOO = re.compile(r",?CR*(?P<participle>[EVA])(?P<particle>[Ii](?![DNuaM]))?(?![DONu])")
PERSON = re.compile(rf"{_PROSE}(?P<person>Y)[Xx]?[Rc]*(?P<verb>[VA])(?P<particle>[Ii])?R*{_chunk('object')}")
#: One more thing that is joined to an object: "the eggs, *the milk* and *a cup of sugar*".
CONJUNCT = re.compile(rf"(?:,?C|,)(?!R*{_LATER}){_chunk('object')}(?![XBZ])")
#: All of them.
JOINED = re.compile(rf"(?:(?:,?C|,){_START}{_NUMBERS}?{_NOUNS}(?:F{_START}{_NUMBERS}?{_NOUNS})?(?![XBZ]))*")
MARK = re.compile("[.,;:]")
SENTENCE_END = re.compile(r"[.;:]")
BRACKETS = re.compile(r"(?<!^)\([^()]*\)")
