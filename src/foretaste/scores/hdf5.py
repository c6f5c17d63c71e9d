"""HDF5 files of plain logits in the layout of AVT's results (facebookresearch/AVT, `results/<rank>.h5`):
``logits/<head>`` (n, C), and ``uid`` (n,), the ids of the samples.

AVT also writes labels, losses, row numbers and the epoch: they are left alone. Row numbers are no ids.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.errors import DataError
from foretaste.contracts.foreign_files import UNREADABLE, check_is_itself, first_line
from foretaste.scores.plain import SplitScores, checked
from foretaste.scores.reader import Scores

LOGITS, IDS = "logits", "uid"

#: What else AVT keeps there.
LEFT_ALONE = frozenset({"target", "loss", "idx", "epoch"})


def write_hdf5(scores: Scores, split: str, path: Path) -> None:
    """Write one split, with checksums that HDF5 itself compares.

    Ids are texts of one length: HDF5 keeps others in a heap, which it reads for ever where it is damaged.
    """
    ids = np.char.encode(np.array(scores.sample_ids(split)), "utf-8")
    with h5py.File(path, "w") as file:
        kind = h5py.string_dtype(length=ids.dtype.itemsize)
        file.create_dataset(IDS, data=ids.astype(kind), fletcher32=True)
        for head in scores.heads:
            file.create_dataset(f"{LOGITS}/{head}", data=scores.logits(split, head), fletcher32=True)


def read_hdf5(path: Path, classes: ClassSpace) -> SplitScores:
    """The logits in it, checked; DataError for a damaged file, one without ids, one that would read other
    files, and for what is neither logits nor known of AVT.
    """
    check_is_itself(path)
    try:
        with h5py.File(path, "r") as file:
            if odd := sorted(set(file) - {LOGITS, IDS} - LEFT_ALONE):
                raise DataError(f"{odd[0]!r} in it", path, f"{LOGITS}/<head> and {IDS}", "leave it out")
            found = dict(_datasets(file, path))
            if IDS not in found:
                expected = f"{IDS} (n,), the id of each row"
                raise DataError("no sample ids", path, expected, "write them; row numbers are none")
            arrays = {name.removeprefix(f"{LOGITS}/"): found[name][()] for name in found if name != IDS}
            ids = _texts(found[IDS])
    except UNREADABLE as error:
        reason = f"unreadable score file ({first_line(error)})"
        raise DataError(reason, path, "an HDF5 file", "copy it again, or write it anew") from error
    return checked(ids, arrays, classes, path, IDS)


def _datasets(file: h5py.File, path: Path) -> Iterator[tuple[str, h5py.Dataset]]:
    """The ids and the logits, each within this very file."""
    heads = file[LOGITS] if isinstance(file.get(LOGITS), h5py.Group) else ()
    for name in (IDS, *(f"{LOGITS}/{head}" for head in heads)):
        link, found = file.get(name, getlink=True), None
        if isinstance(link, h5py.HardLink):
            found = file[name]
        if link is None and name == IDS:
            continue
        if not isinstance(found, h5py.Dataset) or found.external or found.is_virtual:
            raise DataError(f"{name} is no data of this file", path, "a plain dataset", "copy its data there")
        if not _written(found):
            raise DataError(
                f"{name} of {found.shape} was not written whole", path, "all its data", "copy it again"
            )
        yield name, found


def _written(stored: h5py.Dataset) -> bool:
    """Whether every part of it is in the file: HDF5 reads others as zeros."""
    if stored.chunks is None:
        return stored.id.get_storage_size() == stored.nbytes
    counts = [-(-length // part) for length, part in zip(stored.shape, stored.chunks, strict=True)]
    if stored.id.get_num_chunks() != math.prod(counts):
        return False
    there = {stored.id.get_chunk_info(i).chunk_offset for i in range(math.prod(counts))}
    starts = (range(0, length, part) for length, part in zip(stored.shape, stored.chunks, strict=True))
    return there == set(itertools.product(*starts))


def _texts(stored: h5py.Dataset) -> np.ndarray:
    """Text of any kind that HDF5 has, and whole numbers, as numpy has them."""
    if h5py.check_string_dtype(stored.dtype) is None:
        return stored[()]
    texts = [text.decode() for text in np.atleast_1d(stored[()]).ravel().tolist()]
    return np.array(texts, dtype=str).reshape(stored.shape)
