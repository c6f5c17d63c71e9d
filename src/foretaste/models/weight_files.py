"""Files of published weights: read as tensors only, whole or not at all; and our own, written beside how
their network reads pixels.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from foretaste.contracts.errors import DataError
from foretaste.models.torch_files import is_dense, is_swollen, load

#: Under which name the metadata of a safetensors file say how its network reads pixels (``models.pixels``).
PIXELS = "pixels"


def read(path: Path, entries: Sequence[str] = ()) -> dict[str, Tensor]:
    """Tensors by name from a ``.safetensors`` file, or from a ``.pt``, ``.pth`` or ``.bin`` read as weights
    only (nothing in it is run).

    ``entries`` are the names under which a checkpoint may hold its parameters ("model" in AVT's); one that is
    a table of tensors itself is taken as it is. Whatever is wrong with the file is one DataError. What has no
    checksum cannot be checked: a bit flipped among the numbers of a .safetensors file, or of a .pth older
    than torch's zip format, is read as a number.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(
            "missing weights", path, "a .safetensors or .pth file", "download it, or correct the path"
        )
    stored = load(path, "weights")
    if entries and not _is_table(stored):
        stored = _entry(stored, entries, path)
    if not _is_table(stored):
        raise DataError(
            "not a table of tensors",
            path,
            "parameter name -> tensor",
            "name the entry that holds the parameters",
        )
    if swollen := [name for name, tensor in stored.items() if is_swollen(tensor, path)]:
        raise DataError(f"{swollen[0]} is larger than its file", path, "a whole file", "fetch it again")
    return dict(stored)


def read_pixels(path: Path) -> dict[str, Any] | None:
    """How the network of a file that ``save`` wrote reads pixels; None where a file does not say."""
    if Path(path).suffix != ".safetensors":
        return None
    with safe_open(path, framework="pt") as file:
        said = (file.metadata() or {}).get(PIXELS)
    try:
        return None if said is None else json.loads(said)
    except ValueError as error:
        raise DataError("unreadable metadata", path, f"{PIXELS}: JSON", "export it again") from error


def save(path: Path, tensors: Mapping[str, Tensor], pixels: Mapping[str, Any] | None) -> None:
    """Write a safetensors file; ``pixels`` (mean, std, order) stand in its metadata, where they say what the
    numbers alone do not.
    """
    own = {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}
    save_file(own, path, None if pixels is None else {PIXELS: json.dumps(pixels)})


def few(names: Sequence[str]) -> str:
    """The first names of many, in words."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(map(str, names[:3])) + more if names else "none"


def _entry(stored: Any, entries: Sequence[str], path: Path) -> Any:
    found = stored if isinstance(stored, dict) else {}
    for entry in entries:
        if entry in found:
            return found[entry]
    raise DataError(
        f"no entry {' or '.join(map(repr, entries))}",
        path,
        f"one of {few(list(found))}" if isinstance(stored, dict) else type(stored).__name__,
        "name the entry that holds the parameters",
    )


def _is_table(stored: Any) -> bool:
    return isinstance(stored, dict) and all(_is_parameter(*item) for item in stored.items())


def _is_parameter(name: object, value: object) -> bool:
    return isinstance(name, str) and is_dense(value)
