"""Words of instructional cooking English, by what they can be.

Closed classes are complete for recipes and narrations; open classes (verbs, nouns, adjectives) hold what a cook and a kitchen
commonly need, and other words are classed by their endings (``words``). A word that is both verb and noun stands in
the list of the reading that it has more often after a comma or an "and", where the two are told apart by what follows.
"""

from __future__ import annotations


def word_set(*lines: str) -> frozenset[str]:
    """The words of ``lines``, which white space parts."""
    return frozenset(" ".join(lines).split())


#: Verbs that are hardly ever nouns in this register.
VERBS = word_set(
    "absorb accompany achieve activate add adhere adjust allow alternate appear apply approximate arrange assemble attach avoid await",
    "bake barbecue baste beat become begin blanch blend blot boil braise break bring broil bruise brush build bury buy",
    "butterfly caramelize caramelise carve char chill choose chop clarify cleanse cling combine compress concoct condense connect",
    "consume contain cook correct cover create crimp crisp crumble crumple crush cure cut deflate defrost deglaze degrease deliver demould demold",
    "detach devein dice dilute dip discard discover disconnect dislodge disperse dissolve distribute dispose divide drain dredge drizzle drop",
    "dunk eat effect elevate eliminate emulsify enclose encourage enjoy enrich ensure enter evaporate eviscerate examine expel expose extract",
    "fasten fetch filet fillet find fish fit flambe flatten flavor flavour flip flute fold follow form freeze fry garnish gather get give glaze",
    "go grab grate grease grill grind halve hang heat hold hull hurry identify immerse incorporate increase infuse insert inspect",
    "interrupt introduce invert invite julienne keep knead knot lather lay leaven leave lengthen lift lighten locate loosen lose",
    "macerate maintain make marinate massage mash melt microwave mince mingle mist mix moisten mound move muddle nestle notice obtain open overlap",
    "pack pan-fry par-boil parboil pare partition pat pay peel perch pick pierce pinch pit place plait plump pluck poach polish pop portion position",
    "pour pound preheat prepare preserve press prevent prick prod proceed procure protect prove pull pulse pulverize puree purchase push put",
    "raise reach read rearrange receive recover recycle reduce refrigerate refresh reheat rehydrate release relocate remember remove repeat replace reposition",
    "require reserve retain retrieve return reverse rewarm rid rinse rip roast rotate rub run saute sautee scald scatter scoop scorch score scour",
    "scrape scrub sear season secure see select send separate serve set settle shake shape shave shift shred shuck sieve sift simmer",
    "sink skewer skim slather slice slide slip slit smash smear smell snip soak soften spatchcock spear spend spill spin splash splatter spoon",
    "spray spread sprinkle squeeze squish squirt stack steam steep stew stick stir stir-fry store strain stretch strip stuff submerge substitute suck surround",
    "sweat sweep sweeten swirl switch take tap tear tell temper tenderize test thaw thicken thin thread throw tie tighten tilt tip tilt toast toss touch",
    "transfer trim truss tuck turn twirl twist uncover undo unfold unload unlock unmold unmould unpack unplug unroll unscrew unseal unwrap use utilize vacuum",
    "vary wait warm wash watch weigh wet whip whisk whizz whiz wilt wipe withdraw work wrap wring zap zest",
    "agitate align amend aerate accumulate anoint blacken blitz bone boost brine brighten bundle butterfly carry catch chuck circle clamp clear clip close",
    "coat coddle collect continue core cream crack cream cross cube decant decorate defoliate devour disassemble drape draw dress drink dry dump",
    "dust empty encase enfold feed festoon fill filter finish fix fluff froth gild glue gnaw handle hook hand-wash husk ice",
    "ignite indent inject jam jiggle join juice kill knock ladle latch let level lever lick light line load lower mark mask measure mop mush nip nudge operate",
    "overcook overbake overmix overbeat overcrowd overfill overheat pack paint palm pass peek percolate perforate pile pin pipe plate plop plug plunge ply",
    "poke pry pump punch quarter rake reassemble regulate reconstitute reset retry reshape restart reroll reuse roll ruffle salvage sample saturate",
    "scald screw scrunch seal section seed shell shove show shuffle skin skip slash smooth smother smoke snap soap sort sop sous-vide splay split spike",
    "sponge spritz squash squidge squelch squirrel stab stand staple start steady steep stem sterilize sterilise stop straighten stud suspend sway swap swill swish",
    "tackle tamp taste tender tend tidy toothpick tousle towel trace trade tweak unclip uncork unfasten untie unscramble visualize ventilate wave wear wedge",
    "widen wiggle wield wind wrestle yank zip zest disinfect rummage stow bring search look check try plan put-in smush scrunch mould mold drip decrease",
    "double triple allot allow cease complete conserve consult count deep-fry dehydrate devote dig discolor disturb doctor drag dribble drown ease embed",
    "enlarge envelop even fan feather ferment flake flick flood flour-coat flush foam free frizzle fuse glance graze hand heap help hollow",
    "intensify interlace intersperse keep kiss label leach lengthen lubricate meld nuke nibble note number oil-coat pasteurize peg pan-sear pressure-cook plonk probe",
    "reinsert resume rest re-cover re-roll re-heat ribbon rise round ruin scallop scramble shimmer shrink sizzle slacken slick slow smoulder sour spruce square",
    "sprout steady streak string stroke swab swallow tease trickle unite upend whirl whittle wrinkle ladle spiralize grab-and-go bash bend bite blow bowl bread",
    "call change chew choose clean clothe come comb cool crank crease crouch curl dab date dent describe do drive fasten feel fling force",
    "hit hurl inflate inspect kick kneel know lean learn leave lend lie listen log mend mount pan peek please point pose program rattle refill relax repack",
    "replenish resize ring say scan scratch serve sew sharpen shut sit sleep sling slot smear sniff snatch speak spit spoil spot squat stamp stare stay stitch stock",
    "stoke stroll swing tack talk teach think thrust tug turn type unhook unlatch untangle unwind update vent video wake walk want warm-up write",
    "accept add-in browse defat dismantle engage flatten-out grasp grip inhale lock organise organize push-start rearrange realize relight sanitize scale shelve slurp soothe straddle toggle tilt unpeel",
)  # fmt: skip

