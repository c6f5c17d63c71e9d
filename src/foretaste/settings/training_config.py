"""Settings of a training: its length, optimizer, learning rates, precision and checkpoints."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from foretaste.settings.options import Options


class AdamW(Options):
    kind: Literal["adamw"]
    """Adam with decoupled weight decay."""
    lr: PositiveFloat
    """Learning rate, before the schedule."""
    weight_decay: NonNegativeFloat = 0.0
    """What weights shrink by at each step, times the rate."""
    betas: tuple[float, float] = (0.9, 0.999)
    """How much of themselves the running means of gradients and of their squares keep."""


class Adam(Options):
    kind: Literal["adam"]
    """Adam with L2 added to the gradient, as published for AVT on EPIC-55."""
    lr: PositiveFloat
    """Learning rate, before the schedule."""
    weight_decay: NonNegativeFloat = 0.0
    """What times the weights is added to their gradient."""
    betas: tuple[float, float] = (0.9, 0.999)
    """How much of themselves the running means of gradients and of their squares keep."""


class Sgd(Options):
    kind: Literal["sgd"]
    """Stochastic gradient descent."""
    lr: PositiveFloat
    """Learning rate, before the schedule."""
    weight_decay: NonNegativeFloat = 0.0
    """What times the weights is added to their gradient."""
    momentum: NonNegativeFloat = 0.9
    """How much of itself the running sum of gradients keeps."""
    nesterov: bool = True
    """Whether the gradient is looked at one step ahead (Nesterov)."""

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> Sgd:
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov needs a momentum above 0")
        return self


class ScheduleConfig(Options):
    """The learning rate over optimizer steps, as a factor of each group's own rate."""

    kind: Literal["constant", "linear", "cosine", "step"] = "constant"
    """What follows the warm-up: nothing, linear decay to 0, a half cosine to `floor`, or a drop at each of
    `drops`.
    """
    warmup: NonNegativeFloat = 0.0
    """Length of the linear warm-up: a share of all steps below 1, else epochs."""
    floor: NonNegativeFloat = 0.0
    """Rate (absolute) that the cosine ends at."""
    cosine_epochs: PositiveInt | None = None
    """Length of the cosine where it is not the rest of the training."""
    offset: NonNegativeFloat = 0.0
    """Rate (absolute) added to the warm-up and to where the decay starts from (Ghosh et al.: 1e-7)."""
    after: NonNegativeFloat | None = None
    """Rate (absolute) once the cosine has ended (AVT: 0, Ghosh et al.: 3e-7); None: `floor`."""
    drops: tuple[PositiveFloat, ...] = ()
    """Epochs after which the rate is multiplied by `factor`."""
    factor: PositiveFloat = 0.1
    """What each drop multiplies the rate by."""

    @model_validator(mode="after")
    def _settings_are_of_its_kind(self) -> ScheduleConfig:
        if (self.kind == "step") != bool(self.drops):
            raise ValueError("drops goes with kind: step")
        of = {"floor": "cosine", "cosine_epochs": "cosine", "after": "cosine", "factor": "step"}
        for name, kind in of.items():
            if self.kind != kind and getattr(self, name) != type(self).model_fields[name].default:
                raise ValueError(f"{name} goes with kind: {kind}")
        return self

    def beyond(self, epochs: float) -> str | None:
        """What of it a training of so many epochs would not come to; None: it has room for all of it, but
        for a cosine, of which it may show the beginning.
        """
        if self.warmup >= 1 and self.warmup > epochs:
            return f"a warmup of {self.warmup:g} epochs"
        never = [drop for drop in self.drops if drop >= epochs]
        return f"a drop after {never[0]:g} epochs" if never else None


def _expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return text


class RateGroup(Options):
    """Parameters with a learning rate or weight decay of their own."""

    match: Annotated[str, AfterValidator(_expression)]
    """Regular expression searched in parameter names; it must match at least one."""
    lr: NonNegativeFloat | None = None
    """0 freezes them; None: the optimizer's."""
    weight_decay: NonNegativeFloat | None = None
    """None: the optimizer's."""


class LoopConfig(Options):
    """Training by gradient descent: the one loop."""

    kind: Literal["loop"] = "loop"
    """Gradient descent."""
    epochs: PositiveInt | None = None
    """Length in passes over the training samples: exactly one of `epochs` and `steps`."""
    steps: PositiveInt | None = None
    """Length in optimizer steps."""
    batch: PositiveInt
    """Samples of one optimizer step, over all processes and accumulation steps."""
    accumulate: PositiveInt = 1
    """Parts that a step's batch is cut into, to save memory. Each draws its own dropout and is normalised by
    batch norms by itself: with either, another number is another training.
    """
    optimizer: Annotated[AdamW | Adam | Sgd, Field(discriminator="kind")]
    """How gradients become steps."""
    schedule: ScheduleConfig = ScheduleConfig()
    """How the rates change over the steps."""
    groups: tuple[RateGroup, ...] = ()
    """Parameter groups with another rate; the first match wins."""
    clip_norm: PositiveFloat | None = None
    """Largest gradient norm."""
    average: float | None = Field(None, gt=0, lt=1)
    """Monitor, and end with, a running average of the weights that keeps this share of itself at each step
    (0.999); null: the weights of the last step, as published.
    """
    precision: Literal["fp32", "bf16", "fp16", "fp64"] = "fp32"
    """bf16 and fp16 are autocast, fp16 with a loss scale; fp64 turns the whole model to double (tests)."""
    compile: bool = False
    """Compile the network (`torch.compile`): each shape of a batch once. Worth its minutes in long trainings
    of few shapes; it needs a C++ compiler.
    """
    tf32: bool = False
    """On a GPU, TF32 instead of fp32 in products and convolutions; elsewhere it changes nothing."""
    deterministic: bool = True
    """On a GPU, add up in one order where torch can, as a resume to the bit needs; false may be faster, and a
    killed training then goes on with other last bits.
    """
    buckets: bool = False
    """Batch rows of like length together (texts)."""
    workers: int | None = Field(None, ge=0)
    """Processes that prepare its batches; 0: a thread of the training process, null: what was measured to be
    best for its view.
    """
    worker_timeout_s: PositiveFloat = 300.0
    """Seconds after which a worker that has not answered is an error."""
    checkpoint_minutes: PositiveFloat = 10.0
    """How often a checkpoint is written, beside the training, for a killed one to go on from. One that is
    told to end (SIGTERM) writes another.
    """
    checkpoint_steps: PositiveInt | None = None
    """Write one after every so many steps, too."""

    @model_validator(mode="after")
    def _one_length(self) -> LoopConfig:
        if (self.epochs is None) == (self.steps is None):
            raise ValueError("give exactly one of epochs and steps")
        if self.epochs is not None and (beyond := self.schedule.beyond(self.epochs)) is not None:
            raise ValueError(
                f"{beyond} in a training of {self.epochs}: a schedule that the training has room for; a"
                " schedule.warmup below 1 is a share of it"
            )
        if self.accumulate > self.batch:
            raise ValueError(f"accumulate: {self.accumulate} parts of a batch of {self.batch}")
        return self


class CountingConfig(Options):
    """Training by counting: the tables of a count teacher."""

    kind: Literal["counting"]
    """Count once, with no gradient."""
    source: Literal["samples", "recipe_truth"] = "samples"
    """What is counted: the training samples, or (generated worlds only) the true action labels of the
    recipes.
    """
