"""From the terms of a preset to one number, exactly.

Every term is a sum of per-position losses over a count of positions. The count (the denominator) follows from
the labels alone, so it is known, for the whole global batch, before the first forward pass; the loop sums it
over processes and accumulation parts and divides each part's numerator by it. N processes, or n parts, then
give the gradient of one.

What counts as a position: for a target that is a label, each label (``past_action``: B x T of them); for any
other target, a sample, whose value is the mean over its own positions. The published objectives fit this
form: AVT's past loss divides by all positions, labelled or not (``reduction: positions``); the KL of Ghosh et
al. is a mean over samples x classes (``reduction: elements``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from foretaste.contracts.batch import UNLABELLED, Batch, Outputs
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.losses.loss import Loss
from foretaste.pipeline import families
from foretaste.pipeline.model_config import TermConfig

#: Targets that are not the name of a teacher.
LABELS, FEATURES = "labels", "features"


@dataclass(frozen=True, kw_only=True)
class Term:
    """One term, with its loss built. ``class_weights`` is (C,) or None."""

    name: str
    config: TermConfig
    loss: Loss
    class_weights: Tensor | None = None


def build_objective(terms: Sequence[TermConfig], counts: Mapping[str, Tensor] | None = None) -> Objective:
    """Build the losses; ``counts`` (head -> (C,) labels in the training rows) is what ``class_weights`` need.

    Raises ConfigError for terms that contradict themselves.
    """
    built = []
    for index, config in enumerate(terms):
        where = f"objective[{index}]"
        if config.to == LABELS and config.over == "unlabelled":
            raise ConfigError(
                "labels asked of unlabelled samples",
                where,
                "over: labelled",
                "name a teacher, or change `over`",
            )
        if config.reduction == "positions" and (config.to != LABELS or config.class_weights != "none"):
            raise ConfigError("reduction: positions", where, "unweighted labels as target", "use `batch`")
        weights = None
        if config.class_weights != "none":
            weights = _balanced(config, counts, where) ** (
                1.0 if config.class_weights == "balanced" else config.class_weights
            )
        if config.weight == 0:
            continue
        name = f"{config.of}.{config.loss['kind']}" + (
            "" if config.to in (LABELS, FEATURES) else f".{config.to}"
        )
        if any(term.name == name for term in built):
            raise ConfigError(f"two terms {name}", where, "each loss, output and target once", "merge them")
        built.append(
            Term(
                name=name,
                config=config,
                loss=families.build("losses", config.loss, f"{where}.loss"),
                class_weights=weights,
            )
        )
    if not built:
        raise ConfigError("an objective without terms", "objective", "a term of weight above 0", "add one")
    return Objective(tuple(built))


def _balanced(config: TermConfig, counts: Mapping[str, Tensor] | None, where: str) -> Tensor:
    """n / (C * count), C = classes that occur; 0 for the others, which no training row needs."""
    head = config.of.removeprefix("past_")
    if config.to != LABELS or counts is None or head not in counts:
        raise ConfigError(
            f"class_weights: {config.class_weights}",
            where,
            "a head with labels in the training rows",
            "drop the weights",
        )
    count = counts[head].double()
    occurs = count > 0
    return torch.where(occurs, count.sum() / (occurs.sum() * count.clamp(min=1)), 0.0)


class Objective:
    """The weighted sum of terms. ``teachers``: the models whose outputs it mentions."""

    def __init__(self, terms: tuple[Term, ...]):
        self.terms = terms
        self.teachers = tuple(sorted({term.config.to for term in terms} - {LABELS, FEATURES}))

    def denominators(self, batch: Batch) -> Tensor:
        """(terms,) float64: what each term's numerator over this batch is divided by, once summed over all
        batches of a step.
        """
        return torch.tensor([_denominator(term, batch) for term in self.terms], dtype=torch.float64)

    def numerators(self, batch: Batch, outputs: Outputs, targets: Mapping[str, Outputs]) -> list[Tensor]:
        """One scalar a term, with gradient: its summed loss over this batch."""
        return [_numerator(term, batch, outputs, targets) for term in self.terms]

    def total(self, numerators: Sequence[Tensor], denominators: Sequence[float]) -> Tensor:
        """The weighted sum of (numerator / denominator); a term without positions in the global batch says
        nothing.
        """
        return sum(
            (term.config.weight / count) * value
            for term, value, count in zip(self.terms, numerators, denominators, strict=True)
            if count
        )


def _denominator(term: Term, batch: Batch) -> float:
    if term.config.to != LABELS:
        return float(_chosen(term, batch).sum())
    labels = _labels(term, batch)
    if term.config.reduction == "positions":
        return float(labels.numel())
    labels = labels[labels != UNLABELLED]
    return float(len(labels) if term.class_weights is None else term.class_weights[labels.cpu()].sum())


def _numerator(term: Term, batch: Batch, outputs: Outputs, targets: Mapping[str, Outputs]) -> Tensor:
    student = select(outputs, term.config.of, "the network")
    if term.config.to == LABELS:
        labels = _labels(term, batch)
        counted = labels != UNLABELLED
        values = term.loss(student[counted], labels[counted])
        if term.class_weights is not None:
            values = values * term.class_weights.to(values)[labels[counted]]
    else:
        chosen = _chosen(term, batch).to(student.device)
        student, target = _pair(term, student, outputs, targets)
        values = term.loss(student[chosen], target[chosen])
        if values.dim() > 1:
            values = values.flatten(1).mean(1)
    if term.config.reduction == "elements":
        values = values / term.loss.elements(student)
    return values.sum()


def _pair(
    term: Term, student: Tensor, outputs: Outputs, targets: Mapping[str, Outputs]
) -> tuple[Tensor, Tensor]:
    if term.config.to == FEATURES:
        # Position t predicts the vector at t + 1. The target keeps its gradient: AVT trains its backbone
        # through both sides.
        return student[:, :-1], outputs.features[:, 1:]
    return student, select(targets[term.config.to], term.config.of, term.config.to).to(student)


def _labels(term: Term, batch: Batch) -> Tensor:
    if term.config.of not in batch.labels:
        raise DataError(
            f"no labels for {term.config.of}",
            f"term {term.name}",
            f"one of {', '.join(batch.labels)}",
            "change `of`, or the view",
        )
    return batch.labels[term.config.of]


def _chosen(term: Term, batch: Batch) -> Tensor:
    """(B,) bool: samples that a term with another target than labels counts. Labelled = a label for any
    head.
    """
    labelled = torch.zeros(len(batch.ids), dtype=torch.bool)
    for values in batch.labels.values():
        if values.shape == labelled.shape:
            labelled |= values.cpu() != UNLABELLED
    return {"labelled": labelled, "unlabelled": ~labelled, "all": torch.ones_like(labelled)}[term.config.over]


def select(outputs: Outputs, name: str, whose: str) -> Tensor:
    """The field of ``outputs`` that a term calls ``name``: a head, ``past_<head>``, ``next_features`` or
    ``embedding``.
    """
    if name in ("next_features", "embedding"):
        found = getattr(outputs, name)
    elif name.startswith("past_"):
        found = outputs.past_logits.get(name.removeprefix("past_"))
    else:
        found = outputs.logits.get(name)
    if found is None:
        has = [*outputs.logits, *(f"past_{head}" for head in outputs.past_logits)]
        raise ConfigError(
            f"no {name} from {whose}",
            "objective",
            f"one of {', '.join(has)}",
            "change the term's `of`, or the network",
        )
    return found
