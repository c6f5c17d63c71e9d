"""LMDB files read by their pages: against the C library on any content, and damaged in every way."""

from __future__ import annotations

import lmdb
import pytest
from damage import damaged, outcomes
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.contracts.errors import DataError
from foretaste.features.lmdb_file import entries


def write(folder, values, removed=(), batches=1):
    """An LMDB of ``values``, written in several transactions, without those ``removed`` in the end."""
    keys = list(values)
    with lmdb.open(str(folder), map_size=1 << 26) as environment:
        for batch in range(batches):
            with environment.begin(write=True) as transaction:
                for key in keys[batch::batches]:
                    transaction.put(key, values[key])
        with environment.begin(write=True) as transaction:
            for key in removed:
                transaction.delete(key)
    return folder / "data.mdb"


def read(path):
    whole = path.read_bytes()
    return {entry.key: whole[entry.offset : entry.offset + entry.size] for entry in entries(path)}


keys = st.binary(min_size=1, max_size=40)
#: Also larger than a page, which lie in overflow pages.
values = st.one_of(
    st.binary(max_size=60), st.integers(0, 20_000).map(lambda size: bytes([size % 251]) * size)
)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_the_library_wrote_is_what_is_read(tmp_path_factory, data):
    stored = data.draw(st.dictionaries(keys, values, max_size=200))
    removed = data.draw(st.sets(st.sampled_from(sorted(stored)), max_size=20)) if stored else set()
    batches = data.draw(st.integers(1, 3))
    path = write(tmp_path_factory.mktemp("lmdb"), stored, removed, batches)
    found = read(path)
    assert list(found) == sorted(found)
    assert found == {key: value for key, value in stored.items() if key not in removed}


def test_a_deep_tree(tmp_path):
    """50,000 keys of features: branch pages over branch pages, each value in three overflow pages."""
    stored = {b"P01_01_frame_%010d.jpg" % frame: bytes([frame % 256]) * 24 for frame in range(50_000)}
    assert read(write(tmp_path, stored)) == stored


def test_400_damaged_files_are_one_line_or_read_in_bounds(tmp_path):
    stored = {b"v_frame_%010d.jpg" % frame: bytes(5000 if frame % 3 else 40) for frame in range(300)}
    path = write(tmp_path, stored, batches=2)
    whole = path.read_bytes()

    def one(seed):
        path.write_bytes(damaged(whole, seed))
        for entry in entries(path):
            assert 0 <= entry.offset <= entry.offset + entry.size <= len(whole)

    lines, passed = outcomes(one, range(400))
    # Most bytes are values, of which LMDB keeps no sums.
    assert len(lines) > 120 and passed
    assert all(str(path) in line for line in lines)


@pytest.mark.parametrize(
    ("at", "change", "message"),
    [
        (0, (20_000).to_bytes(2, "little"), "a value of 20000 bytes in 2 pages"),
        (2, b"\x01\x00", "a value of 70000 bytes in 2 pages"),
        (8 + 22, (2**40).to_bytes(8, "little"), f"page {2**40} lies behind the end"),
        (8 + 22, (2).to_bytes(8, "little"), "page 2 is page 2 of kind 0x"),
        (6, b"\xff\xff", "a key of page"),
        (4, b"\x04\x00", "holds no single value"),
    ],
)
def test_a_hostile_node_leads_nowhere(tmp_path, at, change, message):
    """Length, place, kind and key of a node that names overflow pages, each led out of the file."""
    size = 70_000 - 65_536
    path = write(tmp_path, {b"v_frame_%010d.jpg" % frame: bytes(size) for frame in range(3)})
    data = bytearray(path.read_bytes())
    node = data.rindex(b"v_frame_0000000001.jpg") - 8
    data[node + at : node + at + len(change)] = change
    path.write_bytes(data)
    with pytest.raises(DataError, match=message):
        list(entries(path))


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "an empty file"), (b"no" * 40, "no LMDB file"), (b"version https://git-lfs", "Git-LFS")],
)
def test_what_is_no_lmdb_is_said(tmp_path, content, message):
    (tmp_path / "data.mdb").write_bytes(content)
    with pytest.raises(DataError, match=message):
        list(entries(tmp_path / "data.mdb"))


def test_databases_of_other_kinds_are_refused(tmp_path):
    with lmdb.open(str(tmp_path), map_size=1 << 22, max_dbs=2) as environment:
        named = environment.open_db(b"named")
        with environment.begin(write=True) as transaction:
            transaction.put(b"key", b"value", db=named)
    with pytest.raises(DataError, match=r"key b'named' holds no single value"):
        list(entries(tmp_path / "data.mdb"))
