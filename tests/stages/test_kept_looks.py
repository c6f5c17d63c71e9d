"""Teachers of pixels whose scores hold several looks at each training sample, for students that are shown
these looks: what is learnt of the cache is what is learnt of the same teacher live.
"""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from test_one_look import Run

from foretaste.contracts.errors import ConfigError
from foretaste.contracts.view import Look, kept_look
from foretaste.pipeline.step import Step
from foretaste.scores.format import decode, encode
from foretaste.scores.verify import verify
from foretaste.settings.model_config import TermConfig
from foretaste.stages import average, score, train
from foretaste.training.live import open_live
from foretaste.training.material import build_view, read_sources, rows_of
from foretaste.training.objective import build_objective
from foretaste.training.precision import place
from foretaste.training.samples import Loader, Share, join
from foretaste.training.targets import LiveTargets, open_targets

LOOKS = 3
SYSTEM = """
title: x
primary_metric: top1
models:
  flow: &flow
    role: teacher
    label: x
    view: &shown
      kind: clip
      frames: 4
      rate: 2.0
      modality: flow
      geometry: &geometry {size: 40, scoring_side: 48, training_sides: [40, 60], flip: 0.5}
    network: &swin
      {kind: video_swin, width: 8, depths: [1], heads: [2], patch: [2, 8, 8], window: [2, 5, 5],
       drop_path: 0.0, pixels: {mean: [0.5, 0.5], std: [0.2, 0.2]}}
    objective: [{loss: {kind: cross_entropy}, of: action}]
    training: &training {epochs: 7, batch: 1, workers: 0, optimizer: {kind: adamw, lr: 1.0e-3}}
    kept_looks: 3
    maps: [final]
  boxes:
    <<: *flow
    view: {kind: boxes, frames: 4, rate: 2.0, geometry: *geometry}
    maps: []
    network:
      {kind: stlt, variant: iccv2023, width: 8, heads: 2, spatial_layers: 1, temporal_layers: 1, positions: 4}
  both: {label: x, average: [flow, boxes], space: logits}
  cached: &student
    role: student
    label: x
    view: {<<: *shown, modality: rgb}
    network: {<<: *swin, pixels: {mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2]}}
    objective:
      - {loss: {kind: kl, temperature: 2.0, t_squared: true}, of: action, to: flow}
      - &vector {loss: {kind: smooth_l1}, of: embedding, to: flow, reduction: elements}
      - {loss: {kind: kl, temperature: 2.0, t_squared: true}, of: action, to: both}
    training: *training
    looks: 3
  live: {<<: *student, live: [flow, both]}
  maps: &map {<<: *student, objective: [{loss: {kind: smooth_l1}, of: maps.final, to: flow.maps.final}]}
  maps_live: {<<: *map, live: [flow]}
  vector: {<<: *student, objective: [*vector]}
  vector_live: {<<: *student, live: [flow], objective: [*vector]}
"""


def names(model: str) -> dict[str, str]:
    return {"dataset": "patterns", "system": "patterns", "seed": "0", "model": model}


def step_of(run: Run, stage: str, model: str) -> Step:
    """A step with a scratch folder of its own."""
    return replace(run.step(stage, names(model)), scratch=run.folder / "scratch" / stage / model)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run whose two teachers, and their mean, have been scored."""
    run = Run(tmp_path_factory.mktemp("run"), SYSTEM).prepare()
    for teacher in ("flow", "boxes"):
        train.run(step_of(run, "train", teacher))
        score.run(step_of(run, "score", teacher))
    average.run(step_of(run, "average", "both"))
    return run


def scores_of(run, model: str):
    return verify(step_of(run, "evaluate", model).inputs["scores"])


def test_scores_hold_the_centre_and_every_look_of_the_training_samples_alone(run):
    kept = ("whole", *(f"look{number}" for number in range(LOOKS)))
    for model in ("flow", "boxes", "both"):
        scores = scores_of(run, model)
        assert scores.views("training") == kept and scores.views("validation") == ("whole",)
        assert scores.manifest["splits"]["training"]["samples"] == 2
        seen = [scores.logits("training", "action", view=view) for view in kept]
        assert len({one.tobytes() for one in seen}) == len(kept), model
        np.testing.assert_array_equal(scores.logits("training", "action"), seen[0])
        # A row is known by what it was made from.
        assert len({digest for view in kept for digest in scores.digests("training", view=view)}) == 8


def student(run, model: str):
    """The student's samples as its stage shows them with all teachers beside it, these, and its objective."""
    step = step_of(run, "train", "live")
    live = open_live(step.inputs, step.config)
    sources = read_sources(step.inputs, step.config)
    view = build_view(step.config["model"]["view"], sources)
    samples = join(view, sources.samples, rows_of(sources.samples, "training"))
    shown = replace(samples, beside={speaker: one.view for speaker, one in live.items()})
    speaking = {speaker: one.model for speaker, one in live.items()}
    asked = LiveTargets(speaking, torch.device("cpu"), "fp32", step.config["means"])
    terms = [TermConfig(**term) for term in step.config["model"]["objective"]]
    kept = {"target_1": scores_of(run, "flow").folder, "target_2": scores_of(run, "both").folder}
    objective = build_objective(terms)
    ids, classes = samples.ids, sources.classes
    cached = open_targets(kept, objective, "training", ids, classes, looks=LOOKS, by_look=tuple(kept))
    return shown, asked, cached


