"""The grammar of instructions: regular expressions over strings of word classes, one letter a word
(``words.CLASSES``).

A sentence of instructions is a first clause, which must begin with a verb after at most an introduction ("In
a bowl,", "When hot,"), and further clauses that a comma or a conjunction joins to it. Finite-state grammars
of this kind are Abney's ("Partial parsing via finite-state cascades", 1996). What does not begin in this way
is prose.

Repetitions that could overlap are possessive or atomic, so that no sentence takes more than about linear
time.
"""

from __future__ import annotations

import re

# Noun chunks. "Q" is "side", which is no head in "cut side up"; "x" is "can", a noun unless a verb follows.
_NOUN = "(?:[NuAhHg](?!QI)|Q(?!I)|x(?!R*[BV])|n(?<=[NaA]n)(?=F))"
_DESCRIBING = "[aEJs]"
_MODIFIER = (
    rf"(?:{_DESCRIBING}(?:,?C?R?(?={_DESCRIBING}))?"  # hot, cooked / green and red
    rf"|R(?={_DESCRIBING})"  # thinly sliced
    r"|(?<=D)t"  # the second (side)
    rf"|(?<=D)[RP](?={_NOUN})"  # the first (disc), the opposite (side)
    rf"|(?<![NuAhH])[Gg]I?(?={_NOUN}))"  # mixing (bowl), washing up (liquid)
)
_NUMBERS = r"(?:R?M(?:[TCy-]?M)*+_*+t?)"  # about 2 to 3 (8 ounce)
_START = (  # the / half of the / all / one of the
    r"(?:(?:D?[as]?n|D?M(?=[FD])|R?D?M*+t(?=F)|[Da](?=F))(?:D?F[DO]?|D(?!$))?|D)?"
)
#: A run of modifiers that no noun ends is left alone at once. Numbers stand before the first noun only. "A
#: well" is a thing.
_NOUNS = (
    rf"(?:{_MODIFIER}*+{_NUMBERS}?{_MODIFIER}*+{_NOUN}(?:{_MODIFIER}*+{_NOUN})*+"
    r"|(?<=D)(?:R(?![aEJsNuAhHgRMQ])|P(?=[FW])|a(?=[PiTWSR.;]|$)))"
)
#: The same, as short as what follows allows: where a verb comes directly after the nouns.
_LAZY = rf"(?:{_MODIFIER}*+{_NUMBERS}?{_MODIFIER}*+{_NOUN})+?"


def _chunk(name: str, nouns: str = _NOUNS) -> str:
    """A noun chunk: its words without determiner (group ``name``) and those after a first "of", or a
    pronoun.
    """
    return (
        rf"(?:{_START}(?P<{name}>{_NUMBERS}?{nouns})(?:F{_START}(?P<{name}_of>{_NUMBERS}?{_NOUNS}))?"
        rf"|(?:[aD](?=n))?(?P<{name}_alone>O|(?:n(?!F)|D)(?=[.,;:CcPWiITSR_wy]|$)))"
    )


# Verbs. What else a word can be decides how much must speak for the verb.
#: Not what follows a noun that something is said of: "the cover is", "mix 3 adds", "cook time:", "butter and
#: the sugar".
_NO_SUBJECT = (
    rf"(?!{_NOUN}*M?[XB:Y]|{_NOUN}+M?Z|{_NOUN}+(?:[CPFWi]D?[aE]*{_NOUN}+)*[XBZ]|F|C(?=R*[NuaDEMOQ]))"
)
#: Nouns and then what can follow an object: "(slice) apples into".
_MANY = rf"(?:[aEJs]*{_NOUN})+[PWiITRSwy]"
#: A verb of a later clause, where a further noun of a list could stand as well.
_LATER = (
    r"(?:[VKkLqU](?!s|I?yD)"  # "make sure" is none, nor "put up by the cook"
    rf"|A(?![FXBYVZ~dKs]|{_NOUN}+[XB]|QI)"
    rf"|h(?=[DOPWiIRSMnwy]|{_MANY}|C[VAhJ][Ii]?[DOM])"
    r"|H(?=[DO])|d(?=D)"
    r"|J(?=[DOPWiIRSMn.;wy]|$|,c|,C[VA]|C(?:V|A(?:[.;,PiRWI]|$))))"
)
#: A verb of a clause that must have one: the first, and those after an introduction, an adverb, "then", or a
#: verb without object.
_FIRM = (
    r"(?:[VKkLqU](?!s)"
    rf"|A(?!s){_NO_SUBJECT}"
    rf"|J(?![,Y]){_NO_SUBJECT}|J(?=,C?(?:[RVAcKLq]|H[DOW]))"
    rf"|h(?![,.;)C]|$){_NO_SUBJECT}|h(?=(?:,[VA])*,?C(?:[VAhJ]|H[DO]))"
    r"|H(?=[DOMWIn]|C[VA]I?[DO])|d(?=D))"
)
#: And where no list of things can go on: "butter bread, ".
_SURE = rf"(?:{_FIRM}|H(?=[aE]*{_NOUN}+(?:[PiTWISwyC,]|R(?=[,.;CPi]|$)|[.;]?$)|C[AhHV]+[Ii]?[DOM]))"
#: What may pass for the first verb too: a word alone, "opens drawer", "took the pan", an unknown word before
#: a noun chunk.
_UNKNOWN = r"(?<!.)(?:h$|Z(?=[DNuaAhHM])|E(?=D))|u(?=[DO]|[aE]*[NHhgA]+(?:$|\.$|[PiTW][DNuaHhAg]))"
_GERUND = rf"[Gg](?!,|[^.;:]*[XBZY]|{_NOUN}+[E:,])"

