"""What a model is trained against besides labels: what other models say of the same samples.

To the loop, targets are any function from a batch to the outputs of the teachers that the objective mentions.
Cached scores come by sample id; teachers that speak live are asked on the student's own look. Which of the
two a teacher does, the objective cannot tell.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from foretaste.contracts.batch import MAPS, Batch, Outputs
from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.view import kept_look
from foretaste.scores.format import LOOK
from foretaste.scores.maps import Rows
from foretaste.scores.reader import Scores, open_scores
from foretaste.training.objective import Objective
from foretaste.training.precision import forward

#: From a batch to what each teacher says of it.
Targets = Callable[[Batch], Mapping[str, Outputs]]


def no_targets(batch: Batch) -> Mapping[str, Outputs]:
    """The targets of an objective that mentions no other model."""
    return {}


class CachedTargets:
    """What several teachers once said of a list of samples.

    tables
        teacher -> field -> (n, ..., D) float32, row i of ``ids[i]``: of a head and ``embedding`` in memory,
        of ``maps.<name>`` read when asked. One such table for all looks, or one for each of the looks that
        the samples are shown under (``kept_look``).
    """

    def __init__(self, ids: Sequence[str], *tables: Mapping[str, Mapping[str, Tensor | StoredMap]]):
        self._row = {sample_id: row for row, sample_id in enumerate(ids)}
        self._tables = tables

    def __call__(self, batch: Batch) -> dict[str, Outputs]:
        """Outputs of every teacher, on the CPU; raises DataError naming the first sample without scores."""
        try:
            rows = torch.tensor([self._row[sample_id] for sample_id in batch.ids])
        except KeyError as error:
            raise DataError(
                f"no cached scores of {error.args[0]}",
                ", ".join(self._tables[0]),
                "scores of every sample",
                "score this split",
            ) from error
        # Nothing is learnt from a batch without a look: it says how wide adapters are.
        number = 0 if batch.look is None else batch.look.epoch % len(self._tables)
        return {
            teacher: _outputs({field: table[rows] for field, table in fields.items()})
            for teacher, fields in self._tables[number].items()
        }


@dataclass(frozen=True)
class StoredMap:
    """A feature map on disk, indexed as a tensor is."""

    rows: Rows

    def __getitem__(self, positions: Tensor) -> Tensor:
        """(n, ..., D) float32 of the rows ``positions`` (n,) int64."""
        return torch.from_numpy(self.rows[positions.tolist()]).clone()


class LiveTargets:
    """Teachers that are asked while their student is trained: in evaluation mode, without gradient, on the
    student's device and in its precision.

    models
        speaker -> its network, which stays as it is.
    means
        Teachers that are means of speakers' logits: teacher -> speaker -> its share. The other speakers are
        teachers themselves.
    """

    def __init__(
        self,
        models: Mapping[str, nn.Module],
        device: torch.device,
        precision: str,
        means: Mapping[str, Mapping[str, float]] | None = None,
    ):
        dtype = torch.float64 if precision == "fp64" else None
        self._models = {speaker: model.to(device, dtype).eval() for speaker, model in models.items()}
        self._precision, self._means = precision, means or {}

    @property
    def teachers(self) -> tuple[str, ...]:
        """Their names."""
        parts = {speaker for shares in self._means.values() for speaker in shares}
        return (*(speaker for speaker in self._models if speaker not in parts), *self._means)

    def __call__(self, batch: Batch) -> dict[str, Outputs]:
        """What each says of its own inputs in ``batch.beside``."""
        with torch.no_grad():
            said = {
                speaker: forward(model, batch.as_seen_by(speaker), self._precision)
                for speaker, model in self._models.items()
            }
            said |= {teacher: _mean(said, shares) for teacher, shares in self._means.items()}
        return {teacher: said[teacher] for teacher in self.teachers}


def _mean(said: Mapping[str, Outputs], shares: Mapping[str, float]) -> Outputs:
    """The logits of the heads that all speakers have, each with its share."""
    common = set.intersection(*(set(said[speaker].logits) for speaker in shares))
    return Outputs(
        logits={
            head: sum(share * said[speaker].logits[head].float() for speaker, share in shares.items())
            for head in sorted(common)
        }
    )


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
    folders: Mapping[str, Path],
    objective: Objective,
    split: str,
    ids: Sequence[str],
    classes: ClassSpace,
    live: LiveTargets | None = None,
    looks: int = 0,
    by_look: Collection[str] = (),
) -> Targets:
    """Read the scores that ``objective`` mentions, for the samples ``ids`` of ``split``.

    folders
        teacher -> folder of its score cache.
    live
        The teachers that need none.
    looks, by_look
        How many looks the student is shown its samples under; the teachers whose scores hold each of them.
        The others say the same of all.

    Raises ConfigError for a teacher without a folder, DataError for a sample without scores and for a teacher
    whose class names are not those of ``classes``.
    """
    tables: list[dict[str, dict[str, Tensor | StoredMap]]] = [{} for _ in range(max(looks, 1))]
    asked = () if live is None else live.teachers
    for teacher in (name for name in objective.teachers if name not in asked):
        if teacher not in folders:
            raise ConfigError(
                f"the objective mentions {teacher}",
                "objective",
                f"scores of {', '.join(folders) or 'no model'}",
                "name one of them",
            )
        scores = open_scores(folders[teacher])
        terms = [term.config for term in objective.terms if term.config.teacher == teacher]
        fields = sorted({term.field for term in terms})
        for number, table in enumerate(tables):
            if number and teacher not in by_look:  # what is said of all looks is read once
                table[teacher] = tables[0][teacher]
                continue
            look = number if looks and teacher in by_look else None
            table[teacher] = {field: _read(scores, split, field, ids, classes, look) for field in fields}
    cached = CachedTargets(ids, *tables) if tables[0] else no_targets
    return cached if live is None else _Both(cached, live)


@dataclass(frozen=True)
class _Both:
    """Teachers of either kind."""

    cached: Targets
    live: LiveTargets

    def __call__(self, batch: Batch) -> dict[str, Outputs]:
        return {**self.cached(batch), **self.live(batch)}


def _read(
    scores: Scores, split: str, field: str, ids: Sequence[str], classes: ClassSpace, look: int | None
) -> Tensor | StoredMap:
    if field.startswith(MAPS):
        shown = None if look is None else kept_look(look)
        return StoredMap(scores.maps.rows(split, field.removeprefix(MAPS), ids, shown))
    view = None if look is None else LOOK.format(look)
    if field == "embedding":
        return torch.from_numpy(np.ascontiguousarray(scores.embedding(split, ids, view)))
    theirs, ours = scores.classes.names(field), classes.names(field)
    if theirs != ours:
        differs = next(
            (i for i, (a, b) in enumerate(zip(theirs, ours)) if a != b), min(len(theirs), len(ours))
        )
        raise DataError(
            f"{len(theirs)} {field} classes, other from class {differs} on",
            scores.folder,
            f"the {len(ours)} classes of this dataset, in order",
            "score the teacher on this dataset",
        )
    return torch.from_numpy(np.ascontiguousarray(scores.logits(split, field, ids, view)))
