"""A sentence table cut into shards that keep recipes whole and, put behind one another, give its rows in
their order.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from foretaste.contracts.table_stream import BATCH, open_table
from foretaste.contracts.tables import SENTENCES


def shard_batches(path: Path, shard: int, shards: int) -> Iterator[pa.RecordBatch]:
    """The sentences of the recipes whose first sentence is among rows [shard * n / shards, (shard + 1) * n /
    shards) of n.

    Only the row groups that hold them are read.
    """
    with open_table(path, SENTENCES) as file:
        total = file.metadata.num_rows
        first, last = shard * total // shards, (shard + 1) * total // shards
        groups, starts, at = [], [], 0
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            if at + rows > first:
                groups.append(group)
                starts.append(at)
            at += rows
        if first == last:
            return
        row, inside = starts[0], False
        for batch in file.iter_batches(batch_size=BATCH, row_groups=groups):
            opens = np.flatnonzero(batch.column("position").to_numpy() == 0) + row
            begin = row if inside else next((int(r) for r in opens if r >= first), None)
            end = next((int(r) for r in opens if r >= last), row + batch.num_rows)
            if begin is not None and begin < end:
                inside = True
                yield batch.slice(begin - row, end - begin)
            if end < row + batch.num_rows:
                return
            row += batch.num_rows
