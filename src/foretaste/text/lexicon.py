"""Open-class words of cooking English, by what they can be: verbs, nouns, adjectives.

They are what a cook and a kitchen commonly need; other words are classed by their endings (``words``). A word that is both
verb and noun is listed once, by what must follow before it is read as a verb where a noun could stand as well ("salt, mix and").
"""

from __future__ import annotations


def word_set(*lines: str) -> frozenset[str]:
    """The words of ``lines``, which white space parts."""
    return frozenset(" ".join(lines).split())


#: Verbs, hardly ever nouns in this register.
VERBS = word_set(
    "absorb accept accompany achieve activate add adhere adjust agitate align allot alternate amend anoint apply arrange assemble attach avoid await",
    "bake barbecue become bind blacken blanch blend blitz blot boil braise brighten broil browse bruise buy caramelise caramelize",
    "carve char chill choose chop clarify cling clothe coddle collect combine come compress concoct condense connect conserve consume contain continue cook cool cover",
    "crimp crouch crumble crumple crush cure debone decant decorate decrease deep-fry deflate defrost deglaze degrease dehydrate deliver demold demould describe detach detect",
    "devein devour dig dilute dip disassemble discard discolor disconnect discover disinfect dislodge dismantle disperse dissolve distribute disturb divide drain drape dredge dribble drizzle drown dunk",
    "ease eat eliminate embed emulsify enclose encase enfold engage enjoy enlarge enrich ensure enter envelop evaporate examine expel expose extinguish",
    "fall fasten feel fetch find flambe flambé flatten fling flip fluff force freeze fry gather get give gnaw go grab grate grease grill grind grow halve handle hang heat hoist hold",
    "identify ignite immerse incorporate increase indent inflate infuse inhale inject insert inspect install intersperse introduce invert jiggle join julienne knead kneel know knot",
    "lay learn leave lend lengthen lie lift lighten listen locate lock loosen lose lubricate macerate maintain make marinate mash massage measure meld melt mend mention mingle mix moisten mop move muddle",
    "nestle notice nudge obtain obscure open operate organise organize overbake overbeat overcook overcrowd overfill overheat overlap overmix overwork pack pan-fry pan-sear par-boil par-cook parboil pare pasteurise pasteurize",
    "pat pay peek percolate perforate pick pierce place pluck plonk plunge poach poke polish position pour pre-heat precook preheat prepare prevent prick proceed process procure prod produce protect pry pull pulverise pulverize",
    "purchase purée push put reach read readjust realize rearrange reassemble receive reconstitute recover recycle reduce refill refresh refrigerate refry rehydrate reheat relax release relight relocate remember remind",
    "remove rehang reopen repack reposition reroll reserve reset reshape resize restart rest retain retrieve retry return reuse rewarm rewrap rid rinse rip roast rotate rub rummage saturate saute sauté sautee scald scatter scoop",
    "scorch scour scramble scrape scrub scrunch search seal sear see select send separate serve set settle shake sharpen shave shift shove show shred shuck shuffle shut sift simmer sink sit skim slap slather slide",
    "slip slit smash smear smother smooth smush snap snip soak soften solidify spatchcock speak spend spill spin spiralize split spoil spray spread sprinkle spritz squeeze squelch squidge squirt squish",
    "stab stand stare steady steep sterilise sterilize stick stir stir-fry stitch stop store stow straighten strain strap stretch strip stroke submerge substitute suck surround suspend swab swallow sweep sweeten swirl switch swish",
    "take talk tamp tap tear tease tell tenderise tenderize thaw thicken think throw thrust tie tighten tilt tip toggle toss touch transfer trickle trim truss tuck tug turn tweak twirl twist type",
    "unclip uncork uncover undo unfasten unfold unfreeze unhook unite unlatch unload unlock unmold unmould unpack unpeel unplug unroll unscrew unseal untangle untie unwind unwrap update upend use utilise utilize",
    "vacuum vary ventilate visit wait wake walk wash wear weigh whirl whisk whittle widen wield wiggle wilt wipe withdraw work wrap wrestle wring write yank zap",
    "accumulate aerate appear approximate baste beat bend bite blow bounce break brush build burn bury bring change check cleave crack cut deposit dispose drag draw drink drive drop feed fill",
    "finish fix flake fold follow form garnish glaze hit hook hurry intensify interleave keep lather leach let load look lower lug nibble note nuke observe order oxidise pitch plait plan play plop pop",
    "portion pose pound press prise probe prove pulse punch pureé raise replace replenish resume rewet run sample say scarf shape skewer slam slash slice sling slop slosh slot slurp smell sniff sort",
    "space spare spark speed splash splay splatter spot sprawl spruce squat stack staple start stash stay steal stoke stuff swap swat sweat swill swing tackle tend test tidy trace tread treat trap try wade watch wave whip whiz whizz",
)  # fmt: skip

