"""Samples that are scored in several fixed views: clips, crops and mirrorings, as papers test their networks.
Each view is compared with pictures that are cut here by hand, the scores with the mean of what the network
says of them one by one.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from test_one_look import NAMES, SYSTEM, Run, check, expected_frames, shown_frames

from foretaste.contracts.batch import Batch
from foretaste.contracts.errors import ConfigError
from foretaste.contracts.view import FixedView
from foretaste.pipeline.protocol import protocol
from foretaste.pipeline.step import Step
from foretaste.report.setting_line import setting_line
from foretaste.scores.reader import open_scores
from foretaste.scores.verify import verify
from foretaste.stages import score, train
from foretaste.training.checkpoint import load_model
from foretaste.training.crossfit import Scoring
from foretaste.training.fixed_views import fixed_views
from foretaste.training.material import build_view, read_sources
from foretaste.training.samples import join
from foretaste.training.scoring import score as scored

#: Shorter side 48 of pictures of 72 x 96, of which 40 x 40 are shown: the first row and column of each crop.
CORNERS = {"top_left": (0, 0), "centre": (4, 12), "bottom_right": (8, 24)}
SIX = {"clips": 1, "crops": 3, "flipped": True, "space": "logits"}
NINE = {"clips": 3, "crops": 3, "flipped": False, "space": "probabilities"}
GEOMETRY = "geometry: {size: 40, scoring_side: 48, training_sides: [40, 60], flip: 0.5}"
STRIDED = f"frames: 4, sampler: {{kind: strided, stride: 2}}, {GEOMETRY}"
AVT = (
    f"{{kind: clip, frames: 3, rate: 2.0, {GEOMETRY}}}",
    "{kind: avt, width: 8, layers: 1, heads: 2, dropout: 0.0,"
    " backbone: {kind: vit, image: 40, patch: 20, width: 8, layers: 1, heads: 2}}",
)
SWIN = (
    f"{{kind: clip, {STRIDED}}}",
    "{kind: video_swin, width: 8, depths: [1], heads: [2], patch: [2, 8, 8], window: [2, 5, 5],"
    " drop_path: 0.0}",
)
TIMESFORMER = (
    f"{{kind: clip, {STRIDED}}}",
    "{kind: timesformer, width: 8, layers: 1, heads: 2, image: 40, patch: 20, frames: 4, drop_path: 0.0}",
)
STLT = (
    f"{{kind: boxes, {STRIDED}}}",
    "{kind: stlt, variant: iccv2023, width: 8, heads: 2, spatial_layers: 1, temporal_layers: 1,"
    " positions: 4}",
)


def system(view: str, network: str) -> str:
    return f"""
title: x
primary_metric: top1
models:
  student:
    role: student
    label: x
    view: {view}
    network: {network}
    objective: [{{loss: {{kind: cross_entropy}}, of: action}}]
    training: {{epochs: 1, batch: 2, workers: 0, optimizer: {{kind: sgd, lr: 0.1}}}}
