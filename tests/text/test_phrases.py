"""Phrases of extraction batches, against a plain loop."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretaste.contracts.tables import EXTRACTIONS, PHRASES
from foretaste.text.phrases import DROPPED, PUBLISHED_DROPPED, PhraseOptions, Phrases

VERBS = ("Chop", "pick up", "be", "use", "is", "let", "could", "using up")
ROWS = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.sampled_from(VERBS),
        st.sampled_from([None, ("Red Onions", "onion"), ("it", "it")]),
    ),
    max_size=12,
)


def batch(rows) -> pa.RecordBatch:
    columns = {
        "recipe_id": [recipe for recipe, _, _ in rows],
        "partition": ["train"] * len(rows),
        "position": [0] * len(rows),
        "order": list(range(len(rows))),
        "verb": [verb for _, verb, _ in rows],
        "verb_start": [0] * len(rows),
        "verb_stop": [1] * len(rows),
        "object": [thing and thing[0] for _, _, thing in rows],
        "object_head": [thing and thing[1] for _, _, thing in rows],
        "object_start": [None] * len(rows),
        "object_stop": [None] * len(rows),
        "subject": [None] * len(rows),
    }
    return pa.record_batch(
        [pa.array(columns[f.name], type=f.type) for f in EXTRACTIONS.schema], schema=EXTRACTIONS.schema
    )


def by_hand(rows, options: PhraseOptions) -> list[tuple]:
    made, current, order = [], None, 0
    for recipe, verb, thing in rows:
        if recipe != current:
            current, order = recipe, 0
        verb = verb.lower()
        word = thing and thing[1 if options.object == "head" else 0].lower()
        if verb.split()[0] in options.dropped_verbs or (options.need_object and word is None):
            continue
        made.append((recipe, order, verb, word, f"{verb} {word}" if word else verb))
        order += 1
    return made


@given(
    parts=st.lists(ROWS, max_size=4),
    options=st.builds(
        PhraseOptions,
        object=st.sampled_from(["head", "phrase"]),
        need_object=st.booleans(),
        dropped_verbs=st.sampled_from([(), DROPPED, PUBLISHED_DROPPED]),
    ),
)
def test_batches_of_any_cut_give_what_a_loop_gives(parts, options):
    # a recipe's rows stand together: "a" before "b" in every run
    rows = sorted((row for part in parts for row in part), key=lambda row: row[0])
    phrases, got, at = Phrases(options), [], 0
    for part in parts:
        columns = phrases(batch(rows[at : at + len(part)]))
        at += len(part)
        assert list(columns) == PHRASES.schema.names
        table = pa.table(columns, schema=PHRASES.schema)
        got += [
            (row["recipe_id"], row["order"], row["verb"], row["object"], row["phrase"])
            for row in table.to_pylist()
        ]
    assert got == by_hand(rows, options)


def test_the_published_list_drops_neither_could_nor_want():
    rows = [("a", verb, ("it", "it")) for verb in ("is", "could", "want", "couldwant", "using", "chop")]
    published = Phrases(PhraseOptions(dropped_verbs=PUBLISHED_DROPPED))(batch(rows))
    assert published["phrase"].to_pylist() == ["could it", "want it", "chop it"]
    assert Phrases(PhraseOptions())(batch(rows))["verb"].to_pylist() == ["is", "couldwant", "using", "chop"]


def test_unknown_settings_are_errors():
    with pytest.raises(ValueError, match="objects"):
        PhraseOptions(objects="head")
