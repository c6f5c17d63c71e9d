"""How a GPU computes: in fp32 or TF32, and whether it adds up in one order.

TF32 rounds what products and convolutions read to 10 bits of mantissa, and adds up in fp32. torch by itself
does so in convolutions and not in products; here ``tf32`` is both or neither. ``deterministic`` takes
algorithms that add up in one order, where torch has them (it warns where it has none): without that no resume
is exact to the bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


def compute(*, tf32: bool, deterministic: bool) -> None:
    """Compute so from here on, in this process."""
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.allow_tf32 = tf32
    torch.set_deterministic_debug_mode("warn" if deterministic else "default")


@contextmanager
def computing(device: torch.device, *, tf32: bool, deterministic: bool) -> Iterator[None]:
    """Compute so on ``device``, then as before; only CUDA devices have the choice."""
    if device.type != "cuda":
        yield
        return
    products, convolutions = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    order = torch.get_deterministic_debug_mode()
    compute(tf32=tf32, deterministic=deterministic)
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32 = products
        torch.backends.cudnn.allow_tf32 = convolutions
        torch.set_deterministic_debug_mode(order)
