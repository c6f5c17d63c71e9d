"""RGB, flow and boxes of one model, from a preset through the stages: under every look they show the same
frames, the same crop and the same mirroring.

A pattern in the pixels proves it. Red grows to the right and green downwards, so a crop tells where it lies
and whether it is mirrored; blue is the number of the frame, but for one thing, all blue, that moves and that
the boxes follow. The flow is a file with the same pixels: red is u and green v.
"""

from __future__ import annotations

import json
import pickle
import shutil
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from workflow_copy import copy_workflow

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.tables import BOXES, read_table, write_table
from foretaste.contracts.view import Look
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.protocol import protocol
from foretaste.pipeline.step import Step
from foretaste.scores.verify import verify
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.result_paths import PATHS, path_of
from foretaste.stages import make_samples, probe_videos, read_annotations, score, train
from foretaste.training.material import build_view, read_sources

ROOT = Path(__file__).parents[2]
FRAMES, FPS, HEIGHT, WIDTH = 20, 5, 72, 96
THING = 12  # pixels
DATASET = """
title: Patterns
systems: patterns
reader: {kind: csv, file: actions.csv, splits: {train: training, val: validation}}
tau_a: 1.0
tau_o: 3.0
videos: {rgb: {folder: rgb}, flow: {folder: flow}}
boxes: boxes.parquet
"""
ACTIONS = """video,start,stop,action,split
p,2.55,3.2,wave,train
p,3.22,3.9,rest,train
q,2.82,3.6,wave,val
"""
SYSTEM = """
title: x
paper: x
primary_metric: top1
models:
  student:
    role: student
    label: x
    views:
      rgb: &shown
        kind: clip
        frames: 3
        rate: 2.0
        geometry: &geometry {size: 40, scoring_side: 48, training_sides: [40, 60], flip: 0.5}
      flow: {<<: *shown, modality: flow}
      boxes: {kind: boxes, frames: 3, rate: 2.0, geometry: *geometry}
    network:
      kind: late_fusion
      networks:
        rgb: &net
          {kind: avt, width: 8, layers: 1, heads: 2, dropout: 0.0,
           backbone: &vit {kind: vit, image: 40, patch: 20, width: 8, layers: 1, heads: 2}}
        flow: {<<: *net, backbone: {<<: *vit, pixels: {mean: [0.5, 0.5], std: [0.5, 0.5]}}}
    objective: [{loss: {kind: cross_entropy}, of: action}]
    training: {epochs: 2, batch: 2, workers: 1, optimizer: {kind: sgd, lr: 0.1}}
"""
NAMES = {"dataset": "patterns", "system": "patterns", "seed": "0", "model": "student"}


def corner(number):
    """Row and column of the thing in frame ``number``."""
    return 8 + 3 * (number % 15), 2 + 4 * number


def picture(number):
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    made = np.stack(
        (columns * 255 // (WIDTH - 1), rows * 255 // (HEIGHT - 1), np.full_like(rows, 7 * number)), -1
    )
    top, left = corner(number)
    made[top : top + THING, left : left + THING, 2] = 255
    return made.astype(np.uint8)


def write_clip(path, frames=FRAMES):
    """Lossless, in RGB: what is read is what was drawn."""
    path.parent.mkdir(exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264rgb", rate=Fraction(FPS), options={"qp": "0"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "rgb24"
        stream.codec_context.thread_count = 1
        for number in range(frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture(number), format="rgb24")))
        container.mux(stream.encode())


def write_boxes(path):
    rows = []
    for video in ("p", "q"):
        for number in range(FRAMES):
            top, left = corner(number)
            edges = (left / WIDTH, top / HEIGHT, (left + THING) / WIDTH, (top + THING) / HEIGHT)
            rows.append((video, number / FPS, None, "thing", *edges, None))
    write_table(path, BOXES, {name: [row[at] for row in rows] for at, name in enumerate(BOXES.schema.names)})