#: Verbs of the list above that are often nouns, but verbs wherever an object, a preposition, an adverb or the end follows.
VERBS_OR_NOUNS = word_set(
    "approach barbecue baste beat blend block boil break broil brush build bundle call catch change char check chop clamp clip coat cook",
    "cover crack crisp crumble cure curl cut dip discard doctor drain draw dress drink drip drop dump dust fan feed fill filter",
    "find finish fix flake flip flute fold form fry gather glaze grate grill grind hand handle hang heat heap help hold hook",
    "increase jam jelly join kick knot label layer lift light line load lock log look mark mash mask massage measure melt mist mix mount",
    "move pack paint pan-fry paste pass pat peel pick pile pin pinch pipe pit place plan plate plug point pop portion position pound press",
    "probe process program puff pull pulse pump punch puree purchase push quarter rake rasp release repeat reserve rest return ring rinse rip rise roast",
    "roll round rub run sample saute scan scoop score scramble scratch scrape scrub sear season seal search section separate serve set shake shape",
    "share shave shift show simmer sink skewer slash slice slide slip slit smear smell smoke snap soak sort spike spill spin splash split spoil",
    "sponge spot spray spread sprinkle sprout square squash squeeze stack stamp stand staple start stay steam stem step stew stick stir stir-fry stock",
    "stop store strain streak stretch string strip stroke stuff substitute support surround sweat sweep swing swirl switch tap taste tear",
    "test thread tie tilt tip toast top toss touch towel trace trade trim turn twist use vacuum video wait walk wash watch wave",
    "wedge wet whip whirl whisk wipe work wrap transfer flavor flavour decrease double ladle bake turn mince marinate drizzle shred dice bend bite blow",
    "microwave refrigerate fork spoon segment sandwich type scale level sugar-coat braid frost garnish trickle dab bowl skin stem core bone pat remind",
)  # fmt: skip

#: Nouns first, verbs only where a determiner, pronoun, preposition, particle, subordinator or number follows.
NOUNS_OR_VERBS = word_set(
    "bone bowl bread butterfly can core cream cube cut date dice end face fan feature fillet fish fork garnish ice juice knife label ladle layer lid",
    "pan plate plug portion pot quarter ring rise sandwich scale score section seed segment shell skin slice spoon sprout stem string",
    "towel wedge wrap zest cap center centre cone cross circle scallop crust color colour flavor flavour mist steam stock stew paste mash puree pulp jam peel pit",
    "toast roll roast top bag box bottle cup jar wine wax whip mould mold mound pound pinch dash dot drop drizzle splash sprinkle glaze frost fringe heat",
    "mop net part sponge sheet strain track tray tube video water-bath wok brush line light oven-dry dish flower pipe tap switch salt-cure mince head husk hull",
    "toast rub marinade batter crumb dredge whisk mix spread cover coat fry grill broil bake pat knot braid ball rasher time thread press",
)  # fmt: skip

