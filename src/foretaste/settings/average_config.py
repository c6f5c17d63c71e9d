"""Settings of a model of a preset that is the mean of others' scores."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, model_validator

from foretaste.settings.options import Options


class SoftminConfig(Options):
    """Shares by how well each model knows the labels: softmin of its cross-entropy / gamma, each head by
    itself (Radevski et al. 2023).
    """

    kind: Literal["per_sample", "held_out"]
    """`held_out`: one share a model, of the mean over held-out training videos. `per_sample`: each training
    row has its own, by its label; rows of other splits, whose labels nobody may use, have equal shares.
    """
    gamma: PositiveFloat = 1.0
    """Small: all to the best model; large: equal shares."""


class AverageConfig(Options):
    """A model that is the mean of others' scores."""

    role: Literal["teacher", "student"] = "teacher"
    """What the report files it under: the mean of students is one."""
    label: str
    """Its name in tables and figures."""
    average: tuple[str, ...] = Field(min_length=1)
    """The models whose scores are averaged."""
    seeds: tuple[int, ...] = ()
    """Seeds of each of these models that take part, in equal shares; none: the seed of the average itself."""
    space: Literal["probabilities", "logits"] = "probabilities"
    """What is averaged; both are turned back into logits."""
    weights: Literal["equal", "fitted"] | tuple[NonNegativeFloat, ...] | SoftminConfig = "equal"
    """Share of each model; `fitted`: those with the highest likelihood of held-out training videos;
    `{kind: held_out, gamma: 1.0}` or `per_sample`: by the models' cross-entropies.
    """
    prior_exponent: NonNegativeFloat | Literal["fitted"] = 0.0
    """Probabilities are divided by (class frequency in training) to this power; `fitted` on held-out training
    videos.
    """

    @model_validator(mode="after")
    def _weights_fit(self) -> AverageConfig:
        if len(set(self.average)) != len(self.average):
            raise ValueError("each model once: `weights` gives one more than the others")
        if len(set(self.seeds)) != len(self.seeds) or any(seed < 0 for seed in self.seeds):
            raise ValueError("each seed once, from 0")
        if self.weights == "fitted" and self.space == "logits":
            raise ValueError("weights: fitted needs space: probabilities")
        if isinstance(self.weights, SoftminConfig):
            if self.space != "logits":
                raise ValueError(f"weights: {self.weights.kind} needs space: logits")
            if self.weights.kind == "per_sample" and self.prior_exponent == "fitted":
                raise ValueError("weights: per_sample needs a number for prior_exponent")
        if isinstance(self.weights, tuple) and (
            len(self.weights) != len(self.average) or not sum(self.weights)
        ):
            raise ValueError("one weight a model, not all of them 0")
        return self

    @property
    def shares(self) -> tuple[float, ...]:
        """The share of each model where they are numbers."""
        given = (1.0,) * len(self.average) if self.weights == "equal" else self.weights
        return tuple(one / sum(given) for one in given)

    @property
    def mentions(self) -> frozenset[str]:
        """The models that it averages."""
        return frozenset(self.average)

    @property
    def fits(self) -> tuple[str, ...]:
        """Its settings that are fitted on rows that nothing was trained on."""
        named = [name for name in ("weights", "prior_exponent") if getattr(self, name) == "fitted"]
        held_out = isinstance(self.weights, SoftminConfig) and self.weights.kind == "held_out"
        return ("weights", *named) if held_out else tuple(named)
