"""Pictures: actions move pixels where the truth says, what they change stays, and kitchens differ."""

import numpy as np
import pytest

from foretaste.kitchen.config import WorldConfig
from foretaste.kitchen.ordering import next_actions
from foretaste.kitchen.render import frames
from foretaste.kitchen.schedule import plan_timeline
from foretaste.kitchen.staging import shots
from foretaste.kitchen.style import draw_style
from foretaste.kitchen.truth import HAND, truth_of
from foretaste.kitchen.vocabulary import NOUN_IDS, VERBS
from foretaste.kitchen.world import World

CONFIG = WorldConfig(seed=100, fps=5)


@pytest.fixture(scope="module")
def world() -> World:
    return World(CONFIG)


def video_of(world: World, kind: str):
    video = next(video for video in world.videos if video.dish.kind == kind)
    timeline = plan_timeline(CONFIG, video)
    return timeline, draw_style(CONFIG.seed, video.participant)


@pytest.fixture(scope="module")
def salad(world):
    timeline, style = video_of(world, "salad")
    return timeline, list(frames(CONFIG, timeline, style)), truth_of(world, timeline).to_pylist()


def test_pictures_have_the_size_and_number_of_the_settings(salad):
    timeline, pictures, truth = salad
    assert len(pictures) == len(truth) == timeline.frames == round(timeline.seconds * CONFIG.fps)
    assert {picture.shape for picture in pictures} == {(CONFIG.height, CONFIG.width, 3)}
    assert {picture.dtype for picture in pictures} == {np.dtype(np.uint8)}
    assert all(20 < picture.mean() < 235 and picture.std() > 15 for picture in pictures)


def test_pixels_change_inside_the_boxes_of_what_moves(salad):
    """While something is cut or washed the head is nearly still: change is far larger around hands and moved
    things.
    """
    timeline, pictures, truth = salad
    for action in timeline.actions:
        if action.step.verb not in ("cut", "wash"):
            continue
        number = int((action.start + 0.5 * (action.stop - action.start)) * CONFIG.fps)
        change = np.abs(pictures[number + 1].astype(int) - pictures[number].astype(int)).mean(2)
        inside = np.zeros(change.shape, bool)
        row = truth[number]
        for moves, (left, top, right, bottom) in zip(
            row["box_moving"], np.reshape(row["boxes"], (-1, 4)), strict=True
        ):
            if moves:
                inside[max(top - 8, 0) : bottom + 8, max(left - 8, 0) : right + 8] = True
        assert change[inside].mean() > 1.5 * change[~inside].mean()


def test_truth_names_the_action_and_what_it_moves(salad, world):
    timeline, _, truth = salad
    for number, row in enumerate(truth):
        now = [a for a in timeline.actions if a.start <= number / CONFIG.fps < a.stop]
        assert row["frame"] == number
        assert row["action_id"] == (world.action_ids[now[0].step.action] if now else None)
        boxes = np.reshape(row["boxes"], (-1, 4))
        assert len(boxes) == len(row["box_nouns"]) == len(row["box_moving"])
        assert (
            (boxes[:, :2] >= 0).all()
            and (boxes[:, 2] <= CONFIG.width).all()
            and (boxes[:, 3] <= CONFIG.height).all()
        )
        assert (boxes[:, 2:] > boxes[:, :2]).all()
        moved = {noun for noun, moves in zip(row["box_nouns"], row["box_moving"], strict=True) if moves}
        middle = now and 0.3 < (number / CONFIG.fps - now[0].start) / (now[0].stop - now[0].start) < 0.9
        if middle and now[0].step.verb in ("cut", "wash", "stir"):
            expected = now[0].step.at if now[0].step.verb == "stir" else now[0].step.noun
            assert {NOUN_IDS[expected], HAND} <= moved
        if not now:
            assert moved <= {HAND}


def test_true_distribution_sums_to_one_and_excludes_the_impossible(salad, world):
    timeline, _, truth = salad
    dish = timeline.video.dish
    for number, row in enumerate(truth):
        begun = [a.index for a in timeline.actions if a.start <= number / CONFIG.fps]
        probabilities = dict(zip(row["next_action_ids"], row["next_probabilities"], strict=True))
        if len(begun) == len(dish.steps):
            assert not probabilities
            continue
        assert sum(probabilities.values()) == pytest.approx(1, abs=1e-5)
        possible = {
            s.action for n, s in enumerate(dish.steps) if n not in begun and set(s.after) <= set(begun)
        }
        assert set(probabilities) == {world.action_ids[action] for action in possible}
        if len(begun) < len(timeline.actions):
            following = timeline.actions[len(begun)]
            exact = next_actions(dish, set(begun), begun[-1] if begun else None, world.habits)[
                following.step.action
            ]
            assert probabilities[world.action_ids[following.step.action]] == pytest.approx(exact, abs=1e-6)


def test_what_an_action_changes_stays_changed(world):
    """State by state: whole becomes peeled becomes cut and is then in the vessel; the hob stays on until it
    is turned off.
    """
    for kind in ("fry-up", "soup", "mash"):
        timeline, style = video_of(world, kind)
        all_shots = list(shots(CONFIG, timeline, style))
        rank = {"whole": 0, "peeled": 1, "cut": 2, "grated": 2}
        seen: dict[str, int] = {}
        hot = False
        for shot in all_shots:
            for thing in shot.still:
                if thing.look in rank:
                    assert rank[thing.look] >= seen.get(thing.noun, 0)
                    seen[thing.noun] = rank[thing.look]
            done = [a.step for a in timeline.actions if a.stop <= shot.time]
            if shot.current is None:
                switches = [step.verb == "turn-on" for step in done if step.noun == "hob"]
                hot = switches[-1] if switches else False
                assert (shot.room.hot is not None) == hot
            for step in done:
                if step.verb == "put" and step.at in ("pan", "pot", "bowl"):
                    vessel = next(t for t in (*shot.still, *shot.pose.things) if t.noun == step.at)
                    assert step.noun in [food for food, _ in vessel.contents]


def test_kitchens_differ_and_one_participant_keeps_one_kitchen(world):
    styles = {video.participant: draw_style(CONFIG.seed, video.participant) for video in world.videos}
    assert len({(s.wall, s.counter, s.unit, s.skin, s.light) for s in styles.values()}) == len(styles)
    assert draw_style(CONFIG.seed, "P01") == styles["P01"]


def test_every_verb_can_be_drawn_at_every_moment():
    """All dishes of three worlds, a frame every half second: no thing is missing, no verb unknown."""
    drawn = set()
    for seed in (101, 102, 103):
        config = WorldConfig(seed=seed, fps=2)
        for video in World(config).videos[:40]:
            timeline = plan_timeline(config, video)
            for shot in shots(config, timeline, draw_style(seed, video.participant)):
                if shot.current is not None:
                    drawn.add(timeline.actions[shot.current].step.verb)
                assert all(np.isfinite((*shot.right, *shot.left, shot.camera.x, shot.camera.y)))
    assert drawn == set(VERBS)
