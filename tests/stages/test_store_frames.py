"""The stage from segments and videos to a frame store, under the plan of a preset; models that are trained
and scored on it when the videos are gone.
"""

from __future__ import annotations

from pathlib import Path

import barcode
import h5py
import numpy as np
import pyarrow.compute as pc
import pytest
import torch
from workflow_copy import copy_workflow

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.tables import ISSUES, SAMPLES, read_table
from foretaste.contracts.view import Look
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.step import Step
from foretaste.pipeline.taken import watching
from foretaste.pipeline.targets import Targets
from foretaste.scores.verify import verify
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.result_paths import PATHS, path_of
from foretaste.stages import make_samples, probe_videos, read_annotations, score, store_frames, train
from foretaste.training.material import build_view, read_sources
from foretaste.video.flow import quantised

DATASET = """
title: Tea
systems: tea
reader: {kind: csv, file: actions.csv, splits: {train: training, val: validation}}
tau_a: 1.0
tau_o: 3.0
videos: {folder: videos}
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
frame_stores:
  teas: {side: 60, shards: 2, flow: dis}
models:
  student:
    role: student
    label: x
    frame_store: teas
    views:
      rgb: &shown
        kind: clip
        frames: 3
        rate: 2.0
        geometry: {size: 40, scoring_side: 48, training_sides: [40, 60], flip: 0.5}
      flow: {<<: *shown, modality: flow}
    network:
      kind: late_fusion
      networks:
        rgb: &net
          {kind: avt, width: 8, layers: 1, heads: 2, dropout: 0.0,
           backbone: &vit {kind: vit, image: 40, patch: 20, width: 8, layers: 1, heads: 2}}
        flow: {<<: *net, backbone: {<<: *vit, pixels: {mean: [0.5, 0.5], std: [0.5, 0.5]}}}
    objective: [{loss: {kind: cross_entropy}, of: action}]
    training: {epochs: 2, batch: 2, workers: 1, optimizer: {kind: sgd, lr: 0.1}}
  slow:
    role: student
    label: y
    frame_store: teas
    view: {<<: *shown, frames: 2, rate: 1.0}
    network: {kind: avt, width: 8, layers: 1, heads: 2, dropout: 0.0, backbone: *vit}
    objective: [{loss: {kind: cross_entropy}, of: action}]
    training: {epochs: 1, batch: 2, optimizer: {kind: sgd, lr: 0.1}}
"""
MODEL = {"dataset": "tea", "system": "tea", "seed": "0", "model": "student"}
#: At 10 frames a second frame f is shown from f / 10 s. Windows end at the last 1/30 s not after 1.55, 2.22
#: and 1.82 s: at 1.533, 2.2 and 1.8 s; steps back are 0.5 s of one model and 1 s of the other.
SHOWN = {"p": [5, 10, 15, 12, 17, 22], "q": [8, 13, 18]}


