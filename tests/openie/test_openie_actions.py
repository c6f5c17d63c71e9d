"""Which verbs are steps, whatever leads to them, joins them or stands before them."""

from __future__ import annotations

import pytest
from found_steps import found

WITHOUT_A_COMMA = {
    "Just before serving drizzle the soup with oil.": ["drizzle: soup"],
    "In a large pot melt butter.": ["melt: butter"],
    "In a medium bowl combine flour, sugar, lemon juice and salt.": ["combine: flour"],
    "In a bowl whisk eggs, lemon juice and oil.": ["whisk: egg"],
    "In a skillet over medium heat cook bacon until crisp.": ["cook: bacon"],
    "In a separate bowl cream together the butter and sugar.": ["cream together: butter"],
    "Before adding the eggs whisk the milk.": ["whisk: milk"],
    "After 10 minutes remove the lid.": ["remove: lid"],
    "About 20 minutes before it is done take the greens.": ["take: greens"],
    "After a couple of minutes add the beef, salt it and mix it.": ["add: beef", "salt: it", "mix: it"],
    "While the oven is heating up cut the potatoes.": ["cut: potato"],
    "When cold mix in vodka.": ["mix in: vodka"],
    "At this point use your hands to knead the dough.": ["knead: dough"],
    # with one, the verb after it counts
    "In a cast iron grill pan, cook the meat.": ["cook: meat"],
    "In a large bowl, cream butter, brown sugar and vanilla.": ["cream: butter"],
    "Using a pasta cutter, a knife, or even a spoon, cut it.": ["cut: it"],
    "As the eggs start cooking, prepare a plate.": ["prepare: plate"],
    "(Optional) Turn off the heat.": ["turn off: heat"],
    "The crown can be peeled, then cut out the stem.": ["peel: crown", "cut out: stem"],
    "If it is not done, then cut out the stem.": ["cut out: stem"],
}

SURELY = {
    "Ensure the lid is tight.": [],
    "Ensure that the rice is covered with water.": [],
    "Make sure the pan is hot.": [],
    "Make sure that you cover the pan.": ["cover: pan"],
    "Stir, making sure that nothing sticks.": ["stir"],
    "Stir, making sure to scrape the bottom.": ["stir", "scrape: bottom"],
    "Roll out the dough, taking care not to tear it.": ["roll out: dough"],
    "Feel free to add more sugar.": ["add: sugar"],
    "Allow 10 minutes for the dough to rest.": ["rest: dough"],
    "Drain and allow to steam dry.": ["drain", "steam"],
    "Mix and let it rest.": ["mix", "rest: it"],
    "Begin to stretch and fold the dough.": ["stretch: dough", "fold: dough"],
    "Add the milk, beginning and ending with flour.": ["add: milk"],
}

ADJECTIVE_OR_VERB = {
    "Remove from the oven and cool cookies on a rack.": ["remove", "cool: cookie"],
    "Rinse the chicken and dry pieces well.": ["rinse: chicken", "dry: piece"],
    "Flip over and brown other side.": ["flip over", "brown: side"],
    "Bring to a boil and lower jars into the water.": ["boil", "lower: jar"],
    "Add oil and lower heat.": ["add: oil"],
    "Combine flour and dry mustard.": ["combine: flour"],
    "Add milk and cool water.": ["add: milk"],
    "Dissolve yeast in milk and warm juice.": ["dissolve: yeast"],
    "Heat the beans and brown rice.": ["heat: bean"],
    "Run a clean knife or thin spatula around the jar.": ["run: knife"],
    "Drain vegetables, cool, and remove skins.": ["drain: vegetable", "cool", "remove: skin"],
    "Mix carefully and chill tart.": ["mix", "chill: tart"],
    "Cool slightly and serve chilled.": ["cool", "serve"],
    "Cover and reduce heat.": ["cover", "reduce: heat"],
}


@pytest.mark.parametrize(("sentence", "expected"), list(WITHOUT_A_COMMA.items()))
def test_an_introduction_needs_no_comma(sentence, expected):
    assert found(sentence) == expected


@pytest.mark.parametrize(("sentence", "expected"), list(SURELY.items()))
def test_what_only_leads_to_an_action_is_none(sentence, expected):
    assert found(sentence) == expected


