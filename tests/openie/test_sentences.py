"""Instructions into sentences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretaste.openie.sentences import split

CASES = {
    "Preheat oven to 350 degrees F. Grease a pan.": ["Preheat oven to 350 degrees F.", "Grease a pan."],
    "Preheat oven to 350 degrees F.": ["Preheat oven to 350 degrees F."],
    "Preheat the oven to 350 degrees F. (175 degrees C).": [
        "Preheat the oven to 350 degrees F. (175 degrees C)."
    ],
    "Add 1 tbsp. oil and 2 tsp. salt. Stir.": ["Add 1 tbsp. oil and 2 tsp. salt.", "Stir."],
    "Roll into 1.5 in. balls.": ["Roll into 1.5 in. balls."],
    "Use 2.5 cups of flour! Then knead.": ["Use 2.5 cups of flour!", "Then knead."],
    "Mix well (see Dr. Oetker's note. It helps). Bake.": [
        "Mix well (see Dr. Oetker's note. It helps).",
        "Bake.",
    ],
    "Bake it. (Do not brown.) Cool.": ["Bake it.", "(Do not brown.)", "Cool."],
    "Stir, etc. until thick. Serve.": ["Stir, etc. until thick.", "Serve."],
    "Wait... then pour.": ["Wait... then pour."],
    "Boil. then cool": ["Boil.", "then cool"],
    "Mix eggs.Beat well.": ["Mix eggs.", "Beat well."],
    'Press "start." Walk away.': ['Press "start."', "Walk away."],
    "Cook 1 min. or until done.": ["Cook 1 min. or until done."],
    "Is it done? Serve!": ["Is it done?", "Serve!"],
    "1) Preheat oven.": ["Preheat oven."],
    "2. Mix eggs.": ["Mix eggs."],
    "Step 3: Pour.": ["Pour."],
    "(4) Pour.": ["Pour."],
    "- Pour.": ["Pour."],
    "• Pour.\n• Stir.": ["Pour.", "Stir."],
    "1. Mix. 2. Bake.": ["Mix.", "Bake."],
    "Mix.\n\nBake": ["Mix.", "Bake"],
    "2 cups of flour go in.": ["2 cups of flour go in."],
    "12 in. pan": ["12 in. pan"],
    "Peel the jalapeñ. os Żoz. then stir.": ["Peel the jalapeñ.", "os Żoz.", "then stir."],
    "Make the purée.Beat them.Épluchez.": ["Make the purée.", "Beat them.", "Épluchez."],
    "Make the pure\u0301.E\u0301crasez.": ["Make the pure\u0301.", "E\u0301crasez."],
    "Bake (it. Stir. (Now. Cool.": ["Bake (it.", "Stir.", "(Now.", "Cool."],
    "Bake (a (b. c) d. e) f. Cool.": ["Bake (a (b. c) d. e) f.", "Cool."],
    "350. ": [],
    "": [],
    " \n ": [],
    "***": [],
}


@pytest.mark.parametrize("instruction", CASES)
def test_sentences(instruction):
    assert split(instruction) == CASES[instruction]


@given(st.text())
def test_sentences_are_pieces_of_the_instruction_in_order(instruction):
    at = 0
    for sentence in split(instruction):
        assert sentence == sentence.strip() and any(map(str.isalpha, sentence))
        at = instruction.index(sentence, at) + len(sentence)


def test_real_instructions_lose_no_letter_but_numbering(shared_data):
    from foretaste.text.recipes import read_recipes

    for recipe in read_recipes(shared_data / "recipes" / "layer1_public_domain_a.json"):
        for instruction in recipe.instructions:
            kept = "".join(split(instruction))
            letters = [c for c in instruction if c.isalpha()]
            lost = len(letters) - sum(map(str.isalpha, kept))
            assert 0 <= lost <= 4, (instruction, split(instruction))
