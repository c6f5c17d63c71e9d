"""A network compiled by ``torch.compile``: fewer and larger kernels for what it does in training.

Each shape of a batch is compiled for itself, the first time that it comes. So what runs follows from the
shape alone, never from the shapes before it, and a training that is resumed on the same machine computes the
same bits. Dropout draws other masks than without compiling.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from foretaste.contracts.batch import Batch, Outputs
from foretaste.contracts.errors import DataError

#: So many shapes are compiled; texts of any length have more.
SHAPES = 64


@contextmanager
def compiled(
    model: nn.Module, device: torch.device, *, on: bool, deterministic: bool
) -> Iterator[Callable[[Batch], Outputs]]:
    """``model``, or where ``on`` what computes the same with the same parameters, which stay the model's own
    under their names.

    Raises DataError where nothing can be compiled for ``device``, and for a batch of one shape too many.
    """
    if not on:
        yield model
        return
    # Importing these takes seconds.
    from torch._dynamo import config as tracing
    from torch._dynamo.exc import BackendCompilerFailed, FailOnRecompileLimitHit
    from torch._inductor import config as generating
    from torch._inductor.exc import InductorError

    with (
        tracing.patch(recompile_limit=SHAPES, fail_on_recompile_limit_hit=True),
        generating.patch(deterministic=deterministic),
    ):
        try:
            yield torch.compile(model, dynamic=False)
        except FailOnRecompileLimitHit as error:
            raise DataError(
                f"batches of more than {SHAPES} shapes",
                "training.compile",
                "few shapes, each of which is compiled for itself",
                "leave compile out",
            ) from error
        except (BackendCompilerFailed, InductorError) as error:
            said = " ".join(str(error).split("Set TORCH")[0].split())
            raise DataError(
                f"the network cannot be compiled ({said})",
                f"training.compile, on {device.type}",
                "a C++ compiler (g++, or what CXX names), on a GPU Triton too",
                "install what is missing, or leave compile out",
            ) from error
