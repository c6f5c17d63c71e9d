"""What a file of features, or of stored frames, may hold, and what is said of one that is damaged or holds
something else. See ``store`` and ``frame_store``.
"""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from foretaste.contracts.errors import DataError
from foretaste.contracts.foreign_files import UNREADABLE, check_is_itself

_FLOATS = ("float16", "float32")


class Kind(NamedTuple):
    """What files are called, and the stage that makes them."""

    name: str
    stage: str


FEATURES, FRAMES = Kind("feature file", "extract_features"), Kind("frame file", "store_frames")


@contextmanager
def reading(path: Path, video_id: str | None = None, kind: Kind = FEATURES) -> Iterator[None]:
    """Whatever h5py raises in the block, as a DataError that names the file, and the video where it is one's.

    HDF5 finds damage when it follows an address, and then h5py raises whatever it was about: KeyError,
    OSError, TypeError.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise DataError(f"missing {kind.name}", path, "an HDF5 file", f"run {kind.stage}") from error
    except MemoryError as error:
        to_do = f"free memory; if the file is small it is damaged: rerun {kind.stage}"
        raise DataError(f"{kind.name} larger than the memory", path, "room for it", to_do) from error
    except UNREADABLE as error:
        raise _unread(path, video_id, kind, error) from error


def _unread(path: Path, video_id: str | None, kind: Kind, error: BaseException) -> DataError:
    """Why a file that is there was not read; only bytes that are no HDF5 are called damaged."""
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EAGAIN:  # HDF5 locks what it opens, and writers exclude readers
        what = f"{kind.name} held open by another process"
        return DataError(what, path, "a file that nobody writes", "wait for it, or end it")
    if number is not None:
        what = f"{kind.name} that cannot be opened ({os.strerror(number)})"
        return DataError(what, path, "a file that can be read", "see to its rights")
    check_is_itself(path)
    where = path if video_id is None else f"{path}: {video_id}"
    to_do = f"get it again, or delete it and rerun {kind.stage}"
    return DataError(f"damaged {kind.name}", where, "an HDF5 file", to_do)


def check_name(video_id: str, where: object) -> None:
    """DataError for the id of a video that cannot be the name of a group, or of a file."""
    if "/" in video_id or "\0" in video_id or not video_id.strip("."):
        raise DataError(f"video id {video_id!r}", where, "a name without a slash", "rename the video")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_rate(value: object) -> bool:
    return isinstance(value, np.floating | np.integer) and math.isfinite(value) and value > 0


def _is_count(value: object) -> bool:
    return isinstance(value, np.integer) and value > 0


def _is_steps(value: object) -> bool:
    return isinstance(value, np.integer) and value >= 0


def _is_float_type(value: object) -> bool:
    return isinstance(value, str) and value in _FLOATS


#: Attributes of a file that are more than a text: what is expected, and whether a value is that.
_EXPECTED = {
    "grid_fps": ("a finite number above 0", _is_rate),
    "width": ("a whole number above 0", _is_count),
    "look_back": ("a whole number of grid steps", _is_steps),
    "dtype": (" or ".join(_FLOATS), _is_float_type),
}


def read_attributes(holder: h5py.File | h5py.Group) -> dict[str, Any]:
    """Attributes by name, texts of a fixed length as text."""
    values = dict(holder.attrs)
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in values.items()}


def check_attributes(values: Mapping[str, Any], path: Path) -> None:
    """DataError unless the attributes of a file are as ``store.Origin`` says."""
    for name, value in values.items():
        expected, holds = _EXPECTED.get(name, ("a text", _is_text))
        if not holds(value):
            raise DataError(
                f"{name} of a feature file is {shown(value)}", path, expected, "rerun extract_features"
            )


def shown(value: object) -> str:
    """A value of an attribute, in short."""
    said = str(value) if isinstance(value, np.generic | None) else repr(value)
    return said if len(said) <= 60 else f"{said[:57]}..."


def check_group(holder: h5py.Group, name: str, path: Path, kind: Kind = FEATURES) -> h5py.Group:
    """The group ``name``, which lies in this very file; DataError for any other, and for a link."""
    link = holder.get(name, getlink=True)
    group = holder[name] if isinstance(link, h5py.HardLink) else None
    if not isinstance(group, h5py.Group):
        found = f"{name} is no group of this file" if link else f"{kind.name} without {name}"
        raise DataError(found, path, "the groups of docs/formats.md", f"rerun {kind.stage}")
    return group


def check_own(group: h5py.Group, name: str, keys: Iterable[str], path: Path, kind: Kind = FEATURES) -> None:
    """DataError unless those datasets of a video that are there lie in this very file."""
    for key in keys:
        link = group.get(key, getlink=True)
        array = group[key] if isinstance(link, h5py.HardLink) else None
        if link and (not isinstance(array, h5py.Dataset) or array.external or array.is_virtual):
            what, to_do = f"{key} of {name!r} is no data of this file", f"rerun {kind.stage}"
            raise DataError(what, path, "a plain dataset", to_do)


def check_arrays(group: h5py.Group, name: str, dtypes: Mapping[str, Any], width: int, path: Path) -> None:
    """DataError unless the datasets of a video are as written: in this very file, contiguous, of their types
    and shapes, and inside it.
    """
    again = "rerun extract_features"
    check_own(group, name, dtypes, path)
    feat = group["feat"]
    if feat.chunks is not None or feat.dtype.name not in _FLOATS:
        raise DataError(
            f"features of {name!r} are chunked or {feat.dtype}",
            path,
            f"contiguous {' or '.join(_FLOATS)}",
            again,
        )
    size, row = path.stat().st_size, (*feat.shape[1:-1], width)
    n = len(feat)
    for key, dtype in dtypes.items():
        array = group[key]
        shape = (n, *row) if key == "feat" else (n,)
        if array.shape != shape or array.dtype != dtype or 0 in shape[1:]:
            found, expected = f"{array.dtype} {array.shape}", f"{np.dtype(dtype)} {shape}"
            raise DataError(f"{key} of {name!r} is {found}", path, expected, again)
        offset = array.id.get_offset()
        if array.nbytes and (offset is None or offset + array.nbytes > size):
            raise DataError(f"{key} of {name!r} lies outside the file", path, "contiguous datasets", again)