"""


def scoring(run: Run, out, views: dict | None) -> Step:
    """The step that scores the student in several views."""
    step = run.step("score", NAMES)
    model = {**step.config["model"], "test_views": views}
    outputs = {"scores": out / ("several" if views else "one")}
    return replace(step, config={**step.config, "model": model}, outputs=outputs)


def by_hand(view, row: int, fixed: FixedView) -> torch.Tensor:
    """(T, 3, 40, 40): the pictures of a view, whole, and cut and mirrored here."""
    frames = view.shown.pictures([row], (48, 64), FixedView(clip=fixed.clip, clips=fixed.clips))[0]
    top, left = CORNERS[fixed.crop]
    crop = frames[:, top : top + 40, left : left + 40]
    crop = crop[:, :, ::-1] if fixed.flip else crop
    return torch.from_numpy(np.ascontiguousarray(crop)).permute(0, 3, 1, 2)


def probabilities(logits: np.ndarray) -> np.ndarray:
    return torch.softmax(torch.from_numpy(logits), -1).numpy()


def mean_by_hand(said: list[torch.Tensor], space: str) -> np.ndarray:
    """Probabilities of the mean of (n, C) logits."""
    if space == "logits":
        return torch.softmax(sum(said) / len(said), -1).numpy()
    return (sum(torch.softmax(one, -1) for one in said) / len(said)).numpy()


@pytest.fixture(scope="module")
def avt(tmp_path_factory):
    run = Run(tmp_path_factory.mktemp("run"), system(*AVT)).prepare()
    train.run(run.step("train", NAMES))
    return run


def test_every_view_is_the_part_that_is_cut_by_hand_and_no_two_are_alike(avt):
    view, views = avt.view(), fixed_views(SIX)
    assert len(views) == 6
    shown = [view.fetch([0, 1, 2], fixed).inputs["frames"] for fixed in views]
    for fixed, frames in zip(views, shown):
        for row in range(3):
            assert torch.equal(frames[row], by_hand(view, row, fixed)), fixed
    assert len({frames.numpy().tobytes() for frames in shown}) == 6
    assert torch.equal(shown[views.index(FixedView())], view.fetch([0, 1, 2]).inputs["frames"])


def test_rgb_flow_and_boxes_show_the_same_view(tmp_path):
    view = Run(tmp_path, SYSTEM).prepare().view()
    for fixed in fixed_views(SIX):
        for row, stop_s in enumerate((1.55, 2.22, 1.82)):
            got = {name: values[0] for name, values in view.fetch([row], fixed).inputs.items()}
            assert shown_frames(got["rgb.frames"].numpy()) == expected_frames(stop_s)
            check(got, mirrored=fixed.flip)


@pytest.mark.parametrize("space", ["logits", "probabilities"])
def test_scores_are_the_mean_over_the_six_views_of_avt(avt, space, tmp_path):
    step = scoring(avt, tmp_path, {**SIX, "space": space})
    score.run(step)
    score.run(scoring(avt, tmp_path, None))
    several, one = verify(tmp_path / "several"), open_scores(tmp_path / "one")
    sources = read_sources(step.inputs, step.config)
    model, _ = load_model(step.inputs["checkpoint"], sources)
    rows = [at for at, split in enumerate(sources.samples["split"].to_pylist()) if split == "validation"]
    said = []
    for fixed in fixed_views(SIX):
        frames = torch.stack([by_hand(avt.view(), row, fixed) for row in rows])
        with torch.no_grad():
            batch = Batch(ids=("",) * len(rows), inputs={"frames": frames})
            said.append(model.eval()(batch).logits["action"])
    wanted = mean_by_hand(said, space)
    made = Scoring(test_views=fixed_views(SIX), space=space)
    exact = made.rows(model, join(avt.view(), sources.samples, rows), "validation", "")
    np.testing.assert_allclose(probabilities(exact.logits["action"]), wanted, atol=1e-6)
    # Scores are kept in half precision.
    np.testing.assert_allclose(probabilities(several.logits("validation", "action")), wanted, atol=5e-4)
    assert np.abs(several.logits("validation", "action") - one.logits("validation", "action")).max() > 1e-6
    np.testing.assert_array_equal(several.logits("training", "action"), one.logits("training", "action"))
    assert set(several.digests("validation")).isdisjoint(one.digests("validation"))
    assert several.digests("training") == one.digests("training")


@pytest.mark.parametrize("preset", [SWIN, TIMESFORMER, STLT], ids=["swin", "timesformer", "stlt"])
def test_three_clips_times_three_crops_of_every_network(preset, tmp_path):
    run = Run(tmp_path, system(*preset)).prepare()
    train.run(run.step("train", NAMES))
    step = scoring(run, tmp_path, NINE)
    score.run(step)
    sources = read_sources(step.inputs, step.config)
    view = build_view(step.config["model"]["view"], sources)
    model, _ = load_model(step.inputs["checkpoint"], sources)
    rows = [at for at, split in enumerate(sources.samples["split"].to_pylist()) if split == "validation"]
    said = []
    for fixed in fixed_views(NINE):
        batch = join(view, sources.samples, rows).batch(range(len(rows)), fixed)
        with torch.no_grad():
            said.append(model.eval()(batch).logits["action"])
    assert len(said) == 9 and len({one.numpy().tobytes() for one in said}) > 3
    wanted = mean_by_hand(said, "probabilities")
    made = Scoring(test_views=fixed_views(NINE), space="probabilities")
    exact = made.rows(model, join(view, sources.samples, rows), "validation", "")
    np.testing.assert_allclose(probabilities(exact.logits["action"]), wanted, atol=1e-6)
    got = open_scores(tmp_path / "several").logits("validation", "action")
    np.testing.assert_allclose(probabilities(got), wanted, atol=5e-4)


def test_a_view_of_its_own_is_scored_as_without_several(avt):
    step = avt.step("score", NAMES)
    sources = read_sources(step.inputs, step.config)
    samples = join(avt.view(), sources.samples, [0, 1, 2])
    model, _ = load_model(step.inputs["checkpoint"], sources)
    plain, fixed = scored(model, samples), scored(model, samples, look=FixedView())
    np.testing.assert_array_equal(plain.logits["action"], fixed.logits["action"])
    assert len(set(fixed.digests)) == 3 and {len(one) for one in fixed.digests} == {16}


def test_the_protocol_and_the_report_say_it(tmp_path):
    said = system(*AVT).replace("    network:", "    test_views: {crops: 3, flipped: true}\n    network:")
    run = Run(tmp_path, said)
    told = protocol(run.plan.catalogue, "patterns", "patterns", "student")
    assert told["test_views"] == SIX
    assert "mean logits of 3 crops, mirrored too" in setting_line(told)
    planned = run.plan.describe("score", NAMES).config
    assert planned["model"]["test_views"] == SIX and planned["protocol"]["test_views"] == SIX
    assert "test_views" not in run.plan.describe("train", NAMES).config["model"], (
        "training does not know of it"
    )


@pytest.mark.parametrize(
    ("preset", "views", "message"),
    [
        (AVT, "{crops: 2}", "test_views.crops"),
        (AVT, "{}", "one view is scored anyway"),
        (AVT, "{clips: 3}", "3 clips of a view without the sampler strided"),
        (AVT, "{crops: 3, fliped: true}", "unknown key 'fliped'.*did you mean 'flipped'"),
        (
            ("{kind: action_ids}", "{kind: counts}"),
            "{crops: 3}",
            "several views of action_ids, which shows",
        ),
        (("{kind: audio}", "{kind: video_swin}"), "{flipped: true}", "mirroring, of audio, which always"),
        (AVT, "{crops: 3}\n    maps: [spatial]", "maps are kept of one view"),
    ],
)
def test_views_that_make_no_sense_are_refused(preset, views, message, tmp_path):
    said = system(*preset).replace("    network:", f"    test_views: {views}\n    network:")
    with pytest.raises(ConfigError, match=message):
        Run(tmp_path, said).plan.catalogue.check_fits("patterns", "patterns")
