"""Trackers by the real packages, where they are installed: `make test-trackers`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from preset_run import PresetRun
from tiny_training import train

from foretaste.contracts.errors import ConfigError
from foretaste.settings import run_config
from foretaste.settings.config import validated
from foretaste.settings.run_config import RunConfig
from foretaste.training.trackers import Tracked

KINDS = ("tensorboard", "trackio", "wandb")
RUN = "tea/mine/seed0/student"
READER = {
    "role": "teacher",
    "label": "reads",
    "view": {"kind": "action_history"},
    "network": {"kind": "text_encoder"},
    "lm": "tiny",
    "objective": [{"loss": {"kind": "cross_entropy"}, "of": "action"}],
    "training": {"steps": 2, "batch": 8, "optimizer": {"kind": "adamw", "lr": 1e-3}},
}


def needs(kind: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(find_spec(kind) is None, reason=f"needs {kind}")


def told(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """What TensorBoard itself reads: name -> (step, value)."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder)).Reload()
    return {
        name: [(event.step, event.value) for event in events.Scalars(name)]
        for name in events.Tags()["scalars"]
    }


def logged(log: Path) -> dict[str, list[tuple[int, float]]]:
    """The same from the log."""
    found: dict[str, list[tuple[int, float]]] = {}
    for line in map(json.loads, log.read_text().splitlines()):
        group, step = line.pop("monitor", "training"), line.pop("step")
        line |= {f"parts/{name}": value for name, value in line.pop("parts", {}).items()}
        for name, value in line.items():
            found.setdefault(f"{group}/{name}", []).append((step, pytest.approx(value, rel=1e-6)))
    return found


@needs("tensorboard")
@pytest.mark.filterwarnings("default::DeprecationWarning")
def test_tensorboard_shows_the_log_each_step_once_also_after_a_kill(tmp_path):
    wanted = Tracked(kinds=("tensorboard",), run=RUN, folder=tmp_path / "trackers")
    train(tmp_path / "plain")
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "scratch", stop_at=7, tracked=wanted)
    train(tmp_path / "scratch", tracked=wanted)
    log = tmp_path / "scratch" / "log.jsonl"
    assert log.read_bytes() == (tmp_path / "plain" / "log.jsonl").read_bytes()
    found = told(tmp_path / "trackers" / "tensorboard" / RUN)
    assert found == logged(log)
    assert {"training/loss", "training/parts/action.kl.teacher", "held_out/action_top1"} <= set(found)


@needs("trackio")
@pytest.mark.filterwarnings("default")
def test_trackio_shows_the_log(tmp_path, monkeypatch):
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    train(tmp_path, tracked=Tracked(kinds=("trackio",), run=RUN, folder=tmp_path / "trackers"))
    from trackio.sqlite_storage import SQLiteStorage

    found = SQLiteStorage.get_logs("foretaste", RUN)
    losses = [(one["step"], one["training/loss"]) for one in found if "training/loss" in one]
    assert losses == logged(tmp_path / "log.jsonl")["training/loss"]


@needs("wandb")
@pytest.mark.filterwarnings("default")
def test_wandb_is_told_the_log(tmp_path, monkeypatch):
    """Without a network: what would be sent is in its own file."""
    monkeypatch.setenv("WANDB_MODE", "offline")
    train(tmp_path, tracked=Tracked(kinds=("wandb",), run=RUN, folder=tmp_path / "trackers"))
    (file,) = (tmp_path / "trackers" / "wandb").glob("wandb/offline-run-*/*.wandb")
    found = []
    for items in histories(file.read_bytes()):
        found.append((int(items["_step"]), float(items["training/loss"])))
    assert found == logged(tmp_path / "log.jsonl")["training/loss"]


def histories(content: bytes) -> Iterator[dict[str, str]]:
    """What W&B's file says of each step: after 7 bytes a LevelDB log, whose records (all in one piece as long
    as the file is shorter than a block of it) are protocol buffers.
    """
    from wandb.proto.wandb_internal_pb2 import Record

    assert len(content) < 2**15
    at = 7
    while at < len(content):
        length = int.from_bytes(content[at + 4 : at + 6], "little")
        record = Record()
        record.ParseFromString(content[at + 7 : at + 7 + length])
        at += 7 + length
        if record.WhichOneof("record_type") == "history":
            yield {"/".join(one.nested_key) or one.key: one.value_json for one in record.history.item}


@pytest.mark.skipif(all(map(find_spec, KINDS)), reason="all are installed")
def test_one_that_is_not_installed_is_one_line():
    missing = next(kind for kind in KINDS if find_spec(kind) is None)
    said = f"^{missing} is not installed: pip install {missing} .*config.yaml.trackers"
    with pytest.raises(ConfigError, match=said):
        validated(RunConfig, {"dataset": "kitchen", "trackers": missing}, "config.yaml")


def test_a_typo_lists_them():
    with pytest.raises(ConfigError, match=r"tensorboard.*trackio.*wandb"):
        validated(RunConfig, {"dataset": "kitchen", "trackers": ["tensorbord"]}, "config.yaml")


def test_who_is_told_makes_no_other_result(tmp_path, monkeypatch):
    monkeypatch.setattr(run_config, "find_spec", lambda name: name)
    run = PresetRun(tmp_path, {"reader": READER})
    names = {"dataset": "tea", "system": "mine", "seed": "0", "model": "reader"}
    plain = run.plan().describe("train", names)
    shown = run.plan(trackers=["tensorboard", "wandb"]).describe("train", names)
    assert (plain.config, plain.inputs) == (shown.config, shown.inputs)
    assert shown.places["trackers"] == {
        "kinds": "tensorboard wandb",
        "run": "tea/mine/seed0/reader",
        "folder": f"{run.results}/trackers",
    }


@needs("tensorboard")
@pytest.mark.filterwarnings("default::DeprecationWarning")
def test_a_step_of_a_run_tells(tmp_path):
    run = PresetRun(tmp_path, {"reader": READER})
    run.tables()
    run.make("train", "reader", trackers=["tensorboard"])
    found = told(run.results / "trackers" / "tensorboard" / "tea/mine/seed0/reader")
    assert [step for step, _ in found["training/loss"]] == [1, 2]
