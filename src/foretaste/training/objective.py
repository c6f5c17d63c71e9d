"""From the terms of a preset to one number, exactly.

Every term is a sum of per-position losses over a count of positions. The count (the denominator) follows from
the labels alone, so it is known, for the whole global batch, before the first forward pass; the loop sums it
over processes and accumulation parts and divides each part's numerator by it. N processes, or n parts, then
give the gradient of one.

What counts as a position: for a target that is a label, each label (``past_action``: B x T of them); for any
other target, a sample, whose value is the mean over its own positions. The published objectives fit this
form: AVT's past loss divides by all positions, labelled or not (``reduction: positions``); the KL of Ghosh et
al. is a mean over samples x classes (``reduction: elements``).

An objective is a module: what its terms go ``through`` is trained with the network, and left out of what is
deployed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from foretaste.contracts.batch import MAPS, PAST, UNLABELLED, Batch, Outputs
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.losses.loss import Loss
from foretaste.settings import families
from foretaste.settings.model_config import FEATURES, LABELS, TermConfig


@dataclass(frozen=True, kw_only=True)
class Term:
    """One term, with its loss built. ``class_weights`` is (C,) or None."""

    name: str
    config: TermConfig
    loss: Loss
    class_weights: Tensor | None = None

    @property
    def adapter(self) -> str:
        """What its adapter is called; a module's name holds no dots."""
        return self.name.replace(".", "_")


def build_objective(terms: Sequence[TermConfig], counts: Mapping[str, Tensor] | None = None) -> Objective:
    """Build the losses; ``counts`` (head -> (C,) labels in the training rows) is what ``class_weights`` need.

    Raises ConfigError for class weights of a head that no training row is labelled with.
    """
    built = []
    for index, config in enumerate(terms):
        where = f"objective[{index}]"
        weights = None
        if config.class_weights != "none":
            weights = _balanced(config, counts, where) ** (
                1.0 if config.class_weights == "balanced" else config.class_weights
            )
        if config.weight == 0:
            continue
        built.append(
            Term(
                name=config.name,
                config=config,
                loss=families.build("losses", config.loss, f"{where}.loss"),
                class_weights=weights,
            )
        )
    return Objective(tuple(built))


def _balanced(config: TermConfig, counts: Mapping[str, Tensor] | None, where: str) -> Tensor:
    """n / (C * count), C = classes that occur; 0 for the others, which no training row needs."""
    head = config.of.removeprefix(PAST)
    if counts is None or head not in counts:
        raise ConfigError(
            f"class_weights: {config.class_weights}",
            where,
            "a head with labels in the training rows",
            "drop the weights",
        )
    count = counts[head].double()
    occurs = count > 0
    return torch.where(occurs, count.sum() / (occurs.sum() * count.clamp(min=1)), 0.0)


class Objective(nn.Module):
    """The weighted sum of terms. ``teachers``: the models whose outputs it mentions.

    Its parameters are those of the adapters, by term; there are none before ``adapt``.
    """

    def __init__(self, terms: tuple[Term, ...]):
        super().__init__()
        self.terms = terms
        self.teachers = tuple(sorted({term.config.teacher for term in terms} - {None}))

    @property
    def adapted(self) -> list[Term]:
        """The terms that go through an adapter."""
        return [term for term in self.terms if term.config.through is not None]

    def adapt(self, outputs: Outputs, targets: Mapping[str, Outputs], seed: int) -> None:
        """Build the adapters, as wide as ``outputs`` and ``targets`` of any batch ask for. Their first
        weights follow from ``seed`` and the term alone; no random state is consumed.
        """
        for term in self.adapted:
            student, target = _pair(term, outputs, targets)
            key = np.random.SeedSequence([seed, *term.name.encode()]).generate_state(1, np.uint64)[0]
            with torch.random.fork_rng(devices=[]):
                torch.default_generator.manual_seed(int(key >> 1))
                made = families.build(
                    "adapters",
                    term.config.through,
                    f"{term.name}: through",
                    given=student.shape,
                    wanted=target.shape,
                )
            self.add_module(term.adapter, made.to(student))

    def denominators(self, batch: Batch) -> Tensor:
        """(terms,) float64: what each term's numerator over this batch is divided by, once summed over all
        batches of a step.
        """
        return torch.tensor([_denominator(term, batch) for term in self.terms], dtype=torch.float64)

    def numerators(self, batch: Batch, outputs: Outputs, targets: Mapping[str, Outputs]) -> list[Tensor]:
        """One scalar a term, with gradient: its summed loss over this batch."""
        return [self._numerator(term, batch, outputs, targets) for term in self.terms]

    def total(self, numerators: Sequence[Tensor], denominators: Sequence[float]) -> Tensor:
        """The weighted sum of (numerator / denominator); a term without positions in the global batch says
        nothing.
        """
        return sum(
            (term.config.weight / count) * value
            for term, value, count in zip(self.terms, numerators, denominators, strict=True)
            if count
        )

    def _numerator(
        self, term: Term, batch: Batch, outputs: Outputs, targets: Mapping[str, Outputs]
    ) -> Tensor:
        if term.config.to == LABELS:
            student = select(outputs, term.config.of, "the network")
            values = _labelled(term, student, _labels(term, batch))
        else:
            student, target = _pair(term, outputs, targets)
            if term.config.through is not None:
                student = self.get_submodule(term.adapter)(student)
            _comparable(term, student, target)
            chosen = _chosen(term, batch)
            if not chosen.all():  # else it would only be copied
                chosen = chosen.to(student.device)
                student, target = student[chosen], target[chosen]
            values = term.loss(student, target)
            if values.dim() > 1:
                values = values.flatten(1).mean(1)
        if term.config.reduction == "elements":
            values = values / term.loss.elements(student)
        return values.sum()