@pytest.mark.parametrize(("sentence", "expected"), list(ADJECTIVE_OR_VERB.items()))
def test_after_and_a_word_is_a_verb_or_an_adjective_by_what_surrounds_it(sentence, expected):
    assert found(sentence) == expected


TOLD = {
    "You may season with salt.": ["season: salt"],
    "Every 2 hours you must stir vigorously.": ["stir"],
    "You can then use a spoon to serve the soup.": ["serve: soup"],
    "At this point you can add the milk and stir it.": ["add: milk", "stir: it"],
    "You may need to remove some of the smaller pieces.": ["remove: piece"],
    "Leave the skin on, or you can peel the cloves.": ["leave on: skin", "peel: clove"],
    "Leave the skin on, or you will have lumps.": ["leave on: skin"],
    "You can leave the skin on the cloves.": ["leave: skin"],
    "You should get a syrup.": [],
    "The oven is hot, raise the temperature.": ["raise: temperature"],
    "This will take 45 minutes, but start checking after 30.": ["check"],
    "So make sure to add the salt.": ["add: salt"],
}

JOINED = {
    "Heat the pan add the oil.": ["heat: pan", "add: oil"],
    "The slices of a pan absorb the oil.": [],
    "Cook until thick and return it to the pan.": ["cook", "return: it"],
    "Cook until soft and let cool.": ["cook", "cool"],
    "Cook until thickened and season with salt.": ["cook", "season: salt"],
    "Bake until browned and set.": ["bake"],
    "Add the shrimp, cooking and stirring until pink.": ["add: shrimp", "cook", "stir"],
    "Cook, stirring often and scraping down the sides.": ["cook", "stir", "scrape down: side"],
    "Bake, stirring often and adding water if needed.": ["bake", "stir", "add: water"],
    "In a large pot with boiling water cook noodles until soft.": ["cook: noodle"],
    "Begin peeling, chopping, and mixing the fruit.": ["peel: fruit", "chop: fruit", "mix: fruit"],
    "Make the filling by first mixing the cheese and egg.": ["make: filling", "mix: cheese"],
    "Pile up the flour and with your hand carve a hole.": ["pile up: flour", "carve: hole"],
    "Skin, chop and slice the carrot.": ["skin: carrot", "chop: carrot", "slice: carrot"],
    "Zest and juice the lemon.": ["zest: lemon", "juice: lemon"],
    "Bottle or chill it.": ["bottle: it", "chill: it"],
    "If it breaks, make sure to stir the sauce.": ["stir: sauce"],
    "If using a lid, burp it daily.": ["burp: it"],
    "Use a mug, cup, or cutter to cut the dough.": ["cut: dough"],
}


@pytest.mark.parametrize(("sentence", "expected"), list(TOLD.items()))
def test_what_the_reader_is_told_to_do_is_a_step_and_what_will_happen_is_none(sentence, expected):
    assert found(sentence) == expected


@pytest.mark.parametrize(("sentence", "expected"), list(JOINED.items()))
def test_a_step_is_found_whatever_joins_it_to_the_one_before(sentence, expected):
    assert found(sentence) == expected


GERUNDS_OF_MEASURES = {
    "sprinkling some salt on tomatoes": ["sprinkle: salt"],
    "still grinding spices": ["grind: spice"],
    "continue sprinkling mozzarella": ["sprinkle: mozzarella"],
    "Add a sprinkling of salt.": ["add: salt"],
    "Finish with a dusting of sugar.": ["finish: sugar"],
    "Add a good grinding of pepper.": ["add: pepper"],
}


@pytest.mark.parametrize(("sentence", "expected"), list(GERUNDS_OF_MEASURES.items()))
def test_a_gerund_that_can_be_a_measure_is_a_step_where_it_leads(sentence, expected):
    assert found(sentence) == expected


DONE_BY = {
    "Drop batter by large spoonfuls onto the griddle and cook until dry.": ["drop: batter", "cook"],
    "Unmold by quickly dipping into hot water.": ["unmold", "dip"],
    "While the pasta cooks, heat the oil.": ["heat: oil"],
    "Stir while adding the milk.": ["stir", "add: milk"],
    "Butter an 8-inch by 10-inch dish.": ["butter: dish"],
}

