"""Results go to a place and come back whole, or not at all."""

from __future__ import annotations

import json
import random
import shutil
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
from made_up_scores import make_cache

from foretaste.__main__ import main
from foretaste.contracts.errors import DataError
from foretaste.pipeline.links import give_names
from foretaste.pipeline.records import identity
from foretaste.pipeline.store import RECORD, Cost, Store, faults
from foretaste.sharing.names import give_name, key_of, names_at
from foretaste.sharing.opening import open_place
from foretaste.sharing.remote import fetch, keys_at, publish, remote, verify


def make(store: Store, text: str, inputs=()) -> str:
    """A result; returns its key."""
    record = {
        "stage": "score",
        "config": {"text": text},
        "inputs": {f"i{n}": f"{key}:scores" for n, key in enumerate(inputs)},
    }
    made = store.results / ".scratch" / text
    for name in ("scores/manifest.json", "scores/shards/a.bin", "log.jsonl"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(f"{text} of {name}" * 50)
    key = f"score/{identity(record)}"
    store.publish(made, key, record, Cost(wall_s=1.0, cpu_s=2.0, max_rss_mb=3.0))
    return key


@pytest.fixture
def shared(tmp_path):
    """A store with a result that is published to a folder, and another that is empty."""
    store = Store(tmp_path / "ours")
    key, place = make(store, "text"), open_place(str(tmp_path / "place"))
    publish(store, key, place)
    return store, key, place, Store(tmp_path / "theirs")


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


def test_names_have_versions_that_stay(shared):
    store, key, place, _ = shared
    other = make(store, "other")
    assert give_name(place, "ours", key) == "ours@1" == give_name(place, "ours", key)
    assert give_name(place, "ours", other) == "ours@2"
    assert names_at(place) == {"ours": 2}
    assert [key_of(place, name) for name in ("ours", "ours@1", "ours@2", key)] == [other, key, other, key]
    for wrong in ("our", "ours@3", "ours@x", "../ours@1", "score/0"):
        with pytest.raises(DataError, match=r"no result named.*ours@2"):
            key_of(place, wrong)


def test_who_give_one_name_at_once_have_a_version_each(shared):
    place = shared[2]
    keys = [f"score/{number:020x}" for number in range(16)]
    with ThreadPoolExecutor(len(keys)) as publishers:
        given = list(publishers.map(partial(give_name, place, "ours"), keys))
    assert sorted(given) == sorted(f"ours@{version}" for version in range(1, len(keys) + 1))
    assert [key_of(place, name) for name in given] == keys


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


def test_the_commands(shared, capsys):
    store, _, place, theirs = shared
    base = make(store, "base")
    top = make(store, "top", [base])
    own, at = ["store", "--results", str(store.results)], ["--at", place.where]
    assert main([*own, "publish", top, *at, "--with-inputs", "--dry-run"]) == 0
    assert capsys.readouterr().out.splitlines() == [f"{base}  would be sent", f"{top}  would be sent"]
    assert main([*own, "publish", top, *at, "--with-inputs", "--name", "top"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "top@1"
    other = ["store", "--results", str(theirs.results)]
    assert main([*other, "fetch", "top", *at, "--dry-run"]) == 0 and theirs.find(top) is None
    assert "would be brought" in capsys.readouterr().out
    assert main([*other, "fetch", "top", base, *at]) == 0 and theirs.find(top) and theirs.find(base)
    assert main([*other, "verify"]) == 0 and main([*other, "verify", *at]) == 0
    assert main([*other, "ls", *at]) == 0
    assert main([*other, "fetch", "nothing", *at]) == 1
    assert "error: no result named 'nothing'" in capsys.readouterr().err
    for nowhere in ("nowhere://x", "http://127.0.0.1:9/x", "simplecache::http://127.0.0.1:9/x"):
        assert main([*other, "ls", "--at", nowhere]) == 1
        assert "error: cannot open it" in capsys.readouterr().err


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


def test_a_name_that_is_none_hides_no_other(shared, capsys):
    _, key, place, _ = shared
    give_name(place, "ours", key)
    for odd, text in (("theirs@1", "score/../../etc"), ("ours@\u0665", key), ("ours@02", key)):
        (Path(place.where) / "names" / odd).write_text(text)
    assert names_at(place) == {"ours": 1, "theirs": 1} and key_of(place, "ours") == key
    assert main(["store", "ls", "--at", place.where]) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f"ours@1  {key}" and "which is no key" in told[1] and told[-1].startswith("1 results")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("ls",), "no store"),
        (("verify",), "no store"),
        (("gc",), "no store"),
        (("drop", "score/0"), "no store"),
        (("ls", "--at", "nowhere"), "no folder 'nowhere'"),
        (("verify", "--at", "nowhere"), "no folder 'nowhere'"),
        (("fetch", "x", "--at", ""), "no folder ''"),
        (("publish", "/nowhere", "--at", "place"), "no result of this store"),
    ],
)
def test_a_wrong_place_is_not_an_empty_one(words, told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["store", *words]) == 1
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("words", [("gc", "--days"), ("fetch", "x", "--at", "/", "--limit")])
@pytest.mark.parametrize("number", ["nan", "inf", "-1", "many"])
def test_an_amount_is_a_number(words, number, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["store", *words, number])
    assert f"'{number}' is no number of at least 0" in capsys.readouterr().err


