"""The tables that stages hand to each other: columns, types, units and keys, checked on write and on read.

Times are seconds of the video's own clock (float64), spans are [start, stop). Class ids count from 0; a
column that may be null says so. A table file holds its columns in the order given here and nothing else.
Labels are columns of a dataset's own heads, behind the fixed ones: ``SEGMENTS.of(heads)`` is the table of a
dataset.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from foretaste.contracts.errors import DataError, of_system
from foretaste.contracts.foreign_files import check_is_itself, first_line

FORMAT = 1


@dataclass(frozen=True)
class TableDef:
    """One kind of table: its name, its schema, and the columns that together identify a row.

    labels
        Whether the dataset's heads add columns: ``ids`` ``<head>_id``, ``names`` also ``<head>`` before it.
    """

    name: str
    schema: pa.Schema
    key: tuple[str, ...]
    labels: Literal["ids", "names"] | None = None

    def of(self, heads: Sequence[str]) -> TableDef:
        """The table of a dataset with these heads: class ids, null where a row has no label."""
        schema = self.schema
        for head in heads:
            if self.labels == "names":
                schema = schema.append(pa.field(head, _text))
            schema = schema.append(pa.field(f"{head}_id", _int))
        return replace(self, schema=schema, labels=None)


def heads_of(table: pa.Table | pa.Schema) -> tuple[str, ...]:
    """The heads whose labels a table of segments or samples has columns for, in the dataset's order."""
    return _heads_among(table.names if isinstance(table, pa.Schema) else table.column_names)


def _heads_among(names: Sequence[str]) -> tuple[str, ...]:
    fixed = {*SEGMENTS.schema.names, *SAMPLES.schema.names}
    return tuple(name.removesuffix("_id") for name in names if name.endswith("_id") and name not in fixed)


def _define(name: str, key: tuple[str, ...], /, *, labels: Any = None, **columns) -> TableDef:
    fields = []
    for column, kind in columns.items():
        nullable = isinstance(kind, tuple)
        fields.append(pa.field(column, kind[0] if nullable else kind, nullable=nullable))
    return TableDef(name, pa.schema(fields), key, labels)


def _or_null(kind: pa.DataType) -> tuple[pa.DataType]:
    return (kind,)


def _list(kind: pa.DataType) -> pa.DataType:
    return pa.list_(pa.field("item", kind, nullable=False))


_text, _int, _float, _single = pa.string(), pa.int32(), pa.float64(), pa.float32()

#: One sentence of a recipe's instructions. ``position`` counts sentences within the recipe, from 0.
SENTENCES = _define(
    "sentences", ("recipe_id", "position"), recipe_id=_text, partition=_text, position=_int, text=_text
)

#: What OpenIE finds: character spans within the sentence, in discourse order (``order`` counts within the
#: sentence).
EXTRACTIONS = _define(
    "extractions", ("recipe_id", "position", "order"),
    recipe_id=_text, partition=_text, position=_int, order=_int,
    verb=_text, verb_start=_int, verb_stop=_int,
    object=_or_null(_text), object_head=_or_null(_text), object_start=_or_null(_int),
    object_stop=_or_null(_int),
    subject=_or_null(_text),
)  # fmt: skip

#: A recipe as the language model reads it: "verb object" phrases in discourse order (``order`` counts within
#: the recipe).
PHRASES = _define(
    "phrases", ("recipe_id", "order"),
    recipe_id=_text, partition=_text, order=_int, verb=_text, object=_or_null(_text), phrase=_text,
)  # fmt: skip

#: One annotated action: name and id of its class a head, null where the split has no labels. ``stop_s`` is
#: null for a whole clip: it goes on to the end of its video, however long that is.
SEGMENTS = _define(
    "segments", ("segment_id",), labels="names",
    segment_id=_text, dataset=_text, split=_text, video_id=_text, start_s=_float, stop_s=_or_null(_float),
    narration=_or_null(_text), participant=_or_null(_text),
)  # fmt: skip

