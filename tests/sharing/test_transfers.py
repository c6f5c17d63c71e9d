"""Results go to a place and come back whole, or not at all."""

from __future__ import annotations

import json
import random
import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from foretaste.__main__ import main
from foretaste.contracts.errors import DataError
from foretaste.pipeline.records import identity
from foretaste.pipeline.store import RECORD, Store, faults
from foretaste.sharing.remote import fetch, keys_at, publish, remote, verify


def test_there_and_back(shared):
    store, key, place, theirs = shared
    assert keys_at(place) == [key] and list(verify(remote(place, key))) == []
    folder = fetch(remote(place, key), theirs)
    assert list(faults(folder)) == [] and theirs.find(key) == folder
    assert (folder / "scores/shards/a.bin").read_bytes() == (
        store.own / key / "scores/shards/a.bin"
    ).read_bytes()
    assert publish(store, key, place) == 0, "what is there is not sent again"
    assert Store(theirs.results, [place.where]).find(key) is not None, "a place can be read as a store"


def test_a_place_that_rotted_is_mended_by_whoever_has_the_result(shared):
    store, key, place, theirs = shared
    rotten = Path(place.where) / key / "scores/shards/a.bin"
    whole = rotten.read_bytes()
    rotten.chmod(0o644)
    rotten.write_bytes(b"?" * len(whole))
    assert publish(store, key, place) == 0, "by its size nothing is wrong"
    words = ["store", "--results", str(store.results), "publish", key, "--at", place.where, "--verify"]
    assert main(words) == 0
    assert rotten.read_bytes() == whole and list(verify(remote(place, key))) == []
    assert fetch(remote(place, key), theirs)
    assert publish(store, key, place, by_bytes=True) == 0


def test_an_interrupted_transfer_goes_on(shared, monkeypatch):
    _, key, place, theirs = shared
    asked = []
    chunks = type(place).chunks

    def fails_once(self, path):
        asked.append(path)
        if len(asked) == 2:
            raise OSError("the line is dead")
        return chunks(self, path)

    monkeypatch.setattr(type(place), "chunks", fails_once)
    with pytest.raises(OSError, match="dead"):
        fetch(remote(place, key), theirs)
    assert theirs.find(key) is None
    fetch(remote(place, key), theirs)
    assert theirs.find(key) is not None and len(asked) == 4, "the first file was not asked for again"


def test_nothing_damaged_or_foreign_arrives(shared):
    """500 kinds of damage, records that were digested anew among them."""
    _, key, place, theirs = shared
    folder = Path(place.where) / key
    whole = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for path in whole:
        path.chmod(0o644)
    refused = 0
    for seed in range(500):
        luck = random.Random(seed)
        path = luck.choice(sorted(whole))
        text = bytearray(whole[path])
        kind = luck.randrange(4)
        if kind == 0:
            text[luck.randrange(len(text))] ^= 1 << luck.randrange(8)
        elif kind == 1:
            del text[luck.randrange(len(text)) :]
        elif kind == 2:
            text[luck.randrange(len(text)) : 0] = b"{}"
        else:
            path, text = folder / RECORD, bytearray(_hostile(whole[folder / RECORD], luck))
        path.write_bytes(text)
        shutil.rmtree(theirs.own, ignore_errors=True)  # with what earlier attempts have brought
        if bytes(text) != whole[path]:
            refused += _refused(place, key, theirs, whole, folder)
        path.write_bytes(whole[path])
    assert refused > 450
    assert not list(theirs.results.parent.glob("outside*"))


def _refused(place, key, theirs, whole, folder) -> int:
    """1 where nothing arrived; else what did is what was published, at another cost."""
    try:
        arrived = fetch(remote(place, key), theirs)
    except DataError as error:
        assert "\n" not in str(error)
        assert theirs.find(key) is None
        return 1
    for path in whole:
        name = path.relative_to(folder)
        assert str(name) == RECORD or (arrived / name).read_bytes() == whole[path]
    stored = json.loads((arrived / RECORD).read_text())
    assert stored["record"] == json.loads(whole[folder / RECORD])["record"]
    return 0


def _hostile(text: bytes, luck: random.Random) -> bytes:
    """A record that somebody edited with care."""
    stored = json.loads(text)
    change = luck.randrange(6)
    if change == 0:
        stored["record"]["config"]["text"] = "another"
    elif change == 1:
        stored["files"]["../../outside"] = stored["files"].pop("log.jsonl")
    elif change == 2:
        stored["files"]["/tmp/outside"] = stored["files"].pop("log.jsonl")
    elif change == 3:
        stored["files"]["log.jsonl"]["sha256"] = "0" * 64
    elif change == 4:
        stored["files"]["log.jsonl"]["size"] = -1
    else:
        stored["record"]["stage"] = "../score"
    return json.dumps(stored).encode()


def test_what_a_killed_transfer_left_is_no_part_of_the_result(shared):
    _, key, place, theirs = shared
    left = theirs.own / ".arriving" / key.replace("/", "-") / "scores" / ".manifest.json.1a2b"
    left.parent.mkdir(parents=True)
    left.write_text("half")
    assert list(faults(fetch(remote(place, key), theirs))) == []


def test_a_large_result_is_not_brought_unasked(shared):
    _, key, place, theirs = shared
    with pytest.raises(DataError, match="at most 10"):
        fetch(remote(place, key), theirs, 10)


@pytest.mark.parametrize("name", [".", "", "./a", "a/", "a//b", "a\0b", "../a", "/a", "a\nb"])
def test_a_file_that_no_folder_can_hold_is_a_fault_of_its_result_alone(name, shared, capsys):
    _, key, place, theirs = shared
    stored = json.loads((Path(place.where) / key / RECORD).read_text())
    stored["record"]["config"] = {"text": "hostile"}
    stored["files"] = {name: {"size": 0, "sha256": sha256(b"").hexdigest()}}
    hostile = f"score/{identity(stored['record'])}"
    (Path(place.where) / hostile).mkdir()
    (Path(place.where) / hostile / RECORD).write_text(json.dumps(stored))
    with pytest.raises(DataError, match="a file named"):
        fetch(remote(place, hostile), theirs)
    assert main(["store", "verify", "--at", place.where]) == 1
    (told, counted) = capsys.readouterr().out.splitlines()
    assert told.startswith(f"{hostile}: a file named") and counted.startswith("2 results, 1 faults")
