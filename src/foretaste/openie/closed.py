"""Closed classes of English words: those of which no new members arise."""

from __future__ import annotations

from foretaste.openie.lexicon import word_set

DETERMINERS = word_set(
    """
    a an another any each either every her his its my neither no our some the their these this those your
    """
)
#: Amounts, before "of", before a determiner, or alone ("half the dough", "all of it").
AMOUNTS = word_set("all bit both bunch dozen few half lot lots majority most much none plenty several")
PRONOUNS = word_set("herself him himself it itself me myself ourselves them themselves us yourself")
SUBJECTS = word_set(
    """
    he i i'll i'm i've it's she they they'll they're we we'll we're we've who you you'll you're you've
    """
)
NUMBERS = word_set(
    """
    eight eleven fifteen fifty five forty four hundred nine one seven six sixty ten thirty thousand three
    twelve twenty two
    """,
)
PREPOSITIONS = word_set(
    """
    above according across after against along alongside amid among amongst as at atop before behind below
    beneath beside between beyond by depending despite during except excluding following for from including
    inside instead into like near onto opposite outside past per plus rather regarding since throughout toward
    towards under underneath unlike unto upon via within without working worth
    """,
)
#: Words after a verb that belong to it; those of the second line are prepositions as well.
PARTICLES = word_set("apart aside away back down forth out together up")
PARTICLES_OR_PREPOSITIONS = word_set("around in off on over through")
SUBORDINATORS = word_set(
    """
    'til although because how if lest once provided so than that though til till unless until what whatever
    when whenever where whereas wherever whether which whichever while whilst who whose why
    """,
)
AUXILIARIES = word_set(
    """
    'd 'll 've ca can't could couldn't did does had hadn't has have having i'd may might must needs ought
    shall should shouldn't they'd we'd will won't would wouldn't you'd
    """,
)
BE = word_set("'m 're 's am are aren't be been being is isn't was wasn't were weren't")
NEGATIONS = word_set("cannot didn't doesn't don't dont n't never nor not")
CONJUNCTIONS = word_set("& + and and/or but n or")
ADVERBS = word_set(
    """
    about additionally again ahead almost alone already also alternately alternatively altogether always anew
    anyway approx approx. approximately around-and-round beforehand besides best better clockwise
    counterclockwise crosswise diagonally downward downwards earlier early else elsewhere etc etc. even evenly
    ever everywhere exactly far fast faster finally first firstly forward further furthermore gently gradually
    halfway here hereafter however immediately indeed indoors initially inside-out just lastly later
    lengthways lengthwise less likewise longer max maximum maybe meantime meanwhile medium-well min minimum
    moreover nearly next nonetheless now occasionally often once-more only optionally otherwise outdoors
    overnight perhaps please presently promptly quicker quite really roughly secondly shortly sideways simply
    slightly slow-and-low someday sometimes somewhat soon still suddenly thereafter therefore thirdly
    thoroughly though-out thus today tomorrow tonight too twice uncovered undisturbed upside upside-down
    upward upwards usually very vigorously well widthwise worse yesterday yet
    """,
)
#: Adjectives and nouns in -ly.
NOT_ADVERBS = word_set(
    """
    apply belly bubbly bully butterfly chilly crinkly crumbly curly daily doily family fly friendly holy jelly
    lily lovely oily ply rely reply silly sparkly supply ugly wooly wrinkly
    """,
)
#: Before a vessel these make it a measure.
ONE_MORE = frozenset({"a", "an", "another", "other", "remaining", "last", "full", "additional", "extra"})
#: Alone these are no objects ("heat a bit", "mash some more", "stir every now and then").
NO_THINGS = frozenset(
    {"a", "an", "the", "your", "every", "bit", "lot", "lots", "little", "more", "as much", "as many"}
)
#: Modal verbs that make a passive an instruction, where "will" makes it a forecast.
ORDERS = frozenset({"should", "must", "can", "may", "shall"})
