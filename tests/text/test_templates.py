from __future__ import annotations

import json

import pytest

from foretaste.contracts.errors import ConfigError
from foretaste.text.templates import template, words
from foretaste.text.wording import Wording


def _split(name: str) -> tuple[str, str]:
    verb, _, noun = name.strip().partition("_")
    return verb, noun


def _history(name: str, phrases: list[str]) -> str:
    return Wording(template=template(name)).text(phrases, [0.0] * len(phrases))


def test_published_phrases_and_histories(shared_golden):
    golden = json.loads((shared_golden / "teacher_text.json").read_text())
    ours = {}
    for name, key in (("egtea", "egtea"), ("epic55", "ek55")):
        made = template(name)
        ours[key] = [made.phrase(*_split(case["name"])) for case in golden["phrases"][key]]
        assert ours[key] == [case["text"] for case in golden["phrases"][key]]
        assert _history(name, ours[key][-2:]) == golden["history"][f"{key}_last2"]
        assert _history(name, []) == golden["history"]["empty"]


def test_published_templates_to_the_character():
    assert template("egtea").phrase("Fold/Roll", "tea:towel") == "fold or roll <v> tea towel"
    assert template("epic55").phrase("pick-up", "jug:measuring") == " pick-up <v> measuring jug"
    assert _history("epic55", [" take <v> pan", " open <v> lid"]) == " take <v> pan <a>  open <v> lid"


def test_plain_is_english():
    plain = template("plain")
    assert plain.phrase("pick-up", "board:chopping") == "pick up chopping board"
    assert plain.phrase("lift", "lid:jar:glass") == "lift glass jar lid"
    assert template("plain_in_order").phrase("Take", "eating:utensil") == "take eating utensil"
    assert _history("plain", ["take pan", "open fridge"]) == "take pan, open fridge"


def test_words_of_a_class_name():
    assert words("Fold/Roll") == ["fold", "roll"]
    assert words("pick-up") == ["pick", "up"]
    assert words("board:chopping") == ["board", "chopping"]


def test_an_unknown_template_lists_the_choices():
    with pytest.raises(ConfigError, match=r"unknown template 'plan'.*did you mean 'plain'"):
        template("plan")