#: Minutes and the like: "10 minutes", "one to two hours", "a minute".
_TIME = r"(?:R?M(?:[TCy-]?M)*+_*+)?t"


def _clause(verb: str) -> str:
    """A verb with its particle and its object; ``verb`` is the class of verbs that may stand here."""
    return (
        # let the dough rise; allow to cool
        rf"(?:LR*(?:{_TIME}P)?(?:{_chunk('let_object', _LAZY)}(?:,?C{_START}{_LAZY})?n?R*)?T?R*"
        r"(?P<let>[VAhJ]|u(?<=[OR]u)|[Gg](?<=[NuAhHO][Gg]))(?=[DPWiIRSTMn.,;:()CcGEgaJ_wy-]|$)"
        r"(?P<let_particle>I|i(?=[.,;:CcS_]|$))?"
        # bring the water and the salt to a boil
        rf"|qI?(?:{_chunk('bring_object')}[^.;:VTq]*?)?TD?[aGgEJ,]*(?P<bring>[AhNug])"
        # use a knife to cut the cake
        rf"|U{_chunk('tool')}(?:,?C?{_START}{_NUMBERS}?{_NOUNS}(?=,|C|T))*+[^.,;:VXSU]*?TR*"
        rf"(?P<use>[VAhJq])(?P<use_particle>[Ii])?R*(?:{_chunk('use_object')})?"
        # continue to stir the sauce; keep on stirring
        r"|[Kk]I?i?(?:T|W(?=[Gg][DMOn]))?(?:RC)?R*(?:a(?=[Gg]))?"
        r"(?P<chained>(?<=[Tk])[VAhJ]|(?<=K)V|(?<=T)K|[Gg])(?P<chained_particle>[Ii])?"
        rf"R*(?:{_chunk('chained_object')})?"
        # turn on the heat; turn the heat down; sprinkle evenly with cheese
        rf"|(?P<verb>{verb})(?P<particle>I++|i)?(?:R+(?![aEJ])|J(?=[DO]))?"
        rf"(?:{_chunk('object')}(?P<late_particle>I(?=[.,;:CcSTFPWiRwyt_]|$)|i(?=[.,;:CcSTP_]|$))?"
        rf"|(?:TA)?W{_chunk('matter')})?)"
    )