def _denominator(term: Term, batch: Batch) -> float:
    if term.config.to != LABELS:
        return float(_chosen(term, batch).sum())
    labels = _labels(term, batch)
    if term.config.reduction == "positions":
        return float(labels.numel())
    labels = labels[labels != UNLABELLED]
    return float(len(labels) if term.class_weights is None else term.class_weights[labels.cpu()].sum())


def _labelled(term: Term, student: Tensor, labels: Tensor) -> Tensor:
    """The loss at every label, weighted by its class."""
    counted = labels != UNLABELLED
    if not counted.all():  # else it would only be copied
        student, labels = student[counted], labels[counted]
    values = term.loss(student, labels)
    if term.class_weights is None:
        return values
    return values * term.class_weights.to(values)[labels]


def _pair(term: Term, outputs: Outputs, targets: Mapping[str, Outputs]) -> tuple[Tensor, Tensor]:
    """What is compared: of the network, before any adapter, and of the target."""
    student, teacher = select(outputs, term.config.of, "the network"), term.config.teacher
    if teacher is None:
        if student.shape[1] < 2:
            raise ConfigError(
                "one frame, which no other follows",
                f"objective: {term.name}",
                "a view of at least two frames",
                "raise frames of the view, or leave the term out",
            )
        # Position t predicts the vector at t + 1. The target keeps its gradient: AVT trains its backbone
        # through both sides.
        return student[:, :-1], select(outputs, FEATURES, "the network")[:, 1:]
    return student, select(targets[teacher], term.config.field, teacher).to(student)


def _comparable(term: Term, student: Tensor, target: Tensor) -> None:
    """Raise ConfigError unless both have one shape."""
    if student.shape != target.shape:
        found, wanted = tuple(student.shape[1:]), tuple(target.shape[1:])
        raise ConfigError(
            f"{term.config.of} of shape {found} a sample, compared with {wanted}",
            f"objective: {term.name}",
            "equal shapes",
            "let the term go `through: {kind: linear}` where widths differ, or name another field",
        )


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
    """(B,) bool: samples that a term with another target than labels counts."""
    labelled = batch.labelled
    return {"labelled": labelled, "unlabelled": ~labelled, "all": torch.ones_like(labelled)}[term.config.over]


def select(outputs: Outputs, name: str, whose: str) -> Tensor:
    """The field of ``outputs`` that a term calls ``name``: a head, ``past_<head>``, ``features``,
    ``next_features``, ``embedding`` or ``maps.<name>``.
    """
    fields = {
        **outputs.logits,
        **{f"{PAST}{head}": values for head, values in outputs.past_logits.items()},
        FEATURES: outputs.features,
        "next_features": outputs.next_features,
        "embedding": outputs.embedding,
        **{f"{MAPS}{place}": values for place, values in outputs.maps.items()},
    }
    found = fields.get(name)
    if found is None:
        has = [other for other, values in fields.items() if values is not None]
        raise ConfigError(
            f"no {name} from {whose}",
            "objective",
            f"one of {', '.join(has)}",
            "change the term's `of` or `to`, or the network",
        )
    return found
