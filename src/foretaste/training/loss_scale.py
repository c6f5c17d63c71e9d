"""The loss scale of a training in fp16, whose gradients would else be too small to be told from 0.

The objective is multiplied by it before the backward pass, the gradients are divided by it afterwards, in
fp32. Where they overflow the update is left out and the scale halved; after many without overflow it is
doubled (Micikevicius et al. 2018, "Mixed Precision Training", section 3.2; the numbers are those of torch's
GradScaler). It is a power of two, so that scaling rounds nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

#: Where the scale begins, and after how many updates in a row it is doubled.
FIRST, PATIENCE = 2.0**16, 2000


class LossScale(nn.Module):
    """A part of the network for as long as it is trained, so that checkpoints keep it: ``scale`` and
    ``taken`` (updates since it last changed) are buffers. Without ``on`` there is neither, and it changes
    nothing.
    """

    def __init__(self, on: bool):
        super().__init__()
        self.on = on
        if on:
            self.register_buffer("scale", torch.tensor(FIRST, dtype=torch.float64))
            self.register_buffer("taken", torch.tensor(0, dtype=torch.int64))

    def up(self, total: Tensor) -> Tensor:
        """What the backward pass starts from."""
        return total * self.scale.to(total) if self.on else total

    def down(self, gradients: Sequence[Tensor]) -> None:
        """Divide the gradients, in place."""
        if self.on and gradients:
            torch._foreach_mul_(gradients, 1 / self.scale.item())

    def overflowed(self, norm: Tensor) -> bool:
        """Whether an update with gradients of this ``norm`` is left out; moves the scale. A gradient that is
        not finite at scale 1 is no overflow of ours.
        """
        if not self.on:
            return False
        if not torch.isfinite(norm) and self.scale > 1:
            self.scale /= 2
            self.taken.zero_()
            return True
        self.taken += 1
        if self.taken >= PATIENCE:
            self.scale *= 2
            self.taken.zero_()
        return False

    def told(self) -> dict[str, float]:
        """What a line of the log says of it."""
        return {"loss_scale": self.scale.item()} if self.on else {}