#: Nouns that are verbs only where a determiner, a pronoun or "with" follows ("salt the water", "flour it").
NOUNS_RARELY_VERBS = word_set(
    "salt pepper oil butter flour sugar water soap honey syrup sauce vinegar milk cheese egg lemon spice mustard stuff bread cream paper",
    "foil wax ice juice sponge candy cup house pan fish plate bowl fork fat crumb bag box bottle jar can lid bin fridge pepper table",
    "dish oven board paste crust wine brine powder rice pasta bread film cling-film cloth tea coffee pot",
)  # fmt: skip

#: Verbs that are adjectives too ("dry the hands", "dry ingredients").
VERBS_OR_ADJECTIVES = word_set(
    "open dry clean clear cool warm brown empty smooth thin level lower double separate dim slow even free flat fit loose round sour square",
    "tender wet complete correct steady tidy ripe blind secure ready close crisp complete light",
)  # fmt: skip

#: Verbs whose own action is that of the gerund or infinitive after them ("continue stirring" -> stir).
CHAIN_VERBS = word_set("continue begin start finish keep stop resume try commence proceed go help")

#: Kitchen nouns, so that an unknown first word is not taken for a verb in front of or instead of them.
NOUNS = word_set(
    "almond apple appliance apron apricot asparagus aubergine avocado bacon bagel baguette baking banana bar barley base basil basin basket bean beef beer beet",
    "berry bin biscuit blade blender block board bottom box breast broccoli broth brownie bun burner burger button cabbage cabinet cake candle caramel carrot",
    "carton case casserole cauliflower celery center cereal chard cheddar chicken chili chilli chip chive chocolate chorizo cider cilantro cinnamon clam",
    "cloth clove cocktail coconut coffee colander container content cookie cooker corn cornstarch counter courgette couscous crab cracker cranberry crepe",
    "crust cucumber cumin cupboard curd curry custard cutlery dairy dinner dishwasher door dough drawer dressing dumpling edge egg eggplant fat fennel fig filling",
    "filet fire flame floor foil food freezer fridge frosting fruit frying garlic gin ginger glass glove grape gravy grater griddle grape ground ham hand",
    "herb hob honey icing ingredient jalapeno jar juice kale ketchup kettle kitchen lamb lasagna leaf leek leg lemon lentil lettuce lid lime liquid liquor",
    "lobster loaf machine mango margarine marinade mayonnaise meal meat meatball meatloaf melon meringue milk mint mixer mixture molasses mozzarella muffin mug mushroom",
    "mussel mustard napkin noodle nut nutmeg oat oatmeal oil okra olive omelette onion orange oregano oven oyster package packet pancake pantry paprika parmesan parsley",
    "pasta pastry patty pea peach peanut pear pecan pepper pickle pie piece pineapple pizza pork potato poultry powder prawn processor prosciutto pudding pumpkin",
    "quinoa rack radish raisin ramekin raspberry ravioli recipe refrigerator rib rice rosemary rum saffron sage salad salmon salsa salt sauce saucepan sauerkraut sausage",
    "scallion seasoning sesame shallot sherry shortening shrimp side sink skillet soda soup sour soy spatula spice spinach sprig squash stand stove stovetop strainer strawberry",
    "steak stuffing sugar surface syrup table tablecloth tart tea thermometer thyme tin tofu tomato tongs top topping tortilla turkey turnip tuna utensil vanilla veal",
    "vegetable veggie vinegar vodka waffle walnut water watermelon wine wing wok yam yeast yogurt yoghurt yolk zucchini cutting chopping serving something anything everything",
    "rest remainder remaining-part mitten tupperware rag sieve jug cap packaging waste garbage rubbish trash bag phone scissors knife fork peeler grinder lighter detergent cleanser",
    "person man woman chef cook camera hair body arm finger thumb people child kid guest family minute oil side half heart hour day night",
)  # fmt: skip

#: Nouns ending in -ing, -ed, -s, -ly that are no verb forms, plurals or adverbs.
NOUNS_AS_THEY_ARE = word_set(
    "filling topping stuffing dressing frosting icing seasoning shortening pudding dumpling coating packaging peeling string wing ring serving pickling ceiling thing evening morning",
    "something anything everything nothing sibling herring lining trimming clothing wrapping spring king drippings trimmings trappings lemon-dressing building opening pairing tasting sing bling",
    "seed weed bed red bread shed swiss hummus couscous asparagus molasses grits brussels tongs scissors scales glasses oats greens swiss-chard bus gas lens glass mess mass class press",
    "family jelly belly bully butterfly fly lily ply dolly holly barbecue-jelly lady-finger bouquet-garni leftovers ladyfingers oven-ready citrus octopus cactus hibiscus",
)  # fmt: skip

