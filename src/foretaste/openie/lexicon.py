"""Open-class words of cooking English, by what they can be: verbs, nouns, adjectives.

They are what a cook and a kitchen commonly need; other words are classed by their endings (``words``). A word
that is both verb and noun is listed once, by what must follow before it is read as a verb where a noun could
stand as well ("salt, mix and"). How some words are used is in ``usage``.
"""

from __future__ import annotations


def word_set(*lines: str) -> frozenset[str]:
    """The words of ``lines``, which white space parts."""
    return frozenset(" ".join(lines).split())


#: Verbs, hardly ever nouns in this register.
VERBS = word_set(
    """
    burp perform scratch crank drench submerse deseed seep crystallize discard melt place absorb accept
    accompany accumulate achieve activate add adhere adjust aerate agitate align allot alternate amend anoint
    appear apply approximate arrange assemble attach avoid await become bind blacken blanch blitz blot braise
    brighten bring browse bruise bury buy caramelise caramelize carve choose clarify cleave cling clothe
    coddle collect combine come compose compress concoct condense connect conserve consume contain continue
    create crouch crumple dampen debone decant decorate deep-fry deflate defrost deglaze degrease dehydrate
    deliver demold demould deposit describe detach detect devein devour dig dilute disassemble discolor
    disconnect discover disinfect dislodge dismantle dispense disperse dispose dissect dissolve distribute
    disturb divide douse dribble drown ease eat eliminate embed emulsify encase enclose enfold engage enjoy
    enlarge enrich enter envelop evaporate examine expel expose extinguish fasten ferment fetch flambe flambé
    flatten fling fluff follow get give gnaw go grab grow guarantee halve hide hit hoist hurry identify ignite
    ignore immerse incorporate indent inflate infuse inhale inject inspect install integrate intensify
    interleave intersperse introduce invert jiggle julienne keep knead kneel know lay leach learn lend
    lengthen let lie lighten liquefy liquidize listen locate loosen lose lubricate lug macerate maintain make
    meet meld mend mention mingle moisten muddle nestle nibble notice nuke obscure observe obtain omit operate
    organise organize overbake overbeat overcook overcrowd overfill overheat overlap overmix overwork oxidise
    pan-fry pan-sear par-boil par-cook parboil pare pasteurise pasteurize pay peek percolate perforate pierce
    plait plonk pluck poach pour pre-heat prebake precook preheat prepare prevent prick prise proceed procure
    prod protect prove provide pry pulverise pulverize puncture put raise readjust realize reapply rearrange
    reassemble receive reconstitute recover recycle reduce refresh refrigerate refry rehang rehydrate relax
    relight relocate remind remove render reopen repack replace replenish reposition reroll reset reshape
    resize restart resume retain retrieve retry reuse rewarm rewet rewrap rid ripen rummage sample saturate
    sautee sauté say scarf scorch scrunch see select send settle sharpen shove shuck shuffle shut sift siphon
    sit slather sling slop slosh slurp smother smush sniff snip soften solidify spare spatchcock speak spend
    spiralize splatter splay sprawl spritz spruce squat squelch squidge squish stare stash steal steep
    sterilise sterilize stoke stow straighten strap submerge suck surround suspend swallow swat sweeten swill
    swipe swish tackle tamp tell tend tenderise tenderize thicken think thrust tighten toggle transform trap
    tread truss try tweak unclip uncork uncover undo unfasten unfold unfreeze unhook unite unlatch unload
    unlock unmold unmould unpack unpeel unplug unroll unscrew unseal untangle untie unwind unwrap update upend
    utilise utilize vacuum vary ventilate wade wake wear whittle whizz widen wield wilt withdraw wrestle write
    yank zap subside harden
    """,
)

