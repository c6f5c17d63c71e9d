"""Shards of a sentence table: whole recipes, in order, each once."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.contracts.errors import DataError
from foretaste.contracts.table_stream import TableWriter
from foretaste.contracts.tables import SENTENCES
from foretaste.openie.shards import shard_batches


def write(path, lengths: list[int], group: int = 1 << 16):
    rows = [
        (f"r{n}", "train", position, f"Boil {n} {position}.")
        for n, length in enumerate(lengths)
        for position in range(length)
    ]
    with TableWriter(path, SENTENCES) as writer:
        for at in range(0, len(rows), group):
            writer.write(
                dict(
                    zip(
                        SENTENCES.schema.names,
                        map(list, zip(*rows[at : at + group], strict=True)),
                        strict=True,
                    )
                )
            )
    return rows


@settings(max_examples=80, deadline=None)
@given(lengths=st.lists(st.integers(1, 6), max_size=12), shards=st.integers(1, 9), group=st.integers(1, 9))
def test_shards_put_together_are_the_table_and_keep_recipes_whole(tmp_path_factory, lengths, shards, group):
    path = tmp_path_factory.mktemp("shards") / "sentences.parquet"
    rows = write(path, lengths, group)
    got, recipes = [], []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("foretaste.openie.shards.BATCH", 4)
        for shard in range(shards):
            part = [
                tuple(row.values())
                for batch in shard_batches(path, shard, shards)
                for row in batch.to_pylist()
            ]
            got += part
            recipes.append({row[0] for row in part})
    assert got == rows
    assert sum(map(len, recipes)) == len(set().union(*recipes)) == len(lengths)


def test_a_shard_leaves_the_row_groups_before_it_unread(tmp_path):
    path = tmp_path / "sentences.parquet"
    write(path, [5] * 40, group=10)
    data = bytearray(path.read_bytes())
    whole = [b.to_pylist() for b in shard_batches(path, 1, 2)]
    # the first row group's pages stand right after the magic number
    data[8:40] = b"\0" * 32
    path.write_bytes(bytes(data))
    assert [b.to_pylist() for b in shard_batches(path, 1, 2)] == whole and len(whole) > 0
    with pytest.raises((OSError, pa.ArrowException)):
        list(shard_batches(path, 0, 2))


def test_a_table_of_another_kind_is_refused(tmp_path):
    from foretaste.contracts.tables import PHRASES

    with TableWriter(tmp_path / "phrases.parquet", PHRASES) as writer:
        writer.write({name: [] for name in PHRASES.schema.names})
    with pytest.raises(DataError, match="sentences table has columns"):
        list(shard_batches(tmp_path / "phrases.parquet", 0, 1))
    with pytest.raises(DataError, match="missing sentences table"):
        list(shard_batches(tmp_path / "nowhere.parquet", 0, 1))
    (tmp_path / "text.parquet").write_text("no table")
    with pytest.raises(DataError, match="unreadable sentences table"):
        list(shard_batches(tmp_path / "text.parquet", 0, 1))
