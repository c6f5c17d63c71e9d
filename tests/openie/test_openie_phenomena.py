"""What the rules find, phenomenon by phenomenon."""

from __future__ import annotations

import pytest
from found_steps import found

IMPERATIVES = {
    "Chop the onions.": ["chop: onion"],
    "Wash and chop the onions.": ["wash: onion", "chop: onion"],
    "Peel, core, and slice the apples.": ["peel: apple", "core: apple", "slice: apple"],
    "Cover, and reduce the heat.": ["cover", "reduce: heat"],
    "Cover and cook for 10 minutes.": ["cover", "cook"],
    "Drain the beans, then rinse them and set aside.": ["drain: bean", "rinse: them", "set aside"],
    "Add salt and pepper, mix well and serve.": ["add: salt", "mix", "serve"],
    "Melt the butter; add the flour: stir.": ["melt: butter", "add: flour", "stir"],
    "Gently fold the whites into the batter.": ["fold: white"],
    "Carefully light the rum and lightly oil the grate.": ["light: rum", "oil: grate"],
    "Beat eggs with sugar until pale, about 3 minutes, and pour into the pan.": ["beat: egg", "pour"],
    "Cook, stirring constantly, until thick.": ["cook", "stir"],
    "Fry the bacon, turning it once, and drain.": ["fry: bacon", "turn: it", "drain"],
    "Devein the shrimp.": ["devein: shrimp"],
    "Spatchcock a turkey.": ["spatchcock: turkey"],
    "Unmold.": ["unmold"],
    "Reheat the soup.": ["reheat: soup"],
    "(Reserve some for later.)": ["reserve: some"],
    "Stir fry the beef.": ["stir fry: beef"],
    "Stir-fry the beef.": ["stir-fry: beef"],
}

NOUN_OR_VERB = {
    "Butter a dish.": ["butter: dish"],
    "Melt butter.": ["melt: butter"],
    "Salt the water.": ["salt: water"],
    "Add water, salt and pepper.": ["add: water"],
    "Add the oil, flour and cream.": ["add: oil"],
    "In a bowl, cream butter and sugar.": ["cream: butter"],
    "Whip the cream.": ["whip: cream"],
    "Spoon the sauce over the rice, and top with cheese.": ["spoon: sauce", "top: cheese"],
    "Rinse the spoon and fork.": ["rinse: spoon"],
    "Roll the dough and place it on a cookie sheet.": ["roll: dough", "place: it"],
    "Put the roll on a plate.": ["put: roll"],
    "Dry the hands.": ["dry: hand"],
    "Combine the dry ingredients.": ["combine: ingredient"],
    "Mix soy sauce, honey, and brown sugar in a bowl.": ["mix: sauce"],
    "Open the oven.": ["open: oven"],
    "Skin the fish; remove the skin.": ["skin: fish", "remove: skin"],
    "Place chicken skin side up in a pan.": ["place: chicken"],
    "Grease and flour two 9 x 5 inch loaf pans.": ["grease: pan", "flour: pan"],
}

OBJECTS = {
    "Heat 2 tablespoons of olive oil in a frying pan.": ["heat: oil"],
    "Heat 2 tablespoons olive oil.": ["heat: oil"],
    "Add 1 (8 ounce) package softened cream cheese.": ["add: cheese"],
    "Add 1 1/2 cups all-purpose flour.": ["add: flour"],
    "Pour in a cup of milk.": ["pour in: milk"],
    "Add 2 cans of tuna.": ["add: tuna"],
    "open can of tuna": ["open: can"],
    "Cut half of the dough into thirds.": ["cut: dough"],
    "Sprinkle a handful of chopped fresh parsley over it.": ["sprinkle: parsley"],
    "Place one of the tomatoes on each plate.": ["place: tomato"],
    "Chop up the remaining tomatoes and potatoes.": ["chop up: tomato"],
    "Slice the loaves with the knives.": ["slice: loaf"],
    "Grease a 9x13-inch baking dish.": ["grease: dish"],
    "Heat a lightly greased 8-in. nonstick skillet.": ["heat: skillet"],
    "Add 2 tsp. salt.": ["add: salt"],
    "Cook 10 minutes.": ["cook"],
    "Bake it 25 to 30 minutes.": ["bake: it"],
    "Serve hot.": ["serve"],
    "Keep it warm.": ["keep: it"],
    "Spoon about 1/2 cup filling down the center of each crepe.": ["spoon: filling"],
    "Add confectioners' sugar.": ["add: sugar"],
    "Make a well in the flour.": ["make: well"],
    "Mix well.": ["mix"],
    "Fill muffin cups two-thirds full.": ["fill: cup"],
    "Dip the second side in the egg.": ["dip: side"],
    "Season with salt and pepper.": ["season: salt"],
    "Cover with foil.": ["cover"],
    "Take the washing up liquid.": ["take: liquid"],
}