def test_the_cache_says_of_every_look_what_the_teachers_say_live(run):
    shown, asked, cached = student(run, "live")
    loader, seen = Loader(samples=shown, batch=2, seed=9, looks=LOOKS), []
    for request in loader.requests(0, 5, Share()):
        seen.append(request.look)
        batch = place(shown.batch(request.pieces[0], request.look), torch.device("cpu"), "fp32")
        said, kept = asked(batch), cached(batch)
        np.testing.assert_allclose(kept["target_1"].embedding, said["target_1"].embedding, atol=1e-6)
        for target in ("target_1", "target_2"):
            logits = said[target].logits["action"].numpy()
            log = torch.log_softmax(torch.from_numpy(logits), -1).numpy() if target == "target_2" else logits
            stored = encode(log, None, batch.ids, "here")
            np.testing.assert_allclose(
                probabilities(kept[target].logits["action"].numpy()),
                probabilities(decode(stored.logits, stored.max)),
                atol=3e-4 if target == "target_2" else 1e-6,  # the parts of a mean are rounded, too
            )
    assert seen == [kept_look(number) for number in (0, 1, 2, 0, 1)]


def probabilities(logits: np.ndarray) -> np.ndarray:
    return torch.softmax(torch.from_numpy(logits), -1).numpy()


def parts(run, model: str) -> list[dict]:
    step = step_of(run, "train", model)
    train.run(step)
    lines = [json.loads(line) for line in step.outputs["log"].read_text().splitlines()]
    return [line["parts"] for line in lines if "parts" in line]


def test_every_step_of_a_student_is_the_same_with_cached_looks_and_with_the_teacher_live(run):
    """To 1e-6 where what is taught is kept in single precision."""
    cached, live = parts(run, "vector"), parts(run, "vector_live")
    assert len(cached) == 14
    for one, other in zip(cached, live, strict=True):
        assert one == pytest.approx(other, abs=1e-6)
    values = [value for one in cached for value in one.values()]
    assert len(set(values)) == len(values) and min(values) > 1e-4


def test_maps_are_kept_of_every_look_too(run):
    """In half precision."""
    cached, live = parts(run, "maps"), parts(run, "maps_live")
    assert len(cached) == 14
    for one, other in zip(cached, live, strict=True):
        assert one == pytest.approx(other, rel=1e-3)
    values = [value for one in cached for value in one.values()]
    assert len(set(values)) == len(values) and min(values) > 1e-4


def test_so_it_is_with_logits_up_to_their_half_precision(run):
    cached, live = parts(run, "cached"), parts(run, "live")
    assert len(cached) == 14
    for one, other in zip(cached, live, strict=True):
        assert one == pytest.approx(other, abs=2e-4)


def test_scores_that_lack_a_look_are_never_taken_for_it(run):
    """Such as scores of elsewhere that a preset names."""
    step = step_of(run, "train", "vector")
    assert step.config["by_look"] == ["target_1"]
    objective = build_objective([TermConfig(**term) for term in step.config["model"]["objective"]])
    scores, classes = scores_of(run, "flow"), read_sources(step.inputs, step.config).classes
    ids = scores.sample_ids("training")
    given = ({"target_1": scores.folder}, objective, "training", ids, classes)
    with pytest.raises(ConfigError, match=r"unknown view 'look3'.*look0, look1, look2"):
        open_targets(*given, looks=LOOKS + 1, by_look=["target_1"])


def test_a_training_without_looks_is_shown_another_one_in_every_epoch():
    loader = Loader(samples=range(4), batch=2, seed=9)
    assert [loader.look(epoch) for epoch in (0, 5)] == [Look(9, 0), Look(9, 5)]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    kept_looks: 3\n", "    kept_looks: 2\n", "3 looks, of which flow keeps scores of 2"),
        ("    kept_looks: 3\n", "", "3 looks, of which flow keeps scores of 0.*set it, or name flow in live"),
        (
            "    view: {kind: boxes, frames: 4, rate: 2.0, geometry: *geometry}",
            "    view: {kind: action_ids}",
            "kept_looks of action_ids, which shows no pictures",
        ),
    ],
)
def test_looks_that_nobody_keeps_are_refused_before_anything_runs(old, new, message, tmp_path):
    assert SYSTEM.count(old) == 1
    with pytest.raises(ConfigError, match=message):
        Run(tmp_path, SYSTEM.replace(old, new)).plan.catalogue.check_fits("patterns", "patterns")