ALSO_VERBS = {
    "Do another batch and do the same with the rest.": ["do: batch", "do: same"],
    "Do no stir.": [],
    "End with flour.": ["end"],
    "Add the corn and squash and cook, stirring.": ["add: corn", "cook", "stir"],
    "Squash the garlic.": ["squash: garlic"],
    "Put it on the preheated griddle or fry pan.": ["put: it"],
    "Stir in the noodles and flavoring from packet.": ["stir in: noodle"],
    "Butter hands lightly.": ["butter: hand"],
    "Paper towels also work well.": [],
    "You can then keep the dough in the fridge.": ["keep: dough"],
    "Serve, you may now add salt.": ["serve", "add: salt"],
    "The oven is hot, so raise the temperature.": ["raise: temperature"],
    "If the dough is sticky dip hands in oil.": ["dip: hand"],
    "Using a big vessel (such as a pot) create the bath.": ["create: bath"],
    "Press into crumbs, coating both sides.": ["press", "coat: side"],
}

STATES = {
    "Cook until the onions soften, turn translucent, and begin to brown, about 10 minutes.": ["cook"],
    "Simmer until the sauce has thickened and become clear.": ["simmer"],
    "Turn them as soon as bubbles form.": ["turn: them"],
    "Stir to blend and dissolve the cubes.": ["stir"],
    "Simmer to let the flavors blend and create a rich broth.": ["simmer"],
    "Stir to combine and add the eggs.": ["stir", "add: egg"],
}


@pytest.mark.parametrize(("sentence", "expected"), list(DONE_BY.items()))
def test_how_a_thing_is_done_ends_no_sentence(sentence, expected):
    assert found(sentence) == expected


@pytest.mark.parametrize(("sentence", "expected"), list(ALSO_VERBS.items()))
def test_a_word_is_a_verb_where_it_tells_what_to_do_alone(sentence, expected):
    assert found(sentence) == expected


@pytest.mark.parametrize(("sentence", "expected"), list(STATES.items()))
def test_what_becomes_of_a_thing_is_no_step(sentence, expected):
    assert found(sentence) == expected


LEADING = {
    "Add sugar, continuing to beat until stiff.": ["add: sugar", "beat"],
    "Spread evenly, trying to avoid bubbles.": ["spread", "avoid: bubble"],
    "Flip the egg, trying not to crack the yolk.": ["flip: egg"],
    "Begin by mixing the eggs.": ["mix: egg"],
    "Starting at one end, roll up each tortilla.": ["roll up: tortilla"],
    "Repeat layers, starting with noodles.": ["repeat: layer"],
    "Cook until hot, and just beginning to bubble.": ["cook"],
    "Reheat chili by bringing it to a simmer.": ["reheat: chili", "simmer: it"],
    "Continue to cook on low, covered.": ["cook"],
    "Let rice and water stand.": ["stand: rice"],
    "Allow roast to rest.": ["rest: roast"],
    "Allow to harden.": ["harden"],
    "Remove from the heat, cool and strain.": ["remove", "cool", "strain"],
    "When baked cool and split.": ["cool", "split"],
    "Continue with adding the flour.": ["add: flour"],
    "Begin with boiling water.": ["begin"],
    "Try to keep the heat low.": ["keep: heat"],
    "Begin with frying the onions.": ["fry: onion"],
    "Start off by frying the onions.": ["fry: onion"],
    "Begin shallow frying.": ["fry"],
    "When hot enough begin frying.": ["fry"],
    "Leave the pan simmering.": ["simmer: pan"],
    "Don't forget to add the salt.": ["add: salt"],
    "Remember to stir.": ["stir"],
    "Break up and brown the beef.": ["break up: beef", "brown: beef"],
    "Roll up and remove the paper.": ["roll up", "remove: paper"],
    "Cool and frost with icing.": ["cool", "frost: icing"],
    "Flip over and brown the other side.": ["flip over", "brown: side"],
    "Pour off the water and rapidly cool eggs.": ["pour off: water", "cool: egg"],
    "Have some buns ready and create your sandwich.": ["create: sandwich"],
    "Make sure everything is blended, and pour into a pan.": ["pour"],
    "Ready to serve!": [],
}


@pytest.mark.parametrize(("sentence", "expected"), list(LEADING.items()))
def test_the_action_is_found_whatever_form_the_verb_that_leads_to_it_has(sentence, expected):
    assert found(sentence) == expected
