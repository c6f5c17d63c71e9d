"""What a model is trained against besides labels: the cached scores of other models, by sample id.

To the loop, targets are any function from a batch to the outputs of the teachers that the objective mentions:
this cache, or a module run without gradient on the student's own tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from foretaste.contracts.batch import MAPS, Batch, Outputs
from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.scores.reader import Scores, open_scores
from foretaste.training.objective import Objective

#: From a batch to what each teacher says of it.
Targets = Callable[[Batch], Mapping[str, Outputs]]


def no_targets(batch: Batch) -> Mapping[str, Outputs]:
    """The targets of an objective that mentions no other model."""
    return {}


class CachedTargets:
    """Scores of several teachers for one list of samples, in memory.

    tables
        teacher -> field (a head, ``embedding`` or ``maps.<name>``) -> (n, ..., D) float32, row i of
        ``ids[i]``.
    """

    def __init__(self, ids: Sequence[str], tables: Mapping[str, Mapping[str, Tensor]]):
        self._row = {sample_id: row for row, sample_id in enumerate(ids)}
        self._tables = tables

    def __call__(self, batch: Batch) -> dict[str, Outputs]:
        """Outputs of every teacher, on the CPU; raises DataError naming the first sample without scores."""
        try:
            rows = torch.tensor([self._row[sample_id] for sample_id in batch.ids])
        except KeyError as error:
            raise DataError(
                f"no cached scores of {error.args[0]}",
                ", ".join(self._tables),
                "scores of every sample",
                "score this split",
            ) from error
        return {
            teacher: _outputs({field: table[rows] for field, table in fields.items()})
            for teacher, fields in self._tables.items()
        }


def _outputs(fields: Mapping[str, Tensor]) -> Outputs:
    """What a teacher says, from its fields as terms call them."""
    maps = {name: values for name, values in fields.items() if name.startswith(MAPS)}
    heads = {name: values for name, values in fields.items() if name not in maps and name != "embedding"}
    return Outputs(
        logits=heads,
        embedding=fields.get("embedding"),
        maps={name.removeprefix(MAPS): values for name, values in maps.items()},
    )


def open_targets(
    folders: Mapping[str, Path], objective: Objective, split: str, ids: Sequence[str], classes: ClassSpace
) -> Targets:
    """Read the scores that ``objective`` mentions, for the samples ``ids`` of ``split``.

    folders
        teacher -> folder of its score cache.

    Raises ConfigError for a teacher without a folder, DataError for a sample without scores and for a teacher
    whose class names are not those of ``classes``.
    """
    if not objective.teachers:
        return no_targets
    tables = {}
    for teacher in objective.teachers:
        if teacher not in folders:
            raise ConfigError(
                f"the objective mentions {teacher}",
                "objective",
                f"scores of {', '.join(folders) or 'no model'}",
                "name one of them",
            )
        scores = open_scores(folders[teacher])
        tables[teacher] = {}
        terms = [term.config for term in objective.terms if term.config.teacher == teacher]
        for field in sorted({term.field for term in terms}):
            tables[teacher][field] = torch.from_numpy(
                np.ascontiguousarray(_read(scores, split, field, ids, classes, folders[teacher]))
            )
    return CachedTargets(ids, tables)


def _read(
    scores: Scores, split: str, field: str, ids: Sequence[str], classes: ClassSpace, folder: Path
) -> np.ndarray:
    if field == "embedding":
        return scores.embedding(split, ids)
    theirs, ours = scores.classes.names(field), classes.names(field)
    if theirs != ours:
        differs = next(
            (i for i, (a, b) in enumerate(zip(theirs, ours)) if a != b), min(len(theirs), len(ours))
        )
        raise DataError(
            f"{len(theirs)} {field} classes, other from class {differs} on",
            folder,
            f"the {len(ours)} classes of this dataset, in order",
            "score the teacher on this dataset",
        )
    return scores.logits(split, field, ids)