def test_other_files_among_names_hide_no_result(tmp_path, capsys):
    store = Store(tmp_path / "results")
    key = make(store, "text")
    give_names(store, [(key, "scores", str(store.results / "d/scores"))])
    (store.results / "d/scores/A.npz").touch()
    assert main(["store", "--results", str(store.results), "drop", str(store.results / "d/scores")]) == 0
    assert capsys.readouterr().out == f"dropped {key}\n"


def test_a_damaged_list_of_jobs_is_one_line(tmp_path, capsys):
    store = Store(tmp_path / "results")
    make(store, "text")
    jobs = store.results / ".runs/1130-000000-abcdef/jobs.json"
    jobs.parent.mkdir(parents=True)
    for text, told in (('{"a', "not JSON"), ("[1]", "no list of jobs")):
        jobs.write_text(text)
        assert main(["store", "--results", str(store.results), "gc"]) == 1
        assert told in capsys.readouterr().err


def test_what_a_run_is_about_to_read_stays(tmp_path):
    """Of a run that was ended and goes on: what it made before has no name yet."""
    store = Store(tmp_path / "results")
    base, lone = make(store, "base"), make(store, "lone")
    job = store.results / ".steps/score-0.json"
    jobs = store.results / ".runs/1130-000000-abcdef/jobs.json"
    for path, value in (
        (job, {"needs": [base]}),
        (jobs, {"score/" + 20 * "0": "elsewhere/.steps/score-0.json"}),
    ):
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(value))
    assert main(["store", "--results", str(store.results), "gc"]) == 0
    assert store.find(base) and store.find(lone) is None


def test_what_no_name_needs_can_go(tmp_path, capsys):
    store = Store(tmp_path / "results")
    base = make(store, "base")
    top, lone = make(store, "top", [base]), make(store, "lone")
    give_names(store, [(top, "scores", str(store.results / "d/scores"))])
    own = ["store", "--results", str(store.results)]
    assert main([*own, "gc", "--dry-run"]) == 0
    assert capsys.readouterr().out.startswith(lone) and store.find(lone)
    assert main([*own, "gc"]) == 0
    assert store.find(lone) is None and store.find(base) and store.find(top)
    assert main([*own, "drop", str(store.results / "d/scores")]) == 0 and store.find(top) is None
    assert main([*own, "drop", "score/../../.."]) == 1 and store.results.exists()


def test_scores_from_elsewhere_are_adopted_under_a_name(tmp_path, capsys):
    make_cache(tmp_path / "theirs")
    results, place = str(tmp_path / "ours"), str(tmp_path / "place")
    words = ("store", "--results", results, "publish", str(tmp_path / "theirs"), "--at", place)
    assert main([*words, "--name", "their-teacher"]) == 1, (
        "what no step made is not taken for a result unasked"
    )
    assert "no result of this store" in capsys.readouterr().err
    for _ in range(2):  # the second time it is there
        assert main([*words, "--name", "their-teacher", "--adopt", "from another lab"]) == 0
    (key,) = keys_at(open_place(place))
    found = remote(open_place(place), key)
    assert (
        found.entry.record["config"] == {"adopted": "from another lab"} and found.entry.record["code"] == {}
    )
    assert not list(verify(found)) and key_of(open_place(place), "their-teacher") == key
    edited = tmp_path / "theirs" / "classes.json"
    edited.write_text(edited.read_text().replace("cut_a", "cut_z"))
    assert main([*words, "--adopt", "from another lab"]) == 1 and keys_at(open_place(place)) == [key]
