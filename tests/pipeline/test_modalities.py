"""Videos lie by modality: how a dataset says so, what is probed, and what a model that sees flow needs."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import barcode
import cv2
import pytest
from workflow_copy import copy_workflow

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.tables import ISSUES, VIDEOS, of_modality, read_table
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.step import Step
from foretaste.pipeline.taken import watching
from foretaste.settings.catalogue import Catalogue
from foretaste.stages import probe_videos

ROOT = Path(__file__).parents[2]
DATASET = """
title: Tea
systems: tea
reader: {kind: csv, file: actions.csv}
tau_a: 1.0
tau_o: 5.0
"""
SYSTEM = """
title: x
paper: x
primary_metric: top1
models:
  student:
    role: student
    label: x
    view: {kind: clip, modality: flow}
    network:
      kind: avt
      layers: 1
      heads: 2
      dropout: 0.0
      backbone: {kind: vit, pixels: {mean: [0.5, 0.5], std: [0.5, 0.5]}}
    objective: [{loss: {kind: cross_entropy}, of: action}]
    training: {epochs: 1, batch: 2, optimizer: {kind: sgd, lr: 1.0}}
"""
#: A student that decodes RGB, taught by one that decodes flow while it learns.
TAUGHT_LIVE = """
  rgb:
    role: student
    label: y
    view: {kind: clip}
    network: {kind: avt, layers: 1, heads: 2, dropout: 0.0, backbone: {kind: vit}}
    live: [student]
    objective: [{loss: {kind: kl, temperature: 2.0, t_squared: true}, of: action, to: student}]
    training: {epochs: 1, batch: 2, optimizer: {kind: sgd, lr: 1.0}}
