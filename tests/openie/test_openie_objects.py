"""What an action is done to, by the head of its object; which particle belongs to the verb beside it."""

from __future__ import annotations

import pytest
from found_steps import found

HEADS = {
    "Beat the egg white until stiff.": ["beat: white"],
    "Add scant 1/2 cup of milk.": ["add: milk"],
    "Add a total of 3 cups of flour.": ["add: flour"],
    "Add half of the can of beans.": ["add: bean"],
    "Add the remaining cup of sugar.": ["add: sugar"],
    "Heat 1/2 a cup of oil.": ["heat: oil"],
    "Heat an inch of oil.": ["heat: oil"],
    "Add 1 L (0.26 gal) of water.": ["add: water"],
    "Add 1 teaspoon each salt and pepper.": ["add: salt"],
    "Stir in 1/3 the cheese.": ["stir in: cheese"],
    "Add enough of the remaining flour.": ["add: flour"],
    "Add as much grated cheese as you like.": ["add: cheese"],
    "Reserve soaking liquid.": ["reserve: liquid"],
    "Strain the marinating liquid.": ["strain: liquid"],
    "Arrange the rolls side by side in a dish.": ["arrange: roll"],
    "Place the chicken skin-side down.": ["place: chicken"],
    "Cook pasta al dente.": ["cook: pasta"],
    "Place the first disc on paper.": ["place: disc"],
    "Spread the opposite side with butter.": ["spread: side"],
    "Coat the inside of a pan with oil.": ["coat: pan"],
    "Fill each halfway.": ["fill: each"],
    "Heat a bit.": ["heat"],
    "Stir every now and then.": ["stir"],
    "Add butter/margarine.": ["add: butter"],
    "Whisk together: honey, oil.": ["whisk together: honey"],
    "Put in a pot the sugar.": ["put: sugar"],
    "Cook in a couple minutes the rice.": ["cook"],
    "Put in the the sugar.": ["put"],
    "Chop the zucchinis.": ["chop: zucchini"],
}


@pytest.mark.parametrize(("sentence", "expected"), list(HEADS.items()))
def test_the_head_is_the_thing_and_no_measure_place_or_manner(sentence, expected):
    assert found(sentence) == expected


PARTICLES = {
    "Set them aside in a warm place.": ["set aside: them"],
    "Roll the dough out on a floured surface.": ["roll out: dough"],
    "Roll biscuits out to a rectangle.": ["roll out: biscuit"],
    "Put it back into the jar.": ["put back: it"],
    "Roll the dough away from you.": ["roll: dough"],
    "Beat eggs, 2 cups of milk, and salt together in a bowl.": ["beat together: egg"],
    "Mix the cheese together with the cream.": ["mix: cheese"],
    "Add the eggs and stir together.": ["add: egg", "stir together"],
    "Peel off the waxed paper.": ["peel off: paper"],
    "Marinate up to 2 pounds of meat.": ["marinate: meat"],
    "Place the meat face down on a sheet.": ["place: meat"],
}

OBJECTS = {
    "Season to taste with salt.": ["season: salt"],
    "Crack open an egg.": ["crack: egg"],
    "Increase mixer speed to high.": ["increase: speed"],
    "Cut each round into wedges.": ["cut: round"],
    "Top bottom half of roll with meat.": ["top: roll"],
    "Combine Old Bay(TM) seasoning and Crisco® shortening.": ["combine: seasoning"],
    "Stir in the cream, light mayonnaise, and salt.": ["stir in: cream"],
    "Return to a boil.": ["boil"],
    "Return the soup to a boil.": ["boil: soup"],
    "Return the soup to the pan.": ["return: soup"],
    "Let the soup come to a simmer.": ["simmer: soup"],
    "Let it all slowly stew.": ["stew: it"],
    "Let the sauce bubble for a minute.": ["bubble: sauce"],
}


@pytest.mark.parametrize(("sentence", "expected"), list(PARTICLES.items()))
def test_a_particle_belongs_to_its_verb_wherever_it_stands(sentence, expected):
    assert found(sentence) == expected


@pytest.mark.parametrize(("sentence", "expected"), list(OBJECTS.items()))
def test_the_object_is_what_the_action_is_done_to(sentence, expected):
    assert found(sentence) == expected


MORE_HEADS = {
    "Pour the flour and broth mixture into the pan.": ["pour: mixture"],
    "Combine the carrots and flour mixture.": ["combine: carrot"],
    "Combine the butter and melted chocolate mixture.": ["combine: butter"],
    "Add 1/2 cup to 1 cup (250-500 mL) water.": ["add: water"],
    "Stir in 1 cup (125 mL) chips.": ["stir in: chip"],
    "Use a 2:1 ratio (by volume) for oats.": ["use: ratio"],
    "Stir the whole very hard.": ["stir: whole"],
    "Add as much as you like.": ["add"],
    "Cook a little longer.": ["cook"],
}

MORE_PARTICLES = {
    "Take the bread out of the oven.": ["take out: bread"],
    "take bread out of oven": ["take: bread"],
    "Make a ring out of foil.": ["make: ring"],
    "Turn the fish around and stir around the edges.": ["turn around: fish", "stir"],
    "Put the chops back in, flip them.": ["put back: chop", "flip: them"],
    "put milk back into fridge": ["put: milk"],
    "Put the milk back into the fridge.": ["put back: milk"],
    "Take off heat.": ["take"],
    "Shut off the heat.": ["shut off: heat"],
    "Add the sauce and mix by warming.": ["add: sauce", "mix"],
}


@pytest.mark.parametrize(("sentence", "expected"), list(MORE_HEADS.items()))
def test_the_head_is_what_is_mixed_and_measured(sentence, expected):
    assert found(sentence) == expected


@pytest.mark.parametrize(("sentence", "expected"), list(MORE_PARTICLES.items()))
def test_a_particle_before_a_preposition_belongs_to_its_verb(sentence, expected):
    assert found(sentence) == expected


NO_VERBS = {
    "Whisk rice vinegar, light soy sauce, and sugar.": ["whisk: vinegar"],
    "Whisk soup, and skim milk until smooth.": ["whisk: soup"],
    "Dip in flour, then egg mixture, then crumbs.": ["dip"],
    "Mix well, and spoon mixture into a dish.": ["mix", "spoon: mixture"],
    "Grease a Bundt or tube pan with oil.": ["grease: bundt"],
    "Spread evenly using a spatula.": ["spread"],
    "Spread evenly with butter using a spatula.": ["spread: butter"],
    "Leave the door slightly ajar.": ["leave: door"],
    "Once the cake is cooled completely frost with icing.": ["frost: icing"],
    "Once heated through mash the beans.": ["mash: bean"],
}


@pytest.mark.parametrize(("sentence", "expected"), list(NO_VERBS.items()))
def test_nouns_adjectives_and_tools_are_no_actions_and_no_matter(sentence, expected):
    assert found(sentence) == expected
