"""Accuracy on real gold, with floors on the rows that no rule was shaped on (docs/openie.md says how they
are parted).
"""

from __future__ import annotations

import openie_gold as gold
import pytest

from foretaste.openie.rules import Config, Rules

EXTRACT = Rules(Config()).extract


@pytest.fixture(scope="module")
def narrations(shared_data):
    return gold.read_epic(shared_data / "epic55" / "EPIC_train_action_labels.csv")


def test_narrations(narrations):
    assert len(narrations) == 28472
    everything = gold.epic_figures(narrations, EXTRACT)
    unseen = gold.epic_figures([row for row in narrations if not gold.developed_on(row)], EXTRACT)
    assert everything["verb"] >= 99.5 and everything["object_head"] >= 94.1 and everything["both"] >= 93.8
    assert unseen["verb"] >= 99.4 and unseen["object_head"] >= 93.0 and unseen["both"] >= 92.9


@pytest.mark.parametrize(("split", "instructions"), [("train", 1063), ("dev", 489)])
def test_recipes(shared_data, split, instructions):
    counts = gold.risec_counts(
        gold.read_risec(shared_data / "risec" / "risec_train_dev.tar.gz", split), EXTRACT
    )
    figures = counts.figures()
    assert counts.items == instructions
    assert figures["predicate_f1"] >= 96.5 and figures["pair_f1"] >= 89.0
    assert figures["object"] >= (95.0 if split == "train" else 91.0)


@pytest.mark.parametrize(
    ("file", "sentences"), [("dev.oie.conll.gz", 582), ("wiki1.train.oie.conll.gz", 1056)]
)
def test_prose_is_gated(shared_data, file, sentences):
    prose = gold.read_prose(shared_data / "openie" / file)
    figures = gold.prose_figures(prose, EXTRACT)
    assert len(prose) == sentences
    assert figures["fired"] <= 6.0 and figures["precision"] >= 60.0


def test_heads_of_gold_spans():
    assert gold.heads("1/2 cup cheese") == {"cheese"}
    assert gold.heads("the center of each crepe") == {"center", "crepe"}
    assert gold.heads("the mixture in the bowl") == {"mixture", "bowl"}
    assert gold.heads("Remaining TOMATOES") == {"tomato"}


def test_a_gold_action_is_matched_once_and_misses_are_told():
    instruction = gold.Instruction(
        "soup", "Chop onions and boil.", {(0, 4): frozenset({"onion"}), (16, 20): frozenset()}
    )
    judged = list(gold.judge_risec([instruction], EXTRACT))
    assert [(e.verb, span, right) for _, e, span, right in judged] == [
        ("chop", (0, 4), True),
        ("boil", (16, 20), None),
    ]
    missed = list(gold.judge_risec([instruction], lambda text: []))
    assert [(e, span, right) for _, e, span, right in missed] == [
        (None, (0, 4), False),
        (None, (16, 20), None),
    ]
    counts = gold.risec_counts([instruction], EXTRACT)
    assert counts.figures()["predicate_f1"] == counts.figures()["pair_f1"] == 100.0
    assert gold.risec_counts([instruction], lambda text: []).figures()["object"] is None
