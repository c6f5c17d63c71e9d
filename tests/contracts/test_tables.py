"""Tables that cannot be read: damage is told from what the system lacks."""

from __future__ import annotations

import contextlib
import os
import random
import resource

import pyarrow.parquet as pq
import pytest
from damage import outcomes

from foretaste.contracts.errors import DataError
from foretaste.contracts.table_stream import read_batches
from foretaste.contracts.tables import SENTENCES, read_table, write_table

ROWS = 50


def stream(path, definition):
    return list(read_batches(path, definition))


READERS = pytest.mark.parametrize("read", [read_table, stream])


@pytest.fixture
def path(tmp_path):
    columns = {
        "recipe_id": [f"é{row}" for row in range(ROWS)],
        "partition": ["train"] * ROWS,
        "position": list(range(ROWS)),
        "text": [f"Sauté {row} onions." for row in range(ROWS)],
    }
    write_table(tmp_path / "sentences.parquet", SENTENCES, columns)
    return tmp_path / "sentences.parquet"


@READERS
def test_300_tables_with_flipped_bits_are_one_line_each(path, read):
    whole = path.read_bytes()

    def one(seed):
        rng, data = random.Random(seed), bytearray(whole)
        for _ in range(rng.randint(1, 5)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(data)
        read(path, SENTENCES)

    lines, _ = outcomes(one, range(300))
    assert len(lines) > 200 and all(str(path) in line for line in lines)


@READERS
def test_a_column_name_that_is_no_utf8_is_damage(path, read):
    table = pq.read_table(path).replace_schema_metadata(None)
    pq.write_table(table, path, store_schema=False)
    path.write_bytes(path.read_bytes().replace(b"partition", b"part\xfftion"))
    with pytest.raises(DataError, match="unreadable sentences table"):
        read(path, SENTENCES)


def test_a_text_that_is_no_utf8_is_damage(path):
    table = pq.read_table(path)
    pq.write_table(table, path, compression="none")
    path.write_bytes(path.read_bytes().replace("Sauté 7 ".encode(), b"Saut\xff\xff 7 "))
    with pytest.raises(DataError, match="unreadable sentences table"):
        read_table(path, SENTENCES)


@contextlib.contextmanager
def no_descriptors():
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    held = [os.open(os.devnull, os.O_RDONLY)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(held) + 20, limits[1]))
    try:
        with contextlib.suppress(OSError):
            while True:
                held.append(os.open(os.devnull, os.O_RDONLY))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for descriptor in held:
            os.close(descriptor)


@READERS
def test_too_many_open_files_are_not_called_damage(path, read):
    with no_descriptors(), pytest.raises(DataError) as raised:
        read(path, SENTENCES)
    assert str(raised.value).startswith(f"Too many open files: {path}: ") and "delete" not in str(
        raised.value
    )
    read(path, SENTENCES)


@READERS
def test_too_little_memory_is_not_called_damage(path, read, monkeypatch):
    def full(*_, **__):
        raise MemoryError("malloc of size 64 failed")

    monkeypatch.setattr(pq, "read_table", full)
    monkeypatch.setattr(pq, "ParquetFile", full)
    with pytest.raises(DataError, match=r"sentences table larger than the memory: .*free memory"):
        read(path, SENTENCES)


@READERS
def test_a_folder_and_what_a_download_leaves_are_called_what_they_are(path, tmp_path, read):
    (tmp_path / "x.parquet").mkdir()
    with pytest.raises(DataError, match=r"a folder instead of a sentences table: .*x\.parquet"):
        read(tmp_path / "x.parquet", SENTENCES)
    path.write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(DataError, match="Git-LFS pointer"):
        read(path, SENTENCES)
