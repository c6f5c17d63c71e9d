import pytest

from foretaste.contracts.errors import DataError
from foretaste.contracts.metrics import METRICS
from foretaste.evaluation.summary import Run, arms, summarise


def _metrics(value, **protocol):
    numbers = dict.fromkeys(METRICS, value) | {"many_shot_recall5_and": None}
    return {
        "protocol": {"tau_a": 1.0, "prior_exponent": 0.0, **protocol},
        "action": numbers,
        "verb": numbers,
        "noun": None,
    }


MODELS = {
    "student": {"label": "AVT", "role": "student"},
    "teacher": {"label": "LM", "role": "teacher"},
    "unused": {"label": "-", "role": "student"},
}


def test_values_are_one_a_seed_and_means_over_worlds():
    values = {("w0", 0): 10.0, ("w0", 1): 20.0, ("w1", 0): 30.0, ("w1", 1): 60.0}
    runs = [Run(world=w, model="student", seed=s, metrics=_metrics(v)) for (w, s), v in values.items()]
    runs += [Run(world=w, model="teacher", seed=0, metrics=_metrics(50.0)) for w in ("w0", "w1")]
    found = arms(runs, ["w0", "w1"], MODELS)
    assert list(found) == ["student", "teacher"]
    assert found["student"]["seeds"] == [0, 1]
    assert found["student"]["action"]["top1"] == {
        "mean": 30.0,
        "sd": pytest.approx(14.142135),
        "values": [20.0, 40.0],
    }
    assert found["teacher"]["action"]["top1"] == {"mean": 50.0, "sd": None, "values": [50.0]}
    # What does not apply is null, never 0.
    assert found["student"]["action"]["many_shot_recall5_and"] is None
    assert found["student"]["noun"] is None
    assert (found["student"]["label"], found["student"]["protocol"]) == (
        "AVT",
        {"tau_a": 1.0, "prior_exponent": 0.0},
    )


def test_every_world_needs_every_seed():
    runs = [
        Run(world=w, model="student", seed=s, metrics=_metrics(1.0))
        for w, s in (("w0", 0), ("w0", 1), ("w1", 0))
    ]
    with pytest.raises(DataError, match="world w1, seed 1"):
        arms(runs, ["w0", "w1"], MODELS)


def test_runs_under_different_rules_are_not_averaged():
    runs = [
        Run(world="w0", model="student", seed=s, metrics=_metrics(1.0, history_rule=rule))
        for s, rule in enumerate(("start", "end"))
    ]
    with pytest.raises(DataError, match="differ in history_rule"):
        arms(runs, ["w0"], MODELS)
    fitted = [
        Run(world="w0", model="student", seed=s, metrics=_metrics(1.0, prior_exponent=x))
        for s, x in enumerate((0.3, 0.2))
    ]
    assert arms(fitted, ["w0"], MODELS)["student"]["protocol"]["prior_exponent"] == [0.2, 0.3]


def test_the_summary_has_the_documented_keys():
    runs = [Run(world="w0", model="student", seed=0, metrics=_metrics(1.0))]
    summary = summarise({"primary_metric": "top1"}, arms(runs, ["w0"], MODELS), [], [])
    assert {"format", "primary_metric", "arms", "comparisons", "stages"} <= set(summary)
    assert summary["format"] == 2