#: Verbs of the list above that are nouns too, but read as verbs after a comma or a conjunction whatever follows.
#: (``VERBS`` alone are verbs even where a noun could stand.)
VERBS_OR_NOUNS = word_set(
    "fit light level crisp  bake barbecue beat bend bite blend blow boil bounce break broil brush build burn change char check chill chop cook cover crack cure cut dip discard drain draw drink drive drop drizzle",
    "fall feed feel fill find finish fix flake flip fold force form freeze fry gather glaze grate grill grind grip handle hang heat hold hook increase decrease join knot lather leave lift load lock look massage measure melt mix mop move note",
    "order pack pat pick pitch place plan play plop plunge poke polish pop portion pose position pound press probe process produce pull pulse punch purchase push rasp reach read release repeat reserve rest return rinse rip roast rub run scoop scour scramble",
    "scrape scrub search seal sear separate serve set shake shape share shave shift show shred simmer sink skim slam slap slash slice slide slip slit smash smear smell snap soak sort space spill spin splash split spoil spot spray spread squeeze stab stack stand start stay",
    "steam stick stir-fry stop store strain stretch strip stroke stuff substitute support swab swap sweat sweep swing swirl switch take talk tap taste tear tease test thaw thread throw tie tilt tip toast top toss touch trace transfer treat trickle trim turn twist use",
    "wait walk wash watch wave weigh whip whirl whisk wipe work wrap whiz stir bunch catch call clamp clip coat color colour count crimp crisp crumble crush curl dab dent drape dredge dress drip dump dunk extract filter flash flush grease help jam kick marinate mash mince",
    "mist mold mould mound mount nudge peel pinch pit puff pump puree rake return roll rotate saute scald score season section shed spike squash squirt squirm stamp staple stitch stock streak stew string tack tug tuck twirl wedge wet wiggle wring zip drag drill",
    "dice cube line garnish glance layer toast quarter fillet ladle crumb label mark flavor flavour visit approach rise fan dust reheat refill double triple scatter sprinkle baste",
)  # fmt: skip

#: Nouns as much as verbs: verbs where a determiner, a number, a preposition or an adverb follows, or more words than one noun.
NOUNS_OR_VERBS = word_set(
    "plate screw flute  bowl butterfly cap center centre circle core cross date dot end face feature frost heap hull husk knife mask net part pile pin pipe plug pool ring sandwich scale scallop seed segment shell sheet skin",
    "spoon sprout stem stud tower track trail tray wax zest fork braid ball bone lid sponge soap hand head balance base batch blanket bundle crowd crown curve flame flavoring guard group",
    "patch peak pillow ridge ribbon row shade shower slick slot sketch splice spark stripe tube twine wick program ",
)  # fmt: skip

#: Nouns that are verbs only where a determiner, a pronoun or "with" follows ("salt the water", "flour it").
NOUNS_RARELY_VERBS = word_set(
    "salt pepper oil butter flour sugar water honey syrup sauce vinegar milk cheese egg lemon spice mustard bread cream paper foil ice juice candy cup house pan fish fat bag box bottle jar can bin fridge",
    "table dish oven board paste crust wine brine powder rice pasta film cloth tea coffee pot marinade batter stock steak jelly towel crumbs microwave fire kitchen",
)  # fmt: skip

#: Verbs that are adjectives too ("dry the hands", "dry ingredients").
VERBS_OR_ADJECTIVES = word_set(
    "open dry clean clear cool warm brown empty smooth thin lower slow loose wet complete correct steady tidy secure ready close dim ",
)  # fmt: skip

