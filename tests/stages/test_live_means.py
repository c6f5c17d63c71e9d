"""A mean of several teachers' logits speaks live as its cached scores say, up to their half precision."""

from __future__ import annotations

import pytest
from preset_run import PresetRun
from test_live_targets import LOGITS, watcher

from foretaste.contracts.errors import ConfigError

MEAN = {"label": "both", "average": ["watcher", "second"], "space": "logits", "weights": [3, 1]}
TERM = {**LOGITS, "to": "both"}
MODELS = {
    "watcher": watcher("teacher", "wide", 16),
    "second": watcher("teacher", "narrow", 8),
    "both": MEAN,
    "cached": watcher("student", "narrow", 8, TERM),
    "live": watcher("student", "narrow", 8, TERM, live=("both",)),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> PresetRun:
    run = PresetRun(tmp_path_factory.mktemp("means"), MODELS)
    run.tables()
    for model in ("watcher", "second"):
        run.make("train", model)
        run.make("score", model)
    run.make("average", "both")
    return run


def test_live_and_cached_teach_the_same(run):
    logs = {}
    for model in ("cached", "live"):
        run.make("train", model)
        logs[model] = [line["parts"] for line in run.log(model) if "monitor" not in line]
    assert len(logs["live"]) == len(logs["cached"]) > 5
    for live, cached in zip(logs["live"], logs["cached"]):
        assert live == pytest.approx(cached, rel=5e-3) and set(live) == {
            "action.cross_entropy", "action.kl.target_1",
        }  # fmt: skip
    assert logs["live"] != logs["cached"]


def test_its_parts_and_their_shares_are_inputs_of_the_training(run):
    step = run.step("train", "live")
    assert step.config["means"] == {"target_1": {"target_1.part_1": 0.75, "target_1.part_2": 0.25}}
    assert {name for name in step.inputs if name.startswith("live.")} == {
        f"live.target_1.part_{part}.{name}" for part in (1, 2) for name in ("features", "checkpoint")
    }


@pytest.mark.parametrize(
    "change", [{"space": "probabilities"}, {"prior_exponent": 0.5}, {"weights": {"kind": "per_sample"}}]
)
def test_another_kind_of_average_is_refused(tmp_path, change):
    models = {**MODELS, "both": {**MEAN, **change}}
    with pytest.raises(ConfigError, match="both cannot speak live: it is an average of another kind"):
        PresetRun(tmp_path / "run", models).plan()


def test_every_part_must_be_able_to(tmp_path):
    models = {**MODELS, "second": {**MODELS["second"], "folds": 2}}
    with pytest.raises(ConfigError, match="second cannot speak live: its scores of the training rows"):
        PresetRun(tmp_path / "run", models).plan()