#: One thing to predict, with the id of its class a head. A sample that cannot be used stays in the table,
#: with the reason in ``dropped_because``.
SAMPLES = _define(
    "samples", ("sample_id",), labels="ids",
    sample_id=_text, segment_id=_or_null(_text), video_id=_text, split=_text,
    window_start_s=_float, window_stop_s=_float, target_start_s=_float, target_stop_s=_float,
    dropped_because=_or_null(_text),
)  # fmt: skip

#: One video file as probed. ``path`` is relative to the dataset's folder of videos of that modality
#: (``contracts.modalities``). Bad files are rows of ISSUES instead. ``stream`` is the number of the video
#: stream that is shown, the first of ``streams``. ``width`` x ``height`` is stored; it is shown with pixels
#: ``pixel_aspect`` times as wide as high, mirrored left to right if ``mirrored``, then turned
#: counter-clockwise by ``rotation`` degrees. ``digest`` is of the file's size and content.
#: ``sound_end_s`` is when its first sound track ends, in seconds after the first frame; null without one.
#: ``pts`` and ``flags`` have an entry a packet of the stream, in file order: the time stamp of its picture,
#: in units of ``time_base`` seconds, and bits that say that decoding can begin there (1), that it is not
#: shown (2), that no other picture refers to it (4). ``places`` is of numbered frames, and null for a
#: container: the byte at which each lies in its tar, or its number in a folder; of optical flow first all of
#: u, then of v.
VIDEOS = _define(
    "videos", ("video_id", "modality"),
    video_id=_text, modality=_text, path=_text, stream=_int, streams=_int, codec=_text, width=_int,
    height=_int, rotation=_int, mirrored=pa.bool_(), pixel_aspect=_float, frames=_int, duration_s=_float,
    rate_fps=_float, digest=_text, sound_end_s=_or_null(_float), time_base=_text, pts=_list(pa.int64()),
    flags=_list(pa.uint8()), places=_or_null(_list(pa.int64())),
)  # fmt: skip

#: One thing that is seen in one frame; rows in order of video and time. ``time_s`` is the frame's time stamp.
#: Edges are shares of the shown picture's width (x) and height (y), from 0 at the left and top to 1;
#: x0 < x1, y0 < y1. ``track`` is the same text wherever one thing is seen again, ``score`` a detector's
#: confidence from 0 to 1; both are null where nobody says. A row with nothing but video and time is no thing:
#: it says that somebody looked at its frame. Of a video with such a row every frame that was looked at has
#: rows; of one without nobody says.
BOXES = _define(
    "boxes", (),
    video_id=_text, time_s=_float, track=_or_null(_text), label=_or_null(_text),
    x0=_or_null(_single), y0=_or_null(_single), x1=_or_null(_single), y1=_or_null(_single),
    score=_or_null(_single),
)  # fmt: skip

#: One bad input: which stage met it, in which file (and row or key), why, and what was done ("skipped"); or
#: how many instructions of a file were "cleaned" of what.
ISSUES = _define(
    "issues", (), stage=_text, file=_text, row=_or_null(_text), key=_or_null(_text), reason=_text,
    action=_text,
)  # fmt: skip


def of_modality(videos: pa.Table, modality: str) -> pa.Table:
    """The rows of VIDEOS that are of one modality."""
    return videos.filter(pc.equal(videos["modality"], modality))


def write_table(path: Path, definition: TableDef, columns: dict[str, list] | pa.Table) -> None:
    """Write ``columns`` to ``path`` (not atomic: stages write inside ``artifact.whole``).

    Raises DataError if a column is missing, unknown, of the wrong type, null where it may not be, or a key
    repeats.
    """
    if isinstance(columns, pa.Table):
        table = columns
        definition = _own(definition, table.column_names)
    else:
        definition = _own(definition, list(columns))
        _same_columns(definition, list(columns), path)
        try:
            table = pa.table(
                [pa.array(columns[f.name], type=f.type) for f in definition.schema], schema=definition.schema
            )
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise DataError(
                f"{definition.name} table", path, f"columns of types {definition.schema.types}", str(error)
            ) from error
    _check(table, definition, path)
    pq.write_table(
        table.replace_schema_metadata({"foretaste.table": definition.name, "foretaste.format": str(FORMAT)}),
        path,
        compression="zstd",
        row_group_size=1 << 20,
    )


