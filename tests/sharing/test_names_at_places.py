"""Results have names at a place, with versions that stay."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from stored import make

from foretaste.__main__ import main
from foretaste.contracts.errors import DataError
from foretaste.sharing.names import give_name, key_of, names_at


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


def test_a_name_that_is_none_hides_no_other(shared, capsys):
    _, key, place, _ = shared
    give_name(place, "ours", key)
    for odd, text in (("theirs@1", "score/../../etc"), ("ours@\u0665", key), ("ours@02", key)):
        (Path(place.where) / "names" / odd).write_text(text)
    assert names_at(place) == {"ours": 1, "theirs": 1} and key_of(place, "ours") == key
    assert main(["store", "ls", "--at", place.where]) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f"ours@1  {key}" and "which is no key" in told[1] and told[-1].startswith("1 results")
