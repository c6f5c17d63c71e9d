"""What an extraction holds, and the settings that change it."""

from __future__ import annotations

import pytest
from found_steps import RULES, found

from foretaste.contracts.errors import ConfigError
from foretaste.openie.rules import Config, Rules
from foretaste.settings import families

CANONICAL = {
    "Bring the water to a boil.": (["boil: water"], ["bring: water"]),
    "Bring to a rolling boil.": (["boil"], ["bring"]),
    "Bring milk, sugar and salt to a simmer.": (["simmer: milk"], ["bring: milk"]),
    "Bring the meat to room temperature.": (["bring: meat"], ["bring: meat"]),
    "Let stand 15 minutes.": (["stand"], ["let"]),
    "Let the dough rise in a warm place.": (["rise: dough"], ["let: dough"]),
    "Allow the cake to cool completely.": (["cool: cake"], ["allow: cake"]),
    "Use a sharp knife to cut the cake.": (["cut: cake"], ["use: knife"]),
    "Continue stirring the sauce.": (["stir: sauce"], ["continue: sauce"]),
    "Continue to cook.": (["cook"], ["continue"]),
}


@pytest.mark.parametrize("sentence", CANONICAL)
def test_canonical_names_the_action_rather_than_the_verb_that_leads_to_it(sentence):
    canonical, literal = CANONICAL[sentence]
    assert found(sentence) == canonical
    assert found(sentence, Rules(Config(canonical=False))) == literal


def test_fields_spans_and_objects_as_written():
    sentence = "1) Then, pick up the 2 cups of sifted flour."
    (extraction,) = RULES.extract(sentence)
    assert extraction == ("pick up", (9, 16), "2 cups of sifted flour", "flour", (21, 43), None)
    assert sentence[9:16] == "pick up" and sentence[21:43] == extraction.object


def test_a_particle_after_the_object_leaves_the_span_to_the_verb():
    (extraction,) = RULES.extract("Turn the heat off.")
    assert (extraction.verb, extraction.verb_span, extraction.object_span) == ("turn off", (0, 4), (9, 13))


def test_first_and_second_persons_are_subjects():
    (extraction,) = RULES.extract("We then add the eggs.")
    assert (extraction.verb, extraction.object_head, extraction.subject) == ("add", "egg", "We")


def test_accents_and_letters_of_any_kind_belong_to_words():
    for text, thing, head in (
        ("Chop the jalapen\u0303o.", "jalapen\u0303o", "jalapeño"), ("Saute\u0301 the cre\u0300mes.",
        "cre\u0300mes", "crème"),
        ("Add the Żubrówka.", "Żubrówka", "żubrówka"), ("Add ½cup œufs.", "½cup œufs", "œuf"),
    ):  # fmt: skip
        (extraction,) = RULES.extract(text)
        assert (extraction.object, extraction.object_head) == (thing, head) and text[
            slice(*extraction.object_span)
        ] == thing
    assert RULES.extract("Saute\u0301 it.")[0].verb == "sauté"


def test_any_number_of_joined_objects():
    assert len(Rules(Config(objects="each")).extract("Add " + "the salt, " * 3000 + "and milk.")) == 3001


def test_each_joined_object_is_a_setting():
    rules = Rules(Config(objects="each"))
    assert found("Add the eggs, a cup of milk and the salt, and mix well.", rules) == [
        "add: egg",
        "add: milk",
        "add: salt",
        "mix",
    ]
    assert found("Wash and chop the onions and carrots.", rules) == [
        "wash: onion",
        "wash: carrot",
        "chop: onion",
        "chop: carrot",
    ]
    assert found("Take the pan and wash it.", rules) == ["take: pan", "wash: it"]


AS_PUBLISHED = {
    "preheat the oven to 350 degrees f.": [("preheat", "the oven")],
    "grease a baking dish": [("grease", None)],
    "grease a baking dish.": [("grease", "a baking dish")],
    "stirring the salt and the black pepper into it.": [("stirring", "the salt and the black pepper")],
    "bring the water to a boil.": [("bring", "the water")],
    "Add Salt and Pepper.": [("add", "salt and pepper")],
    "We Add the Eggs.": [("add", "the eggs")],
    "add 2 cups of flour, the milk, and half of the sugar.": [
        ("add", "2 cups of flour, the milk, and half of the sugar")
    ],
}


@pytest.mark.parametrize("sentence", AS_PUBLISHED)
def test_as_published_keeps_forms_and_whole_objects_and_loses_the_last_without_a_period(sentence):
    rules = Rules(Config(as_published=True))
    got = rules.extract(sentence)
    assert [(e.verb, e.object) for e in got] == AS_PUBLISHED[sentence]
    assert all(e.object is None or sentence[slice(*e.object_span)].lower() == e.object for e in got)
    assert all(e.subject is None or e.subject.islower() for e in got)


@pytest.mark.parametrize(("setting", "value"), [("objects", "each"), ("canonical", True)])
def test_as_published_and_its_opposite_are_not_both_accepted(setting, value):
    with pytest.raises(ConfigError, match=f"as_published keeps .*use {setting}: "):
        families.build("openie", {"kind": "rules", "as_published": True, setting: value}, "openie.backend")
    agreed = Config(as_published=True, canonical=False, objects="first")
    assert Rules(agreed).extract("Bring it to a boil.") == Rules(Config(as_published=True)).extract(
        "Bring it to a boil."
    )
