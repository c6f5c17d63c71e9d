"""How a recipe puts a step: nouns with quantities, verbs with synonyms, and what is said beside them."""

from __future__ import annotations

from random import Random

from foretaste.kitchen.plan import Step
from foretaste.kitchen.vocabulary import NOUNS, VERBS

#: Amounts, by noun; ``{}`` is the noun as the recipe calls it.
AMOUNTS = {
    "milk": ("200 ml of {}", "half a cup of {}", "a splash of {}"),
    "butter": ("a knob of {}", "30 g of {}", "2 tablespoons of {}"),
    "flour": ("150 g of {}", "a cup of {}", "1 1/2 cups of {}"),
    "oil": ("2 tablespoons of {}", "a little {}", "a glug of {}"),
    "salt": ("a pinch of {}", "1/2 teaspoon of {}", "a little {}"),
    "pasta": ("300 g of {}", "12 oz of {}"),
    "rice": ("a cup of {}", "250 g of {}"),
    "cheese": ("50 g of {}", "a handful of {}", "2 oz of {}"),
    "water": ("1 litre of {}", "2 cups of {}", "plenty of {}"),
    "bread": ("half the {}",),
}
ADJECTIVES = {
    "pan": ("large", "heavy", "non-stick"), "pot": ("large", "deep"), "bowl": ("large", "small"),
    "plate": ("warm", "clean"),
    "knife": ("sharp", "large"), "spoon": ("long",), "onion": ("large", "small"), "tomato": ("ripe", "firm"),
    "potato": ("large", "medium"), "carrot": ("small", "thick"), "mushroom": ("fresh", "brown"),
    "egg": ("large", "beaten"),
    "milk": ("warm",), "butter": ("soft", "cold"), "bread": ("crusty", "fresh"), "cheese": ("hard", "mature"),
    "batter": ("smooth",),
}  # fmt: skip
PARTICIPLES = {
    "take": "taken", "grab": "grabbed", "get": "got", "fetch": "fetched", "pick": "picked", "put": "put",
    "place": "placed", "add": "added",
    "transfer": "transferred", "tip": "tipped", "open": "opened", "close": "closed", "shut": "shut",
    "wash": "washed", "rinse": "rinsed",
    "clean": "cleaned", "cut": "cut", "chop": "chopped", "slice": "sliced", "dice": "diced", "peel": "peeled",
    "skin": "skinned",
    "grate": "grated", "shred": "shredded", "crack": "cracked", "break": "broken", "pour": "poured",
    "stir": "stirred", "mix": "mixed",
    "toss": "tossed", "combine": "combined", "turn": "turned", "switch": "switched", "sprinkle": "sprinkled",
    "scatter": "scattered",
    "spread": "spread", "smear": "smeared",
}  # fmt: skip
#: What may follow a verb and its object.
TAILS = {
    "cut": ("into small pieces", "into thin slices", "finely", "with a sharp knife", "into cubes of 1 cm"),
    "peel": ("carefully", "with a peeler"),
    "grate": ("coarsely", "onto the board"),
    "wash": ("under the tap", "in cold water", "well"),
    "stir": ("for 5 minutes", "until golden", "until soft, about 10 minutes", "gently", "with a wooden spoon",
    "until everything is hot", "2-3 minutes"),
    "turn-on": ("to a medium heat", "to a high heat"),
    "crack": ("one at a time",),
    "pour": ("slowly", "in a thin stream"),
    "sprinkle": ("to taste", "evenly"),
    "spread": ("thickly", "right to the edges"),
}  # fmt: skip
OPENINGS = (
    "Meanwhile,", "Next,", "Then", "After that,", "To begin,", "While the pan heats up,", "When everything "
    "is ready,", "After 5 minutes,",
    "As soon as it is hot,", "Once the kitchen is tidy,", "In the meantime,", "If you like,",
)  # fmt: skip
#: Sentences that tell no step of the dish.
ASIDES = (
    "Serves four.", "This dish is best eaten at once.", "Leftovers keep for two days.", "A heavy pan works "
    "best here.",
    "The smell is wonderful.", "It should be golden and fragrant.", "My grandmother made this every Sunday.",
    "The oven is not needed.",
    "Do not let it burn.", "About 20 minutes in all.", "Total time: 35 minutes.", "The mixture will look "
    "thin at first.",
    "Never leave it alone.", "Good bread is half the meal.", "Enjoy!",
    "The water should be at 100 degrees C.", "There is no need to hurry.",
    "Everything can be done a day ahead.", "Warm plates are a nice touch.", "Vegetarians will love it.",
)  # fmt: skip
PLURALS = {"tomato": "tomatoes", "potato": "potatoes"}
INTO = {"pan": "into", "pot": "into", "bowl": "into", "plate": "onto"}