#: Verbs of the list above that are nouns too, but read as verbs after a comma or a conjunction whatever
#: follows. (``VERBS`` alone are verbs even where a noun could stand.)
VERBS_OR_NOUNS = word_set(
    """
    burst pureé purée approach insert gratin bake baste beat bend bite blend blow boil bounce break brew broil
    brush build bunch burn call catch change char check chill chop clamp clip coat coil color colour cook
    count cover crack crimp crisp crumb crumble crush cube cure curl cut dab decrease dent dice dip dollop
    double drag drain drape draw dredge dress drill drink drip drive drizzle drop dump dunk dust extract fall
    fan feed feel fill fillet filter find finish fit fix flake flash flavor flavour flip float flush fold
    force form freeze fry garnish gather glance glaze grate grease grill grind grip handle hang heat help hold
    hook increase jam join kick knot label ladle lather layer leave level lift light line load lock look
    marinate mark mash massage measure mill mince mist mix mold mop mould mound mount move note nudge order
    pack paint pass pat peel pick pinch pit pitch plan play plop plunge poke polish pop portion pose position
    pound prep press probe process produce proof puff pull pulse pump punch purchase puree push quarter rake
    rap rasp reach read refill reheat release repeat reserve rest return rinse rip rise roast roll rotate rub
    run sand saute save scald scatter scoop score scour scramble scrape scrub seal sear search season section
    separate serve set sew shake shape share shave shed shift shock show shred sieve simmer sink skewer skim
    slam slap slash slice slide slip slit smack smash smear smell smoke snap soak sort space spear spike spill
    spin splash split spoil spot spray spread sprinkle squeeze squirm squirt stab stack stamp stand staple
    start stay steam stew stick stir stir-fry stitch stop store strain streak stretch string strip stroke
    stuff substitute support swab swap sweat sweep swing swirl switch tack take talk tap taper taste tear
    tease temper tent test thaw thread throw tie tilt tint tip toast top toss touch trace transfer treat
    trickle trim triple tuck tug turn twirl twist use vent visit wait walk wash watch wave weave wedge weigh
    weight whip whirl whisk whiz wiggle wipe work wrap wring zip
    """,
)

#: Nouns as much as verbs: verbs where a determiner, a number, a preposition or an adverb follows, or more
#: words than one noun.
NOUNS_OR_VERBS = word_set(
    """
    hollow notch bubble speed balance ball barbecue batch blanket bone braid bundle butterfly cap center
    centre circle core cross crowd crown curve dot feature flame flute frost group guard head heap hull husk
    lid mask microwave net part patch peak pile pillow pin pipe plate plug pool program ribbon ridge row
    sandwich scale scallop screw seed segment shade shell shower sketch skin slick slot soap spark splice
    sponge squash spoon sprout stem stripe stud tower track trail tube twine wax wick zest
    """,
)

#: Nouns that are verbs only where a determiner, a pronoun or "with" follows ("salt the water", "flour it").
NOUNS_RARELY_VERBS = word_set(
    """
    bag batter bin board bottle box bread brine butter can candy cheese cloth coffee cream crumbs crust cup
    dish egg end fat film fire fish flour foil fridge honey house ice jar jelly juice kitchen lemon marinade
    milk mustard oil oven pan paper pasta paste pepper pot powder rice salt sauce spice steak stock sugar
    syrup table tea towel vinegar water wine
    """,
)

#: Verbs that are adjectives too ("dry the hands", "dry ingredients").
VERBS_OR_ADJECTIVES = word_set(
    """
    brown clean clear close complete cool correct dim dry empty loose lower open secure slow smooth steady
    thin tidy warm wet
    """,
)