class Run:
    """A clone with a dataset and a preset of its own; ``do`` runs one stage of its plan."""

    def __init__(self, folder, system=SYSTEM):
        copy_workflow(folder)
        (folder / "workflow/datasets/patterns.yaml").write_text(DATASET)
        (folder / "workflow/systems/patterns.yaml").write_text(system)
        data = folder / "data"
        data.mkdir()
        (data / "actions.csv").write_text(ACTIONS)
        for name in ("rgb/p", "rgb/q"):
            write_clip(data / f"{name}.mp4")
        shutil.copytree(data / "rgb", data / "flow")
        write_boxes(data / "boxes.parquet")
        self.folder, self.data = folder, data
        settings = {"dataset": "patterns", "data_root": str(data), "results_root": str(folder / "results")}
        self.plan = Plan(Catalogue(settings, folder))

    def step(self, stage, names=None):
        names = names or {"dataset": "patterns"}
        if stage == "make_samples":
            names["task"] = "anticipation"
        described = self.plan.describe(stage, names)
        inputs = {
            name: [Path(one) for one in path] if isinstance(path, list) else Path(path)
            for name, path in described.inputs.items()
        }
        results = Path(self.plan.results)
        outputs = {output: results / path_of(stage, output, **names) for output in PATHS[stage]}
        for path in outputs.values():
            path.parent.mkdir(parents=True, exist_ok=True)
        config = {**described.config, **described.places}
        scratch = self.folder / "scratch" / stage
        return Step(stage=stage, inputs=inputs, outputs=outputs, config=config, scratch=scratch)

    def prepare(self):
        for stage in (read_annotations, probe_videos, make_samples):
            stage.run(self.step(stage.__name__.rpartition(".")[2]))
        return self

    def view(self):
        """The student's view, made as the stages train and score make it."""
        step = self.step("train", NAMES)
        return build_view(step.config["model"]["view"], read_sources(step.inputs, step.config))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return Run(tmp_path_factory.mktemp("run")).prepare()


def shown_frames(rgb):
    """(T,) the numbers of the frames: blue, where it is not the thing's."""
    return [round(float(np.median(blue[blue < 160])) / 7) for blue in rgb[:, 2].astype(int)]


def expected_frames(stop_s):
    """Three frames, half a second apart; the last is the one at the last thirtieth not after the stop."""
    last = int(stop_s * 30 + 1e-9) / 30
    return [int((last - 0.5 * back) * FPS + 1e-9) for back in (2, 1, 0)]


def check(got, mirrored):
    """One sample: flow and boxes say what the RGB pictures say."""
    rgb, flow = got["rgb.frames"].numpy(), got["flow.frames"].numpy()
    boxes, classes = got["boxes.boxes"].numpy(), got["boxes.classes"].numpy()
    u = np.where(rgb[:, 0] == 128, 128, 255 - rgb[:, 0].astype(int)) if mirrored else rgb[:, 0]
    np.testing.assert_array_equal(flow[:, 0], u)
    np.testing.assert_array_equal(flow[:, 1], rgb[:, 1])
    for blue, (box,), (number,) in zip(rgb[:, 2], boxes, classes):
        rows, columns = np.nonzero(blue > 190)
        if number == 0:
            assert len(rows) == 0 and not box.any()
            continue
        edges = (box * 40).round(2)
        if not len(rows):  # less than a pixel of it is left
            assert min(edges[2] - edges[0], edges[3] - edges[1]) < 1.5
            continue
        seen = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
        np.testing.assert_allclose(seen, edges, atol=1.5)


def test_a_thousand_looks_at_rgb_flow_and_boxes(run):
    view = run.view()
    assert len(view) == 3 and view.views["boxes"].labels == ("thing",)
    stops = [1.55, 2.22, 1.82]
    kinds, flips, gone = set(), 0, 0
    for epoch in range(1000):
        row = epoch % 3
        got = {name: tensor[0] for name, tensor in view.fetch([row], Look(5, epoch)).inputs.items()}
        rgb = got["rgb.frames"].numpy()
        assert shown_frames(rgb) == expected_frames(stops[row])
        red = rgb[0, 0].astype(int)
        mirrored = bool(red[0, 0] > red[0, -1])
        check(got, mirrored)
        kinds.add((mirrored, int(red[0].min()), int(red[0].max()), int(rgb[0, 1].min())))
        flips += mirrored
        gone += int((got["boxes.classes"] == 0).any())
    assert len(kinds) > 700 and 420 < flips < 580 and 40 < gone < 900


