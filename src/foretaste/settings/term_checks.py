"""What the terms of a preset compare, found before anything runs: whether a network gives what a term is
about, whether the target is there, and whether the loss takes such a target.

Losses say in ``TARGETS`` what they take, networks in ``GIVES`` what they give, readers in ``HEADS`` which
heads there are; all of it stands in the generated schemas.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from foretaste.contracts.errors import ConfigError, unknown
from foretaste.settings.model_config import FEATURES, LABELS, TermConfig
from foretaste.settings.model_outputs import MAPS, given, is_vector

#: What a target is made of.
LABEL, LOGITS, VECTORS = "labels", "logits", "vectors"


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """What terms can ask of a model, by the names that they call it.

    live
        All that its network gives.
    cached
        What is kept with its scores.
    """

    live: Sequence[str]
    cached: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class TermChecks:
    """The checks of one preset on one dataset.

    heads
        Those of the dataset, the main one first.
    speakers
        The models of the preset.
    known
        The generated schemas of components.
    """

    heads: Sequence[str]
    speakers: Mapping[str, Speaker]
    known: Mapping[str, Any]

    def check_maps(self, model: str, maps: Sequence[str], where: str) -> None:
        """Raise ConfigError for a map to be kept that the model's network does not give."""
        gives = [name.removeprefix(MAPS) for name in self.speakers[model].live if name.startswith(MAPS)]
        for name in maps:
            _among("map", name, gives, where)

    def check_objective(
        self,
        network: Mapping[str, Any],
        objective: Sequence[TermConfig],
        where: str,
        live: Sequence[str] | None = None,
    ) -> None:
        """Raise ConfigError for the first term that cannot be; ``live``: the teachers that speak live, None
        where nothing may teach.
        """
        self._check_classified(network, f"{where}.network")
        gives = given(network, self.heads, self.known)
        for index, term in enumerate(objective):
            place = f"{where}.objective.{index}"
            self._check_loss(term, place)
            if term.to == LABELS:
                _among("head", term.of, [one for one in gives if not is_vector(one)], f"{place}.of")
                continue
            _among("output of the network", term.of, gives, f"{place}.of")
            if term.to == FEATURES:
                _among("output with the target features", term.of, ["next_features"], f"{place}.of")
                continue
            if live is None:
                raise ConfigError(
                    f"to: {term.to}", place, "to: labels, for nothing teaches it", "give the term to a model"
                )
            self._check_field(term, live, place)
            self._check_comparable(term, place)

    def _check_classified(self, network: Mapping[str, Any], where: str) -> None:
        """The heads that a network, or one within it, is told to classify."""
        for name in network.get("classify") or ():
            _among("head", name, self.heads, f"{where}.classify")
        for key, part in network.items():
            if isinstance(part, Mapping):
                self._check_classified(part, f"{where}.{key}")

    def _check_loss(self, term: TermConfig, where: str) -> None:
        """The loss takes what the target is made of."""
        losses = self.known["losses"]
        takes, target = losses[term.loss["kind"]]["targets"], _made_of(term)
        if target not in takes:
            fitting = [name for name, loss in losses.items() if target in loss["targets"]]
            raise ConfigError(
                f"{term.loss['kind']} to {term.to}, which gives {target}",
                f"{where}.loss",
                f"a target of {' or '.join(takes)}",
                f"change `to`, or use {' or '.join(fitting)}",
            )

    def _check_field(self, term: TermConfig, live: Sequence[str], where: str) -> None:
        """The teacher says what is asked of it."""
        teacher = self.speakers[term.teacher]
        says = teacher.live if term.teacher in live else teacher.cached
        if term.field.startswith(MAPS) and term.field in teacher.live and term.field not in says:
            name = term.field.removeprefix(MAPS)
            raise ConfigError(
                f"{term.field} of {term.teacher}, which are not kept with its scores",
                where,
                f"maps that {term.teacher} keeps, or a model that speaks live",
                f"set maps: [{name}] of {term.teacher}, or live: [{term.teacher}] here",
            )
        _among(f"output of {term.teacher}", term.field, says, f"{where}.to")

    @staticmethod
    def _check_comparable(term: TermConfig, where: str) -> None:
        """Without an adapter only like is compared with like: one head with itself, vectors with vectors."""
        alike = term.of == term.field or (is_vector(term.of) and is_vector(term.field))
        if term.through is None and not alike:
            raise ConfigError(
                f"{term.of} compared with {term.field} of {term.teacher}",
                where,
                f"{term.field} of both, or an adapter between them",
                "correct `of` or `to`, or let the term go `through: {kind: linear}`",
            )


def _made_of(term: TermConfig) -> str:
    if term.to == LABELS:
        return LABEL
    return VECTORS if term.to == FEATURES or is_vector(term.field) else LOGITS


def _among(kind: str, name: str, choices: Iterable[str], where: str) -> None:
    choices = list(choices)
    if not choices:
        raise ConfigError(f"{kind} {name!r}", where, "nothing, for there is none", "take it out")
    if name not in choices:
        raise unknown(kind, name, choices, where)
