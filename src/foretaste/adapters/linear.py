"""A linear map of the last dimension: LanViKD's regression head onto the text embedding (Sun et al. 2024)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from foretaste.settings.options import Options


class Config(Options):
    pass


def build(config: Config, *, given: Sequence[int], wanted: Sequence[int]) -> nn.Linear:
    """(B, ..., D) -> (B, ..., D'), at every place the same map, with a bias.

    given, wanted
        The shapes of what goes in and of what it is compared with; of both only the last dimension counts.
    """
    return nn.Linear(given[-1], wanted[-1])
