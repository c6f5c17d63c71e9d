from __future__ import annotations

import json

import pytest

from foretaste.contracts.errors import ConfigError
from foretaste.text.templates import template, words


def _split(name: str) -> tuple[str, str]:
    verb, _, noun = name.strip().partition("_")
    return verb, noun


def test_published_phrases_and_histories(shared_golden):
    golden = json.loads((shared_golden / "teacher_text.json").read_text())
    ours = {}
    for name, key in (("egtea", "egtea"), ("epic55", "ek55")):
        made = template(name)
        ours[key] = [made.phrase(*_split(case["name"])) for case in golden["phrases"][key]]
        assert ours[key] == [case["text"] for case in golden["phrases"][key]]
        assert made.history(ours[key], last=2) == golden["history"][f"{key}_last2"]
        assert made.history([]) == golden["history"]["empty"]


def test_published_templates_to_the_character():
    assert template("egtea").phrase("Fold/Roll", "tea:towel") == "fold or roll <v> tea towel"
    assert template("epic55").phrase("pick-up", "jug:measuring") == " pick-up <v> measuring jug"
    assert template("epic55").history([" take <v> pan", " open <v> lid"]) == " take <v> pan <a>  open <v> lid"


def test_plain_is_english():
    plain = template("plain")
    assert plain.phrase("pick-up", "board:chopping") == "pick up chopping board"
    assert plain.phrase("lift", "lid:jar:glass") == "lift glass jar lid"
    assert template("plain_in_order").phrase("Take", "eating:utensil") == "take eating utensil"
    assert plain.history(["take pan", "open fridge"]) == "take pan, open fridge"


@pytest.mark.parametrize(("last", "expected"), [(None, "a, b, c"), (2, "b, c"), (0, ""), (9, "a, b, c")])
def test_only_the_latest_are_kept(last, expected):
    assert template("plain").history(["a", "b", "c"], last) == expected


def test_words_of_a_class_name():
    assert words("Fold/Roll") == ["fold", "roll"]
    assert words("pick-up") == ["pick", "up"]
    assert words("board:chopping") == ["board", "chopping"]


def test_an_unknown_template_lists_the_choices():
    with pytest.raises(ConfigError, match=r"unknown template 'plan'.*did you mean 'plain'"):
        template("plan")
