"""The loop: the same result undisturbed, broken off and taken up again, cut into parts, or spread over
processes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from launching import torchrun
from safetensors.torch import load_file
from tiny_training import ADAPTED, TERMS, D, N, kept, samples, train

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.view import Look
from foretaste.training import progress, updates
from foretaste.training.monitor import POINTS, is_observed
from foretaste.training.samples import Loader
from foretaste.training.scoring import score

SCRIPT = Path(__file__).with_name("tiny_training.py")
NORM = {"mean": "mean", "variance": "var"}
HARD = {"dropout": 0.3, "precision": "fp32", "buckets": True, "epochs": 3}


def assert_equal(a: dict, b: dict, tolerance: float = 0.0) -> None:
    assert a.keys() == b.keys()
    for name in a:
        torch.testing.assert_close(
            a[name], b[name], rtol=0, atol=tolerance, msg=lambda text, name=name: f"{name}: {text}"
        )


def lines(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


def run(out: Path, arguments: dict, processes: int = 1, check: bool = True) -> subprocess.CompletedProcess:
    """The script of tiny trainings in processes of its own."""
    return launch(
        [str(SCRIPT), str(out), json.dumps({**arguments, "processes": processes})], out, processes, check
    )


def launch(script: list[str], out: Path, processes: int, check: bool = True) -> subprocess.CompletedProcess:
    """A script that writes to ``out`` in processes of its own, by torchrun where there are several."""
    out.mkdir(exist_ok=True)
    command = [sys.executable, *torchrun(processes), *script]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "FORETASTE_PLAIN": "1"}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)  # the scripts use the tests' own modules
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


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


def test_dropout_matters_and_seeds_differ(tmp_path):
    a = train(tmp_path / "a", **HARD).state_dict()["hidden.weight"]
    b = train(tmp_path / "b", **{**HARD, "dropout": 0.0}).state_dict()["hidden.weight"]
    c = train(tmp_path / "c", seed=2, **HARD).state_dict()["hidden.weight"]
    assert not torch.equal(a, b)
    assert not torch.equal(a, c)


def test_progress_of_another_training_is_refused(tmp_path):
    train(tmp_path, epochs=1)
    with pytest.raises(DataError, match="another settings"):
        train(tmp_path, epochs=2)


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


def test_log_lines(tmp_path):
    train(tmp_path, epochs=2)
    found = lines(tmp_path)
    steps = [line for line in found if "monitor" not in line]
    assert [line["step"] for line in steps] == list(range(1, 11))
    assert [line["epoch"] for line in steps] == [1] * 5 + [2] * 5
    names = [
        "action.cross_entropy",
        "past_action.cross_entropy",
        "next_features.feature_mse",
        "action.kl.teacher",
    ]
    assert set(steps[0]) == {"epoch", "step", "lr", "loss", "parts", "gradient_norm"}
    weights = [term.get("weight", 1.0) for term in TERMS]
    assert steps[3]["loss"] == pytest.approx(
        sum(weight * steps[3]["parts"][name] for weight, name in zip(weights, names, strict=True))
    )
    monitors = [line for line in found if "monitor" in line]
    assert [(line["monitor"], line["step"]) for line in monitors] == [("held_out", 5), ("held_out", 10)]
    assert set(monitors[0]) == {"epoch", "step", "monitor", "action_loss", "action_top1"}


def test_loss_falls(tmp_path):
    train(tmp_path, epochs=30, terms=TERMS[:1])
    found = [line["loss"] for line in lines(tmp_path) if "loss" in line]
    assert sum(found[-5:]) < 0.8 * sum(found[:5])
    # Of thirty epochs every second is looked at.
    assert [line["epoch"] for line in lines(tmp_path) if "monitor" in line] == list(range(2, 31, 2))


def test_a_learning_curve_has_few_points_and_the_last():
    for epochs in range(1, 200):
        points = [epoch for epoch in range(1, epochs + 1) if is_observed(epoch, epochs)]
        assert points[-1] == epochs and len(points) <= POINTS
        assert len(points) == epochs if epochs <= POINTS else len(points) > POINTS / 2


@pytest.mark.parametrize(
    ("term", "name"), [(TERMS[0], "action.cross_entropy"), (TERMS[2], "next_features.feature_mse")]
)
def test_a_non_finite_loss_stops_before_the_update(tmp_path, term, name, monkeypatch):
    import tiny_training

    class Diverging(tiny_training.TinyNet):
        def forward(self, batch):
            outputs = super().forward(batch)
            Diverging.calls += 1
            if Diverging.calls == 3:
                Diverging.before = {key: value.clone() for key, value in self.state_dict().items()}
                Diverging.model = self
                outputs.logits["action"][0] = torch.nan
                outputs.next_features.data[0] = torch.inf
            return outputs

    Diverging.calls = 0
    monkeypatch.setattr(tiny_training, "TinyNet", Diverging)
    with pytest.raises(DataError, match=rf"{name} is (nan|inf): step 3"):
        tiny_training.train(tmp_path, terms=[TERMS[1], term])
    assert_equal(Diverging.before, Diverging.model.state_dict())
    assert len(lines(tmp_path)) == 2


def test_a_non_finite_gradient_stops_before_the_update(tmp_path, monkeypatch):
    import tiny_training

    class Kinked(tiny_training.TinyNet):
        def forward(self, batch):
            outputs = super().forward(batch)
            outputs.logits["action"] = outputs.logits["action"] + torch.sqrt(0 * outputs.logits["action"])
            return outputs

    monkeypatch.setattr(tiny_training, "TinyNet", Kinked)
    with pytest.raises(DataError, match="gradient norm is nan: step 1"):
        tiny_training.train(tmp_path, terms=TERMS[:1])


def test_frozen_group_and_own_rates(tmp_path):
    torch.manual_seed(1)
    import tiny_training

    start = tiny_training.TinyNet().state_dict()
    groups = [{"match": "^hidden", "lr": 0}, {"match": "bias$", "weight_decay": 0.0}]
    end = train(tmp_path / "a", groups=groups, epochs=1).state_dict()
    assert torch.equal(start["hidden.weight"], end["hidden.weight"])
    assert not torch.equal(start["action.weight"], end["action.weight"])
    assert torch.equal(start["unused.weight"], end["unused.weight"])
    with pytest.raises(ConfigError, match="no parameter matches 'hiden'"):
        train(tmp_path / "b", groups=[{"match": "hiden", "lr": 0}])


def test_steps_instead_of_epochs(tmp_path):
    train(tmp_path, epochs=None, steps=7)
    assert [line["step"] for line in lines(tmp_path) if "loss" in line] == list(range(1, 8))
    assert [line["step"] for line in lines(tmp_path) if "monitor" in line] == [5, 7]


def test_bf16_trains(tmp_path):
    state = train(tmp_path, precision="bf16", epochs=1).state_dict()
    assert state["hidden.weight"].dtype == torch.float32
    exact = train(tmp_path / "fp32", precision="fp32", epochs=1).state_dict()
    assert 0 < (state["action.weight"] - exact["action.weight"]).abs().max() < 0.05


def test_missing_scores_name_the_sample(tmp_path):
    from tiny_training import samples, teacher_scores

    targets = teacher_scores([f"s{i}" for i in range(N - 1)])
    with pytest.raises(DataError, match=f"no cached scores of s{N - 1}"):
        targets(samples().batch([0, N - 1]))


def test_another_number_of_parts_goes_on_and_says_so(tmp_path, capsys):
    train(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "broken", stop_at=7)
    train(tmp_path / "broken", accumulate=3)
    assert "cut into 1 parts, now into 3" in capsys.readouterr().err
    assert_equal(kept(tmp_path / "whole"), kept(tmp_path / "broken"), 1e-9)


def test_nothing_to_train_on(tmp_path, monkeypatch):
    import tiny_training

    monkeypatch.setattr(tiny_training, "samples", lambda rows=None: samples([]))
    with pytest.raises(DataError, match="no samples to train on"):
        tiny_training.train(tmp_path, terms=TERMS[1:2])


ADAPTER = "objective.maps_hidden_smooth_l1_teacher_maps_places.weight"


@pytest.mark.parametrize("stop", [2, 9, 12])
def test_an_adapter_resumes_to_the_bit_and_is_no_part_of_the_model(tmp_path, stop):
    whole = train(tmp_path / "whole", terms=ADAPTED, **HARD)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "broken", terms=ADAPTED, stop_at=stop, **HARD)
    again = train(tmp_path / "broken", terms=ADAPTED, **HARD)
    assert not any(name.startswith("objective") for name in whole.state_dict())
    assert_equal(whole.state_dict(), again.state_dict())
    assert_equal(kept(tmp_path / "whole"), kept(tmp_path / "broken"))
    assert ADAPTER in kept(tmp_path / "whole")


def test_an_adapter_is_trained_by_its_own_rate_and_frozen_by_its_name(tmp_path):
    made = {}
    for name, rate in {"trained": None, "slow": 1e-9, "slower": 1e-10, "frozen": 0.0}.items():
        groups = [{"match": "^objective", "lr": rate, "weight_decay": 0.0}]
        train(tmp_path / name, terms=ADAPTED, groups=groups)
        made[name] = kept(tmp_path / name).get(ADAPTER)
    assert (made["trained"] - made["slow"]).abs().max() > 1e-2
    assert 0 < (made["slow"] - made["slower"]).abs().max() < 1e-6
    assert made["frozen"] is None  # what is not trained is not kept


def test_an_adapter_teaches_the_network(tmp_path):
    """Its gradient reaches the network: without that term the hidden layer would end elsewhere."""
    with_maps = train(tmp_path / "with", terms=ADAPTED).state_dict()
    without = train(tmp_path / "without", terms=[ADAPTED[0], ADAPTED[2]]).state_dict()
    assert (with_maps["hidden.weight"] - without["hidden.weight"]).abs().max() > 1e-3


@pytest.mark.slow
def test_two_processes_train_an_adapter_as_one_does(tmp_path):
    settings = {"terms": ADAPTED, "accumulate": 1}
    run(tmp_path / "two", settings, processes=2)
    train(tmp_path / "one", **settings)
    assert_equal(kept(tmp_path / "one"), kept(tmp_path / "two"), 1e-9)
    assert ADAPTER in kept(tmp_path / "two")


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