#: Verbs whose own action is that of the gerund or infinitive after them ("continue stirring" -> stir).
CHAIN_VERBS = word_set("continue begin start finish keep try commence proceed ")

#: Verbs that need their preposition before an object ("dispose of the peel").
PREPOSITIONAL = {
    "dispose": word_set("of"), "look": word_set("for at after"), "search": word_set("for"), "wait": word_set("for"), "check": word_set("on for"), "listen": word_set("to"), "care": word_set("for"), "rely": word_set("on"),
    "get": word_set("rid"), "tend": word_set("to"), "reach": word_set("for"), "pay": word_set("for"), "go": word_set("for"), "stare": word_set("at"), "peek": word_set("at"), "talk": word_set("to"),
}  # fmt: skip

#: Kitchen nouns: an unknown first word in front of or instead of them is no verb.
NOUNS = word_set(
    "video research well filler crisp popcorn granule  almond apple appliance apron apricot asparagus aubergine avocado bacon bagel baguette banana bar barley basil basin basket bean beef beer beet berry biscuit blade blender block bottom box breast broccoli broth brownie bun burner burger button",
    "cabbage cabinet cake candle caramel carrot carton case casserole cauliflower celery cereal chard cheddar chicken chili chilli chip chive chocolate chorizo cider cilantro cinnamon clam clove cocktail coconut colander container content cookie cooker corn",
    "cornstarch counter courgette couscous crab cracker cranberry crayfish crawfish crepe cucumber cumin cupboard curd curry custard cutlery dairy dinner dishwasher door dough drawer duck edge eggplant fennel fig filet flank floor food freezer fruit garlic gin ginger glass glove",
    "grape gravy grater griddle ground halibut ham hearth herb hob ingredient jalapeno kale ketchup kettle lamb lasagna leaf leaves leek leg lemongrass lentil lettuce lime liquid liquor loaf lobster loin machine mango margarine mayonnaise meal meat meatball meatloaf medium melon",
    "meringue mint mixer mixture molasses motion mozzarella muffin mug mushroom mussel napkin noodle nut nutmeg oat oatmeal okra olive omelette omelet onion orange oregano oyster package packet pancake pantry paprika parmesan parsley parsnip pastry patty pea peach peanut pear pecan",
    "peppercorn peppermint pickle pie piece pineapple pizza plastic pork potato poultry prawn processor prosciutto pudding pumpkin quiche quinoa rack radish raisin ramekin raspberry ravioli recipe refrigerator rib risotto rosemary rum saffron sage salad salmon salsa sardine saucepan",
    "sauerkraut sausage scallion scissors sesame shallot sherry shrimp sieve sink skillet slicer soda soup soy spaghetti spatula spinach sprig stove stovetop strainer straw strawberry stovetop surface tablecloth tart temperature thermometer thyme time tin tofu tomato tongs topping",
    "tortellini tortilla tumeric turmeric turkey turnip tuna utensil vanilla veal vegetable veggie vodka waffle walnut watermelon whey wing wok worcestershire yam yeast yogurt yoghurt yolk zucchini mitten tupperware rag jug packaging waste garbage rubbish trash phone peeler grinder",
    "lighter detergent cleanser person man woman chef camera hair body arm finger thumb people child kid guest family heart heat-proof instruction direction setting step hole circle-shape triangle rectangle corner middle interior exterior rim ",
    "clothes leftovers remainder rest pair lot contents thing stuffing zest-strip dryness something anything everything nothing kiwi kiwifruit clementine tangerine lychee rhubarb cod trout tilapia catfish swordfish anchovy squid calamari octopus venison rabbit chop-suey goat bison",
)  # fmt: skip

#: Nouns with the ending of a verb form or an adverb.
NOUNS_AS_THEY_ARE = word_set(
    "shortening icing frosting seasoning dressing crisps whites greens  dumpling string wing ring ceiling thing evening morning something anything everything nothing sibling herring king drippings trimmings trappings building tasting bling seed weed bed red bread shed swiss hummus molasses grits brussels tongs scissors scales glasses greens bus",
    "gas lens glass mess mass class family jelly belly butterfly fly lily doily leftovers ladyfingers octopus cactus hibiscus bonus couscous asparagus string-bean tapas seedling darling duckling pudding sterling ginseng halves calves knives leaves loaves shelves squares",
    "rolls circles rounds layers pieces slices cubes strips wedges",
)  # fmt: skip