PARTICLES = {
    "pick up the knife": ["pick up: knife"],
    "Turn off the heat.": ["turn off: heat"],
    "Turn the heat off.": ["turn off: heat"],
    "Turn the tap on, then wash the pan.": ["turn on: tap", "wash: pan"],
    "Pick the spoon up from the drawer.": ["pick up: spoon"],
    "Put the lid back on the pan.": ["put: lid"],
    "Stir in the flour.": ["stir in: flour"],
    "Stir in a large bowl.": ["stir"],
    "Bake in the preheated oven.": ["bake"],
    "Roll out the dough.": ["roll out: dough"],
    "Turn the dough over.": ["turn over: dough"],
    "Set the bowl aside.": ["set aside: bowl"],
    "Sprinkle over the cheese.": ["sprinkle over: cheese"],
    "Pour over the meat.": ["pour"],
    "Dispose of the peel.": ["dispose of: peel"],
    "Wait for the foam to rise.": ["wait for: foam"],
    "Blend together eggs and milk.": ["blend together: egg"],
}

INTRODUCTIONS = {
    "In a large bowl, whisk the eggs.": ["whisk: egg"],
    "In a large bowl whisk the eggs.": ["whisk: egg"],
    "In a skillet or pan brown the beef.": ["brown: beef"],
    "With a spoon gently stir the sauce.": ["stir: sauce"],
    "About 30 minutes before you grill, remove the meat.": ["remove: meat"],
    "Meanwhile, in a small saucepan over medium heat, melt the chocolate.": ["melt: chocolate"],
    "When the oil is hot, add the onions.": ["add: onion"],
    "Once the oil is hot add the onions.": ["add: onion"],
    "If the dough is dry, add a little water.": ["add: water"],
    "To make the sauce, combine wine and stock.": ["combine: wine"],
    "Using a fork, prick the potatoes.": ["prick: potato"],
    "Next, drain the pasta.": ["drain: pasta"],
    "Then take the milk.": ["take: milk"],
    "15 minutes before serving, stir in the noodles.": ["stir in: noodle"],
    "For the topping: mix oats and sugar.": ["mix: oat"],
    "Working in batches, fry the fish.": ["fry: fish"],
}

NOT_DONE = {
    "Do not overmix.": [],
    "Don't open the oven.": [],
    "Never leave it alone.": [],
    "Stir, but do not boil the sauce.": ["stir"],
    "Add milk without stirring.": ["add: milk"],
    "Cook until the onions soften and brown, then add the garlic.": ["cook", "add: garlic"],
    "Bake until a knife inserted in the center comes out clean.": ["bake"],
    "Be careful not to burn the nuts.": [],
    "Make sure the pan is hot.": [],
    "Chill until ready to serve.": ["chill"],
}

PROSE = {
    "The dough should be soft.": [],
    "This dish is best eaten at once.": [],
    "Makes 4 servings.": [],
    "Cook time: 10 minutes.": [],
    "Total time: 35 minutes.": [],
    "My grandmother made this every Sunday.": [],
    "The cake is done.": [],
    "The mixture will look thin at first.": [],
    "Kabul had textile, cotton production, and carpet production industries.": [],
    "Spirits could care less whether people believe in them.": [],
    "Declining issues outnumbered advancing ones.": [],
    "The onions are chopped and fried.": ["chop: onion", "fry: onion"],
    "Now the onions can be chopped.": ["chop: onion"],
    "The tap should be turned on.": ["turn on: tap"],
    "The butter is cut and put in the fridge.": ["cut: butter", "put: butter"],
    "When it is hot, the oil must be removed.": ["remove: oil"],
}

NARRATIONS = {
    "take cutting board": ["take: board"],
    "washing knife": ["wash: knife"],
    "still washing hands": ["wash: hand"],
    "continue peeling potato": ["peel: potato"],
    "continue wash pan": ["wash: pan"],
    "put into the pan": ["put into: pan"],
    "put in sink": ["put in: sink"],
    "look for knife": ["look for: knife"],
    "opens drawer": ["open: drawer"],
    "spoon": ["spoon"],
    "put down down plate": ["put down: plate"],
    "take knife and fork": ["take: knife"],
}


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        item
        for cases in (
            IMPERATIVES,
            NOUN_OR_VERB,
            OBJECTS,
            PARTICLES,
            INTRODUCTIONS,
            NOT_DONE,
            PROSE,
            NARRATIONS,
        )
        for item in cases.items()
    ],
)
def test_found(sentence, expected):
    assert found(sentence) == expected


def test_several_sentences_in_one_text():
    assert found("Preheat oven to 350 degrees F. Grease a pan! Then, mix the eggs; bake.") == [
        "preheat: oven",
        "grease: pan",
        "mix: egg",
        "bake",
    ]
