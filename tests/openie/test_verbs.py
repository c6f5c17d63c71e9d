from __future__ import annotations

import pytest

from foretaste.openie.verbs import bases, gerund, guess_base, past_forms, third_person

FORMS = {
    "chop": ("chops", "chopping", "chopped"), "stir": ("stirs", "stirring", "stirred"), "bake": ("bakes",
    "baking", "baked"), "mix": ("mixes", "mixing", "mixed"),
    "fry": ("fries", "frying", "fried"), "tie": ("ties", "tying", "tied"), "open": ("opens", "opening",
    "opened"), "season": ("seasons", "seasoning", "seasoned"),
    "transfer": ("transfers", "transferring", "transferred"), "simmer": ("simmers", "simmering", "simmered"),
    "peel": ("peels", "peeling", "peeled"),
    "drain": ("drains", "draining", "drained"), "wash": ("washes", "washing", "washed"),
    "squeeze": ("squeezes", "squeezing", "squeezed"), "skim": ("skims", "skimming", "skimmed"),
    "puree": ("purees", "pureeing", "pureed"), "glue": ("glues", "gluing", "glued"), "squat": ("squats",
    "squatting", "squatted"), "whip": ("whips", "whipping", "whipped"),
    "scoop": ("scoops", "scooping", "scooped"), "lay": ("lays", "laying", "laid"), "beat": ("beats",
    "beating", "beaten"), "break": ("breaks", "breaking", "broken"),
    "cut": ("cuts", "cutting", "cut"), "freeze": ("freezes", "freezing", "frozen"), "quit": ("quits",
    "quitting", "quitted"),
}  # fmt: skip


@pytest.mark.parametrize("base", FORMS)
def test_forms_and_back(base):
    third, ing, past = FORMS[base]
    assert (third_person(base), gerund(base)) == (third, ing) and past in past_forms(base)
    table = bases([base])
    assert table[third] == ("third", base) and table[ing] == ("gerund", base)
    assert past == base or table[past] == ("past", base)
    assert base not in table


@pytest.mark.parametrize(
    ("form", "base"),
    [("spooning", "spoon"), ("smushed", "smush"), ("zapping", "zap"), ("devilled", "devill"), ("smidging",
    "smidge"), ("frizzled", "frizzle"), ("spatulaed", "spatula"),
     ("capturing", "capture"), ("pleated", "pleat"), ("curried", "curry"), ("dressed", "dress"), ("sing",
     "sing")],
)  # fmt: skip
def test_the_base_of_an_unknown_form_is_guessed(form, base):
    assert guess_base(form) == base
