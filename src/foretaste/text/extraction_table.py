"""Extractions of a batch of sentences as columns of the EXTRACTIONS table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa


def columns(sentences: pa.RecordBatch, extract: Callable[[str], Sequence[Any]]) -> dict[str, pa.Array]:
    """One row an extraction, in the order of the sentences; ``order`` counts within a sentence.

    ``extract`` gives ``openie_rules.Extraction`` rows (verb, verb_span, object, object_head, object_span, subject).
    """
    rows: list[int] = []
    orders: list[int] = []
    found: list[Any] = []
    for row, text in enumerate(sentences.column("text").to_pylist()):
        extractions = extract(text)
        found += extractions
        rows += [row] * len(extractions)
        orders += range(len(extractions))
    verb, verb_span, thing, head, span, subject = zip(*found, strict=True) if found else ((),) * 6
    taken = pa.array(rows, type=pa.int32())
    text, number = pa.string(), pa.int32()
    return {
        "recipe_id": sentences.column("recipe_id").take(taken),
        "partition": sentences.column("partition").take(taken),
        "position": sentences.column("position").take(taken),
        "order": pa.array(orders, type=number),
        "verb": pa.array(verb, type=text),
        "verb_start": pa.array([s[0] for s in verb_span], type=number),
        "verb_stop": pa.array([s[1] for s in verb_span], type=number),
        "object": pa.array(thing, type=text),
        "object_head": pa.array(head, type=text),
        "object_start": pa.array([s and s[0] for s in span], type=number),
        "object_stop": pa.array([s and s[1] for s in span], type=number),
        "subject": pa.array(subject, type=text),
    }
