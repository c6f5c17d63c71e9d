"""What torch or safetensors stored in a file that others made: nothing in it is run, and whatever is wrong
is one line.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from foretaste.contracts.errors import DataError
from foretaste.contracts.foreign_files import UNREADABLE, check_is_itself, check_zip, first_line, is_zip


def load(path: Path, what: str) -> Any:
    """The content of a ``.safetensors`` file, or of any other as torch reads it, weights only. DataError
    where that cannot be read; it calls it ``what``.
    """
    check_is_itself(path)
    try:
        return _stored(path)
    except (*UNREADABLE, torch.serialization.pickle.UnpicklingError) as error:
        reason = f"unreadable {what} ({type(error).__name__}: {first_line(error)})"
        raise DataError(
            reason, path, "a file of tensors only, as it was published", "fetch it again, or convert it"
        ) from error


def _stored(path: Path) -> Any:
    if path.suffix == ".safetensors":
        return load_file(path)
    if is_zip(path):
        check_zip(path)
    with warnings.catch_warnings():
        # torch warns of protocols and storages that it knows: damaged ones are errors, and sound ones need no
        # comment.
        warnings.simplefilter("ignore")
        return torch.load(path, map_location="cpu", weights_only=True)


def is_dense(value: object) -> bool:
    """Whether it is a tensor of plain numbers on the CPU."""
    plain = isinstance(value, Tensor) and value.layout == torch.strided and not value.is_quantized
    return plain and value.device.type == "cpu"


def is_swollen(tensor: Tensor, path: Path) -> bool:
    """Whether it says that it holds more than its file does."""
    return tensor.numel() * tensor.element_size() > path.stat().st_size


def read_tensor(path: Path) -> np.ndarray:
    """The one tensor of floats that a file holds, as numpy has it (bfloat16 as float32). Raises as ``load``,
    and DataError for anything else than such a tensor.
    """
    stored = load(path, "tensor")
    if not is_dense(stored) or not stored.is_floating_point() or is_swollen(stored, path):
        kind = (
            f"{stored.dtype} {tuple(stored.shape)}" if isinstance(stored, Tensor) else type(stored).__name__
        )
        raise DataError(
            f"no tensor of floats but {kind}", path, "one dense tensor of floats", "save it alone"
        )
    values = stored.detach()
    return (values.float() if values.dtype == torch.bfloat16 else values).numpy()