#: What an introduction names: a large bowl or pan / 10 minutes / serving / adding the eggs.
_NAMED = rf"{_START}(?:{_LAZY}(?:(?:C|[PiFW]){_START}(?:{_LAZY}|{_TIME}))*?|{_TIME})"
_WHERE = rf"(?:{_TIME})?[PiwyWT](?:{_NAMED}|[Gg]I?(?:{_NAMED})?)_*+R*"
_WHEN = rf"(?:[Sw]|(?:{_TIME})?P(?=[OY]))[^,.;:]*?[aEJNtMIiGgOuZHhR]"
_BEGINS = rf"(?:[PWiTSwyGg]|{_TIME}[PSwy]|MP)"
_COMMA = rf"{_BEGINS}[^.;:,]*,C?[RCc]*"
_ANY_COMMA = rf"{_BEGINS}[^.;:]*?,C?[RCc]*"
#: "make sure that you ... the lid", "ensure to ...": the action is what follows, if that is one.
_SURELY = "(?:[VABG]s|e)(?:T|S?D?Y?)(?=[VLKAhJ])"
SURE = re.compile("[RCc]*(?:[VAB]?s|e|X[DMn])")
_INTRODUCTION = (
    rf"(?:{_WHERE}(?=[VqUL]|[AJh][DOM]|H[DI])"  # In a bowl or pan mix the / Before serving remove
    rf"|{_WHEN}(?=V[DOMNuaE]|A[DOM])"  # when the oil is hot add the
    rf"|[Sw][^,.;:]*?BR*[aEJ]+(?=A[aE]*{_NOUN}+(?:[PiWT,.;C]|$))"  # when the dough is sticky dip hands in
    # In a bowl, / When hot, / To serve, / Working quickly, / 5 minutes before serving,
    rf"|{_COMMA}(?={_FIRM}|{_SURELY})"
    rf"|{_WHERE}(?=[AJ](?:[RInNuaEHhgW]|A(?![DMNuaEHh])))"  # In a bowl whisk eggs, lemon juice
    rf"|{_COMMA}(?={_SURE})|{_ANY_COMMA}(?={_FIRM})|{_ANY_COMMA}(?={_SURE})"  # In a pan, butter bread
    rf"|{_WHEN}(?=V[IWPi]|[Ah][IiW])"  # when cold stir in
    rf"|{_WHERE}(?=[Kk]|H[NuEaD])"
    r"|[Sw][^,.;:]*?[aE](?=[Kk][Gg]|[VAJ]C[VA](?:[.;PiI]|$))"  # when hot begin frying / cool and split
    r"|[DNuaEMnt][^.;:XBZYV~,]*,C?[RCc]*(?=[VKkLq]|A(?=[DOMIi]))"  # The next day,
    rf"|W{_START}{_NUMBERS}?{_NOUNS}T(?=[VA])"  # using a spoon to
    r"|TR*[VAhJ](?=[VAh][DNuaE]))"  # to serve
)

FIRST = re.compile(
    r"(?:\([aR]\)|M?[().]|_)*(?:[RCc],?|a(?:,|(?=V)))*+"  # 1) / Then gently
    rf"{_INTRODUCTION}??(?:{_SURELY})?"  # In a bowl, / Be sure to
    rf"{_clause(rf'{_SURE}|{_UNKNOWN}|{_GERUND}')}"
)
#: What parts a clause from the one before: a comma, "and", "if desired", "by" before a gerund, a dash, a
#: bracket.
_PARTS = r"(?:SE|[wy](?=R*[Ggq])|[,Cc]|(?<![_-])-|(?<![_aED-])_)[,CcR_-]*+"
#: Nothing at all, where a gerund follows a time, a noun ("making sure") or a verb ("cook stirring often").
_NO_PARTS = r"(?=G[sRDO])(?:(?<=t)|(?<=[NuAhHE])(?=Gs)|(?<=[VA])(?=G[RP]))"
_JOINT = (
    rf"(?=[,CcSwy_GVY-])(?P<joint>{_PARTS}|{_NO_PARTS}"
    r"|(?=V[DO])(?<=[NuhHOI])"  # heat the pan add the oil
    r"|Y[xX](?=R*[VA][IDOMWNuAhH])R*+)"  # or you can peel the
    rf"(?:(?<=C)R*[PWi]{_START}{_LAZY}R*(?=[VA][DOM]))?(?:{_SURELY})?"  # and in a bowl whisk the
)
_NO_STEP_AFTER = "C(?!R*(?:[VqL]|A(?=[DOTIiW])))"
_JOINED_VERB = (
    rf"(?:(?<=[cR])|(?<=SE)){_SURE}|{_LATER}"
    rf"|(?<![Cc-])(?<!PG,)(?<!Pg,)G(?!s)|(?<=C)G(?=[DOIi]|{_MANY})|(?<=[CcR])J(?=[aE]*{_NOUN})"
    r"|(?<=[,R])g(?=[DOPWiIRSMnT]|C[Gg])|(?<=[wy])g(?=[DONuaHhEI])"
)