#: Gerunds that name a thing or modify a noun as often as they begin a clause ("baking dish", "the topping").
NOUN_GERUNDS = word_set(
    "setting coloring browning mincing eating  baking boiling chopping cooking cutting dipping drinking drying frying grilling measuring mixing peeling rolling roasting serving simmering washing cleaning freezing filling topping stuffing ",
    "coating packaging lining wrapping trimming clothing cutting carving canning pickling processing rising running whipping skimming basting sifting stirring-rod pairing opening sitting steaming mashing tasting warming",
)  # fmt: skip

ADJECTIVES = word_set(
    "sour ripe flat square round black white blue bare more blind free  additional adequate airtight aluminum al-dente amber ample aromatic available bay big bitter bite-size bite-sized bland bold boneless bright bubbly calm canola cheesy chewy chunky clingy coarse cold colorful constant creamy crispy crumbly crunchy crusty",
    "damp dark deep delicate dense desired diagonal different dirty doughy dutch easy edible electric elastic enough entire equal excess extra extra-virgin final fine finger-tight firm flaky fluffy foamy foil-lined fragrant fresh french frothy full fuzzy gentle glossy golden good great green",
    "half-cooked hard heavy heatproof high hot huge important individual indirect inner instant instant-read italian juicy kosher large last lean left leftover light-brown limp little long low low-fat lukewarm lumpy medium-high medium-hot medium-low medium-sized medium-size medium-rare mexican mild mini",
    "miniature moderate moist natural nice nonstick non-stick old opaque optional other outer oven-proof ovenproof own pale parallel pink plain pliable powdery pretty puffy purple quick rapid rare raw red regular remaining rich right rough runny salty same satiny second seedless semi-sweet semisweet several",
    "shallow sharp shiny short silky similar simple single skinless slight slotted small soapy soft solid spicy spongy special stale sticky stiff still-warm stringy strong sturdy sufficient super sweet syrupy tall tangy tasty tepid thick tight tiny translucent transparent unbaked unsalted uncooked upper",
    "vegetarian velvety vigorous visible weak whole wide wooden wrong yellow young self-rising all-purpose bubbling upright intact free-form gluten-free fat-free paper-thin sugar-free homemade sure careful able next third fourth first central main certain extra-large extra-long extra-firm extra-lean half-inch",
    "new such very-hot stale sweetened unsweetened condensed evaporated beaten frozen ripe cornstarch-like hot-water pitted shelled unpeeled pre-baked store-bought ready-made see-through lower-fat reduced-fat",
)  # fmt: skip

#: Measures that are looked through before "of" ("a pinch of salt"), whether or not a number stands before them.
UNITS = word_set(
    "teaspoon tablespoon tsp tbsp tbs tsp. tbsp. tb ounce oz oz. pound lb lb. lbs lbs. gram g kg kilogram mg ml milliliter millilitre liter litre l dl cl deciliter quart qt pint pt gallon dash pinch drop splash drizzle inch cm",
    "clove stalk sprig slice piece bunch head handful knob chunk cube strip wedge scoop dollop glug spoonful teaspoonful tablespoonful cupful dab sheet layer stick square round rasher fillet pat ladleful dozen bit amount quantity lot couple",
    "part portion half third quarter batch ball kind variety sort type touch heap mound pile squirt squeeze segment leaf ear rib log outside inside majority rest remainder plenty sliver shaving grating splash smidgen swirl disk disc shred nub hunk",
    "two-thirds one-third three-quarters three-fourths one-half one-quarter one-fourth teaspoons-full combination assortment selection mix end side surface most bite",
)  # fmt: skip
#: Vessels: a measure only after a number ("1 can of tuna"), a thing to handle otherwise ("open the can of tuna").
VESSELS = word_set(
    "cup glass mug can tin jar bottle box bag pack package packet carton container bowl pot pan plate spoon tub tube tray bucket basket envelope sachet block bar loaf"
)
#: Measures of time, length and heat: alone they are never an object.
EXTENTS = word_set(
    "minute min min. mins hour hr hr. hrs second sec secs day week month year degree inch cm centimeter centimetre mm f c °f °c ° ºf ºc º fahrenheit celsius times percent pm watts seconds-long",
)

