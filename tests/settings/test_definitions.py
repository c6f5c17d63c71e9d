"""Backbones and frame stores are their preset's own: presets may use one name for different things, as
long as they are not run together.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from workflow_copy import copy_workflow

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.plan import Plan
from foretaste.settings.catalogue import Catalogue

SYSTEM = """
title: x
datasets: [kitchen]
primary_metric: top1
backbones:
  eye: {{grid: {{fps: {fps}, shards: {shards}}}, files: "{name}/*.h5"}}
frame_stores:
  clips: {{side: {side}, shards: {shards}}}
models:
  student:
    role: student
    label: x
    frame_store: clips
    view: {{kind: clip, geometry: {{size: 16, scoring_side: 16, training_sides: [16, 16]}}}}
    network: {{kind: avt, layers: 1, heads: 2, dropout: 0.0, backbone: {{kind: vit, image: 16}}}}
    objective: [{{loss: {{kind: cross_entropy}}, of: action}}]
    training: {{epochs: 1, batch: 2, optimizer: {{kind: sgd, lr: 1.0}}}}
"""


@pytest.fixture
def root(tmp_path) -> Path:
    """A workflow with two presets that call different things by the same names."""
    copy_workflow(tmp_path)
    folder = tmp_path / "workflow/systems"
    (folder / "one.yaml").write_text(SYSTEM.format(name="one", fps=2.0, side=32, shards=1))
    (folder / "other.yaml").write_text(SYSTEM.format(name="other", fps=4.0, side=64, shards=3))
    return tmp_path


def catalogue(root: Path, *systems: str, targets: tuple[str, ...] = ()) -> Catalogue:
    named = {"systems": list(systems)} if systems else {}
    return Catalogue({"dataset": "kitchen", "data_root": str(root), **named}, root, targets)


@pytest.mark.parametrize(("system", "fps", "side"), [("one", 2.0, 32), ("other", 4.0, 64)])
def test_a_name_means_what_the_preset_that_is_run_says(system, fps, side, root):
    named = catalogue(root, targets=(f"results/kitchen/{system}/summary.json",))
    for made in (catalogue(root, system), named):
        assert made.named("backbones", "eye", "kitchen").grid.fps == fps
        assert made.named("frame_stores", "clips", "kitchen").side == side
        stored = {"dataset": "kitchen", "frame_store": "clips", "modality": "rgb", "shard": "0"}
        assert Plan(made).describe("store_frames", stored).config["side"] == side
        names = {"dataset": "kitchen", "system": system, "seed": "0", "model": "student"}
        shards = Plan(made).describe("train", names).inputs["frames_rgb"]
        assert len(shards) == {"one": 1, "other": 3}[system]


def test_two_meanings_of_a_name_in_one_run_are_refused(root):
    with pytest.raises(ConfigError, match=r"frame_stores.clips differs|backbones.eye differs"):
        catalogue(root, "one", "other")


def test_a_step_of_another_preset_than_those_of_the_run_is_refused_where_names_differ(root):
    names = {"dataset": "kitchen", "system": "other", "seed": "0", "model": "student"}
    with pytest.raises(ConfigError, match=r"differs between presets: one, other.*run them one by one"):
        Plan(catalogue(root, "one")).describe("train", names)


def test_a_name_that_the_run_does_not_have_is_what_all_presets_say(root):
    made = catalogue(root, "lm_avt_demo")
    assert made.named("frame_stores", "small", "kitchen").side == 64
    with pytest.raises(ConfigError, match=r"frame_stores.clips differs between presets"):
        made.named("frame_stores", "clips", "kitchen")
    with pytest.raises(ConfigError, match="no preset defines 'nothing' under backbones"):
        made.named("backbones", "nothing", "kitchen")
