"""The singular of English nouns."""

from __future__ import annotations

from foretaste.openie.lexicon import word_set

_IRREGULAR = {
    "leaves": "leaf", "halves": "half", "knives": "knife", "loaves": "loaf", "calves": "calf",
    "shelves": "shelf", "wolves": "wolf", "lives": "life",
    "selves": "self", "thieves": "thief", "scarves": "scarf", "men": "man", "women": "woman",
    "children": "child", "people": "person", "feet": "foot", "teeth": "tooth",
    "geese": "goose", "mice": "mouse", "dice": "dice", "oxen": "ox", "fungi": "fungus", "cacti": "cactus",
    "pies": "pie", "ties": "tie", "cookies": "cookie", "brownies": "brownie",
    "smoothies": "smoothie", "veggies": "veggie", "movies": "movie", "calories": "calorie", "sties": "sty",
    "chilies": "chili", "chillies": "chilli", "zombies": "zombie",
    "potatoes": "potato", "tomatoes": "tomato", "mangoes": "mango", "heroes": "hero", "echoes": "echo",
    "avocadoes": "avocado", "jalapenoes": "jalapeno",
    "shoes": "shoe", "toes": "toe", "hoes": "hoe", "aches": "ache", "caches": "cache", "quiches": "quiche",
    "brioches": "brioche", "crises": "crisis", "bases": "base", "cases": "case",
    "axes": "axe", "raviolis": "ravioli", "kiwis": "kiwi", "zucchinis": "zucchini", "chilis": "chili",
    "broccolis": "broccoli", "paninis": "panini", "gases": "gas", "buses": "bus", "lenses": "lens",
    "geodes": "geode", "vases": "vase", "hoses": "hose", "suitcases": "suitcase", "pillowcases": "pillowcase",
}  # fmt: skip

#: Nouns that end in -s in the singular, or have no singular.
_SAME = word_set(
    """
    asparagus hummus couscous molasses swiss brussels tongs scissors grits gas bus lens glass class mass press
    cross dress grass brass boss mess series species citrus hibiscus octopus cactus bass this its us is was
    has yes plus minus thus always perhaps various cookware news tweezers pliers pants jeans clothes drippings
    trimmings dregs bitters greens contents chess address process access excess success swiss-chard
    cheesecloth lemongrass wheatgrass watercress cress christmas texas celsius radius focus virus bonus campus
    status eyeglasses sunglasses thermos chaos couscouss tapas salsas-verdes bolognaise piccalillis
    """
)


def singular(noun: str) -> str:
    """The singular of a lower-case noun; a noun that is singular already comes back as it is."""
    if not noun.endswith("s"):
        return _IRREGULAR.get(noun, noun)
    if noun in _IRREGULAR:
        return _IRREGULAR[noun]
    if noun in _SAME or len(noun) < 3 or noun.endswith(("ss", "us", "is", "'s", "’s")):
        return noun[:-2] if noun.endswith(("'s", "’s")) else noun
    if noun.endswith("ies"):
        return noun[:-3] + "y" if len(noun) > 4 else noun[:-1]
    if noun.endswith(("sses", "shes", "ches", "xes", "zzes", "uses")) and noun not in (
        "houses",
        "uses",
        "blouses",
        "cheeses",
    ):
        return noun[:-2]
    return noun[:-1]
