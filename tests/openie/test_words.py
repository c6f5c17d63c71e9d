from __future__ import annotations

import pytest

from foretaste.openie import words
from foretaste.openie.words import TAGS, WORDS, classify, tokenise

TOKENS = {
    "Don't over-mix the cook's 1/2 cup.": ["Don't", " over-mix", " the", " cook's", " 1/2", " cup", "."],
    "Add 2 tsp. salt.": ["Add", " 2", " tsp.", " salt", "."],
    "Heat to 350°F (175°C).": ["Heat", " to", " 350°F", " (", "175°C", ")", "."],
    "a 9x13-inch pan, 1.5 cm": ["a", " 9x13-inch", " pan", ",", " 1.5", " cm"],
    "an 8-in. pan. Stir": ["an", " 8-in.", " pan", ".", " Stir"],
    "confectioners' sugar": ["confectioners'", " sugar"],
    "stir fry beef": ["stir fry", " beef"],
    "purée crème": ["purée", " crème"],
    "Żubrówka-sauce œufs": ["Żubrówka-sauce", " œufs"],
    "pure\u0301e of jalapen\u0303os": ["pure\u0301e", " of", " jalapen\u0303os"],
    "½cup, 2² ⅔ cup": ["½", "cup", ",", " 2²", " ⅔", " cup"],
    "from the U.S. market, e.g. salt": ["from", " the", " U.S.", " market", ",", " e.g.", " salt"],
    "Dr. Oetker": ["Dr.", " Oetker"],
    "  stir  ": ["  stir"],
    "": [],
}


@pytest.mark.parametrize("text", TOKENS)
def test_tokens(text):
    assert tokenise(text) == TOKENS[text]


CLASSED = {
    "Add": ("V", "add"), "stir": ("A", "stir"), "spoon": ("h", "spoon"), "salt": ("H", "salt"), "dry": ("J",
    "dry"), "stirring": ("G", "stir"), "baking": ("g", "bake"), "chopped": ("E", "chop"),
    "frozen": ("a", "frozen"), "opens": ("Z", "open"), "onions": ("N", "onions"), "quickly": ("R", "quickly"),
    "family": ("N", "family"), "reheat": ("A", "reheat"), "unwrapping": ("G", "unwrap"),
    "rechop": ("V", "rechop"), "14.5-ounce": ("M", "14.5-ounce"), "two-thirds": ("M", "two-thirds"),
    "½": ("M", "½"), "minutes": ("t", "minutes"), "and/or": ("C", "and/or"), "don’t": ("~", "don't"),
    "zucchini": ("N", "zucchini"),
    "blorp": ("u", "blorp"), "gluten-free": ("a", "gluten-free"), "half-moon": ("u", "half-moon"),
    "consistency": ("N", "consistency"), "delicious": ("a", "delicious"), "letting": ("L", "let"),
    "cans": ("N", "can"), "—": ("-", "—"), "¶": ("_", "¶"),
}  # fmt: skip


@pytest.mark.parametrize("token", CLASSED)
def test_classes(token):
    word = classify(" " + token)
    assert (word.tag, word.base) == CLASSED[token]
    assert WORDS[token] == classify(token) and TAGS[token] == word.tag


def test_accents_that_are_characters_of_their_own_change_no_class():
    for composed, apart in (
        ("sauté", "saute\u0301"),
        ("Purée", "Pure\u0301e"),
        ("jalapeños", "jalapen\u0303os"),
    ):
        assert classify(apart) == classify(composed)
    assert classify("Saute\u0301").tag == "V" and classify("jalapen\u0303os").noun == "jalapeño"


def test_memory_of_words_is_bounded():
    size = 1 << 17
    for number in range(size + 10):
        TAGS[f"{number}"]
    assert len(TAGS) <= size and len(WORDS) <= size
    TAGS.clear()
    WORDS.clear()
    assert words.TAGS[" stir"] == "A"