class Run:
    """A clone with a dataset and a preset of its own; ``do`` runs one stage of its plan."""

    def __init__(self, folder: Path, system: str = SYSTEM, **settings):
        copy_workflow(folder)
        (folder / "workflow/datasets/tea.yaml").write_text(DATASET)
        (folder / "workflow/systems/tea.yaml").write_text(system)
        self.folder, self.videos = folder, folder / "data" / "videos"
        self.videos.mkdir(parents=True)
        (folder / "data" / "actions.csv").write_text(ACTIONS)
        for name, start in (("p", 0), ("q", 100)):
            barcode.write_clip(self.videos / f"{name}.mp4", 40, numbers=range(start, start + 40))
        places = {"data_root": str(folder / "data"), "results_root": str(folder / "results")}
        self.plan = Plan(Catalogue({"dataset": "tea", **places, **settings}, folder))

    def step(self, stage: str, **names: str) -> Step:
        names = names or {"dataset": "tea"}
        described = self.plan.describe(stage, names)
        inputs = {
            name: [Path(one) for one in path] if isinstance(path, list) else Path(path)
            for name, path in described.inputs.items()
        }
        outputs = {
            output: Path(self.plan.results) / path_of(stage, output, **names) for output in PATHS[stage]
        }
        for path in outputs.values():
            path.parent.mkdir(parents=True, exist_ok=True)
        config = {**described.config, **described.places}
        scratch = self.folder / "scratch" / "-".join([stage, *names.values()])
        return Step(stage=stage, inputs=inputs, outputs=outputs, config=config, scratch=scratch)

    def prepare(self) -> Run:
        read_annotations.run(self.step("read_annotations"))
        probe_videos.run(self.step("probe_videos"))
        return self

    def store(self, *modalities: str) -> list[Path]:
        """Store the frames; the shards."""
        paths = []
        for modality in modalities:
            for shard in "01":
                names = {"dataset": "tea", "frame_store": "teas", "modality": modality, "shard": shard}
                step = self.step("store_frames", **names)
                store_frames.run(step)
                paths.append(step.outputs["frames"])
        return paths

    def samples(self) -> None:
        make_samples.run(self.step("make_samples", dataset="tea", task="anticipation"))

    def view(self, model: str = "student"):
        step = self.step("train", **{**MODEL, "model": model})
        return build_view(step.config["model"]["view"], read_sources(step.inputs, step.config))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    run = Run(tmp_path_factory.mktemp("run")).prepare()
    run.samples()  # does not wait for frames
    run.paths = run.store("rgb", "flow")
    run.videos.rename(run.videos.with_name("gone"))
    yield run


def test_stored_are_the_frames_that_some_model_shows(run):
    found = {}
    for path in run.paths[:2]:
        with h5py.File(path) as file:
            assert file.attrs["made_from"] == b"rgb" and file.attrs["method"] == b"given"
            found |= {name: group["frame"][()].tolist() for name, group in file["videos"].items()}
    assert found == {name: sorted(frames) for name, frames in SHOWN.items()}
    with h5py.File(run.paths[2]) as file:
        assert file.attrs["modality"] == b"flow" and file.attrs["method"] == b"dis"


def test_both_modalities_show_the_same_part_under_every_look(run):
    view = run.view()
    assert type(view.views["rgb"].shown.store).__name__ == "FrameStore"
    for look in (None, *(Look(1, epoch) for epoch in range(10))):
        inputs = view.fetch([0, 1, 2], look).inputs
        assert inputs["rgb.frames"].shape == (3, 3, 3, 40, 40)
        assert inputs["flow.frames"].shape == (3, 3, 2, 40, 40)
        assert inputs["flow.frames"].dtype == torch.uint8
    assert [view.newest_s(row) for row in range(3)] == pytest.approx([1.5, 2.2, 1.8])
    still = quantised(np.zeros(1, np.float32))[0]
    assert still == 128 and run.view("slow").fetch([0]).inputs["frames"].shape == (1, 2, 3, 40, 40)


def test_models_are_trained_and_scored_without_the_videos(run):
    first = run.step("train", **MODEL)
    assert "video_folders" not in first.config and not any("video_files" in name for name in first.inputs)
    train.run(first)
    second = run.step("score", **MODEL)
    score.run(second)
    scores = verify(second.outputs["scores"])
    assert scores.logits("training", "action").shape == (2, 2)
    assert scores.logits("validation", "action").shape == (1, 2)


LIVE = """    objective:
      - {loss: {kind: cross_entropy}, of: action}
      - {loss: {kind: kl, temperature: 2.0, t_squared: true}, of: action, to: slow}
    live: [slow]
    training: {epochs: 2"""


def test_a_teacher_that_speaks_live_reads_the_store_too(tmp_path):
    system = SYSTEM.replace("  slow:\n    role: student", "  slow:\n    role: teacher")
    first = "    objective: [{loss: {kind: cross_entropy}, of: action}]\n    training: {epochs: 2"
    assert system.count(first) == 1
    run = Run(tmp_path, system.replace(first, LIVE)).prepare()
    run.samples()
    run.store("rgb", "flow")
    run.videos.rename(run.videos.with_name("gone"))
    train.run(run.step("train", **{**MODEL, "model": "slow"}))
    student = run.step("train", **MODEL)
    assert student.inputs["live.target_1.frames_rgb"] == student.inputs["frames_rgb"]
    train.run(student)
    assert student.outputs["checkpoint"].is_dir()


