"""A batch cut into parts, or spread over processes: the same result as in one piece."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from started_trainings import assert_equal, lines, run
from tiny_training import D, kept, samples, train

from foretaste.contracts.view import Look
from foretaste.training import updates
from foretaste.training.samples import Loader
from foretaste.training.scoring import score

NORM = {"mean": "mean", "variance": "var"}


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_accumulation_changes_nothing(tmp_path, optimizer):
    settings = {"optimizer": {"kind": optimizer, "lr": 0.01, "weight_decay": 0.1}, "clip_norm": 0.5}
    train(tmp_path / "whole", **settings)
    # 37 samples, batch 8: the last batch has 5 samples for 7 parts, so two parts are empty.
    train(tmp_path / "cut", accumulate=7, **settings)
    assert_equal(kept(tmp_path / "whole"), kept(tmp_path / "cut"), 1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("processes", [2, 4])
def test_several_processes_equal_one(tmp_path, processes):
    """30 steps in fp64, no dropout; class weights, ignored positions, batches that do not divide: 37 = 4 x 9
    + 1, so one process, or three, have nothing.
    """
    arguments = {"batch": 9, "clip_norm": 0.5, "epochs": 6}
    one = train(tmp_path / "one", **arguments)
    run(tmp_path / "more", arguments, processes)
    found = load_file(tmp_path / "more" / "final.safetensors")
    scores = found.pop("scores").numpy()
    assert_equal(kept(tmp_path / "one"), kept(tmp_path / "more"), 1e-9)
    assert_equal(found, {name: tensor.float() for name, tensor in kept(tmp_path / "more").items()})
    # 37 rows do not divide: some are scored twice, and the order is that of the rows.
    np.testing.assert_allclose(scores, score(one, samples()).logits["action"], atol=1e-6)
    a, b = lines(tmp_path / "one"), lines(tmp_path / "more")
    assert len(a) == len(b) == 6 * 5 + 6
    for x, y in zip(a, b, strict=True):
        assert x.keys() == y.keys()
        assert x.get("loss", 0) == pytest.approx(y.get("loss", 0), abs=1e-9)
        assert x.get("action_loss", 0) == pytest.approx(y.get("action_loss", 0), abs=1e-9)


@pytest.mark.slow
def test_killed_with_two_processes_it_goes_on_with_one(tmp_path, capsys):
    """fp64, no dropout: as if one process had taken every step."""
    arguments = {"batch": 9, "clip_norm": 0.5}
    train(tmp_path / "one", **arguments)
    killed = run(tmp_path / "two", {**arguments, "stop_at": 8, "stop_by": "kill"}, processes=2, check=False)
    assert killed.returncode != 0
    assert [path.name for path in (tmp_path / "two").glob("step-*")] == ["step-4"]
    train(tmp_path / "two", **arguments)
    assert "cut into 2 parts, now into 1" in capsys.readouterr().err
    assert_equal(kept(tmp_path / "one"), kept(tmp_path / "two"), 1e-9)


@pytest.mark.slow
def test_two_processes_with_dropout_equal_one_in_two_parts(tmp_path):
    train(tmp_path / "one", batch=9, dropout=0.5, accumulate=2)
    run(tmp_path / "two", {"batch": 9, "dropout": 0.5}, processes=2)
    assert_equal(kept(tmp_path / "one"), kept(tmp_path / "two"), 1e-9)


def test_every_part_of_every_step_draws_its_own_dropout(tmp_path, monkeypatch):
    seeds, seed = [], updates._seed
    monkeypatch.setattr(updates, "_seed", lambda number, device: seeds.append(number) or seed(number, device))
    train(tmp_path, batch=9, dropout=0.5, accumulate=2, epochs=2)
    # Two epochs of five steps in two parts; the last step of an epoch has one sample, and so one part.
    assert len(set(seeds)) == len(seeds) == 18


def test_batch_norms_keep_the_statistics_of_whole_batches(tmp_path):
    """The first norm sees the inputs themselves, so what it keeps is known whatever else is trained."""
    settings = {"batch": 9, "normed": True}
    cut = train(tmp_path / "cut", accumulate=2, **settings)
    whole = train(tmp_path / "whole", **settings)
    loader = Loader(samples=samples(), batch=9, seed=1)
    mean, variance = torch.zeros(D, dtype=torch.float64), torch.ones(D, dtype=torch.float64)
    for _, epoch, positions in loader.steps_from(0, 15):
        seen = loader.samples.batch(positions, Look(1, epoch)).inputs["features"].double().flatten(0, 1)
        mean, variance = 0.8 * mean + 0.2 * seen.mean(0), 0.8 * variance + 0.2 * seen.var(0)
    for model, folder in ((cut, "cut"), (whole, "whole")):
        assert_equal(
            {"mean": mean, "variance": variance},
            {name: kept(tmp_path / folder)[f"norms.0.running_{found}"] for name, found in NORM.items()},
            1e-9,
        )
        assert model.norms[0].num_batches_tracked == 15
        assert model.norms[0].momentum == 0.2
    assert (cut.norms[1].running_var - whole.norms[1].running_var).abs().max() > 1e-6


@pytest.mark.slow
def test_two_processes_normalise_as_one_in_two_parts(tmp_path):
    train(tmp_path / "one", batch=9, accumulate=2, normed=True)
    run(tmp_path / "two", {"batch": 9, "normed": True}, processes=2)
    assert_equal(kept(tmp_path / "one"), kept(tmp_path / "two"), 1e-9)
