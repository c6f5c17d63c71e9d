"""What a world is made of, and what its two splits do not share."""

import pytest

from foretaste.contracts.errors import ConfigError
from foretaste.kitchen.config import WorldConfig
from foretaste.kitchen.vocabulary import NOUNS, VERBS
from foretaste.kitchen.world import World


@pytest.fixture(scope="module")
def world() -> World:
    return World(WorldConfig(seed=100))


def test_sizes(world):
    config = world.config
    assert len(VERBS) == 15 and len(NOUNS) == 27
    assert 60 <= len(world.actions) <= 90
    assert (
        len(world.shown) == config.shown_dishes
        and len(world.told) == config.shown_dishes + config.told_dishes
    )
    splits = [video.split for video in world.videos]
    assert splits == ["training"] * config.train_videos + ["validation"] * config.validation_videos
    assert len({video.video_id for video in world.videos}) == len(world.videos)


def test_dishes_differ_and_graphs_are_listed_in_a_possible_order(world):
    assert len({dish.name for dish in world.told}) == len(world.told)
    for dish in world.told:
        assert all(before < n for n, step in enumerate(dish.steps) for before in step.after)
        assert all(step.verb in VERBS and step.noun in NOUNS for step in dish.steps)


def test_doors_and_tap_are_opened_before_they_are_closed(world):
    """In every order that a graph allows: checked on the runs of all videos."""
    for video in world.videos:
        open_now: set[str] = set()
        for step in (video.dish.steps[n] for n in video.run):
            if step.verb in ("open", "turn-on"):
                assert step.noun not in open_now
                open_now.add(step.noun)
            elif step.verb in ("close", "turn-off"):
                open_now.remove(step.noun)
            elif step.verb == "take" and step.at in ("fridge", "cupboard"):
                assert step.at in open_now
            elif step.verb == "wash":
                assert "tap" in open_now
        assert not open_now & {"fridge", "cupboard", "tap"}


def test_things_are_taken_before_they_are_used(world):
    for video in world.videos:
        here = set(video.dish.laid) | {"water", "batter"}
        for step in (video.dish.steps[n] for n in video.run):
            if step.verb == "take":
                here.add(step.noun)
            elif step.noun not in ("fridge", "cupboard", "tap", "hob"):
                assert step.noun in here
                assert step.at in here | {"board", "sink", "hob", "fridge", "counter", "worktop"}


def test_validation_shares_no_kitchen_participant_or_order_with_training(world):
    training, validation = (
        [v for v in world.videos if v.split == split] for split in ("training", "validation")
    )
    assert not {v.participant for v in training} & {v.participant for v in validation}
    assert not {(v.dish.name, v.run) for v in training} & {(v.dish.name, v.run) for v in validation}
    orders = [tuple(video.dish.steps[n].action for n in video.run) for video in training]
    assert not set(orders) & {tuple(video.dish.steps[n].action for n in video.run) for video in validation}


def test_dishes_that_only_recipes_tell_are_in_no_video(world):
    assert {video.dish.name for video in world.videos} == {dish.name for dish in world.shown}
    assert not {dish.name for dish in world.told[world.config.shown_dishes :]} & {
        video.dish.name for video in world.videos
    }


def test_seeds_make_different_worlds_and_equal_seeds_equal_ones(world):
    assert World(world.config).videos == world.videos
    assert {dish.name for dish in World(WorldConfig(seed=101)).told} != {dish.name for dish in world.told}


def test_too_many_dishes_is_an_error():
    with pytest.raises(ConfigError, match="lower shown_dishes or told_dishes"):
        World(WorldConfig(shown_dishes=5000))


def test_settings_are_checked():
    with pytest.raises(ValueError, match="even"):
        WorldConfig(width=191)
    with pytest.raises(ValueError, match="min_seconds"):
        WorldConfig(min_seconds=50, max_seconds=40)
