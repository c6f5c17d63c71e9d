"""Extractions as "verb object" phrases: what the language model reads."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretaste.settings.options import Options

#: Verbs that are no steps. The published list (Ghosh et al. 2023, recipe_json2actionseq.py) names forms, and
#: lacks a comma between "could" and "want", so that it drops neither; here verbs are base forms, and both are
#: named.
DROPPED = (
    "be",
    "will",
    "have",
    "let",
    "use",
    "see",
    "tell",
    "may",
    "can",
    "could",
    "want",
    "must",
    "'s",
    "ll",
)
#: The published list as it stands, over the forms as written.
PUBLISHED_DROPPED = (
    "is", "are", "will", "was", "be", "have", "has", "let", "using", "see", "tell", "may", "can", "couldwant",
    "got", "'s", "been", "must", "ll",
)  # fmt: skip


class PhraseOptions(Options):
    """How extractions become phrases."""

    dropped_verbs: tuple[str, ...] = DROPPED
    """Extractions whose first verb word is one of these are left out (``phrases.PUBLISHED_DROPPED`` is the
    published list).
    """
    object: Literal["head", "phrase"] = "head"
    """The object as its head noun in the singular ("onion"), or as written ("large onions")."""
    need_object: bool = True
    """Whether extractions without an object are left out, as published."""


class Phrases:
    """Makes the phrases of extraction batches that come in the order of the text; keeps count across batches.

    ``__call__`` takes a batch of EXTRACTIONS rows and gives the columns of the PHRASES rows that they make:
    lower case, ``order`` counting the phrases of each recipe from 0.
    """

    def __init__(self, options: PhraseOptions):
        self.options = options
        self.dropped = pa.array(options.dropped_verbs, type=pa.string())
        self.recipe: str | None = None
        self.count = 0

    def __call__(self, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        verb = pc.utf8_lower(batch.column("verb"))
        keep = pc.invert(pc.is_in(pc.replace_substring_regex(verb, r" .*", ""), value_set=self.dropped))
        things = batch.column("object_head" if self.options.object == "head" else "object")
        if self.options.need_object:
            keep = pc.and_(keep, pc.is_valid(things))
        verb, things = verb.filter(keep), pc.utf8_lower(things.filter(keep))
        recipes = batch.column("recipe_id").filter(keep)
        phrase = pc.if_else(pc.is_valid(things), pc.binary_join_element_wise(verb, things, " "), verb)
        return {
            "recipe_id": recipes,
            "partition": batch.column("partition").filter(keep),
            "order": pa.array(self._order(recipes), type=pa.int32()),
            "verb": verb,
            "object": things,
            "phrase": phrase,
        }

    def _order(self, recipes: pa.Array) -> np.ndarray:
        """Each row's place among the phrases of its recipe."""
        rows = len(recipes)
        if rows == 0:
            return np.zeros(0, np.int32)
        opens = np.ones(rows, bool)
        opens[1:] = pc.not_equal(recipes.slice(1), recipes.slice(0, rows - 1)).to_numpy(zero_copy_only=False)
        opens[0] = recipes[0].as_py() != self.recipe
        index = np.arange(rows)
        start = np.maximum.accumulate(np.where(opens, index, -1))
        order = np.where(start >= 0, index - start, index + self.count)
        self.recipe, self.count = recipes[-1].as_py(), int(order[-1]) + 1
        return order
