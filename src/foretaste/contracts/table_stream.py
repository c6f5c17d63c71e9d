"""Tables larger than memory: written and read a batch at a time, in the formats of ``tables``.

The key of a streamed table is not checked, since that needs all of it; who streams keeps its rows in key
order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import FORMAT, TableDef, check_no_folder, reading

#: Rows of a batch and of a row group: a shard can skip what lies before it.
BATCH = 1 << 16


class TableWriter:
    """Writes one table, a batch at a time: ``with TableWriter(partial, SENTENCES) as writer:
    writer.write(columns)``.
    """

    def __init__(self, path: Path, definition: TableDef):
        self.path, self.definition, self.rows = Path(path), definition, 0
        metadata = {"foretaste.table": definition.name, "foretaste.format": str(FORMAT)}
        self._writer = pq.ParquetWriter(
            self.path, definition.schema.with_metadata(metadata), compression="zstd"
        )

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    def write(self, columns: Mapping[str, Sequence | pa.Array]) -> None:
        """Append rows; DataError if a column is missing, unknown, of another type, or null where it may not
        be.
        """
        schema = self.definition.schema
        if list(columns) != schema.names:
            raise DataError(
                f"{self.definition.name} columns {list(columns)}",
                self.path,
                f"{schema.names}",
                "correct the stage that writes them",
            )
        arrays = []
        for field in schema:
            values = columns[field.name]
            try:
                array = values if isinstance(values, pa.Array) else pa.array(values, type=field.type)
            except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
                raise DataError(
                    f"column {field.name} ({error})", self.path, str(field.type), "correct the source row"
                ) from error
            if array.type != field.type or (array.null_count and not field.nullable):
                raise DataError(
                    f"column {field.name} is {array.type} with {array.null_count} nulls",
                    self.path,
                    str(field),
                    "correct the source row",
                )
            arrays.append(array)
        batch = pa.record_batch(arrays, schema=schema)
        if batch.num_rows:
            self._writer.write_batch(batch, row_group_size=BATCH)
            self.rows += batch.num_rows


def open_table(path: Path, definition: TableDef) -> pq.ParquetFile:
    """Open a table for ``iter_batches``; raises DataError unless it has exactly the columns of
    ``definition``.
    """
    with reading(path, definition):
        check_no_folder(path, definition)
        file = pq.ParquetFile(path)
        if not file.schema_arrow.remove_metadata().equals(definition.schema):
            found = f"{definition.name} table has columns {file.schema_arrow.names}"
            raise DataError(found, path, f"{definition.schema.names}", "rerun the stage that makes it")
        return file


def read_batches(path: Path, definition: TableDef) -> Iterator[pa.RecordBatch]:
    """The rows of a table, ``BATCH`` or fewer at a time, in order."""
    with open_table(path, definition) as file, reading(path, definition):
        yield from file.iter_batches(batch_size=BATCH)
