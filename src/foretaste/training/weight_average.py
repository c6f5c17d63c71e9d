"""A running average of the weights (Polyak and Juditsky 1992; of exponentially falling share, "EMA"): what a
training may end with in the place of its last step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

#: As the optimizer's state calls it, so that checkpoints keep it beside the optimizer's own.
AVERAGE = "average"


class WeightAverage:
    """The averages of an optimizer's parameters; none where ``decay`` is None.

    After step t (from 0) the average keeps ``min(decay, (1 + t) / (10 + t))`` of itself, so that the first
    weights are soon forgotten. A parameter's average begins at its first update. Buffers, such as the
    statistics of batch norms, have no average: they are those of the last step.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, decay: float | None):
        self._optimizer, self._decay = optimizer, decay

    @torch.no_grad()
    def update(self, step: int, updated: Iterable[nn.Parameter]) -> None:
        """After ``step``, which has changed the parameters ``updated``."""
        if self._decay is None:
            return
        share = 1 - min(self._decay, (1 + step) / (10 + step))
        for parameter, state in self._averaged():
            state[AVERAGE].lerp_(parameter, share)
        for parameter in updated:
            # Not before: an optimizer takes a state that is not empty for its own.
            self._optimizer.state[parameter].setdefault(AVERAGE, parameter.detach().clone())

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The model has the averages for its weights, as long as it is looked at."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def leave(self) -> None:
        """The model has the averages for its weights from now on."""
        for parameter, state in self._averaged():
            parameter.copy_(state[AVERAGE])

    @torch.no_grad()
    def _swap(self) -> None:
        for parameter, state in self._averaged():
            weights = parameter.clone()
            parameter.copy_(state[AVERAGE])
            state[AVERAGE].copy_(weights)

    def _averaged(self) -> Iterator[tuple[nn.Parameter, dict[str, torch.Tensor]]]:
        for group in self._optimizer.param_groups:
            for parameter in group["params"]:
                state = self._optimizer.state.get(parameter, {})
                if AVERAGE in state:
                    yield parameter, state