#: Kitchen nouns: an unknown first word in front of or instead of them is no verb.
NOUNS = word_set(
    """
    excess fork knife almond anchovy anything apple appliance apricot apron arm asparagus aubergine avocado
    bacon bagel baguette banana bar barley base basil basin basket bean beef beer beet berry biscuit bison
    blade blender block body bottom bowl box breast broccoli broth brownie bun burger burner button cabbage
    cabinet cake calamari camera candle caramel carrot carton case casserole catfish cauliflower celery cereal
    chard cheddar chef chicken child chili chilli chip chive chocolate chop-suey chorizo cider cilantro
    cinnamon circle-shape clam cleanser clementine clothes clove cocktail coconut cod colander container
    content contents cooker cookie corn corner cornstarch counter courgette couscous crab cracker cranberry
    crawfish crayfish crepe crisp cucumber cumin cupboard curd curry custard cutlery dairy date detergent
    dinner direction dishwasher door dough drawer dryness duck edge eggplant everything exterior face family
    fennel fig filet filler finger flank floor food freezer fruit garbage garlic gin ginger glass glove goat
    granule grape grater gravy griddle grinder ground guest hair halibut ham hand heart hearth heat-proof herb
    hob hole ingredient instruction interior jalapeno jug kale ketchup kettle kid kiwi kiwifruit lamb lasagna
    leaf leaves leek leftovers leg lemongrass lentil lettuce lighter lime liquid liquor loaf lobster loin lot
    lychee machine man mango margarine mayonnaise meal meat meatball meatloaf medium melon meringue middle
    mint mitten mixer mixture molasses motion mozzarella muffin mug mushroom mussel napkin noodle nothing nut
    nutmeg oat oatmeal octopus okra olive omelet omelette onion orange oregano oyster package packaging packet
    pair pancake pantry paprika parmesan parsley parsnip pastry patty pea peach peanut pear pecan peeler
    people peppercorn peppermint person phone pickle pie piece pineapple pizza plastic popcorn pork potato
    poultry prawn prior processor prosciutto pudding pumpkin quiche quinoa rabbit rack radish rag raisin
    ramekin raspberry ravioli recipe rectangle refrigerator remainder research rest rhubarb rib rim ring
    risotto rosemary rubbish rum saffron sage salad salmon salsa sardine saucepan sauerkraut sausage scallion
    scissors sesame setting shallot sheet sherry shrimp sieve sink skillet slicer soda something soup soy
    spaghetti spatula spinach sprig squid step stove stovetop strainer straw strawberry stuffing surface
    swordfish tablecloth tangerine tart temperature thermometer thing thumb thyme tilapia time tin tofu tomato
    tongs topping tortellini tortilla trash tray triangle trout tumeric tuna tupperware turkey turmeric turnip
    utensil vanilla veal vegetable veggie venison video vodka waffle walnut waste watermelon well whey wing
    wok woman worcestershire yam yeast yoghurt yogurt yolk zest-strip zucchini
    """,
)

#: Nouns with the ending of a verb form or an adverb.
NOUNS_AS_THEY_ARE = word_set(
    """
    preserves anything asparagus bed belly bling bonus bread brussels building bus butterfly cactus calves
    ceiling circles class couscous crisps cubes darling doily dressing drippings duckling dumpling evening
    everything family fly frosting gas ginseng glass glasses greens grits halves herring hibiscus hummus icing
    jelly king knives ladyfingers layers leaves leftovers lens lily loaves mass mess molasses morning nothing
    octopus pieces pudding red ring rolls rounds scales scissors seasoning seed seedling shed shelves
    shortening sibling slices something squares sterling string string-bean strips swiss tapas tasting thing
    tongs trappings trimmings wedges weed whites wing
    """,
)

#: Gerunds that name a thing or modify a noun as often as they begin a clause ("baking dish", "the topping").
NOUN_GERUNDS = word_set(
    """
    braising brining marinating pickling poaching soaking steeping baking basting boiling browning canning
    carving chopping cleaning clothing coating coloring cooking cutting dipping drinking dusting grinding
    scattering sprinkling drying eating filling flavoring freezing frying grilling lining mashing measuring
    mincing mixing opening packaging pairing paring peeling pickling processing rising roasting rolling
    running serving setting sifting simmering sitting skimming steaming stirring-rod stuffing tasting topping
    trimming warming washing whipping wrapping
    """,
)