def read_table(path: Path, definition: TableDef) -> pa.Table:
    """Read a whole table; raises DataError unless it has exactly the columns of ``definition``."""
    check_no_folder(path, definition)
    with reading(path, definition):
        table = pq.read_table(path)
        table.validate(full=True)
        _check(table, _own(definition, table.column_names), path)
    return table.replace_schema_metadata(None)


def read_boxes(path: Path) -> pa.Table:
    """The BOXES at ``path``, which may be the folder of annotations of a generated world."""
    return read_table(path / "boxes.parquet" if path.is_dir() else path, BOXES)


def box_labels(boxes: pa.Table) -> list[str]:
    """What the things in BOXES are called, each once and sorted."""
    return sorted(pc.unique(boxes["label"].drop_null()).to_pylist())


def check_no_folder(path: Path, definition: TableDef) -> None:
    """DataError for a folder: pyarrow takes it for a table in parts, an empty one for a table without
    columns.
    """
    if Path(path).is_dir():
        raise DataError(
            f"a folder instead of a {definition.name} table", path, "a Parquet file", "correct the path"
        )


@contextmanager
def reading(path: Path, definition: TableDef) -> Iterator[None]:
    """What pyarrow raises in the block, as a DataError. Damage is only what it says of the content: a process
    that has too many files open, or too little memory, says nothing of the file.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise DataError(
            f"missing {definition.name} table", path, "a Parquet file", "run the stage that makes it"
        ) from error
    except MemoryError as error:
        to_do = "free memory; if the file is small it is damaged: rerun its stage"
        raise DataError(
            f"{definition.name} table larger than the memory", path, "room for it", to_do
        ) from error
    except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise of_system(OSError(error.errno, os.strerror(error.errno), str(path))) from error
        check_is_itself(path)
        raise DataError(
            f"unreadable {definition.name} table",
            path,
            "a Parquet file",
            f"delete it and rerun its stage ({first_line(error)})",
        ) from error


def _own(definition: TableDef, names: Sequence[str]) -> TableDef:
    """The definition for a table with these columns: they say which heads its dataset has."""
    return definition if definition.labels is None else definition.of(_heads_among(names))


def _same_columns(definition: TableDef, names: list[str], path: Path) -> None:
    if names != definition.schema.names:
        missing = [n for n in definition.schema.names if n not in names]
        extra = [n for n in names if n not in definition.schema.names]
        raise DataError(
            f"{definition.name} table has other columns (missing {missing}, unknown {extra})",
            path,
            f"{definition.schema.names} in this order",
            "rerun the stage that makes it",
        )


def _check(table: pa.Table, definition: TableDef, path: Path) -> None:
    _same_columns(definition, table.schema.names, path)
    for f in definition.schema:
        column = table.column(f.name)
        if column.type != f.type:
            raise DataError(
                f"column {f.name} is {column.type}", path, str(f.type), "rerun the stage that makes it"
            )
        if not f.nullable and column.null_count:
            row = pc.index(pc.is_null(column), True).as_py()
            raise DataError(
                f"column {f.name} is null",
                f"{path}: row {row}",
                "a value in every row",
                "mend the source row",
            )
    if definition.key:
        keys = table.select(definition.key)
        if keys.group_by(list(definition.key)).aggregate([]).num_rows != table.num_rows:
            counts = (
                keys.append_column("n", pa.array([1] * table.num_rows))
                .group_by(list(definition.key))
                .aggregate([("n", "sum")])
            )
            twice = (
                counts.filter(pc.greater(counts["n_sum"], 1)).slice(0, 3).select(definition.key).to_pylist()
            )
            raise DataError(f"repeated key {twice}", path, f"unique {definition.key}", "mend the source rows")
