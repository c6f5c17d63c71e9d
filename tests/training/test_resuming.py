"""Broken off and taken up again, a training ends as an undisturbed one does; what is kept for that."""

from __future__ import annotations

import time

import pytest
from safetensors.torch import load_file
from started_trainings import HARD, assert_equal, lines, run
from tiny_training import kept, train

from foretaste.contracts.errors import DataError
from foretaste.training import progress


@pytest.mark.parametrize("stop", [2, 9, 12])
def test_resumes_to_the_bit(tmp_path, stop):
    whole = train(tmp_path / "whole", **HARD)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "broken", stop_at=stop, **HARD)
    again = train(tmp_path / "broken", **HARD)
    assert_equal(whole.state_dict(), again.state_dict())
    assert (tmp_path / "whole" / "log.jsonl").read_bytes() == (tmp_path / "broken" / "log.jsonl").read_bytes()


@pytest.mark.slow
def test_resumes_to_the_bit_after_sigkill(tmp_path):
    whole = train(tmp_path / "whole", **HARD)
    killed = run(tmp_path / "broken", {**HARD, "stop_at": 7, "stop_by": "kill"}, check=False)
    assert killed.returncode == -9
    assert (tmp_path / "broken" / "step-4").is_dir()
    run(tmp_path / "broken", HARD)
    found = load_file(tmp_path / "broken" / "final.safetensors")
    del found["scores"]
    assert_equal(whole.state_dict(), found)
    assert (tmp_path / "whole" / "log.jsonl").read_bytes() == (tmp_path / "broken" / "log.jsonl").read_bytes()


def test_an_ended_training_is_only_loaded(tmp_path):
    first = train(tmp_path, **HARD)
    log = (tmp_path / "log.jsonl").read_bytes()
    assert_equal(first.state_dict(), train(tmp_path, stop_at=1, **HARD).state_dict())
    assert (tmp_path / "log.jsonl").read_bytes() == log
    assert [path.name for path in tmp_path.glob("step-*")] == ["step-15"]


def test_progress_of_another_training_is_refused(tmp_path):
    train(tmp_path, epochs=1)
    with pytest.raises(DataError, match="another settings"):
        train(tmp_path, epochs=2)


def test_another_number_of_parts_goes_on_and_says_so(tmp_path, capsys):
    train(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "broken", stop_at=7)
    train(tmp_path / "broken", accumulate=3)
    assert "cut into 1 parts, now into 3" in capsys.readouterr().err
    assert_equal(kept(tmp_path / "whole"), kept(tmp_path / "broken"), 1e-9)


def test_batch_norms_resume_to_the_bit(tmp_path):
    whole = train(tmp_path / "whole", normed=True, **HARD)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "broken", stop_at=9, normed=True, **HARD)
    again = train(tmp_path / "broken", normed=True, **HARD)
    assert_equal(whole.state_dict(), again.state_dict())


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_a_training_that_is_told_to_end_keeps_the_step_that_it_is_at(tmp_path, processes):
    """Only the last process is told; all end after the same step."""
    settings = {"dropout": 0.3, "precision": "fp32", "checkpoint_steps": None}
    run(tmp_path / "whole", settings, processes)
    told = run(tmp_path / "told", {**settings, "stop_at": 7, "stop_by": "term"}, processes, check=False)
    assert told.returncode == (143 if processes == 1 else 1)
    assert "told to end after 8 of 15 steps" in told.stderr
    assert [path.name for path in (tmp_path / "told").glob("step-*")] == ["step-8"]
    run(tmp_path / "told", settings, processes)
    assert_equal(kept(tmp_path / "whole"), kept(tmp_path / "told"))
    assert (tmp_path / "whole" / "log.jsonl").read_bytes() == (tmp_path / "told" / "log.jsonl").read_bytes()


def test_checkpoints_by_the_clock(tmp_path):
    for minutes, found in ((1e-9, ["step-6"]), (10, [])):
        out = tmp_path / str(minutes)
        with pytest.raises(KeyboardInterrupt):
            train(out, stop_at=7, checkpoint_steps=None, checkpoint_minutes=minutes)
        assert [path.name for path in out.glob("step-*")] == found


def test_a_checkpoint_is_written_while_the_training_goes_on(tmp_path, monkeypatch):
    save, steps = progress.save_file, []

    def waits(tensors, path):
        deadline = time.monotonic() + 20
        while len(steps) < 2 and path.name == progress.MODEL and time.monotonic() < deadline:
            steps[:] = [line["step"] for line in lines(tmp_path) if line.get("step", 0) > 4]
            time.sleep(0.01)
        save(tensors, path)

    monkeypatch.setattr(progress, "save_file", waits)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, stop_at=8, **HARD)
    assert steps[:2] == [5, 5] or steps[:2] == [5, 6]
    monkeypatch.undo()
    again = train(tmp_path, **HARD)
    assert_equal(train(tmp_path / "whole", **HARD).state_dict(), again.state_dict())


def test_what_is_frozen_is_not_kept_and_must_be_the_same(tmp_path, monkeypatch):
    import tiny_training

    settings = {**HARD, "groups": [{"match": "^hidden", "lr": 0}]}
    whole = train(tmp_path / "whole", **settings)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "broken", stop_at=9, **settings)
    assert set(whole.state_dict()) - set(kept(tmp_path / "broken")) == {"hidden.weight", "hidden.bias"}
    again = train(tmp_path / "broken", **settings)
    assert_equal(whole.state_dict(), again.state_dict())

    class Other(tiny_training.TinyNet):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            self.hidden.bias.data[0] += 1e-7

    monkeypatch.setattr(tiny_training, "TinyNet", Other)
    with pytest.raises(DataError, match="another frozen"):
        train(tmp_path / "broken", **settings)
