"""Extractions of a batch of sentences as columns of the EXTRACTIONS table."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from foretaste.openie.extraction import Failure, Found


def columns(sentences: pa.RecordBatch, found: Sequence[Found]) -> dict[str, pa.Array]:
    """One row an extraction, in the order of the sentences (rows of SENTENCES); ``order`` counts within a
    sentence.

    ``found`` has one entry a sentence; a failure gives no row.
    """
    rows: list[int] = []
    orders: list[int] = []
    verbs: list[str] = []
    verb_spans: list[int] = []
    objects: list[str | None] = []
    heads: list[str | None] = []
    object_spans: list[int | None] = []
    subjects: list[str | None] = []
    for row, extractions in enumerate(found):
        if isinstance(extractions, Failure):
            continue
        for order, (verb, verb_span, thing, head, span, subject) in enumerate(extractions):
            rows.append(row)
            orders.append(order)
            verbs.append(verb)
            verb_spans += verb_span
            objects.append(thing)
            heads.append(head)
            object_spans += span or (None, None)
            subjects.append(subject)
    taken = pa.array(rows, type=pa.int32())
    text, number = pa.string(), pa.int32()
    return {
        "recipe_id": sentences.column("recipe_id").take(taken),
        "partition": sentences.column("partition").take(taken),
        "position": sentences.column("position").take(taken),
        "order": pa.array(orders, type=number),
        "verb": pa.array(verbs, type=text),
        "verb_start": pa.array(verb_spans[::2], type=number),
        "verb_stop": pa.array(verb_spans[1::2], type=number),
        "object": pa.array(objects, type=text),
        "object_head": pa.array(heads, type=text),
        "object_start": pa.array(object_spans[::2], type=number),
        "object_stop": pa.array(object_spans[1::2], type=number),
        "subject": pa.array(subjects, type=text),
    }
