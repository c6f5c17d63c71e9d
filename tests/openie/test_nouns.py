from __future__ import annotations

import pytest

from foretaste.openie.nouns import singular

SINGULARS = {
    "onions": "onion", "tomatoes": "tomato", "potatoes": "potato", "berries": "berry", "cookies": "cookie",
    "pies": "pie", "leaves": "leaf", "knives": "knife",
    "loaves": "loaf", "halves": "half", "dishes": "dish", "peaches": "peach", "boxes": "box",
    "glasses": "glass", "slices": "slice", "cheeses": "cheese",
    "sauces": "sauce", "olives": "olive", "quiches": "quiche", "noodles": "noodle", "eggs": "egg",
    "children": "child", "teeth": "tooth", "oats": "oat",
    "asparagus": "asparagus", "hummus": "hummus", "molasses": "molasses", "couscous": "couscous",
    "tongs": "tongs", "scissors": "scissors", "glass": "glass",
    "gas": "gas", "rice": "rice", "this": "this", "cook's": "cook", "purees": "puree",
    "strawberries": "strawberry", "anchovies": "anchovy", "spoonfuls": "spoonful",
    "s": "s", "": "",
}  # fmt: skip


@pytest.mark.parametrize("noun", SINGULARS)
def test_singular(noun):
    assert singular(noun) == SINGULARS[noun]
    assert singular(SINGULARS[noun]) == SINGULARS[noun]