"""


def plan(folder: Path, videos: str, models: str = "") -> Plan:
    """The plan of a copy of the workflow, with a dataset whose videos are said to lie so."""
    copy_workflow(folder)
    (folder / "workflow/datasets/tea.yaml").write_text(f"{DATASET}videos: {videos}\n")
    (folder / "workflow/systems/tea.yaml").write_text(SYSTEM + models)
    return Plan(Catalogue({"dataset": "tea", "data_root": str(folder)}, folder))


def write(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True)
    for name in names:
        barcode.write_clip(folder / f"{name}.mp4", 20)


def test_the_short_form_is_rgb(tmp_path):
    write(tmp_path / "v", "a")
    described = plan(tmp_path, "{folder: v, pattern: '*.mp4'}").describe("probe_videos", {"dataset": "tea"})
    assert described.config["patterns"] == {"rgb": "*.mp4"}
    assert described.places == {"video_folders": {"rgb": f"{tmp_path}/v"}}


def test_frames_in_tars_are_videos_where_the_dataset_numbers_them(tmp_path):
    write(tmp_path / "rgb", "b")
    picture = cv2.imencode(".jpg", barcode.draw(7))[1].tobytes()
    with tarfile.open(tmp_path / "rgb/a.tar", "w") as archive:
        for number in range(1, 61):
            member = tarfile.TarInfo(f"frame_{number:010d}.jpg")
            member.size = len(picture)
            archive.addfile(member, io.BytesIO(picture))
    made = plan(tmp_path, "{folder: rgb, frames: {fps: 60}}")
    described = made.describe("probe_videos", {"dataset": "tea"})
    assert described.inputs["files"] == [f"{tmp_path}/rgb/a.tar"]
    outputs = {name: tmp_path / f"{name}.parquet" for name in ("videos", "issues")}
    config = {**described.config, **described.places}
    probe_videos.run(Step(stage="probe_videos", inputs={}, outputs=outputs, config=config, scratch=tmp_path))
    (row,) = read_table(outputs["videos"], VIDEOS).to_pylist()
    assert (row["video_id"], row["frames"], row["rate_fps"], row["duration_s"]) == ("a", 60, 60.0, 1.0)


def test_every_modality_is_probed_from_its_own_folder(tmp_path):
    write(tmp_path / "rgb", "a", "b")
    write(tmp_path / "flow", "a")
    made = plan(tmp_path, "{rgb: {folder: rgb}, flow: {folder: flow, pattern: '*.mp4'}}")
    described = made.describe("probe_videos", {"dataset": "tea"})
    assert described.inputs["files"] == [f"{tmp_path}/{name}.mp4" for name in ("rgb/a", "rgb/b", "flow/a")]
    (tmp_path / "flow/b.mp4").write_bytes(b"no video")
    outputs = {name: tmp_path / f"{name}.parquet" for name in ("videos", "issues")}
    config = {**described.config, **described.places, "on_bad_input": "skip"}
    step = Step(stage="probe_videos", inputs={}, outputs=outputs, config=config, scratch=tmp_path)
    probe_videos.run(step)
    videos = read_table(outputs["videos"], VIDEOS)
    rows = [(row["video_id"], row["modality"], row["path"]) for row in videos.to_pylist()]
    assert rows == [("a", "rgb", "a.mp4"), ("b", "rgb", "b.mp4"), ("a", "flow", "a.mp4")]
    assert of_modality(videos, "flow")["video_id"].to_pylist() == ["a"]
    (issue,) = read_table(outputs["issues"], ISSUES).to_pylist()
    assert issue["file"] == "b.mp4" and issue["reason"].startswith("flow: "), "not the RGB file of that name"


def test_a_modality_without_a_file_says_which(tmp_path):
    write(tmp_path / "rgb", "a")
    (tmp_path / "flow").mkdir()
    made = plan(tmp_path, "{rgb: {folder: rgb}, flow: {folder: flow}}")
    with pytest.raises(ConfigError, match=r"no video matches.*flow"):
        made.describe("probe_videos", {"dataset": "tea"})
    with pytest.raises(DataError, match="missing video folder"):
        plan(tmp_path / "other", "{rgb: {folder: rgb}}").describe("probe_videos", {"dataset": "tea"})


def test_a_model_that_sees_flow_needs_flow(tmp_path):
    write(tmp_path / "rgb", "a")
    write(tmp_path / "flow", "a")
    wildcards = {"dataset": "tea", "system": "tea", "seed": "0", "model": "student"}
    made = plan(tmp_path, "{rgb: {folder: rgb}, flow: {folder: flow}}")
    assert made.describe("train", wildcards).places["video_folders"]["flow"] == f"{tmp_path}/flow"
    assert [model.label for model in watching(made.catalogue, "tea", "anticipation")] == ["x"]
    lacking = plan(tmp_path / "other", "{folder: rgb}")
    assert watching(lacking.catalogue, "tea", "anticipation") == []
    with pytest.raises(ConfigError, match=r"no videos of the modality flow: workflow/datasets/tea.yaml"):
        lacking.describe("train", wildcards)


def test_a_student_and_its_live_teacher_each_find_the_videos_that_they_decode(tmp_path):
    write(tmp_path / "rgb", "a")
    write(tmp_path / "flow", "a")
    made = plan(tmp_path, "{rgb: {folder: rgb}, flow: {folder: flow}}", TAUGHT_LIVE)
    names = {"dataset": "tea", "system": "tea", "seed": "0", "model": "rgb"}
    folders = {name: f"{tmp_path}/{name}" for name in ("rgb", "flow")}
    assert made.describe("train", names).places == {"video_folders": folders}


@pytest.mark.parametrize(
    ("videos", "message"),
    [
        ("{foldr: v}", "unknown key 'foldr'.*videos.*one of folder, frames, pattern"),
        ("{rgb: {folder: v}, depth: {folder: w}}", "unknown value 'depth'.*videos.depth: one of flow, rgb"),
        (
            "{rgb: {folder: v}, flow: {foldr: w}}",
            "unknown key 'foldr'.*videos.flow.*one of folder, frames, pattern",
        ),
    ],
)
def test_a_typo_lists_the_choices(videos, message, tmp_path):
    with pytest.raises(ConfigError, match=message):
        plan(tmp_path, videos)
