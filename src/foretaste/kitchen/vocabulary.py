"""The words of the world: verbs, nouns, how else people call them, and how long the actions take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Verb:
    """A verb class.

    spoken
        Other words that narrators of videos use.
    written
        Other words that recipes use (base forms; a particle follows a space).
    seconds
        Shortest and longest duration of the action.
    """

    name: str
    spoken: tuple[str, ...]
    written: tuple[str, ...]
    seconds: tuple[float, float]


@dataclass(frozen=True)
class Noun:
    """A noun class.

    spoken, written
        Other words in narrations and in recipes.
    plural
        How recipes write several of it; None for what is not counted.
    kept
        Where it is at first: fridge, cupboard, counter, or None for what never moves.
    """

    name: str
    spoken: tuple[str, ...]
    written: tuple[str, ...]
    plural: str | None
    kept: str | None


VERBS: dict[str, Verb] = {
    v.name: v
    for v in (
        Verb("take", ("grab", "get", "pick-up"), ("grab", "get", "fetch", "pick up"), (2.0, 3.4)),
        Verb("put", ("place", "set-down"), ("place", "add", "transfer", "tip"), (2.0, 3.4)),
        Verb("open", ("open-up",), ("open up",), (1.8, 2.6)),
        Verb("close", ("shut",), ("shut",), (1.6, 2.4)),
        Verb("wash", ("rinse", "clean"), ("rinse", "clean"), (3.0, 5.0)),
        Verb("cut", ("chop", "slice"), ("chop", "slice", "dice"), (3.6, 6.0)),
        Verb("peel", ("skin",), ("skin",), (3.4, 5.6)),
        Verb("grate", ("shred",), ("shred",), (3.4, 5.4)),
        Verb("crack", ("break",), ("break",), (2.4, 3.6)),
        Verb("pour", ("pour-in", "tip"), ("add", "tip in", "pour in"), (2.6, 4.2)),
        Verb("stir", ("mix", "move-around"), ("mix", "toss", "combine"), (3.0, 5.4)),
        Verb("turn-on", ("switch-on", "start"), ("switch on",), (1.8, 2.6)),
        Verb("turn-off", ("switch-off", "stop"), ("switch off",), (1.6, 2.4)),
        Verb("sprinkle", ("season", "scatter"), ("scatter", "sprinkle over"), (2.4, 3.8)),
        Verb("spread", ("smear",), ("smear",), (3.2, 5.0)),
    )
}

NOUNS: dict[str, Noun] = {
    n.name: n
    for n in (
        Noun("fridge", ("refrigerator",), ("refrigerator",), None, None),
        Noun("cupboard", ("cabinet",), ("cabinet",), None, None),
        Noun("tap", ("faucet",), ("faucet",), None, None),
        Noun("hob", ("stove", "burner"), ("stove", "burner"), None, None),
        Noun("pan", ("frying-pan",), ("skillet", "frying pan"), None, "cupboard"),
        Noun("pot", ("saucepan",), ("saucepan",), None, "cupboard"),
        Noun("bowl", ("mixing-bowl",), ("mixing bowl", "basin"), None, "cupboard"),
        Noun("plate", ("saucer",), ("serving plate",), None, "cupboard"),
        Noun("knife", ("blade",), ("kitchen knife",), None, "counter"),
        Noun("spoon", ("ladle",), ("wooden spoon",), None, "counter"),
        Noun("onion", (), ("shallot", "red onion"), "onions", "cupboard"),
        Noun("tomato", (), ("plum tomato",), "tomatoes", "fridge"),
        Noun("potato", (), ("spud", "waxy potato"), "potatoes", "cupboard"),
        Noun("carrot", (), ("young carrot",), "carrots", "fridge"),
        Noun("mushroom", (), ("button mushroom", "champignon"), "mushrooms", "fridge"),
        Noun("cheese", ("cheddar",), ("cheddar", "gruyere"), None, "fridge"),
        Noun("egg", (), ("free-range egg",), "eggs", "fridge"),
        Noun("milk", (), ("whole milk",), None, "fridge"),
        Noun("butter", (), ("unsalted butter",), None, "fridge"),
        Noun("flour", (), ("plain flour",), None, "cupboard"),
        Noun("oil", ("olive-oil",), ("olive oil",), None, "cupboard"),
        Noun("salt", (), ("sea salt",), None, "cupboard"),
        Noun("pasta", ("spaghetti",), ("spaghetti", "macaroni"), None, "cupboard"),
        Noun("rice", (), ("risotto rice", "basmati"), None, "cupboard"),
        Noun("bread", ("loaf",), ("loaf",), None, "cupboard"),
        Noun("water", (), ("cold water",), None, "counter"),
        Noun("batter", ("mixture",), ("mixture",), None, None),
    )
}

VERB_IDS = {name: number for number, name in enumerate(VERBS)}
NOUN_IDS = {name: number for number, name in enumerate(NOUNS)}

#: Steps that cooks do and recipes often leave out.
TRIVIAL = frozenset({"take", "open", "close", "wash", "turn-on", "turn-off"})
VESSELS = ("pan", "pot", "bowl", "plate")
FOODS = tuple(
    name
    for name, noun in NOUNS.items()
    if name not in (*VESSELS, "knife", "spoon") and (noun.kept or name == "batter")
)
