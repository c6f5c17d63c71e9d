"""Files of top-K lists: what is to be handed on when full logits are too large.

Parquet, the sidecar that joins any table of samples, one row a sample, row groups small and with a page
index, so that a few rows can be fetched alone:

    sample_id           text
    <head>.class_id     list of K ids, best first
    <head>.log_prob     list of K float32: log probability, at temperature 1, to 2^-14
    <head>.tail         float32: the probability of all other classes together, exact

Rounding to 2^-14 changes the distribution by 1e-9 nats and leaves bytes that compress to half. Of another
temperature the tail is not known: a list is no distribution, and nothing here reads one as if it were; a
list of all classes is one.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors.numpy import save_file

from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.errors import DataError
from foretaste.contracts.foreign_files import UNREADABLE, check_is_itself, first_line
from foretaste.scores.format import pack
from foretaste.scores.mean import log_softmax
from foretaste.scores.plain import SplitScores, checked
from foretaste.scores.reader import Scores
from foretaste.scores.topk import TopK

#: Samples of a row group.
GROUP = 1024

#: Log probabilities are kept to this.
STEP = 2.0**-14

_ID = "sample_id"


def write_parquet(scores: Scores, split: str, path: Path, k: int) -> None:
    """Write the ``k`` best classes of every row of a split; all where there are fewer."""
    columns: dict[str, pa.Array] = {_ID: pa.array(scores.sample_ids(split), pa.string())}
    for head in scores.heads:
        cut = _cut(scores, split, head, k)
        log_prob = log_softmax(cut.logits) + np.log1p(-cut.tail.astype(np.float64))[:, None]
        columns[f"{head}.class_id"] = _lists(cut.indices)
        columns[f"{head}.log_prob"] = _lists((np.round(log_prob / STEP) * STEP).astype(np.float32))
        columns[f"{head}.tail"] = pa.array(cut.tail)
    said = {"identity": scores.identity, "split": split}
    encodings = {_ID: "PLAIN"}
    for head in scores.heads:
        encodings[f"{head}.class_id.list.element"] = "DELTA_BINARY_PACKED"
        encodings[f"{head}.log_prob.list.element"] = "BYTE_STREAM_SPLIT"
    pq.write_table(
        pa.table(columns).replace_schema_metadata(said),
        path,
        row_group_size=GROUP,
        compression="zstd",
        use_dictionary=False,
        column_encoding=encodings,
        write_page_index=True,
        write_page_checksum=True,
    )


def _cut(scores: Scores, split: str, head: str, k: int) -> TopK:
    """The lists, their ids as narrow as they can be."""
    classes = scores.manifest["heads"][head]
    cut = scores.top_k(split, head, min(k, classes))
    narrow = np.int16 if classes <= np.iinfo(np.int16).max else np.int32
    return replace(cut, indices=cut.indices.astype(narrow))


def _lists(values: np.ndarray) -> pa.Array:
    """(n, K) as n lists."""
    rows, width = values.shape
    return pa.ListArray.from_arrays(np.arange(0, rows * width + 1, width, dtype=np.int32), values.ravel())


def read_parquet(path: Path, classes: ClassSpace) -> SplitScores:
    """Lists of ALL classes as logits, which log probabilities are; DataError for shorter ones, whose rest
    nobody can know, and for what is damaged or contradicts itself.
    """
    table = _table(path)
    heads = [head for head in classes.heads if f"{head}.class_id" in table.column_names]
    wanted = [_ID, *(f"{head}.{part}" for head in heads for part in ("class_id", "log_prob", "tail"))]
    if odd := sorted(set(wanted).symmetric_difference(table.column_names)):
        reason = f"column {odd[0]!r} is {'missing' if odd[0] in wanted else 'not known'}"
        expected = f"{', '.join(wanted)}, for heads of {', '.join(classes.heads)}"
        raise DataError(reason, path, expected, "write it as `foretaste scores export` does")
    ids = table[_ID].to_numpy()
    if pa.types.is_string(table[_ID].type) or pa.types.is_large_string(table[_ID].type):
        ids = ids.astype(str)
    logits = {head: _full(table, head, len(classes.names(head)), path) for head in heads}
    return checked(ids, logits, classes, path, _ID)


def _table(path: Path) -> pa.Table:
    check_is_itself(path)
    try:
        table = pq.read_table(path, page_checksum_verification=True)
        table.validate(full=True)
    except (pa.ArrowException, *UNREADABLE) as error:
        reason = f"unreadable score file ({first_line(error)})"
        raise DataError(reason, path, "a Parquet file", "copy it again, or write it anew") from error
    if empty := [name for name in table.column_names if table[name].null_count]:
        raise DataError(f"{empty[0]} has empty rows", path, "a value in every row", "write it anew")
    return table


def _full(table: pa.Table, head: str, classes: int, path: Path) -> np.ndarray:
    """(n, C) log probabilities of lists of all classes."""
    index = _array(table[f"{head}.class_id"], "iu", f"{head}.class_id", path)
    values = _array(table[f"{head}.log_prob"], "f", f"{head}.log_prob", path)
    if index.shape != values.shape:
        raise DataError(
            f"{head} has lists of {index.shape[1]} ids and {values.shape[1]} values",
            path,
            "as many",
            "write both",
        )
    if index.shape[1] != classes:
        raise DataError(
            f"{head} lists {index.shape[1]} of {classes} classes",
            path,
            "all of them: what the others would get is not known at any temperature but 1",
            f"ask for the full logits (npz, hdf5), or for lists of {classes}",
        )
    if not (np.sort(index, axis=1) == np.arange(classes)).all():
        raise DataError(f"{head}.class_id repeats a class", path, "each class once a row", "write it anew")
    if (values > STEP).any():
        raise DataError(
            f"{head}.log_prob has values above 0", path, "logarithms of probabilities", "write numpy.log(p)"
        )
    made = np.empty(values.shape, dtype=values.dtype)
    np.put_along_axis(made, index.astype(np.int64), values, axis=1)
    return made


def _array(column: pa.ChunkedArray, kinds: str, name: str, path: Path) -> np.ndarray:
    """(n, K) of n lists of one length."""
    whole = column.combine_chunks()
    lists = pa.types.is_list(whole.type) or pa.types.is_large_list(whole.type)
    if not (lists or pa.types.is_fixed_size_list(whole.type)) or not len(whole):
        raise DataError(f"{name} is {whole.type}", path, "a list a sample", "write it anew")
    flat = whole.flatten()
    width, rest = divmod(len(flat), len(whole))
    same = rest == 0 and set(whole.value_lengths().unique().to_pylist()) == {width}
    values = flat.to_numpy(zero_copy_only=False)
    if not same or flat.null_count or values.dtype.kind not in kinds:
        raise DataError(
            f"{name} has lists of {flat.type}, or of several lengths", path, "alike lists", "write it anew"
        )
    return values.reshape(len(whole), width)


def write_top_k(scores: Scores, split: str, path: Path, k: int) -> None:
    """Write the ``k`` best classes of every row of a split as safetensors, for reading through a memory map.

    Tensors: ``<head>.index`` (n, K) int16, or int32 of more than 32,767 classes, ``<head>.logit`` (n, K)
    float16 relative to the row's maximum, ``<head>.max``, ``<head>.logsumexp`` and ``<head>.tail`` (n,)
    float32, ``sample_id`` and ``sample_id_stop`` as in a shard. The identity of the scores they were cut from
    is the file's metadata.
    """
    tensors = dict(zip((_ID, f"{_ID}_stop"), pack(scores.sample_ids(split)), strict=True))
    for head in scores.heads:
        cut = _cut(scores, split, head, k)
        highest = cut.logits[:, :1]
        tensors |= {
            f"{head}.index": cut.indices,
            f"{head}.logit": (cut.logits - highest).astype(np.float16),
            f"{head}.max": highest[:, 0].copy(),
            f"{head}.logsumexp": scores.logsumexp(split, head),
            f"{head}.tail": cut.tail,
        }
    save_file(tensors, path, metadata={"identity": scores.identity})