ADJECTIVES = word_set(
    "additional adequate airtight aluminum al-dente amber ample aromatic available bare bay big bitter bite-size bite-sized black bland blue bold boneless bottom bright bubbly calm canola",
    "cheesy chewy chunky clingy coarse cold colorful constant cooled creamy crispy crumbly crunchy crusty crystalline damp dark deep delicate dense desired diagonal different dirty doughy dutch",
    "easy edible electric elastic enough entire equal excess extra extra-virgin fine finger-tight firm flaky fluffy foamy foil-lined fragrant fresh french frothy full fuzzy gentle glossy golden good",
    "great green half-cooked hard heavy high hot important individual indirect inner instant instant-read italian juicy kosher large last lean left leftover light light-brown limp liquid little long loose low",
    "low-fat lukewarm lumpy medium medium-high medium-hot medium-low medium-sized medium-rare mexican mild mini moderate moist natural nice nonstick non-stick old opaque optional other outer",
    "oven-proof ovenproof own pale parallel pink plain plastic pliable powdery pretty puffy purple quick rapid rare raw ready red regular rich right ripe rough round runny salty same satiny second seedless semi-sweet",
    "semisweet several shallow sharp shiny short silky similar simple single skinless slight slotted slow small soapy soft solid spicy spongy spare special stale sticky stiff still-warm stringy strong sturdy",
    "sufficient super sweet syrupy tart tall tangy tasty tender tepid thick tight tiny top translucent transparent unbaked unsalted uncooked upper vegetarian velvety vigorous visible warm weak white whole wide",
    "wooden wrong yellow young self-rising all-purpose bubbling boneless-skinless upright upside sideways intact evenly-spaced free-form gluten-free fat-free open-faced al paper-thin sugar-free homemade",
)  # fmt: skip

ADVERBS = word_set(
    "again ahead almost alone already also always anyway apart-from approximately away-from before-hand beforehand besides best both-sides crosswise diagonally downward each-side early else elsewhere even",
    "ever everywhere evenly exactly extra-carefully far fast first forward from-time-to-time further furthermore gently gradually half-way halfway hard-ish here hereafter however immediately indeed indoors instead just",
    "later lengthwise lengthways less likewise maybe meantime meanwhile more moreover most-of-all much nearly never-mind next nonetheless now occasionally often once-more only optionally otherwise outdoors overnight perhaps",
    "please pretty-much promptly quite rather really roughly second-time simply since-then slightly so-forth someday sometimes somewhat soon still suddenly then thereafter therefore thirdly thoroughly through-and-through thus together-again",
    "today tomorrow tonight too twice upside-down uncovered undisturbed upright upward usually very well widthwise yesterday yet alternately finally lastly secondly firstly initially additionally also maximum minimum max approx",
)  # fmt: skip

#: Adjectives and nouns in -ly.
NOT_ADVERBS = word_set(
    "family jelly curly belly bubbly crumbly wooly chilly friendly lovely only oily ugly fly holy silly daily lumberly early melly butterfly wrinkly sparkly crinkly ply lily"
)

DETERMINERS = word_set(
    "the a an this that these those each every any another no its his her their your our my either neither some what whichever whatever whose which"
)
#: Amounts that stand alone, before "of" or before a determiner ("half the dough", "all of it").
AMOUNTS = word_set(
    "half all both most none one some few several plenty part rest remainder remaining lots lot bit little couple more much enough each either any majority bunch dozen third two-thirds one-third one-half quarter"
)
PRONOUNS = word_set(
    "it them this these those itself themselves each-other one-another everything-else him her us me myself yourself him himself herself that"
)
SUBJECTS = word_set("i you we they he she it's i'm you're we're they're i'll you'll we'll they'll i've you've we've who")
PREPOSITIONS = word_set(
    "about above across after against along alongside amid among amongst around as at atop before behind below beneath beside between beyond by",
    "despite during except for from inside like near next-to onto opposite outside past per plus since throughout till toward towards under underneath unlike upon",
    "via within without into worth",
)  # fmt: skip
#: Words after a verb that belong to it when no noun chunk of place follows; those of the first line are never prepositions of place alone.
PARTICLES = word_set("up down out away back aside together apart forth")
PARTICLES_OR_PREPOSITIONS = word_set("in on off over through")
SUBORDINATORS = word_set(
    "until till when whenever while if because once although though unless whereas whether where that which who so as-soon-as wherever how why what than lest until-then provided whilst til 'til"
)
AUXILIARIES = word_set(
    "will would shall should may might must could has have had having does did i'd you'd we'd they'd need needs ought may-be can-be cannot can't won't shouldn't wouldn't couldn't i've 'll 've 'd ca",
)
BE = word_set("be is are was were been being am isn't aren't wasn't weren't 's 're 'm")
NEGATIONS = word_set("not never n't don't doesn't didn't don’t doesn’t didn’t cannot nor")
CONJUNCTIONS = word_set("and or & but and/or n + then/or")
BE_LIKE = word_set("become becomes seem seems appear appears look looks remain remains stay stays get gets feel feels")