#: Verbs whose "in" belongs to them before a noun that is no vessel or place ("stir in the flour", not "stir in a bowl").
TAKE_IN = word_set(
    "stir mix fold beat blend whisk pour add cut rub toss whip work knead put throw swirl drop drizzle tuck crumble stuff plug push bring incorporate tip squeeze let break crack sift dump rake scrape press shake spoon sprinkle pack crumble grate ladle pop slip strain",
)  # fmt: skip
TAKE_ON = word_set("turn switch put tap press pile squeeze carry flick click sprinkle screw try brush")
TAKE_OFF = word_set(
    "turn switch take drain cut wipe wash scrape trim skim slice pull peel shake chop rinse brush tear break pick clean finish snip rub knock burn tap set leave strip dust let cool boil scoop lift flick siphon click",
)  # fmt: skip
TAKE_OVER = word_set("turn flip fold fall tip move pull hand bring roll")
TAKE_THROUGH = word_set("cook heat warm")

#: Nouns of vessels and places: after "in", "on" and the like they are where, not what.
PLACES = word_set(
    "bowl pan pot skillet saucepan blender processor oven dish mixer container refrigerator fridge freezer casserole wok kettle jar jug plate platter cupboard drawer sink basin bin rack board counter table surface grill broiler microwave colander sieve",
    "strainer bag griddle stockpot cooker tray tin sheet basket bucket mortar ramekin glass mug thermos cabinet pantry stove hob burner bottom center centre side tray box batch place kitchen dishwasher machine bottle tupperware roaster steamer towel shaker",
    "pitcher teapot order position direction turn advance half motion foil wrap paper manner minute hour second fashion cup boiler crockpot roasting-tin measure stand area room spot time mold cloth row",
)  # fmt: skip
#: Places that are switched ("turn off the oven").
SWITCHED = word_set("turn switch flick click tap")

#: Verbs whose patient is the matter, which may stand in a with-phrase ("sprinkle with cheese").
WITH_MATTER = word_set("sprinkle drizzle scatter layer dredge strew dot spatter sprinkle")

#: "to a boil": what is done when something is brought there.
RESULTS = {"boil": "boil", "simmer": "simmer", "boiling": "boil", "simmering": "simmer"}

#: Hands-on verbs: in prose only these are steps ("the onions are chopped", "we then add the milk").
HANDS_ON = word_set(
    "add arrange bake baste beat blanch blend boil braise bread break broil brown brush chill chop clean close coat combine cook cool core cover crack crush cube cut deglaze dice dip discard drain dredge drizzle dry dust empty",
    "fetch fill flip flour fold freeze fry garnish get glaze grab grate grease grill grind halve heat knead ladle layer line marinate mash measure melt mince mix move open peel pick pierce place poach pour preheat press pulse puree put refrigerate",
    "remove return rinse roast roll rub saute scatter scoop scrape sear season seed serve set shake shape shred shut sift simmer skin skim slice smear soak spoon spread sprinkle squeeze steam stir strain stuff switch take thaw tip toast toss transfer",
    "trim turn unwrap wash whip whisk wipe wrap",
)  # fmt: skip
#: Base forms that are their own participle.
SAME_PARTICIPLE = word_set("beat cut put set shut split spread")
#: What is scattered over something: "sprinkle over the cheese", but "sprinkle over the meat".
MATTERS = word_set(
    "gruyere mozzarella feta almond basil breadcrumb cayenne cheddar cheese chive cilantro cinnamon cocoa coconut coriander crumb cumin dill dressing flake flour fruit glaze herb icing juice mint nut nutmeg oil onion oregano paprika parmesan parsley pecan pepper powder rosemary",
    "sage salt sauce seasoning seed shaving spice sprinkle streusel sugar syrup thyme topping vinegar walnut water zest scallion chili chilli liquid milk rice",
)  # fmt: skip