def test_scored_they_show_the_centre_of_the_same_frames(run):
    view = run.view()
    for row, stop_s in enumerate((1.55, 2.22, 1.82)):
        got = {name: tensor[0] for name, tensor in view.fetch([row]).inputs.items()}
        assert shown_frames(got["rgb.frames"].numpy()) == expected_frames(stop_s)
        check(got, mirrored=False)
        assert (
            view.newest_s(row) == pytest.approx(expected_frames(stop_s)[-1] / FPS)
            and view.newest_s(row) <= stop_s
        )


def test_another_process_makes_the_same_of_it(run):
    view = run.view()
    copy = pickle.loads(pickle.dumps(view))
    for look in (None, Look(1, 2)):
        ours, theirs = view.fetch([0, 2], look), copy.fetch([0, 2], look)
        assert ours.inputs.keys() == theirs.inputs.keys()
        assert all(torch.equal(ours.inputs[name], theirs.inputs[name]) for name in ours.inputs)


def test_digests_are_of_all_views(run, tmp_path):
    view, before = run.view(), [run.view().digest(row) for row in range(3)]
    assert len(set(before)) == 3 and {len(digest) for digest in before} == {16}
    moved = run.data / "boxes.parquet"
    kept, table = moved.read_bytes(), read_table(moved, BOXES).to_pydict()
    table["x0"] = [edge / 2 for edge in table["x0"]]
    write_table(moved, BOXES, table)
    try:
        assert all(run.view().digest(row) != before[row] for row in range(3))
    finally:
        moved.write_bytes(kept)
    assert [run.view().digest(row) for row in range(3)] == before and len(view) == 3


def test_a_model_with_several_views_is_trained_and_scored(run):
    first = run.step("train", NAMES)
    train.run(first)
    log = [json.loads(line) for line in first.outputs["log"].read_text().splitlines()]
    assert log[-1]["monitor"] == "validation" and "role" not in first.outputs["config"].read_text()
    second = run.step("score", NAMES)
    score.run(second)
    scores = verify(second.outputs["scores"])
    assert scores.logits("training", "action").shape == (2, 2)
    assert scores.logits("validation", "action").shape == (1, 2)


def with_boxes(run, **change):
    """The error of building the view with another table of boxes."""
    path = run.data / "boxes.parquet"
    kept, table = path.read_bytes(), read_table(path, BOXES).to_pydict()
    for name, values in change.items():
        table[name][0] = values
    write_table(path, BOXES, table)
    try:
        with pytest.raises(DataError) as raised:
            run.view()
        return str(raised.value)
    finally:
        path.write_bytes(kept)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time_s": 0.05}, "a box at 0.0500 s, where no frame begins: boxes: p"),
        ({"time_s": -1.0}, "a box at -1.0000 s, where no frame begins: boxes: p"),
        ({"x0": 0.9}, "a box with the edges 0.9, "),
        ({"y1": 1.5}, "a box with the edges 0.02"),
    ],
)
def test_boxes_that_lie_nowhere_are_named(run, change, message):
    assert message in with_boxes(run, **change)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    views:", "    view: {kind: action_ids}\n    views:", "either view, or views by name"),
        ("boxes: {kind: boxes, frames", "boxes: {kind: boxes, frmes", "unknown key 'frmes'.*views.boxes"),
        (
            "boxes: {kind: boxes, ",
            "boxes: {kind: bxes, ",
            "unknown kind of views 'bxes'.*did you mean 'boxes'",
        ),
        ("boxes: {kind: boxes, ", "boxes: {kind: boxes, window: target, ", "a student that sees the action"),
    ],
)
def test_a_mistake_in_one_of_several_views(old, new, message, tmp_path):
    assert SYSTEM.count(old) == 1
    with pytest.raises(ConfigError, match=message):
        Run(tmp_path, SYSTEM.replace(old, new)).plan.catalogue.system("patterns", "patterns")


def test_a_teacher_of_the_action_itself_says_so_in_its_protocol(run, tmp_path):
    assert protocol(run.plan.catalogue, "patterns", "patterns", "student")["window"] is None
    system = SYSTEM.replace("role: student", "role: teacher").replace(
        "kind: boxes, ", "kind: boxes, window: target, "
    )
    teacher = Run(tmp_path, system).prepare()
    assert protocol(teacher.plan.catalogue, "patterns", "patterns", "student")["window"] == "target"
    view = teacher.view()
    assert view.newest_s(0) == pytest.approx(3.0) and view.views["rgb"].newest_s(0) == pytest.approx(1.4)