#: Measures: "2 cups flour", "a pinch of salt". With a number in front they are looked through even when they are vessels.
UNITS = word_set(
    "teaspoon tablespoon tsp tbsp tbs tsp. tbsp. t tb ounce oz pound lb gram g kg kilogram mg ml milliliter millilitre liter litre l dl deciliter quart pint gallon fluid fl dash pinch drop splash drizzle",
    "clove stalk sprig slice piece bunch head handful knob chunk cube strip wedge scoop dollop spoonful teaspoonful tablespoonful cupful dab sheet layer stick square round rasher fillet pat ladleful ladle dozen bit",
    "amount quantity lot couple pair part portion serving half third quarter bite inch-piece rest remainder remaining batch ball kind variety sort type touch heap mound pile squirt squeeze segment leaf ear rib log top outside inside",
    "surface-part bottomful mouthful amounts majority series",
)  # fmt: skip
#: Vessels: a measure only after a number ("1 can of tuna"), a thing to take otherwise ("open can of tuna").
VESSELS = word_set(
    "cup glass mug can tin jar bottle box bag pack package packet carton container bowl pot pan plate spoon tub tube tray bucket basket envelope sachet block bar loaf"
)
#: Measures of time, length and heat: never an object.
EXTENTS = word_set(
    "minute min hour hr second sec day week month year night degree inch cm centimeter centimetre mm f c °f °c ° ºf ºc º fahrenheit celsius time % percent mark pm am watt moment while foot feet",
)

#: Verbs whose "in" (and "on") belongs to them before a noun that is no place ("stir in the flour", not "stir in a bowl").
TAKE_IN = word_set(
    "stir mix fold beat blend whisk pour add cut rub toss whip work knead put throw swirl drop sprinkle press drizzle tuck crumble spoon stuff plug push bring incorporate tip squeeze let break cream crack pack tap scrape sift dump place"
)
TAKE_ON = word_set("turn switch put press pour place sprinkle spoon spread tap keep carry pat drop clip")
TAKE_OFF = word_set(
    "turn switch take drain cut pour wipe wash scrape trim skim slice pull spoon peel shake chop rinse brush tear break pick clean put finish snip rub knock burn tap cool set leave strip dust"
)
TAKE_OVER = word_set("turn flip roll fold fall tip move go pull start hand bring")
TAKE_THROUGH = word_set("cook heat warm stir mix")

#: Nouns of vessels and places: after "in", "on" and the like they are where, not what.
PLACES = word_set(
    "bowl pan pot skillet saucepan blender processor oven dish mixer container refrigerator fridge freezer casserole wok kettle jar jug plate platter cupboard drawer sink basin bin rack board counter table surface",
    "grill broiler microwave colander sieve strainer bag griddle stockpot cooker tray tin sheet basket bucket mortar ramekin glass mug thermos cabinet pantry stove hob burner heat bottom center centre middle side top tray box",
    "batch half place kitchen dishwasher machine bottle tupperware batches halves roaster steamer towel shaker pitcher teapot flour-bin washing-machine order position oil water direction",
)  # fmt: skip

#: Verbs of covering, whose matter may stand in a with-phrase ("season with salt").
COVERING = word_set(
    "season sprinkle top garnish cover brush dust coat drizzle serve decorate fill spread grease stuff line baste spray rub frost glaze finish dress layer toss mix combine repeat alternate moisten dredge sprinkle smear douse begin end start"
)

#: "to a boil": the noun or verb that says what is brought about.
RESULTS = {"boil": "boil", "simmer": "simmer", "boiling": "boil", "simmering": "simmer", "rest": "rest", "rolling-boil": "boil"}