class Words:
    """Chooses words for one recipe, from one stream of random numbers; ``synonyms`` is the share of other
    words.
    """

    def __init__(self, random: Random, synonyms: float):
        self.random = random
        self.synonyms = synonyms

    def noun(self, name: str) -> str:
        """A noun, or another word for it."""
        return self._or_other(name, NOUNS[name].written)

    def verb(self, name: str) -> str:
        """A verb, its particle after a space, or another word for it."""
        return self._or_other(name.replace("-", " "), VERBS[name].written)

    def object(self, step: Step) -> str:
        """The object of a step: determiner or amount, perhaps an adjective, and the noun."""
        noun, word = NOUNS[step.noun], self.noun(step.noun)
        chance = self.random.random()
        if noun.plural and chance < 0.45:
            words = word.split()
            several = " ".join([*words[:-1], PLURALS.get(words[-1], words[-1] + "s")])
            return self.random.choice(("the {}", "the {}", "{}", "2 {}", "3 large {}")).format(several)
        if (
            step.noun in AMOUNTS
            and step.verb in ("take", "put", "pour", "sprinkle", "spread", "grate")
            and chance < 0.4
        ):
            return self.random.choice(AMOUNTS[step.noun]).format(word)
        if step.noun in ADJECTIVES and chance > 0.8:
            return f"the {self.random.choice(ADJECTIVES[step.noun])} {word}"
        article = (
            "a"
            if step.verb == "take"
            and noun.kept
            and step.noun not in AMOUNTS
            and word[0] not in "aeiou"
            and chance > 0.6
            else "the"
        )
        return f"{article} {word}"

    def place(self, step: Step) -> str:
        """Where it happens, as a phrase with its preposition; empty where nothing is said."""
        at = step.at
        if self.random.random() < 0.35 or at in ("board", "sink", "worktop", step.noun):
            return ""
        if step.verb == "take":
            return (
                f"from the {self.noun(at)}"
                if at != "counter"
                else self.random.choice(("from the drawer", ""))
            )
        if step.verb == "put":
            if at in ("fridge", "cupboard"):
                return f"back in the {self.noun(at)}"
            return (
                f"on the {self.noun(at)}"
                if at in ("hob", "plate")
                else f"{self.random.choice(('in', 'into', 'to'))} the {self.noun(at)}"
            )
        if step.verb in ("pour", "crack"):
            return f"{INTO[at]} the {self.noun(at)}"
        if step.verb == "sprinkle":
            return f"{self.random.choice(('over', 'into'))} the {self.noun(at)}"
        if step.verb == "stir":
            return f"in the {self.noun(at)}"
        return "over the bread" if step.verb == "spread" else ""

    def tail(self, step: Step) -> str:
        """How, or for how long; often nothing."""
        choices = () if step.noun == "tap" else TAILS.get(step.verb, ())
        return self.random.choice(choices) if choices and self.random.random() < 0.35 else ""

    def clause(self, step: Step) -> str:
        """An imperative clause without a full stop: "chop the onions finely"."""
        verb, thing = self.verb(step.verb), self.object(step)
        word, _, particle = verb.partition(" ")
        if particle in ("on", "off", "up") and self.random.random() < 0.3:
            verb, thing = word, f"{thing} {particle}"
        place = "" if particle in ("in", "over") else self.place(step)
        return " ".join(part for part in (verb, thing, place, self.tail(step)) if part)

    def passive(self, step: Step) -> str:
        """A passive sentence without a full stop: "the onions should be chopped"."""
        word, _, particle = self.verb(step.verb).partition(" ")
        thing = self.noun(step.noun)
        form = self.random.choice(("the {} should be {}", "the {} is {}", "now the {} can be {}"))
        return " ".join(
            part for part in (form.format(thing, PARTICIPLES[word]), particle, self.place(step)) if part
        )

    def _or_other(self, name: str, others: tuple[str, ...]) -> str:
        return self.random.choice(others) if others and self.random.random() < self.synonyms else name
