"""Which words a parser is asked about, by hand and on gold."""

from __future__ import annotations

import openie_gold as gold
import pytest

from foretaste.openie.predicates import verbs


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("open drawer", "open"),
        ("Grease a baking dish and mix the flour.", "Grease mix"),
        (
            "Add the chopped onions and continue cooking until they are softened.",
            "Add continue cooking softened",
        ),
        ("When the oil begins to smoke, add the salt.", "begins smoke add"),
        ("Stir-fry the butter, salt and baked beans.", "Stir-fry"),
        ("Pick up the cover; you can cover the pan.", "Pick cover"),
        ("Saute\u0301 the jalapen\u0303os and chop the Żubrówka.", "Saute\u0301 chop"),
        ("Salt and pepper", ""),
        ("", ""),
    ],
)
def test_verbs(sentence, expected):
    found = verbs(sentence)
    assert [sentence[start:stop] for start, stop in found] == expected.split()
    assert found == sorted(found)


def test_nearly_every_gold_action_is_asked_about(shared_data):
    asked = total = 0
    for instruction in gold.read_risec(shared_data / "risec" / "risec_train_dev.tar.gz", "dev"):
        found = verbs(instruction.text)
        asked += sum(any(a < stop and start < b for a, b in found) for start, stop in instruction.actions)
        total += len(instruction.actions)
    assert total > 600 and asked / total >= 0.96
