"""One network for RGB, flow and boxes: in training each sample is shown one of them, scored all are RGB."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
import torch
from test_one_look import NAMES, SYSTEM, Run

from foretaste.contracts.errors import ConfigError
from foretaste.contracts.view import FixedView, Look
from foretaste.scores.verify import verify
from foretaste.settings import families
from foretaste.stages import score, train
from foretaste.training.material import read_sources
from foretaste.video.drawing import colour

OMNIVORE = (
    SYSTEM.split("    views:")[0]
    + """    view:
      kind: one_of
      scored: rgb
      views:
        rgb: &shown
          kind: clip
          frames: 3
          rate: 2.0
          geometry: &geometry {size: 40, scoring_side: 48, training_sides: [40, 60], flip: 0.5}
        flow: {<<: *shown, modality: flow}
        boxes: {kind: boxes, frames: 3, rate: 2.0, geometry: *geometry, drawn: 2}
    network:
      {kind: avt, width: 8, layers: 1, heads: 2, dropout: 0.0,
       backbone: {kind: vit, image: 40, patch: 20, width: 8, layers: 1, heads: 2}}
    objective: [{loss: {kind: cross_entropy}, of: action}]
    training: {epochs: 2, batch: 2, workers: 1, optimizer: {kind: sgd, lr: 0.1}}
"""
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return Run(tmp_path_factory.mktemp("run"), OMNIVORE).prepare()


def test_every_row_is_shown_one_view_a_look_as_that_view_shows_it(run):
    view, counts = run.view(), Counter()
    for epoch in range(300):
        look = Look(7, epoch)
        frames = view.fetch([0, 2], look).inputs["frames"]
        assert frames.shape == (2, 3, 3, 40, 40) and frames.dtype == torch.uint8
        for row, clip in zip((0, 2), frames):
            name = view.shown(row, look)
            counts[name] += 1
            (alone,) = view.views[name].fetch([row], look).inputs["frames"]
            assert torch.equal(clip[:, : alone.shape[1]], alone)
            assert alone.shape[1] == 3 or not clip[:, 2].any()  # flow has a third channel of zeros
    assert set(counts) == {"rgb", "flow", "boxes"} and min(counts.values()) > 150


def test_scored_it_is_the_one_that_was_named(run):
    view = run.view()
    rows = range(len(view))
    assert torch.equal(view.fetch(rows).inputs["frames"], view.views["rgb"].fetch(rows).inputs["frames"])
    assert [view.digest(row) for row in rows] == [view.views["rgb"].digest(row) for row in rows]


def test_several_views_of_a_test_are_those_of_the_one_that_was_named(run):
    view, rows = run.view(), [0, 1, 2]
    for fixed in (FixedView(), FixedView(crop="top_left", flip=True), FixedView(crop="bottom_right")):
        shown, named = (one.fetch(rows, fixed).inputs["frames"] for one in (view, view.views["rgb"]))
        assert torch.equal(shown, named), fixed
    corner = view.fetch(rows, FixedView(crop="top_left")).inputs["frames"]
    assert not torch.equal(corner, view.fetch(rows).inputs["frames"])


def test_boxes_are_drawn_where_they_lie(run):
    view = run.view().views["boxes"]
    given = families.build("views", {**BOXES, "drawn": None}, sources=sources(run))
    for epoch in range(20):
        look = Look(3, epoch)
        (clip,), found = view.fetch([1], look).inputs["frames"], given.fetch([1], look).inputs
        for picture, (box,), (number,) in zip(clip, found["boxes"][0], found["classes"][0]):
            drawn = (picture.permute(1, 2, 0) == torch.tensor(colour(1))).all(-1).numpy()
            rows, columns = np.nonzero(drawn)
            assert bool(number) == bool(len(rows))
            if number:
                seen = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
                np.testing.assert_allclose(seen, box.numpy() * 40, atol=1.01)


BOXES = {
    "kind": "boxes",
    "frames": 3,
    "rate": 2.0,
    "geometry": {"size": 40, "scoring_side": 48, "training_sides": [40, 60], "flip": 0.5},
}


def sources(run):
    step = run.step("train", NAMES)
    return read_sources(step.inputs, step.config)


def test_it_is_trained_and_scored(run):
    first = run.step("train", NAMES)
    train.run(first)
    assert json.loads(first.outputs["log"].read_text().splitlines()[-1])["monitor"] == "validation"
    second = run.step("score", NAMES)
    score.run(second)
    assert verify(second.outputs["scores"]).logits("training", "action").shape == (2, 2)


def test_pictures_of_different_sizes_are_refused(run):
    clip = {"kind": "clip", "rate": 2.0, "geometry": BOXES["geometry"], "frames": 3}
    views = {"rgb": clip, "boxes": {**BOXES, "drawn": 2, "frames": 2}}
    view = families.build("views", {"kind": "one_of", "scored": "rgb", "views": views}, sources=sources(run))
    with pytest.raises(ConfigError, match=r"pictures of different sizes: .*boxes has"):
        for epoch in range(40):
            view.fetch([0, 1, 2], Look(0, epoch))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("scored: rgb", "scored: rbg", "scored: one of rgb, flow, boxes"),
        ("drawn: 2}", "drwn: 2}", "unknown key 'drwn'.*views.boxes"),
        ("modality: flow}", "modality: flow, window: target}", "a student that sees the action"),
    ],
)
def test_a_mistake_in_one_of_them(old, new, message, tmp_path):
    assert OMNIVORE.count(old) == 1
    with pytest.raises(ConfigError, match=message):
        made = Run(tmp_path, OMNIVORE.replace(old, new))
        made.plan.catalogue.system("patterns", "patterns")
        made.prepare().view()
