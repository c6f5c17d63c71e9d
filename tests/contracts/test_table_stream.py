"""Streamed tables are the tables that ``tables`` reads and writes."""

from __future__ import annotations

import pytest

from foretaste.contracts.errors import DataError
from foretaste.contracts.table_stream import TableWriter, read_batches
from foretaste.contracts.tables import ISSUES, SENTENCES, read_table, write_table

ROWS = {
    "recipe_id": ["a", "a", "b"],
    "partition": ["train"] * 3,
    "position": [0, 1, 0],
    "text": ["Boil.", "Stir.", "Bake."],
}


def test_parts_give_the_table_that_one_write_gives(tmp_path):
    write_table(tmp_path / "whole.parquet", SENTENCES, ROWS)
    with TableWriter(tmp_path / "parts.parquet", SENTENCES) as writer:
        for at in range(3):
            writer.write({name: column[at : at + 1] for name, column in ROWS.items()})
        writer.write({name: [] for name in ROWS})
    assert writer.rows == 3
    assert read_table(tmp_path / "parts.parquet", SENTENCES).equals(
        read_table(tmp_path / "whole.parquet", SENTENCES)
    )
    assert [
        row for batch in read_batches(tmp_path / "whole.parquet", SENTENCES) for row in batch.to_pylist()
    ] == [dict(zip(ROWS, row, strict=True)) for row in zip(*ROWS.values(), strict=True)]


def test_a_table_without_rows_can_be_read(tmp_path):
    with TableWriter(tmp_path / "none.parquet", SENTENCES):
        pass
    assert read_table(tmp_path / "none.parquet", SENTENCES).num_rows == 0


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        ({name: ROWS[name] for name in list(ROWS)[:3]}, "sentences columns"),
        (ROWS | {"position": ["one", "two", "three"]}, "column position"),
        (ROWS | {"text": ["Boil.", None, "Bake."]}, "1 nulls"),
    ],
)
def test_rows_that_do_not_fit_are_refused(tmp_path, columns, what):
    with TableWriter(tmp_path / "t.parquet", SENTENCES) as writer, pytest.raises(DataError, match=what):
        writer.write(columns)


def test_null_is_written_where_it_may_stand(tmp_path):
    with TableWriter(tmp_path / "issues.parquet", ISSUES) as writer:
        writer.write(
            {
                "stage": ["s"],
                "file": ["f"],
                "row": [None],
                "key": [None],
                "reason": ["r"],
                "action": ["skipped"],
            }
        )
    assert read_table(tmp_path / "issues.parquet", ISSUES).to_pylist()[0]["row"] is None
