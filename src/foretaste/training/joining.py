"""The objective, and the loss scale, as parts of the network for as long as it is trained.

What terms go ``through`` is then optimised, frozen by name, kept, resumed and summed over processes as
the network's own parameters are, under the names ``objective.<term>...``. The loss scale is
kept and resumed with them. Afterwards the network is as it was built, without them.
"""

from __future__ import annotations

import torch
from torch import nn

from foretaste.training.loss_scale import LossScale
from foretaste.training.objective import Objective
from foretaste.training.precision import forward, place
from foretaste.training.samples import Loader
from foretaste.training.targets import Targets


def join(
    model: nn.Module,
    objective: Objective,
    targets: Targets,
    loader: Loader,
    device: torch.device,
    precision: str,
    scale: LossScale,
) -> None:
    """Build the adapters of ``objective``, and make it and ``scale`` parts of ``model``.

    How wide they are follows from what the network and its targets say of the first training sample, as it is
    scored: nothing is random, no gradient is kept, and no statistic of the network moves.
    """
    if objective.adapted:
        batch = place(loader.samples.batch([0]), device, precision)
        model.eval()
        with torch.no_grad():
            objective.adapt(forward(model, batch, precision), targets(batch), loader.seed)
    model.objective, model.loss_scale = objective, scale


def leave(model: nn.Module) -> None:
    """Take them out again."""
    del model.objective, model.loss_scale
