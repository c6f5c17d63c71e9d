"""Settings of a model that is shown each sample in several fixed ways when it is scored."""

from __future__ import annotations

from typing import Literal

from pydantic import PositiveInt, model_validator

from foretaste.settings.options import Options


class SeveralViews(Options):
    """Clips times crops times mirrorings: what the network says of each is averaged."""

    clips: PositiveInt = 1
    """Clips that start evenly over the window; several need `sampler: {kind: strided}`."""
    crops: Literal[1, 3] = 1
    """`3`: at the top left, in the centre and at the bottom right. Where `scoring_side` is the size these are
    both ends of the longer side and its middle.
    """
    flipped: bool = False
    """Each of them once more, mirrored."""
    space: Literal["probabilities", "logits"] = "logits"
    """What is averaged: `logits` as AVT and Radevski et al. do, `probabilities` as Video Swin does."""

    @model_validator(mode="after")
    def _several(self) -> SeveralViews:
        if self.count == 1:
            raise ValueError("one view is scored anyway: ask for more clips or crops, or for flipped")
        return self

    @property
    def count(self) -> int:
        """How many views there are of a sample."""
        return self.clips * self.crops * (2 if self.flipped else 1)
