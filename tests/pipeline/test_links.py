"""Names are links, one a file, and stand for one result at a time; nothing that happens to them reaches the
store.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from foretaste.pipeline.links import changes, give_names
from foretaste.pipeline.records import identity
from foretaste.pipeline.store import Cost, Store, entry_of, faults, read_entry

COST = Cost(wall_s=1.0, cpu_s=1.0, max_rss_mb=10.0)


def publish(store: Store, text: str, files=("manifest.json", "shards/a.bin")) -> str:
    """A result of a folder ``scores``; returns its key."""
    record = {"stage": "score", "config": {"text": text}}
    made = store.results / ".scratch" / text
    for name in files:
        (made / "scores" / name).parent.mkdir(parents=True, exist_ok=True)
        (made / "scores" / name).write_text(f"{text} {name}")
    key = f"score/{identity(record)}"
    store.publish(made, key, record, COST)
    return key


def test_a_name_changes_as_a_whole_and_what_it_no_longer_has_goes(tmp_path):
    store, named = Store(tmp_path / "results"), tmp_path / "results/d/s/seed0/m/scores"
    one, other = (
        publish(store, "one", ("manifest.json", "shards/a.bin", "shards/b.bin")),
        publish(store, "other"),
    )
    for key, text, count in ((one, "one", 3), (other, "other", 2), (one, "one", 3)):
        assert give_names(store, [(key, "scores", str(named))]) == []
        found = [path for path in named.rglob("*") if not path.is_dir()]
        assert len(found) == count and all(path.is_symlink() for path in found)
        assert not any(path.is_symlink() for path in named.rglob("*") if path.is_dir())
        assert (named / "manifest.json").read_text() == f"{text} manifest.json"
        assert entry_of(named) == (store.own / key).resolve()
        assert changes(store, key, "scores", str(named)) == {}
        record = named.with_name("scores.provenance.json")
        assert read_entry(entry_of(record)).record["config"] == {"text": text}


def test_what_is_somebodys_own_lies_aside(tmp_path):
    store, named = Store(tmp_path / "results"), tmp_path / "results/scores"
    key = publish(store, "one")
    (named / "shards").mkdir(parents=True)
    (named / "manifest.json").write_text("mine")
    (named / "shards/a.bin").write_text("one shards/a.bin")  # a copy of what it makes room for
    assert give_names(store, [(key, "scores", str(named))]) == [named / "manifest.json"]
    assert (named / "manifest.json~").read_text() == "mine" and not (named / "shards/a.bin~").exists()


def test_deleting_and_copying_names_leaves_the_results(tmp_path):
    store, named = Store(tmp_path / "results"), tmp_path / "results/scores"
    key = publish(store, "one")
    give_names(store, [(key, "scores", str(named))])
    shutil.copytree(tmp_path / "results", tmp_path / "copy", symlinks=True)
    shutil.copytree(tmp_path / "results", tmp_path / "followed")
    shutil.rmtree(named)
    assert list(faults(store.own / key)) == []
    for folder in ("copy", "followed"):
        moved = Store(tmp_path / folder)
        assert moved.find(key) is not None
        give_names(moved, [(key, "scores", str(moved.results / "scores"))])
        assert entry_of(moved.results / "scores") == (moved.own / key).resolve()
        assert not list(moved.results.rglob("*~"))


def test_a_result_of_another_store_is_named_by_its_place(tmp_path):
    others = Store(tmp_path / "theirs")
    key = publish(others, "one")
    store, named = Store(tmp_path / "results", [str(others.own)]), tmp_path / "results/scores"
    give_names(store, [(key, "scores", str(named))])
    assert Path(os.readlink(named / "manifest.json")).is_absolute()
    assert entry_of(named) == (others.own / key).resolve()


def test_an_incomplete_result_is_none_and_is_put_aside(tmp_path):
    store = Store(tmp_path / "results")
    key = publish(store, "one")
    lost = store.own / key / "scores/shards/a.bin"
    for spoil in (lambda: lost.unlink(), lambda: lost.write_text("short")):
        lost.parent.chmod(0o755)
        if lost.exists():
            lost.chmod(0o644)
        spoil()
        assert store.find(key) is None
        assert any("shards/a.bin" in fault for fault in faults(store.own / key))
        assert publish(store, "one") == key and store.find(key) is not None
    assert len(list((store.own / "score").glob(".damaged-*"))) == 2


def test_giving_names_that_was_killed_leaves_nothing_behind(tmp_path, monkeypatch):
    store = Store(tmp_path / "results")
    key, name = publish(store, "one"), str(tmp_path / "results/d/metrics.json")
    names = [(key, "scores/manifest.json", name)]

    def dies(*_):
        raise KeyboardInterrupt

    for _ in range(2):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(os, "replace", dies)
            give_names(store, names)
    give_names(store, names)
    links = {path.name for path in (tmp_path / "results/d").iterdir()}
    assert links == {"metrics.json", "metrics.json.provenance.json"}