ADJECTIVES = word_set(
    """
    able bigger larger smaller thicker thinner generous heaped heaping scant additional adequate airtight ajar
    al-dente all-purpose aluminum amber ample aromatic available bare bay beaten big bite-size bite-sized
    bitter black bland blind blue bold boneless bright bubbling bubbly calm canola careful central certain
    cheesy chewy chunky clingy coarse cold colorful condensed constant cornstarch-like creamy crispy crumbly
    crunchy crusty damp dark deep delicate dense desired diagonal different dirty doughy dutch easy edible
    elastic electric enough entire equal evaporated extra extra-firm extra-large extra-lean extra-long
    extra-virgin fat-free final fine finger-tight firm first flaky flat fluffy foamy foil-lined fourth
    fragrant free free-form french fresh frothy frozen full fuzzy gentle glossy gluten-free golden good great
    green half-cooked half-inch hard heatproof heavy high homemade hot hot-water huge important indirect
    individual inner instant instant-read intact italian juicy kosher large last lean left leftover
    light-brown limp little long low low-fat lower-fat lukewarm lumpy main medium-high medium-hot medium-low
    medium-rare medium-size medium-sized mexican mild mini miniature moderate moist more natural new nice
    non-stick nonstick old opaque optional other outer oven-proof ovenproof own pale paper-thin parallel pink
    pitted plain pliable powdery pre-baked pretty puffy purple quick rapid rare raw ready ready-made red
    reduced-fat regular remaining rich right ripe rough round runny salty same satiny second see-through
    seedless self-rising semi-sweet semisweet several shallow sharp shelled shiny short silky similar simple
    single skinless slight slotted small soapy soft solid sour special spicy spongy square stale sticky stiff
    still-warm store-bought stringy strong sturdy such sufficient sugar-free super sure sweet sweetened syrupy
    tall tangy tasty tepid thick third tight tiny translucent transparent unbaked uncooked unpeeled unsalted
    unsweetened upper upright vegetarian velvety very-hot vigorous visible weak white whole wide wooden wrong
    yellow young
    """,
)

#: Measures that are looked through before "of" ("a pinch of salt"), whether or not a number stands before
#: them.
UNITS = word_set(
    """
    dusting grind grinding helping jigger kilo ladle lug measure scattering serving shot spritz sprinkle
    sprinkling strand tad thumb total trickle turn twist amount assortment ball batch bit bite bunch chunk cl
    clove cm combination couple cube cupful dab dash deciliter disc disk dl dollop dozen drizzle drop ear end
    fillet g gallon glug gram grating half handful head heap hunk inch inside kg kilogram kind knob l ladleful
    layer lb lb. lbs lbs. leaf liter litre log lot majority mg milliliter millilitre mix ml most mound nub
    ounce outside oz oz. part pat piece pile pinch pint plenty portion pound pt qt quantity quart quarter
    rasher remainder rest rib round scoop segment selection shaving sheet shred side slice sliver smidgen sort
    splash spoonful sprig square squeeze squirt stalk stick strip surface swirl tablespoon tablespoonful tb
    tbs tbsp tbsp. teaspoon teaspoonful third touch tsp tsp. type variety wedge
    """,
)
#: Vessels: a measure only after a number ("1 can of tuna"), a thing to handle otherwise ("open the can of
#: tuna").
VESSELS = word_set(
    """
    bag bar basket block bottle bowl box bucket can carton container cup envelope glass jar loaf mug pack
    package packet pan plate pot sachet spoon tin tray tub tube
    """,
)
#: Measures of time, length and heat: alone they are never an object.
EXTENTS = word_set(
    """
    c celsius centimeter centimetre cm day degree f fahrenheit hour hr hr. hrs inch min min. mins minute mm
    month percent pm sec second seconds-long secs times watts week year ° °c °f º ºc ºf
    """,
)
