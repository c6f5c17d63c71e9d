"""How words of cooking English are used, where what they can be does not say it.

Verbs by the particle, the preposition or the matter that they take, by what may be joined to their object,
and by where they are steps; nouns that are places, and what is scattered. What a word can be is in
``lexicon``.
"""

from __future__ import annotations

from foretaste.openie.lexicon import word_set

#: Verbs that put things together: what is joined to their object is one more thing ("add the flour and dry
#: milk").
MIXING = word_set(
    """
    add beat blend brush coat combine cover cream dollop drizzle dust fill fold garnish layer mix place pour
    put season serve sift spoon spread sprinkle stir toss top whisk
    """
)
#: What is joined and named as one thing: "the flour and broth mixture".
MIXTURES = word_set("combination mix mixture")
#: What the words of ``lexicon.VERBS_OR_ADJECTIVES``, and some others, describe rather than do to ("and dry
#: milk", but "and dry the hands").
DESCRIBED = {
    "brown": word_set("ale bit bread gravy lentil mustard part rice sauce stock sugar"),
    "clean": word_set("bag bowl cloth dish jar knife plate sheet surface towel"),
    "clear": word_set("broth soup stock"),
    "close": word_set(),
    "cool": word_set("whip cream liquid milk place stock water"),
    "dry": word_set(
        """
        bean bread breadcrumb crumb gelatin goods herb ingredient jello milk mix mixture mustard onion pan
        pasta place potato powder pudding rub seasoning sherry skillet spice thyme vermouth white wine yeast
        """
    ),
    "empty": word_set("bag bottle bowl can jar pan pot"),
    "skim": word_set("milk"),
    "light": word_set("soy ale color colour beer broth brown coconut cream mayo mayonnaise rum syrup"),
    "fry": word_set("pan"),
    "lower": word_set("half part rack shelf third"),
    "saute": word_set("pan"),
    "sauté": word_set("pan"),
    "open": word_set("end fire flame"),
    "slow": word_set("cooker oven"),
    "smooth": word_set("ball batter cream dough mixture paste puree sauce side surface"),
    "thin": word_set("circle layer piece round slice strip"),
    "warm": word_set("juice bread broth cream honey liquid milk oven place plate rice stock tortilla water"),
}

#: Verbs whose own action is that of the gerund or infinitive after them ("continue stirring" -> stir).
CHAIN_VERBS = word_set("begin commence continue finish keep proceed start try")

#: With these "out of" says from what: "make a ring out of foil".
MAKING = word_set("build create form make mold shape")
#: "Up" parts these from no object that a second verb has too: "break up and brown the beef".
TAKE_APART_UP = word_set("break chop cut mash scrape")
#: Before an adjective these say what becomes of a thing: "until the onions soften, turn translucent and ...".
BECOMING = word_set("become get go grow look turn")
#: After "to stir", "to combine" and the like and "and" these say what for, too: "stir to blend and dissolve
#: the sugar".
RESULTING = word_set("avoid create dissolve ensure give help prevent")

#: Verbs that need their preposition before an object ("dispose of the peel").
PREPOSITIONAL = {
    "care": word_set("for"),
    "check": word_set("on for"),
    "dispose": word_set("of"),
    "listen": word_set("to"),
    "look": word_set("after at for"),
    "reach": word_set("for"),
    "search": word_set("for"),
    "tend": word_set("to"),
    "wait": word_set("for"),
}

#: Verbs whose "in" belongs to them before a noun that is no vessel or place ("stir in the flour", not "stir
#: in a bowl").
TAKE_IN = word_set(
    """
    add beat blend break bring crack crumble cut drizzle drop dump fold grate incorporate knead ladle let mix
    pack plug pop pour press push put rake rub scrape shake sift slip spoon sprinkle squeeze stir strain stuff
    swirl throw tip toss tuck whip whisk work
    """,
)
TAKE_ON = word_set("brush carry click flick pile press put screw sprinkle squeeze switch tap try turn")
TAKE_OFF = word_set(
    """
    boil break brush burn chop clean click cool cut drain dust finish flick keep knock leave let lift peel
    pick pour pull rinse rub scoop scrape set shake siphon skim slice snip spoon spread strip switch take tap
    tear trim turn wash wipe
    """,
)
TAKE_OVER = word_set("bring fall flip fold hand move pull roll tip turn")
TAKE_THROUGH = word_set("cook heat warm")
TAKE_AROUND = word_set("move roll shake swirl turn")

