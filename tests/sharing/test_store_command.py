"""The command `foretaste store`: at places, with results of other programs, and with wrong words."""

from __future__ import annotations

import pytest
from made_up_scores import make_cache
from stored import make

from foretaste.__main__ import main
from foretaste.sharing.names import key_of
from foretaste.sharing.opening import open_place
from foretaste.sharing.remote import keys_at, remote, verify


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
