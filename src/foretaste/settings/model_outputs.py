"""What a network gives, by the names that terms call it, as its file says in ``GIVES``: words, in which
stand

    <heads>            the heads that it is told to ``classify``; told nothing, all of the dataset's
    <head>             the same; told nothing, the dataset's main one
    <classify>         the same; told nothing, none
    ... if <setting>   only where that setting is on
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

EMBEDDING, MAPS, PAST = "embedding", "maps.", "past_"

_VECTORS = (EMBEDDING, "features", "next_features")


def is_vector(name: str) -> bool:
    """Whether what a term calls ``name`` is a vector or a map of them; else it is logits."""
    return name in _VECTORS or name.startswith(MAPS)


def given(network: Mapping[str, Any], heads: Sequence[str], known: Mapping[str, Any]) -> list[str]:
    """All that ``network`` gives on a dataset with these heads."""
    told = network.get("classify") or ()
    stands_for = {"<heads>": told or heads, "<head>": told or heads[:1], "<classify>": told}
    found: list[str] = []
    for entry in known["models"][network["kind"]]["gives"]:
        name, _, setting = entry.partition(" if ")
        if setting and not network.get(setting):
            continue
        word = next((word for word in stands_for if word in name), None)
        found += [name] if word is None else [name.replace(word, head) for head in stands_for[word]]
    return found


def kept(network: Mapping[str, Any], heads: Sequence[str], known: Mapping[str, Any]) -> list[str]:
    """Of these what its scores always hold: heads of the dataset, and the embedding."""
    return [name for name in given(network, heads, known) if name in heads or name == EMBEDDING]
