"""How often a view shows something is compared with its grid of times with the preset, before anything
runs.
"""

from __future__ import annotations

import re

import pytest
from workflow_copy import copy_workflow

from foretaste.contracts.errors import ConfigError
from foretaste.settings.catalogue import Catalogue

PRESET = """base: lm_avt_demo
models:
  s:
    role: student
    label: s
    {}
    objective: [{{loss: {{kind: cross_entropy}}, of: action}}]
    training: {{epochs: 1, batch: 4, optimizer: {{kind: adamw, lr: 1.0e-3, weight_decay: 0.0}}}}
"""
CLIP = "network: {kind: video_swin}\n    view: {kind: clip,"
FEATURES = "network: {kind: frame_mlp}\n    backbone: frames\n    view: {kind: features,"
CLIPS = f"{CLIP.rpartition('{')[0]}{{kind: one_of, scored: a, views: {{a: {{kind: clip}}, b: {{kind: clip,"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    return copy_workflow(tmp_path_factory.mktemp("checkout"))


def said(checkout, model: str) -> str | None:
    """What is said of a preset with a model; None where it is accepted."""
    (checkout / "workflow/systems/mine.yaml").write_text(PRESET.format(model), encoding="utf-8")
    try:
        Catalogue({"dataset": "kitchen", "systems": "mine"}, checkout)
    except ConfigError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (f"{CLIP} rate: 7.0}}", r"rate: 7 of the view clip, and ticks: 30 of the view: .*models\.s: view"),
        (f"{CLIP} rate: 1.0, ticks: 2.5}}", "rate: 1 of the view clip, and ticks: 2.5"),
        (f"{CLIP} rate: 1.0e-320}}", "rate: 9.99989e-321 of the view clip, and ticks: 30"),
        (
            f"{FEATURES} rate: 3.0}}",
            "rate: 3 of the view features, and grid.fps: 1 of the backbone: .*divides",
        ),
        (f"{FEATURES} rate: 1.0e-320}}", "of the view features, and grid.fps: 1"),
        (f"{CLIPS} rate: 7.0}}}}}}", "rate: 7 of the view clip"),
    ],
)
def test_a_rate_off_the_grid_is_refused(checkout, model, message):
    line = said(checkout, model)
    assert line and re.search(message, line) and "systems/mine.yaml" in line, line


@pytest.mark.parametrize(
    "model",
    [
        f"{CLIP} rate: 7.0, ticks: 14.0}}",
        f"{CLIP} sampler: {{kind: uniform}}}}",
        f"{FEATURES} rate: 0.5}}",
        f"{FEATURES} rate: 1.0}}",
    ],
)
def test_a_rate_on_it_is_accepted(checkout, model):
    assert said(checkout, model) is None