def test_the_plan_names_the_store_where_it_is_needed_and_nowhere_else(tmp_path):
    plan = Run(tmp_path / "fail").plan
    assert [model.label for model in watching(plan.catalogue, "tea", "anticipation")] == ["x", "y"]
    samples = plan.describe("make_samples", {"dataset": "tea", "task": "anticipation"})
    assert not any(name.startswith("frames") for name in samples.inputs)
    files = Targets(plan.catalogue).features("tea", ["tea"])(None)
    shards = [f"{plan.results}/tea/frames/teas/{m}/{s}.h5" for m in ("rgb", "flow") for s in "01"]
    assert [path for path in files if path.endswith(".h5")] == shards
    skipping = Run(tmp_path / "skip", on_bad_input="skip").plan
    samples = skipping.describe("make_samples", {"dataset": "tea", "task": "anticipation"})
    assert samples.inputs["frames_teas_flow"] == [
        f"{skipping.results}/tea/frames/teas/flow/{shard}.h5" for shard in "01"
    ]
    issues = skipping.describe("gather_issues", {"dataset": "tea"}).inputs["issues"]
    assert f"{skipping.results}/tea/issues/store_frames-teas-rgb-1.parquet" in issues


def damage(run: Run) -> None:
    """Damage q after it was probed."""
    path = run.videos / "q.mp4"
    content = bytearray(path.read_bytes())
    at = content.index(b"mdat") + 4
    content[at : at + 400] = bytes(400)
    path.write_bytes(content)


def test_a_video_that_does_not_decode_costs_its_samples_or_stops_the_run(tmp_path):
    for on_bad_input in ("skip", "fail"):
        run = Run(tmp_path / on_bad_input, on_bad_input=on_bad_input)
        run.prepare()
        damage(run)
        if on_bad_input == "fail":
            with pytest.raises(DataError, match=r"1 bad input: q\.mp4, q: "):
                run.store("rgb")
            continue
        run.store("rgb", "flow")
        run.samples()
        kept = read_table(Path(run.plan.results) / "tea/samples/anticipation.parquet", SAMPLES)
        assert kept.filter(pc.equal(kept["video_id"], "q"))["dropped_because"].to_pylist() == [
            "no usable video"
        ]
        assert kept["dropped_because"].null_count == 2
        folder = Path(run.plan.results) / "tea/issues"
        rows = [row for path in folder.glob("store_frames-*") for row in read_table(path, ISSUES).to_pylist()]
        assert {row["key"] for row in rows} == {"q"} and len(rows) == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "side: 60",
            "side: 59",
            r"shows pictures of 60 pixels a side, stored with 59: .*models.student.frame_st",
        ),
        ("side: 60", "side: 8", "frame_stores.teas.side"),
        ("flow: dis", "flow: tvl1", "frame_stores.teas.flow.*dis"),
        (
            "frame_store: teas\n    view: {<<",
            "frame_store: smal\n    view: {<<",
            "frame store 'smal'",
        ),
        (
            "view: {<<: *shown, frames: 2, rate: 1.0}",
            "view: {kind: action_ids}",
            "a frame store that no view reads",
        ),
    ],
)
def test_mistakes_in_a_preset_are_named(old, new, message, tmp_path):
    assert SYSTEM.count(old) == 1
    with pytest.raises(ConfigError, match=message):
        Run(tmp_path, SYSTEM.replace(old, new)).plan.catalogue.check_fits("tea", "tea")


def test_flow_needs_videos_of_it_or_a_way_to_compute_it(tmp_path):
    run = Run(tmp_path, SYSTEM.replace(", flow: dis", ""))
    names = {"dataset": "tea", "frame_store": "teas", "modality": "flow", "shard": "0"}
    with pytest.raises(ConfigError, match="no videos of the modality flow"):
        run.plan.describe("store_frames", names)
