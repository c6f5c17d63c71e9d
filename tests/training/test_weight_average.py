"""The running average of weights: against the same made by hand, and broken off."""

from __future__ import annotations

import json

import pytest
import torch
from tiny_training import train

from foretaste.training import updates

HARD = {"dropout": 0.3, "precision": "fp32", "buckets": True, "epochs": 3}
AVERAGED = {**HARD, "average": 0.7}


def test_it_is_the_average_of_every_step(tmp_path, monkeypatch):
    """Weights are copied after each update, and averaged in the end."""
    seen, update = [], updates.update

    def watched(run, step):
        norm = update(run, step)
        seen.append({name: tensor.detach().clone() for name, tensor in run.model.named_parameters()})
        return norm

    monkeypatch.setattr(updates, "update", watched)
    ended = dict(train(tmp_path, **AVERAGED).named_parameters())
    for name, found in ended.items():
        expected = seen[0][name]
        for step, weights in enumerate(seen[1:], 1):
            kept = min(0.7, (1 + step) / (10 + step))
            expected = kept * expected + (1 - kept) * weights[name]
        torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)
        assert torch.equal(found, seen[-1][name]) == torch.equal(seen[0][name], seen[-1][name])


def test_training_itself_does_not_change_and_what_is_monitored_does(tmp_path):
    train(tmp_path / "plain", **HARD)
    train(tmp_path / "averaged", **AVERAGED)
    plain, averaged = (
        [json.loads(line) for line in (tmp_path / name / "log.jsonl").read_text().splitlines()]
        for name in ("plain", "averaged")
    )
    assert len(plain) == len(averaged)
    for one, other in zip(plain, averaged, strict=True):
        assert (one == other) == ("monitor" not in one)


@pytest.mark.parametrize("stop", [2, 9, 12])
def test_it_resumes_to_the_bit(tmp_path, stop):
    whole = train(tmp_path / "whole", **AVERAGED)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "broken", stop_at=stop, **AVERAGED)
    again = train(tmp_path / "broken", **AVERAGED)
    torch.testing.assert_close(again.state_dict(), whole.state_dict(), rtol=0, atol=0)
    assert (tmp_path / "whole" / "log.jsonl").read_bytes() == (tmp_path / "broken" / "log.jsonl").read_bytes()
    loaded = train(tmp_path / "broken", stop_at=1, **AVERAGED)
    torch.testing.assert_close(loaded.state_dict(), whole.state_dict(), rtol=0, atol=0)
