"""A dataset repository of the Hugging Face hub: its own client, against a server on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from dataset_hub import Hub, hub
from stored import make

from foretaste.pipeline.store import RECORD, Store, faults

AT = "hf://datasets/me/ours"

pytestmark = pytest.mark.slow


@pytest.fixture
def served():
    with hub() as held:
        yield held


class Machine:
    """A folder of results and a hub cache of its own."""

    def __init__(self, folder: Path, served: Hub):
        self.folder, self.served = folder, served
        self.store = Store(folder / "results")

    def store_command(self, *words: str, at: str = AT) -> subprocess.CompletedProcess:
        """`foretaste store ...` at the repository."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        hub_s = {
            "HF_ENDPOINT": self.served.address,
            "HF_HOME": str(self.folder / "hf"),
            "HF_HUB_DISABLE_XET": "1",
        }
        return subprocess.run(
            [
                sys.executable,
                "-m",
                "foretaste",
                "store",
                "--results",
                str(self.store.results),
                *words,
                "--at",
                at,
            ],
            env={**own, **hub_s, "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_TOKEN": "hf_none"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def told(self, *words: str) -> list[str]:
        """The lines of a command that ends well."""
        done = self.store_command(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    def refused(self, *words: str, at: str = AT) -> str:
        """The one line of a command that does not."""
        done = self.store_command(*words, at=at)
        assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
        (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        return line


@pytest.fixture
def ours(tmp_path, served) -> Machine:
    return Machine(tmp_path / "ours", served)


@pytest.fixture
def theirs(tmp_path, served) -> Machine:
    return Machine(tmp_path / "theirs", served)


def test_there_and_back(ours, theirs, served):
    key = make(ours.store, "text")
    assert ours.told("ls") == [f"0 results at {AT}"]
    assert ours.told("publish", key, "--dry-run") == [f"{key}  would be sent"] and not served.repositories
    assert ours.told("publish", key, "--name", "ours") == [f"{key}  0.0 MB sent", "ours@1"]
    assert served.objects, "large files went beside the commit"
    assert ours.told("publish", key, "--name", "ours")[-1] == "ours@1"
    assert theirs.told("ls") == [f"ours@1  {key}", f"{key}  -", f"1 results at {AT}"]
    assert theirs.told("verify") == [f"1 results, 0 faults at {AT}"]
    assert theirs.told("fetch", "ours", "--dry-run")[0].endswith("would be brought")
    assert theirs.store.find(key) is None
    assert theirs.told("fetch", "ours@1") == [f"{key}  0.0 MB, verified"]
    assert list(faults(theirs.store.find(key))) == []


def test_a_name_that_another_gives_meanwhile_keeps_its_version(ours, served):
    key, other = make(ours.store, "text"), f"score/{0:020x}"
    served.meanwhile = {"names/ours@1": other.encode()}
    assert ours.told("publish", key, "--name", "ours")[-1] == "ours@2"
    names = {path: text.decode().strip() for path, text in served.repositories["me/ours"].items()}
    assert (names["names/ours@1"], names["names/ours@2"]) == (other, key)


def test_a_transfer_that_breaks_off_goes_on_with_what_is_missing(ours, theirs, served):
    key = make(ours.store, "text")
    ours.told("publish", key)
    last = f"{key}/scores/shards/a.bin"
    whole = served.repositories["me/ours"].pop(last)
    served.repositories["me/ours"][last] = whole[:-1] + b"?"
    assert "scores/shards/a.bin: other bytes than its record tells of" in theirs.refused("fetch", key)
    assert theirs.store.find(key) is None
    served.repositories["me/ours"][last] = whole
    served.torn.add(last)
    served.downloads.clear()
    theirs.told("fetch", key)
    assert theirs.store.find(key) is not None
    assert set(served.downloads) <= {f"{key}/{RECORD}", last}, "what had come was not asked for again"


@pytest.mark.parametrize("name", ["../../../outside", "/tmp/outside", "scores/../../outside"])
def test_a_name_that_leads_out_of_its_folder_is_refused(ours, theirs, served, tmp_path, name):
    key = make(ours.store, "text")
    ours.told("publish", key)
    files = served.repositories["me/ours"]
    record = json.loads(files[f"{key}/{RECORD}"])
    record["files"][name] = record["files"].pop("log.jsonl")
    files[f"{key}/{RECORD}"] = json.dumps(record).encode()
    files[f"../{name}"] = files[f"{key}/{name}"] = files[f"{key}/log.jsonl"]
    assert f"a file named {name!r}" in theirs.refused("fetch", key)
    assert theirs.store.find(key) is None and not list(tmp_path.rglob("outside*"))
    assert not Path("/tmp/outside").exists()


def test_what_is_no_result_is_not_listed_and_what_is_not_there_is_one_line(ours, theirs, served):
    key = make(ours.store, "text")
    ours.told("publish", key)
    served.repositories["me/ours"] |= {
        f"score/../../{key}/{RECORD}": b"{}",
        "names/../up@1": b"x",
        "names/broken@1": b"../../x",
        "README.md": b"ours",
    }
    assert theirs.told("fetch", key)
    listed = theirs.store_command("ls")
    assert listed.returncode == 1 and f"{key}  here" in listed.stdout
    assert "which is no key" in next(line for line in listed.stdout.splitlines() if "broken@1" in line)
    assert "which is no key" in theirs.refused("fetch", "broken")
    del served.repositories["me/ours"]["names/broken@1"]
    assert theirs.told("ls") == [f"{key}  here", f"1 results at {AT}"]
    assert "no such result" in theirs.refused("fetch", "score/" + "0" * 20)
    assert "cannot open it" in theirs.refused("ls", at="hf://datasets/a/b/c")


def test_no_hub_is_one_line_at_once(ours, served):
    served.address = "http://127.0.0.1:9"
    listed = ours.store_command("ls")
    assert listed.returncode == 1 and listed.stderr.startswith("error: no answer from the hub"), listed.stderr
    assert "connect this machine" in listed.stderr and "Retrying" not in listed.stderr