#: Nouns of vessels and places: after "in", "on" and the like they are where, not what.
PLACES = word_set(
    """
    advance area bag basin basket batch bin blender board boiler bottle bottom bowl box broiler bucket burner
    cabinet casserole center centre cloth colander container cooker counter crockpot cup cupboard direction
    dish dishwasher drawer fashion fire foil freezer fridge glass griddle grill half heat hob hour jar jug
    kettle kitchen machine manner measure microwave minute mixer mold mortar motion mug order oven pan pantry
    paper pitcher place plate platter position pot processor rack ramekin refrigerator roaster roasting-tin
    room row saucepan second shaker sheet side sieve sink skillet spot stand steamer stockpot stove strainer
    surface table teapot thermos time tin towel tray tupperware turn wok wrap
    """,
)
#: What is set or put on: "cover, and reduce the heat" with or without its comma.
SET = word_set("heat lid oven pressure speed temperature")
#: Places that are taken off ("peel off the paper").
COVERS = word_set("cloth foil paper towel wrap")
#: Places that are switched ("turn off the oven").
SWITCHED = word_set("click flick shut switch tap turn")

#: Verbs that put some matter on a thing: where the thing is left out, a with-phrase names the matter
#: ("sprinkle with cheese").
WITH_MATTER = word_set(
    """
    decorate dot dredge drizzle dust finish frost garnish layer repeat scatter season spatter spread sprinkle
    strew top
    """,
)
#: Verbs that have it as object after "over" too ("sprinkle over the cheese", but "sprinkle over the meat":
#: see ``MATTERS``).
OVER_MATTER = word_set("crumble drizzle dust grate ladle pour scatter spoon sprinkle strew")

#: "to a boil": what is done when something is brought there.
RESULTS = {"boil": "boil", "simmer": "simmer", "boiling": "boil", "simmering": "simmer"}

#: Hands-on verbs: in prose only these are steps ("the onions are chopped", "we then add the milk").
HANDS_ON = word_set(
    """
    add arrange bake baste beat blanch blend boil braise bread break broil brown brush chill chop clean close
    coat combine cook cool core cover crack crush cube cut deglaze dice dip discard drain dredge drizzle dry
    dust empty fetch fill flip flour fold freeze fry garnish get glaze grab grate grease grill grind halve
    heat knead ladle layer line marinate mash measure melt mince mix move open peel pick pierce place poach
    pour preheat press pulse puree put refrigerate remove return rinse roast roll rub saute scatter scoop
    scrape sear season seed serve set shake shape shred shut sift simmer skim skin slice smear soak spoon
    spread sprinkle squeeze steam stir strain stuff switch take thaw tip toast toss transfer trim turn unwrap
    wash whip whisk wipe wrap
    """,
)
#: Steps too where the reader is told so ("you may wet the dough", but "the dough was left").
TOLD = HANDS_ON - {"get"} | word_set(
    """
    adjust bind continue cool decorate dissolve divide double drop keep ladle leave let pull purée push repeat
    replace reserve rest rise saute sauté save scramble sear secure separate sieve sit skewer smoke soften
    spray squash stand store submerge substitute sweeten taste thicken thin tie tuck use wait warm weigh wet
    """,
)
#: Verbs that begin a step though nothing joins it ("heat the pan add the oil").
UNJOINED = word_set(
    """
    add arrange combine knead place poach pour preheat put reduce remove refrigerate sauté sift
    """
)
#: Base forms that are their own participle.
SAME_PARTICIPLE = word_set("beat cut put set shut split spread")
#: What is scattered over something: "sprinkle over the cheese", but "sprinkle over the meat".
MATTERS = word_set(
    """
    almond basil breadcrumb cayenne cheddar cheese chili chilli chive cilantro cinnamon cocoa coconut
    coriander crumb cumin dill dressing feta flake flour glaze gruyere herb icing juice liquid milk mint
    mozzarella nut nutmeg oil onion oregano paprika parmesan parsley pecan pepper powder rosemary sage salt
    sauce scallion seasoning seed shaving spice sprinkle streusel sugar syrup thyme topping vinegar walnut
    water zest
    """,
)
#: Particles that are prepositions too, and the verbs that own them.
OWNERS = {
    "in": TAKE_IN,
    "on": TAKE_ON,
    "off": TAKE_OFF,
    "over": TAKE_OVER,
    "through": TAKE_THROUGH,
    "around": TAKE_AROUND,
}
