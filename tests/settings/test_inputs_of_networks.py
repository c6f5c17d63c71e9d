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
CLIPS_TO = "view: {kind: clip, frames: 8}\n    network: {kind:"
FUSED = "network: {kind: late_fusion, networks: {x: {kind:"
AVT = "avt, layers: 1, heads: 2, dropout: 0.0"
TWO_PIXELS = "pixels: {mean: [0.5, 0.5], std: [0.5, 0.5]}"
CLIP = "view: {{kind: clip, geometry: {{training_sides: [{}, 280]}}}}"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    return copy_workflow(tmp_path_factory.mktemp("checkout"))


def said(checkout, s, role="teacher", t=None, more="") -> str | None:
    """What is said of a preset with a model ``s``, a student ``t`` of it, and ``more`` beside the models;
    None where it is accepted.
    """
    text = PRESET.format(s=s, role=role) + (STUDENT.format(t=t) if t else "") + more
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
    f"{BOXES} iccv2023, positions: 16}}": "frames: 4 of the view boxes, and positions: 16 of the network "
    "stlt: .*view and network: 16 frames, one a position",
    f"{BOXES} bmvc2021, positions: 4}}": "positions: 4 of the network stlt.*at most 3",
    f"{CLIPS_TO} timesformer, frames: 16}}": "frames: 8 of the view clip, and frames: 16 of the network "
    r"timesformer: .*models\.s: view and network: one number of frames in both",
    f"{CLIPS_TO} timesformer, image: 192}}": r"geometry\.size: 224 x 224 of the view clip, and image: 192 of",
    f"{CLIPS_TO} timesformer, image: 240, patch: 20, stretch: true}}": "224 x 224 .* and patch: 20",
    f"{CLIPS_TO} {AVT}, backbone: {{kind: vit, image: 192}}}}": "224 x 224 .* and image: 192 of the network",
    f"{CLIPS_TO} {AVT}, positions: 9, steps: 3, backbone: {{kind: vit}}}}": "frames: 8 of the view clip, and "
    "positions: 9 of the network avt: .*at least 10",
    "view: {kind: audio, frames: 8, size: 96}\n    network: {kind: timesformer}": "size: 96 x 96 of the view "
    "audio, and image: 224",
    f"views: {{x: {{kind: clip, frames: 4}}}}\n    {FUSED} timesformer}}}}}}": "frames: 4 .*and frames: 8",
    one_of("frames: 4", "frames: 4").replace("video_swin", "timesformer"): "frames: 4 .* and frames: 8",
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
    f"{CLIPS_TO} timesformer}}",
    f"{CLIPS_TO} timesformer, frames: 16, image: 192, stretch: true}}",
    f"{CLIPS_TO} timesformer, frames: 16, attention: space_only}}",
    f"{CLIPS_TO} {AVT}, positions: 10, steps: 3, backbone: {{kind: vit}}}}",
)


@pytest.mark.parametrize(("model", "message"), REFUSED.items())
def test_what_a_network_cannot_read_is_refused(checkout, model, message):
    line = said(checkout, model)
    assert line and re.search(message, line) and "systems/mine.yaml" in line, line


def test_a_backbone_reads_the_pictures_of_its_view(checkout):
    def of(picture):
        view = f"view: {{kind: frames, picture: {picture}}}"
        network = "network: {kind: vit, weights: weights/vit.safetensors}"
        eye = f"backbones: {{eye: {{grid: {{fps: 1.0}}, {view}, {network}}}}}\n"
        return said(checkout, f"view: {{kind: clip}}\n    {SWIN}}}", more=eye)

    line = of("{height: 224}")
    assert re.search(r"picture: 224 x 128 of the view frames, and image: 224 .*backbones\.eye: view", line)
    assert of("{height: 224, width: 224}") is None


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
