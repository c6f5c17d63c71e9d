"""From tags to extractions: tags made by hand, and those that the authors' code was given (golden)."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from foretaste.contracts.tables import EXTRACTIONS
from foretaste.openie.extraction_table import columns
from foretaste.openie.roles import Chunk, chunks, extractions, published_extractions
from foretaste.text.phrases import PUBLISHED_DROPPED, PhraseOptions, Phrases


def answer(words: list[str], *tagged: list[str], index: list[int] | None = None) -> tuple[str, dict]:
    """The sentence of ``words`` and a worker's answer about it."""
    starts = [sum(len(word) + 1 for word in words[:at]) for at in range(len(words))]
    at = index or [next(n for n, tag in enumerate(tags) if tag == "B-V") for tags in tagged]
    verbs = [{"verb": words[n], "index": n, "tags": tags} for n, tags in zip(at, tagged, strict=True)]
    return " ".join(words), {"words": words, "starts": starts, "verbs": verbs}


def pairs(sentence: str, said: dict) -> list[tuple[str, str | None, str | None]]:
    return [(e.verb, e.object, e.object_head) for e in extractions(sentence, said)]


def test_chunks_of_bio_tags():
    tags = ["B-ARG1", "I-ARG1", "O", "B-V", "B-ARG1", "B-ARG1", "I-ARG2"]
    assert list(chunks(tags)) == [
        Chunk("ARG1", 0, 2),
        Chunk("V", 3, 4),
        Chunk("ARG1", 4, 5),
        Chunk("ARG1", 5, 6),
        Chunk("ARG2", 6, 7),
    ]
    assert list(chunks([])) == [] and list(chunks(["O", "O"])) == []


def test_the_argument_that_starts_nearest_after_the_verb_is_the_object_whatever_its_label():
    words = ["Preheat", "the", "oven", "to", "350", "degrees", "and", "grease", "2", "baking", "dishes", "."]
    first = ["B-V", "B-ARG0", "I-ARG0", "B-ARG1", "I-ARG1", "I-ARG1", *"OOOOOO"]
    second = [*"OOOOOOO", "B-V", "B-A0", "I-A0", "I-A0", "O"]
    sentence, said = answer(words, first, second)
    assert pairs(sentence, said) == [("preheat", "oven", "oven"), ("grease", "2 baking dishes", "dish")]
    for e in extractions(sentence, said):
        assert sentence[slice(*e.object_span)] == e.object and sentence[slice(*e.verb_span)].lower() == e.verb


def test_verbs_come_in_the_order_of_the_sentence_and_repeated_ones_are_kept():
    words = ["Add", "salt", ",", "beat", "eggs", ",", "add", "milk"]
    tags = [["B-V", "B-ARG1", *"OOOOOO"], [*"OOOOOO", "B-V", "B-ARG1"], [*"OOO", "B-V", "B-ARG1", *"OOO"]]
    sentence, said = answer(words, *tags)
    assert pairs(sentence, said) == [
        ("add", "salt", "salt"),
        ("beat", "eggs", "egg"),
        ("add", "milk", "milk"),
    ]


@pytest.mark.parametrize(
    ("words", "tags", "expected"),
    [
        # neither a place nor a time is an object, nor what comes before the verb, unless it is a passive's
        (["Stir", "in", "a", "bowl", "."], ["B-V", "B-ARG2", "I-ARG2", "I-ARG2", "O"], ("stir", None, None)),
        (["Pour", "into", "pans", "the", "batter"], ["B-V", "B-ARG2", "I-ARG2", "B-ARG1", "I-ARG1"], ("pour",
        "batter", "batter")),
        (["Bake", "20", "minutes", "."], ["B-V", "B-ARGM-TMP", "I-ARGM-TMP", "O"], ("bake", None, None)),
        (["The", "cook", "stirs", "."], ["B-ARG0", "I-ARG0", "B-V", "O"], ("stir", None, None)),
        (["The", "butter", "is", "melted", "."], ["B-ARG1", "I-ARG1", "O", "B-V", "O"], ("melt", "butter",
        "butter")),
        # a particle belongs to the verb however it is tagged
        (["Turn", "off", "the", "heat"], ["B-V", "I-V", "B-ARG1", "I-ARG1"], ("turn off", "heat", "heat")),
        (["Picked", "up", "knives"], ["B-V", "B-C-V", "B-ARG1"], ("pick up", "knives", "knife")),
        (["Take", "out", "milk"], ["B-V", "B-AV", "B-A0"], ("take out", "milk", "milk")),
        # of a joined object the first; a measure is looked through; auxiliaries have a base form
        (["Mix", "salt", "and", "pepper"], ["B-V", "B-ARG1", "I-ARG1", "I-ARG1"], ("mix", "salt", "salt")),
        (["Add", "2", "cups", "of", "flour"], ["B-V", "B-ARG1", *["I-ARG1"] * 3], ("add", "2 cups of flour",
        "flour")),
        (["That", "was", "dinner"], ["B-ARG1", "B-V", "B-ARG2"], ("be", "dinner", "dinner")),
    ],
)  # fmt: skip
def test_objects(words, tags, expected):
    assert pairs(*answer(words, tags)) == [expected]


