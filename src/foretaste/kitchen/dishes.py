"""The dishes of a world: nine kinds of cooking, each drawn with ingredients, tools and habits of its own.

Whatever a graph leaves open, a cook may do in any order (``ordering``).
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from foretaste.kitchen.plan import Dish, Plan


def _fry(plan: Plan) -> str:
    vegetables = plan.some(("onion", "tomato", "potato", "carrot", "mushroom"), 1, 2)
    fat = plan.random.choice(("oil", "butter"))
    end = plan.random.choice(("egg", "cheese", "salt"))
    plan.fetch("pan", "knife", fat, *vegetables)
    stands, hot = plan.heat("pan")
    greased = plan.grease(fat, stands)
    ready = plan.prepare(vegetables)
    plan.fetch("spoon", end)
    last = [hot, greased]
    for food in vegetables:
        inside = plan.add("put", food, "pan", food, [ready[food], *last])
        last = [plan.add("stir", food, "pan", food, [inside, *plan.got("spoon")])]
    if end == "egg":
        last = [plan.add("crack", "egg", "pan", "cooking", [*last, *plan.got("egg")])]
    elif end == "cheese":
        last = [plan.cheese("pan", last)]
    else:
        last = plan.salt("pan", "cooking", last)
    plan.add("turn-off", "hob", "hob", "cooking", last)
    return "fry-up"


def _soup(plan: Plan) -> str:
    vegetables = plan.some(("onion", "tomato", "potato", "carrot", "mushroom"), 2, 2)
    end = plan.random.choice(("milk", "butter", "salt"))
    plan.fetch("pot", "knife", *vegetables)
    filled = plan.add("pour", "water", "pot", "pot", plan.got("pot"))
    stands, hot = plan.heat("pot")
    ready = plan.prepare(vegetables)
    inside = [plan.add("put", food, "pot", food, [ready[food], filled, stands]) for food in vegetables]
    plan.fetch("spoon", end)
    stirred = plan.add("stir", vegetables[0], "pot", "cooking", [*inside, hot, *plan.got("spoon")])
    if end == "milk":
        last = [plan.add("pour", "milk", "pot", "cooking", [stirred, *plan.got("milk")])]
    elif end == "butter":
        last = [plan.add("put", "butter", "pot", "cooking", [stirred, *plan.got("butter")])]
    else:
        last = plan.salt("pot", "cooking", [stirred])
    plan.add("turn-off", "hob", "hob", "cooking", last)
    return "soup"


def _boiled(plan: Plan) -> str:
    starch = plan.random.choice(("pasta", "rice"))
    vegetable = plan.random.choice(("onion", "tomato", "carrot", "mushroom"))
    end = plan.random.choice(("cheese", "butter", "oil"))
    salted = plan.random.random() < 0.5
    plan.fetch("pot", "spoon", starch, *(["salt"] if salted else []))
    filled = plan.add("pour", "water", "pot", "pot", plan.got("pot"))
    stands, hot = plan.heat("pot")
    salt = plan.salt("pot", "pot", [filled])
    boiling = plan.add("pour", starch, "pot", "pot", [hot, filled, stands, *salt, *plan.got(starch)])
    stirred = plan.add("stir", starch, "pot", "pot", [boiling, *plan.got("spoon")])
    plan.fetch("knife", vegetable, end)
    ready = plan.prepare([vegetable])
    inside = plan.add("put", vegetable, "pot", vegetable, [ready[vegetable], stirred])
    off = plan.add("turn-off", "hob", "hob", "cooking", [inside])
    if end == "cheese":
        plan.cheese("pot", [off])
    else:
        plan.add("pour" if end == "oil" else "put", end, "pot", "cooking", [off, *plan.got(end)])
    return starch


def _salad(plan: Plan) -> str:
    vegetables = plan.some(("onion", "tomato", "carrot", "mushroom", "potato"), 2, 3)
    end = plan.random.choice(("cheese", "salt", "oil"))
    plan.fetch("bowl", "knife", *vegetables)
    ready = plan.prepare(vegetables, ["carrot"] if plan.random.random() < 0.5 else [])
    inside = [plan.add("put", food, "bowl", food, [ready[food], *plan.got("bowl")]) for food in vegetables]
    plan.fetch("spoon", end)
    if end == "cheese":
        last = [plan.cheese("bowl", inside[:1])]
    elif end == "oil":
        last = [plan.add("pour", "oil", "bowl", "cooking", [inside[0], *plan.got("oil")])]
    else:
        last = plan.salt("bowl", "cooking", inside[:1])
    plan.add("stir", vegetables[-1], "bowl", "cooking", [*inside, *last, *plan.got("spoon")])
    return "salad"


def _sandwich(plan: Plan) -> str:
    toppings = plan.some(("onion", "tomato", "mushroom", "cheese", "carrot"), 1, 2)
    salted = plan.random.random() < 0.5
    plan.fetch("plate", "knife", "bread")
    cut = plan.prepare(["bread"])
    served = plan.add("put", "bread", "plate", "bread", [cut["bread"], *plan.got("plate")])
    plan.fetch("butter", *toppings, *(["salt"] if salted else []))
    last = [plan.add("spread", "butter", "plate", "bread", [served, *plan.got("butter", "knife")])]
    ready = plan.prepare(toppings, ["carrot"])
    for food in toppings:
        last = [plan.add("put", food, "plate", food, [ready[food], *last])]
    plan.salt("plate", "cooking", last)
    return "sandwich"


def _omelette(plan: Plan) -> str:
    filling = plan.random.choice(("onion", "tomato", "mushroom", "cheese", "potato"))
    fat = plan.random.choice(("oil", "butter"))
    wet = plan.random.choice(("milk", "salt"))
    plan.fetch("bowl", "egg", "spoon", wet)
    cracked = plan.add("crack", "egg", "bowl", "egg", plan.got("egg", "bowl"))
    mixed = [cracked]
    if wet == "milk":
        mixed.append(plan.add("pour", "milk", "bowl", "egg", [cracked, *plan.got("milk")]))
    mixed += plan.salt("bowl", "egg", [cracked])
    stirred = plan.add("stir", "egg", "bowl", "egg", [*mixed, *plan.got("spoon")])
    plan.fetch("pan", "knife", filling, fat)
    stands, hot = plan.heat("pan")
    greased = plan.grease(fat, stands)
    poured = plan.add("pour", "egg", "pan", "cooking", [stirred, hot, greased], source="bowl")
    if filling == "cheese":
        last = plan.cheese("pan", [poured])
    else:
        last = plan.add("put", filling, "pan", filling, [plan.prepare([filling])[filling], poured])
    plan.add("turn-off", "hob", "hob", "cooking", [last])
    return "omelette"


def _mash(plan: Plan) -> str:
    second = plan.random.choice(("carrot", "onion", None))
    roots = ["potato", *([second] if second else [])]
    end = plan.random.choice(("butter", "milk", "cheese"))
    plan.fetch("pot", "knife", *roots)
    ready = plan.prepare(roots)
    filled = plan.add("pour", "water", "pot", "pot", plan.got("pot"))
    stands, hot = plan.heat("pot")
    inside = [plan.add("put", food, "pot", food, [ready[food], filled, stands]) for food in roots]
    off = plan.add("turn-off", "hob", "hob", "cooking", [*inside, hot])
    plan.fetch("spoon", "salt", end)
    salt = plan.salt("pot", "cooking", [off])
    if end == "cheese":
        last = plan.cheese("pot", [off])
    else:
        last = plan.add("pour" if end == "milk" else "put", end, "pot", "cooking", [off, *plan.got(end)])
    plan.add("stir", "potato", "pot", "cooking", [last, *salt, *plan.got("spoon")])
    return "mash"


def _pancake(plan: Plan) -> str:
    fat = plan.random.choice(("oil", "butter"))
    extra = plan.random.choice(("cheese", "carrot", "potato", None))
    plan.fetch("bowl", "flour", "egg", "milk")
    floured = plan.add("pour", "flour", "bowl", "bowl", plan.got("flour", "bowl"))
    cracked = plan.add("crack", "egg", "bowl", "bowl", [floured, *plan.got("egg")])
    milked = plan.add("pour", "milk", "bowl", "bowl", [floured, *plan.got("milk")])
    mixed = [cracked, milked]
    plan.fetch("spoon", "pan", fat, *([extra] if extra else []))
    if extra:
        grated = plan.prepare([extra], [extra])[extra]
        mixed.append(plan.add("put", extra, "bowl", extra, [grated, floured]))
    stirred = plan.add("stir", "batter", "bowl", "bowl", [*mixed, *plan.got("spoon")])
    stands, hot = plan.heat("pan")
    greased = plan.grease(fat, stands)
    poured = plan.add("pour", "batter", "pan", "cooking", [stirred, hot, greased], source="bowl")
    plan.add("turn-off", "hob", "hob", "cooking", [poured])
    if plan.random.random() < 0.5:
        plan.errand("fridge", "put", ["milk", *(["butter"] if fat == "butter" else [])], [milked, greased])
    return "pancake"


def _risotto(plan: Plan) -> str:
    vegetable = plan.random.choice(("onion", "carrot", "mushroom", "tomato"))
    fat = plan.random.choice(("oil", "butter"))
    end = plan.random.choice(("cheese", "salt"))
    plan.fetch("pan", "knife", fat, vegetable)
    ready = plan.prepare([vegetable])
    stands, hot = plan.heat("pan")
    greased = plan.grease(fat, stands)
    inside = plan.add("put", vegetable, "pan", vegetable, [ready[vegetable], hot, greased])
    plan.fetch("spoon", "rice", end)
    rice = plan.add("pour", "rice", "pan", "cooking", [inside, *plan.got("rice")])
    wet = plan.add("pour", "water", "pan", "cooking", [rice])
    stirred = plan.add("stir", "rice", "pan", "cooking", [wet, *plan.got("spoon")])
    last = plan.salt("pan", "cooking", [stirred]) if end == "salt" else [plan.cheese("pan", [stirred])]
    plan.add("turn-off", "hob", "hob", "cooking", last)
    return "risotto"


KINDS: tuple[Callable[[Plan], str], ...] = (
    _fry,
    _soup,
    _boiled,
    _salad,
    _sandwich,
    _omelette,
    _mash,
    _pancake,
    _risotto,
)

#: What is in every kitchen and gives no dish its name.
PLAIN = frozenset({"pan", "pot", "bowl", "plate", "knife", "spoon", "salt"})


def draw_dish(random: Random, kind: Callable[[Plan], str]) -> Dish:
    """One dish of a kind, with ingredients, order of fetching and laid things of its own."""
    plan = Plan(random)
    name = kind(plan)
    main = [thing for thing in plan.things if thing not in PLAIN and thing != name]
    return Dish(
        f"{', '.join(sorted(main))} {name}", name, tuple(plan.things), tuple(plan.laid), tuple(plan.steps)
    )