NEXT = re.compile(
    # until soft and brown / do not stir: no steps
    r"(?P<aside>[Sw](?!R*[Gq]|R*g[DONuaHhEI]|E(?:[VAR]|C(?:[VqL]|A[DOTIiW])))"
    rf"(?:[^,.;:Cc]|{_NO_STEP_AFTER}|,(?=R*J))*|[dX]?~[^,.;:]*)"
    rf"|{_JOINT}{_clause(_JOINED_VERB)}"
)
#: A gerund after another: "cooking and stirring".
_GERUND_TOO = r"(?=[Gg])(?:(?<=[Gg][,C])|(?<=[GgI],C)|(?<=[Gg]I[,C]))[Gg]"
#: Directly after a verb without object: "peel, core and slice".
AFTER_BARE = re.compile(rf"(?P<joint>[,Cc]++R*+){_clause(f'{_SURE}|{_GERUND_TOO}')}")
#: What something that is let come or reach comes to: "(let it come) to a boil".
GOAL = re.compile("T?Da*(?P<goal>[AGg])")
#: What a gerund leads to: "(continuing) to beat the eggs".
CHAINED = re.compile(rf"TR*(?P<chained>[VAhJ])(?P<chained_particle>[Ii])?R*(?:{_chunk('chained_object')})?")
#: How one begins, which is the step: "(begin) by mixing".
BY = re.compile("[Ii]?yR*[Gg]")
#: Steps that follow what only prepares them: "make sure that the lid is on, and turn on the heat".
AND = re.compile(",?CR*(?=[Vq]|A[DOMIiPT])")
#: What becomes of a thing: "(until the onions turn) golden", "(...) pale, and begin to brown".
BECOMES = re.compile(f"[aJ]++(?!{_NOUN})(?:,?CKT[VAhJ])?")
#: What is to come of an action: "(stir) to blend (and dissolve the sugar)".
PURPOSE = re.compile("TR*+[VAhJLK][^,.;:]*+$")
#: What is measured: "(a cup) of milk", "(1 teaspoon) each of salt", "(1 cup) (240 ml) milk", "(1 cup) to 2
#: cups of milk".
MEASURED = re.compile(
    rf"(?:_*+t?F|_++(?=[NuaEAhHGg])|(?<=M[NuAhH])T(?=M)|D(?=[FDNuaEAhH]))"
    rf"F?{_START}(?P<of>{_NUMBERS}?{_NOUNS})"
)
#: A thing that stands after its place: "(put) in a pot the sugar".
PLACED = re.compile(rf"[iP]{_chunk('place')}(?=D){_chunk('object')}")
#: A step after what is none: "the crown can be peeled by hand, then cut out the stem".
THEN = re.compile(
    "(?:,C?c|,|c)R*(?=V[DOMIi]|[Kk]R*G)|,SR*(?=V[DO])|(?:,C?c|,|c)(?=A[DO])|,C(?=[Kk]R*G)|,c(?=[VU][^.])"
)
#: A noun chunk alone.
THING = re.compile(_chunk("object"))
#: An object that stands after a preposition ("dispose of the peel"; a narration's "put into the pan").
PREPOSITION = re.compile(rf"(?:[PiWTFw]|y(?![Gg])){_chunk('object')}")
#: One more thing that is joined to an object: "the eggs, *the milk* and *a cup of sugar*"; and all of them.
CONJUNCT = re.compile(rf"(?:,?C|,)(?!R*{_LATER}){_chunk('object')}(?![XBZ])")
JOINED = re.compile(rf"(?:(?:,?C|,){_START}{_NUMBERS}?{_NOUNS}(?:F{_START}{_NUMBERS}?{_NOUNS})?(?![XBZ]))*")
#: What may say that two things are mixed: "the flour *and broth mixture*".
MIXED = re.compile(rf"C{_NOUN}++(?<=N)")
#: The same up to a particle that belongs to the verb before them: "beat eggs, *the milk and salt together*".
TOGETHER = re.compile(
    rf"(?:(?:,?C|,)(?!R*[VA]){_START}{_NUMBERS}?{_NOUNS}(?:F{_START}{_NUMBERS}?{_NOUNS})?)*+(?P<particle>I)"
)

# Prose: "the onions should be chopped and fried", "we then add the eggs".
_PROSE = r"(?:[RCc],?|a,)*+(?:[PWiTSwy][^.;:]*?,)??"
PASSIVE = re.compile(
    rf"{_PROSE}{_chunk('patient')}(?P<modal>[Xx]R*)?BR*(?P<participle>[EVA])(?P<particle>[Ii](?![DNuaMVh]))?"
)
PASSIVE_TOO = re.compile(r",?CR*(?P<participle>[EVA])(?P<particle>[Ii](?![DNuaMVh]))?(?![DONu])")
PERSON = re.compile(
    r"(?:[RCc],?|a,)*+(?:[PWiTSwy][^.;:]*?,[Rc]*)??(?:[PWiTDM][^.;:,Y]*?)??"  # At this point, / Every hour
    rf"(?P<person>Y)(?P<modal>[XxB]?[RcD]*[Xx]?)(?:[XuVAGg]T)?[RcD]*{_clause('[VAJULK]')}"
)

SENTENCE_END = re.compile(r"[.;:]")
#: A narration has none of these.
MARK = re.compile("[.,;:]")
#: A remark in brackets, but not a whole sentence in brackets.
BRACKETS = re.compile(r"(?<!^)\([^()]*\)")
