"""Closed classes of English words: those of which no new members arise."""

from __future__ import annotations

from foretaste.text.lexicon import word_set

DETERMINERS = word_set(
    "the a an this that these those each every any another no its his her their your our my either neither some what whichever whatever whose which"
)
#: Amounts, before "of", before a determiner, or alone ("half the dough", "all of it").
AMOUNTS = word_set("half all both most none few several plenty lots lot bit much majority bunch dozen")
PRONOUNS = word_set("it them itself themselves him us me myself yourself himself herself ourselves")
SUBJECTS = word_set("i you we they he she i'm you're we're they're i'll you'll we'll they'll i've you've we've it's who")
NUMBERS = word_set(
    "one two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty sixty hundred thousand"
)
PREPOSITIONS = word_set(
    "working  above across after against along alongside amid among amongst around as at atop before behind below beneath beside between beyond by depending despite during except excluding following for from including inside",
    "like near onto unto opposite outside past per plus regarding since throughout toward towards under underneath unlike upon via within without into worth according instead rather",
)  # fmt: skip
#: Words after a verb that belong to it; those of the second line are prepositions as well.
PARTICLES = word_set("up down out away back aside together apart forth")
PARTICLES_OR_PREPOSITIONS = word_set("in on off over through")
SUBORDINATORS = word_set(
    "until till when whenever while if because once although though unless whereas whether where that which who so wherever how why what than lest provided whilst til 'til"
)
AUXILIARIES = word_set(
    "will would shall should may might must could has have had having does did i'd you'd we'd they'd needs ought can't won't shouldn't wouldn't couldn't hadn't 'll 've 'd ca"
)
BE = word_set("be is are was were been being am isn't aren't wasn't weren't 's 're 'm")
NEGATIONS = word_set("not never n't don't doesn't didn't dont cannot nor")
CONJUNCTIONS = word_set("and or & but and/or n +")
ADVERBS = word_set(
    "earlier well longer quicker faster better worse  about again ahead almost alone already also alternately alternatively always anyway approx approx. approximately around-and-round beforehand besides best crosswise diagonally downward downwards early else elsewhere even evenly ever everywhere exactly far fast finally first",
    "firstly forward further furthermore gently gradually halfway here hereafter however immediately indeed indoors initially just lastly later lengthwise lengthways less likewise maximum maybe max meantime meanwhile min minimum moreover nearly nonetheless now occasionally often once-more only",
    "otherwise outdoors overnight perhaps please presently promptly quite really roughly secondly shortly sideways simply slightly someday sometimes somewhat soon still suddenly therefore thereafter thirdly thoroughly thus today tomorrow tonight too twice uncovered undisturbed upside-down upside upward upwards",
    "usually very well widthwise yesterday yet additionally altogether anew though-out inside-out etc etc. counterclockwise clockwise vigorously medium-well slow-and-low",
)  # fmt: skip
#: Adjectives and nouns in -ly.
NOT_ADVERBS = word_set(
    "family jelly curly belly bubbly crumbly wooly chilly friendly lovely oily ugly fly holy silly daily butterfly wrinkly sparkly crinkly ply lily doily bully rely supply apply reply"
)
