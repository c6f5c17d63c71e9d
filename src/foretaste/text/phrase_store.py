"""Recipe phrases on disk, read in any order: Parquet, which can only be read from the front, as a mapped
Arrow file.

A language model sees the phrases of a corpus in random order, many times. A mapped file costs no memory but
what the system lends it: the corpus may be larger than memory, and several processes share one copy.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretaste.contracts.errors import DataError
from foretaste.contracts.table_stream import read_batches
from foretaste.contracts.tables import PHRASES
from foretaste.pipeline import artifact

#: What a window of phrases is made of.
COLUMNS = ("recipe_id", "partition", "order", "verb", "object")


def store(parquet: Path, file: Path) -> None:
    """Write the phrases of ``parquet`` to ``file``, a row group at a time. What a killed step left there is
    written anew: it costs less than finding out whether it is whole.

    Raises DataError where a recipe's phrases are not together and in their order: windows would mix recipes.
    """
    schema = pa.schema([PHRASES.schema.field(name) for name in COLUMNS])
    with (
        artifact.whole(file) as partial,
        pa.OSFile(str(partial), "wb") as sink,
        pa.ipc.new_file(sink, schema) as writer,
    ):
        before: tuple[str | None, int] = (None, -1)
        for batch in read_batches(parquet, PHRASES):
            if batch.num_rows:
                before = _in_order(batch, before, parquet)
                writer.write_batch(batch.select(list(COLUMNS)))


class Mapped:
    """The phrases of ``file``, mapped: columns ``COLUMNS`` of PHRASES in chunks, none of it read yet. Another
    process that is sent this maps the file itself.
    """

    def __init__(self, file: Path):
        self.file = Path(file)
        self.table = pa.ipc.open_file(pa.memory_map(str(file))).read_all()
        self.num_rows = self.table.num_rows

    def __getitem__(self, column: str) -> pa.ChunkedArray:
        return self.table[column]

    def to_batches(self) -> list[pa.RecordBatch]:
        """As a table's."""
        return self.table.to_batches()

    def __reduce__(self) -> tuple[type[Mapped], tuple[Path]]:
        return Mapped, (self.file,)


def _in_order(batch: pa.RecordBatch, before: tuple[str | None, int], where: Path) -> tuple[str, int]:
    order = batch.column("order").to_numpy()
    new = np.flatnonzero(openings(batch.column("recipe_id"), before[0]))
    expected = np.arange(len(order)) + before[1] + 1
    stops = np.append(new[1:], len(order))
    for first, stop in zip(new.tolist(), stops.tolist()):
        expected[first:stop] = np.arange(stop - first)
    if (wrong := np.flatnonzero(order != expected)).size:
        raise DataError(
            f"phrase {order[wrong[0]]} where {expected[wrong[0]]} is due",
            f"{where}: recipe {batch.column('recipe_id')[int(wrong[0])]}",
            "the phrases of a recipe together and in their order",
            "run make_phrases again",
        )
    return batch.column("recipe_id")[-1].as_py(), int(order[-1])


def openings(recipes: pa.Array, before: str | None = None) -> np.ndarray:
    """(n,) bool: which rows begin another recipe than the row before them; ``before`` is the one before
    the first.
    """
    opens = np.ones(len(recipes), dtype=bool)
    opens[1:] = pc.not_equal(recipes.slice(1), recipes.slice(0, len(recipes) - 1)).to_numpy(
        zero_copy_only=False
    )
    if len(recipes):
        opens[0] = recipes[0].as_py() != before
    return opens


def recipe_starts(phrases: pa.Table | Mapped) -> np.ndarray:
    """(recipes,) int64: the row of each recipe's first phrase."""
    starts, row, before = [np.zeros(0, dtype=np.int64)], 0, None
    for chunk in phrases["recipe_id"].chunks:
        if len(chunk):
            starts.append(np.flatnonzero(openings(chunk, before)) + row)
            row, before = row + len(chunk), chunk[-1].as_py()
    return np.concatenate(starts)
