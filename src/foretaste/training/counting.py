"""Training by counting: one pass, no gradient."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import torch
from torch import Tensor

from foretaste.contracts.batch import UNLABELLED
from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.errors import DataError
from foretaste.training.samples import Samples


class Counter(Protocol):
    """A model that learns by counting."""

    def fit(self, history: Tensor, target: Tensor) -> None:
        """(S, L) int64 class ids of the main head, the latest last, ``UNLABELLED`` on the left; (S,) int64:
        what followed.
        """


def count(model: Counter, samples: Samples, recipes: Path | None, classes: ClassSpace) -> None:
    """Count the labelled ones among ``samples``, whose view gives ``history`` (B, L); or, given the folder of
    a generated world's ``recipes``, every step of them after the L steps before it.
    """
    batch = samples.batch(range(len(samples)))
    history, labels = batch.inputs["history"], batch.labels[classes.main]
    if recipes is not None:
        history, labels = pairs(read_recipe_steps(recipes, classes), history.shape[1])
    known = labels != UNLABELLED
    model.fit(history[known], labels[known])


def pairs(sequences: Sequence[np.ndarray], length: int) -> tuple[Tensor, Tensor]:
    """History (S, ``length``) and target (S,) int64 of every action of every sequence of action ids."""
    before = np.full(length, UNLABELLED)
    windows = [
        np.lib.stride_tricks.sliding_window_view(np.concatenate([before, ids]), length + 1)
        for ids in sequences
        if len(ids)
    ]
    joined = torch.from_numpy(
        np.concatenate([np.empty((0, length + 1), dtype=np.int64), *windows]).astype(np.int64)
    )
    return joined[:, :-1], joined[:, -1]


def read_recipe_steps(folder: Path, classes: ClassSpace) -> list[np.ndarray]:
    """Action ids of each training recipe of a generated world, from the table of the steps it was told from.

    Steps that the text leaves out count, for they happen; ``broken`` and ``extra`` ones do not, for they are
    mistakes of the telling. An action that the label space lacks is left out, as it would be in an
    annotation.
    """
    path = folder / "steps.parquet"
    try:
        table = pq.read_table(path, columns=["recipe_id", "partition", "order", "action", "kind"])
    except (FileNotFoundError, pa.ArrowInvalid) as error:
        raise DataError(
            f"no table of recipe steps ({error})", path, "a generated world", "run make_kitchen"
        ) from error
    table = table.filter(pc.and_(pc.equal(table["partition"], "train"), pc.equal(table["kind"], "step")))
    table = table.sort_by([("recipe_id", "ascending"), ("order", "ascending")])
    number = {name: index for index, name in enumerate(classes.names("action"))}
    sequences: dict[str, list[int]] = {}
    for recipe, action in zip(table["recipe_id"].to_pylist(), table["action"].to_pylist()):
        if action in number:
            sequences.setdefault(recipe, []).append(number[action])
    return [np.array(ids, dtype=np.int64) for ids in sequences.values()]
