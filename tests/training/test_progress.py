"""A checkpoint in scratch is used as it was written or not at all: damage costs time, never a result, and
never stops a training.
"""

from __future__ import annotations

import json
import random
import resource
import shutil
from collections.abc import Iterator
from concurrent.futures import wait
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from tiny_training import kept, train

from foretaste.contracts.errors import DataError
from foretaste.pipeline import artifact
from foretaste.training.progress import MODEL, OPTIMIZER, RECORD, SEAL, Progress

SETTINGS = {"dropout": 0.3, "precision": "fp32", "buckets": True, "epochs": 2, "checkpoint_steps": 4}
FILES = (MODEL, OPTIMIZER, RECORD, SEAL)
#: Its optimizer's file is the largest, of more than 3,000 bytes.
LARGE = {**SETTINGS, "precision": "fp64"}
#: After 10 steps of which 8 are kept; the one that stops is the 10th.
STOP = 10


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    train(folder, **SETTINGS)
    return folder


@pytest.fixture(scope="module")
def broken_off(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("broken")
    with pytest.raises(KeyboardInterrupt):
        train(folder, stop_at=STOP, **SETTINGS)
    assert (folder / "step-8").is_dir()
    return folder


@pytest.fixture
def scratch(broken_off, tmp_path) -> Path:
    return Path(shutil.copytree(broken_off, tmp_path / "scratch"))


def goes_on_as(whole: Path, scratch: Path) -> None:
    train(scratch, **SETTINGS)
    expected, found = kept(whole), kept(scratch)
    assert expected.keys() == found.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())
    assert (scratch / "log.jsonl").read_bytes() == (whole / "log.jsonl").read_bytes()


def flipped(data: bytes, random: random.Random) -> bytes:
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :]


DAMAGES = {
    "truncated": lambda data, random: data[: random.randrange(len(data))],
    "flipped": flipped,
    "empty": lambda data, random: b"",
    "longer": lambda data, random: data + b"\0",
    "zeros": lambda data, random: bytes(len(data)),
    "foreign": lambda data, random: random.choice(
        [b"{}", b"[]", b"null", b'{"step": "eight"}', b"[" * 100_000, b'{"format": 99}']
    ),
    "missing": None,
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", [*FILES, "log.jsonl"])
def test_a_damaged_file_is_named_and_the_training_ends_with_the_same_bytes(
    whole, scratch, name, damage, capsys
):
    length = json.loads((scratch / "step-8" / RECORD).read_text())["log_bytes"]
    path = scratch / "log.jsonl" if name == "log.jsonl" else scratch / "step-8" / name
    before = path.read_bytes()
    if (change := DAMAGES[damage]) is None:
        path.unlink()
    else:
        path.write_bytes(change(before, random.Random(f"{name}{damage}")))
    # What was logged after the checkpoint is cut off in any case.
    harmless = name == "log.jsonl" and path.exists() and path.read_bytes()[:length] == before[:length]
    goes_on_as(whole, scratch)
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning: ")]
    assert len(said) == (not harmless)
    assert harmless or (name in said[0] and "step-8" in said[0])


def test_a_folder_or_a_link_in_the_place_of_a_file(whole, scratch, capsys):
    (scratch / "step-8" / MODEL).unlink()
    (scratch / "step-8" / MODEL).mkdir()
    goes_on_as(whole, scratch)
    assert f"no {MODEL}" in capsys.readouterr().err


def test_the_checkpoint_before_is_used_where_the_last_is_damaged(whole, scratch, tmp_path, capsys):
    """Two lie there only if a kill came between a rename and the removal of the one before."""
    earlier = tmp_path / "earlier"
    with pytest.raises(KeyboardInterrupt):
        train(earlier, stop_at=6, **SETTINGS)
    shutil.copytree(earlier / "step-4", scratch / "step-4")
    (scratch / "step-8" / OPTIMIZER).write_bytes(b"")
    with pytest.raises(KeyboardInterrupt):
        train(scratch, stop_at=1, **SETTINGS)
    assert len((scratch / "log.jsonl").read_text().splitlines()) == 4
    assert capsys.readouterr().err.count("warning: ") == 1
    goes_on_as(whole, scratch)


def test_half_removed_and_foreign_neighbours_are_no_checkpoints(whole, scratch):
    shutil.copytree(scratch / "step-8", scratch / "step-4")
    (scratch / "step-4" / RECORD).unlink()
    for name in ("step-4.bak", "step-", "step-x", ".step-12.partial"):
        (scratch / name).mkdir()
    goes_on_as(whole, scratch)


def test_a_renamed_checkpoint_is_not_taken_for_another_step(whole, scratch, capsys):
    (scratch / "step-8").rename(scratch / "step-9")
    goes_on_as(whole, scratch)
    assert "the state after step 8" in capsys.readouterr().err


def test_one_of_another_format_is_refused(scratch):
    record = scratch / "step-8" / RECORD
    record.write_text(json.dumps({**json.loads(record.read_text()), "format": 99}))
    (scratch / "step-8" / SEAL).write_text(artifact.sha256(record))
    with pytest.raises(DataError, match="progress of format 99"):
        train(scratch, **SETTINGS)


def test_random_damage_anywhere(whole, broken_off, tmp_path):
    """Several files at once, at random places; every try ends with the same bytes."""
    chance = random.Random(20)
    for number in range(12):
        scratch = Path(shutil.copytree(broken_off, tmp_path / str(number)))
        for name in chance.sample(FILES, chance.randint(1, 3)):
            path = scratch / "step-8" / name
            path.write_bytes(
                DAMAGES[chance.choice(["truncated", "flipped", "zeros"])](path.read_bytes(), chance)
            )
        goes_on_as(whole, scratch)


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Writing past ``size`` bytes fails, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def written_at_once(monkeypatch) -> None:
    """A checkpoint is written, or not, before the next step begins."""
    save = Progress.save

    def at_once(progress: Progress, *arguments: object) -> None:
        save(progress, *arguments)
        wait([progress._writing])

    monkeypatch.setattr(Progress, "save", at_once)


@pytest.mark.usefixtures("written_at_once")
def test_a_checkpoint_that_cannot_be_written_stops_the_training_at_the_next_step(tmp_path):
    with (
        no_file_larger_than(3000),
        pytest.raises(DataError, match=r"^cannot write \(File too large\): .*step-4: space"),
    ):
        train(tmp_path, **LARGE)
    assert [json.loads(line)["step"] for line in (tmp_path / "log.jsonl").read_text().splitlines()] == [
        *range(1, 5)
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.jsonl"]


@pytest.mark.usefixtures("written_at_once")
def test_it_hides_no_error_that_comes_before_it_is_noticed(tmp_path):
    with no_file_larger_than(3000), pytest.raises(KeyboardInterrupt):
        train(tmp_path, stop_at=5, **LARGE)


def test_the_last_checkpoint_of_all_must_be_written(tmp_path):
    with no_file_larger_than(3000), pytest.raises(DataError, match=r"^cannot write"):
        train(tmp_path, **{**LARGE, "epochs": None, "steps": 3, "checkpoint_steps": None})