def test_accents_that_are_characters_of_their_own():
    sentence, said = answer(["Saute\u0301", "the", "jalapen\u0303os"], ["B-V", "B-ARG1", "I-ARG1"])
    assert pairs(sentence, said) == [("sauté", "jalapen\u0303os", "jalapeño")]


def test_a_verb_that_the_model_does_not_mark_stands_where_it_was_asked_about():
    sentence, said = answer(["Chop", "onions"], ["O", "B-ARG1"], index=[0])
    assert pairs(sentence, said) == [("chop", "onions", "onion")]


def test_the_subject_stands_before_the_verb():
    sentence, said = answer(["We", "add", "eggs"], ["B-ARG0", "B-V", "B-ARG1"])
    assert [(e.subject, e.verb, e.object) for e in extractions(sentence, said)] == [("We", "add", "eggs")]


def published(sentence: str, said: dict) -> list[str]:
    """The phrases that the published list of verbs leaves, "verb <v> object" as the authors wrote them."""
    batch = {"recipe_id": ["r"], "partition": ["train"], "position": [0], "text": [sentence]}
    found = columns(pa.RecordBatch.from_pydict(batch), [published_extractions(said)])
    phrases = Phrases(PhraseOptions(dropped_verbs=PUBLISHED_DROPPED, object="phrase"))
    made = phrases(pa.RecordBatch.from_pydict(found, schema=EXTRACTIONS.schema))
    return [
        f"{verb} <v> {thing}"
        for verb, thing in zip(made["verb"].to_pylist(), made["object"].to_pylist(), strict=True)
    ]


def test_published_quirks(shared_golden):
    cases = json.loads((shared_golden / "teacher_text.json").read_text())["openie_cases"]
    assert len(cases) >= 9
    for case in cases:
        assert " <a> ".join(published(*answer(case["tokens"], case["tags"]))) == case["action_text"], case


def test_several_frames_of_one_instruction_as_published(shared_golden):
    """Each frame's words stand one after the other in one sentence; of two objects the first is taken."""
    golden = json.loads((shared_golden / "teacher_text.json").read_text())
    assert set(golden["removed_verbs"]) == set(PUBLISHED_DROPPED)
    case, words, tagged = golden["openie_multi"], [], []
    for verbs, things in case["frames"]:
        tags = ["O"] * len(words) + ["B-V"]
        words += verbs
        for thing in things:
            own = thing.split()
            words += own
            tags += ["B-ARG1", *["I-ARG1"] * (len(own) - 1)]
        tagged.append(tags)
    words.append(".")
    tagged = [[*tags, *["O"] * (len(words) - len(tags))] for tags in tagged]
    assert " <a> ".join(published(*answer(words, *tagged))) == case["action_text"]


def test_an_object_that_ends_the_sentence_is_lost_as_published_and_arg0_is_none():
    sentence, said = answer(["chop", "the", "onions"], ["B-V", "B-ARG1", "I-ARG1"])
    assert [(e.verb, e.object) for e in published_extractions(said)] == [("chop", None)]
    assert pairs(sentence, said) == [("chop", "onions", "onion")]
    _, said = answer(["chop", "onions", "."], ["B-V", "B-ARG0", "O"])
    assert [(e.verb, e.object) for e in published_extractions(said)] == [("chop", None)]
    _, said = answer(["onions", "chopped"], ["B-ARG1", "B-V"])
    assert published_extractions(said) == []
