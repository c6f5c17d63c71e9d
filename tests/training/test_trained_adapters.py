"""An adapter between a student and its teacher: trained and kept beside the model, and no part of it."""

from __future__ import annotations

import pytest
from started_trainings import HARD, assert_equal, run
from tiny_training import ADAPTED, kept, train

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
