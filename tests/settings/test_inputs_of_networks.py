"""What a network reads and what its view shows are compared with the preset: what would stop a training after
everything else was made, or teach by other crops than those that are shown, is said before anything runs.
"""

from __future__ import annotations

import re

import pytest
from workflow_copy import copy_workflow

from foretaste.contracts.errors import ConfigError
from foretaste.settings.catalogue import Catalogue

PRESET = """base: lm_avt_demo
task: recognition
history: {{rule: all}}
models:
  s:
    role: {role}
    label: s
    {s}
    objective: [{{loss: {{kind: cross_entropy}}, of: action}}]
    training: {{epochs: 1, batch: 4, optimizer: {{kind: adamw, lr: 1.0e-3, weight_decay: 0.0}}}}
"""
STUDENT = """  t:
    role: student
    label: t
    {t}
    network: {{kind: video_swin}}
    objective: [{{loss: {{kind: kl, temperature: 1.0, t_squared: true}}, of: action, to: s}}]
    training: {{epochs: 1, batch: 4, optimizer: {{kind: adamw, lr: 1.0e-3, weight_decay: 0.0}}}}
"""
SWIN = "network: {kind: video_swin"
FLOW = "view: {kind: clip, modality: flow}"
BOXES = "view: {kind: boxes, frames: 4}\n    network: {kind: stlt, variant:"
TWO_PIXELS = "pixels: {mean: [0.5, 0.5], std: [0.5, 0.5]}"
CLIP = "view: {{kind: clip, geometry: {{training_sides: [{}, 280]}}}}"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    return copy_workflow(tmp_path_factory.mktemp("checkout"))


def said(checkout, s, role="teacher", t=None) -> str | None:
    """What is said of a preset with a model ``s``, and a student ``t`` of it; None where it is accepted."""
    text = PRESET.format(s=s, role=role) + (STUDENT.format(t=t) if t else "")
    (checkout / "workflow/systems/mine.yaml").write_text(text, encoding="utf-8")
    try:
        Catalogue({"dataset": "kitchen", "systems": "mine"}, checkout).system("kitchen", "mine")
    except ConfigError as error:
        assert len(error.args) == 4
        return str(error)
    return None


def one_of(a, b):
    clips = ", ".join(f"{name}: {{kind: clip, {one}}}" for name, one in (("a", a), ("b", b)))
    return f"view: {{kind: one_of, scored: a, views: {{{clips}}}}}\n    {SWIN}}}"


REFUSED = {
    f"{FLOW}\n    {SWIN}}}": r"pictures of 2 channels \(clip\).*models\.s: network: the 3 channels",
    f"view: {{kind: clip}}\n    {SWIN}, {TWO_PIXELS}}}": r"pictures of 3 channels.*the 2 channels",
    f"{BOXES} iccv2023, positions: 16}}": "4 frames of boxes.*view and network: 16, one a position",
    f"{BOXES} bmvc2021, positions: 4}}": "4 frames of boxes.*at most 3",
    one_of("frames: 8", "frames: 4"): "number or size: a has 8 of 224, b has 4 of 224.*models.s: view",
    one_of("frames: 8", "frames: 8, geometry: {size: 96}"): "a has 8 of 224, b has 8 of 96",
    "views: {x: {kind: clip, modality: flow}}\n    network: {kind: late_fusion, networks: {x: {kind: "
    "video_swin}}}": "pictures of 2 channels",
}
ACCEPTED = (
    f"{FLOW}\n    {SWIN}, {TWO_PIXELS}}}",
    f"{BOXES} iccv2023, positions: 4}}",
    f"{BOXES} bmvc2021, positions: 5}}",
    one_of("frames: 8", "frames: 8, modality: flow"),
    f"view: {{kind: boxes, drawn: 2}}\n    {SWIN}}}",
)


@pytest.mark.parametrize(("model", "message"), REFUSED.items())
def test_what_a_network_cannot_read_is_refused(checkout, model, message):
    line = said(checkout, model)
    assert line and re.search(message, line) and "systems/mine.yaml" in line, line


@pytest.mark.parametrize("model", ACCEPTED)
def test_what_it_can_is_accepted(checkout, model):
    assert said(checkout, model) is None


def test_a_student_reads_no_narration_and_a_teacher_may(checkout):
    model = "view: {kind: narration}\n    lm: minilm\n    network: {kind: text_encoder}"
    line = said(checkout, model, role="student")
    assert re.search(r"a student that reads the narration .*models\.s: view: .*role: teacher", line)
    assert said(checkout, model) is None


@pytest.mark.parametrize(("of_s", "of_t"), [("kept_looks: 2", "looks: 2"), ("live: []", "live: [s]")])
def test_looks_are_of_one_geometry(checkout, of_s, of_t):
    def models(side):
        teacher = f"{of_s}\n    {CLIP.format(248)}\n    {SWIN}}}"
        return teacher, f"{of_t}\n    {CLIP.format(side)}"

    teacher, student = models(264)
    line = said(checkout, teacher, t=student)
    assert re.search(r"looks of another geometry: s has size: 224, training_sides: .*models\.t: view", line)
    teacher, student = models(248)
    assert said(checkout, teacher, t=student) is None
    teacher, student = models(264)
    assert said(checkout, teacher.replace(of_s, "live: []"), t=student.replace(of_t, "live: []")) is None
