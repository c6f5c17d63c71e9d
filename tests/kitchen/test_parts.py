"""A micro world, made twice through the stage: equal bytes, whole files, and what the manifest says."""

import json
import subprocess
import sys
import time
from pathlib import Path

import av
import psutil
import pyarrow.parquet as pq
import pytest
from av.video.frame import PictureType

from foretaste.contracts.errors import ConfigError
from foretaste.contracts.tables import BOXES, read_table
from foretaste.kitchen.config import WorldConfig
from foretaste.kitchen.truth import HAND
from foretaste.kitchen.vocabulary import NOUN_IDS
from foretaste.pipeline import artifact
from foretaste.pipeline.step import Step
from foretaste.stages import make_kitchen

MICRO = {
    "seed": 100, "recipes": 100, "train_videos": 3, "validation_videos": 3, "train_kitchens": 2,
    "validation_kitchens": 2,
    "min_seconds": 10, "max_seconds": 10,
}  # fmt: skip


def make(part: str, folder: Path, threads: int = 1, world: dict | None = None) -> Path:
    out = folder / part
    make_kitchen.run(
        Step(
            stage="make_kitchen",
            inputs={},
            outputs={"part": out},
            config={"world": MICRO if world is None else world, "part": part},
            scratch=folder / "scratch" / part,
            threads=threads,
        )
    )
    return out


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    for part in make_kitchen.PARTS:
        make(part, folder)
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("part", make_kitchen.PARTS)
def test_equal_settings_give_equal_bytes_whatever_the_number_of_processes(world, tmp_path, part):
    assert content(make(part, tmp_path, threads=2 if part == "videos" else 1)) == content(world / part)


def test_another_seed_gives_another_world(world, tmp_path):
    other = make("recipes", tmp_path, world={**MICRO, "seed": 101})
    assert content(other)["layer1.json"] != content(world / "recipes")["layer1.json"]


@pytest.mark.parametrize("part", make_kitchen.PARTS)
def test_manifest_names_every_other_file_with_its_digest(world, part):
    manifest = json.loads((world / part / "manifest.json").read_text())
    assert manifest["part"] == part
    others = {
        path.name: artifact.sha256(path) for path in (world / part).iterdir() if path.name != "manifest.json"
    }
    assert manifest["files"] == others and others


def test_boxes_are_those_of_the_truth_in_shares_of_the_picture(world):
    config = WorldConfig(**MICRO)
    truth = pq.read_table(world / "annotations" / "truth.parquet").to_pylist()
    boxes = read_table(world / "annotations" / "boxes.parquet", BOXES).to_pylist()
    assert len(boxes) == sum(len(row["box_nouns"]) for row in truth)
    found = {}
    for box in boxes:
        assert 0 <= box["x0"] < box["x1"] <= 1 and 0 <= box["y0"] < box["y1"] <= 1
        found.setdefault((box["video_id"], box["time_s"]), []).append(box)
    names = {number: noun for noun, number in NOUN_IDS.items()} | {HAND: "hand"}
    for row in truth[::97]:
        drawn = found[row["video_id"], row["frame"] / config.fps]
        assert [box["label"] for box in drawn] == [names[noun] for noun in row["box_nouns"]]
        scale = (config.width, config.height) * 2
        pixels = [
            round(box[edge] * by)
            for box in drawn
            for edge, by in zip(("x0", "y0", "x1", "y1"), scale, strict=True)
        ]
        assert pixels == row["boxes"]


def test_videos_decode_whole_with_b_frames_and_closed_groups(world):
    config = WorldConfig(**MICRO)
    truth = (
        pq.read_table(world / "annotations" / "truth.parquet", columns=["video_id"])
        .column("video_id")
        .to_pylist()
    )
    names = sorted(path.stem for path in (world / "videos").glob("*.mp4"))
    assert names == sorted(set(truth)) and len(names) == 6
    for name in names:
        with av.open(str(world / "videos" / f"{name}.mp4")) as container:
            stream = container.streams.video[0]
            assert (stream.codec_context.name, stream.width, stream.height) == (
                "h264",
                config.width,
                config.height,
            )
            assert stream.average_rate == config.fps
            frames = list(container.decode(stream))
        assert len(frames) == truth.count(name) == 10 * config.fps
        assert [round(float(frame.pts * frame.time_base) * config.fps) for frame in frames] == list(
            range(len(frames))
        )
        kinds = [PictureType(frame.pict_type).name for frame in frames]
        assert "B" in kinds and kinds.count("I") >= len(frames) // config.group_of_pictures


def test_finished_videos_are_not_made_again(world, tmp_path):
    scratch = tmp_path / "scratch" / "videos" / "videos"
    scratch.mkdir(parents=True)
    (scratch / "P01_01.mp4").write_bytes(b"kept")
    made = content(make("videos", tmp_path))
    assert made["P01_01.mp4"] == b"kept"
    assert made["P01_02.mp4"] == content(world / "videos")["P01_02.mp4"]


def test_unknown_parts_and_settings_are_named(tmp_path):
    with pytest.raises(ConfigError, match="annotations, recipes, videos"):
        make("videoz", tmp_path)
    with pytest.raises(ConfigError, match=r"unknown key 'recipe'.*did you mean 'recipes'"):
        make("recipes", tmp_path, world={"recipe": 3})
    assert not (tmp_path / "recipes").exists()


SCRIPT = """
import sys
from pathlib import Path
from foretaste.kitchen.config import WorldConfig
from foretaste.kitchen.parts import make_videos
if __name__ == "__main__":
    make_videos(WorldConfig(seed=100), Path(sys.argv[1]), Path(sys.argv[2]), 2)
"""


def test_a_killed_job_leaves_no_process_behind(tmp_path):
    script = tmp_path / "job.py"
    script.write_text(SCRIPT)
    job = subprocess.Popen(
        [sys.executable, script, tmp_path / "out", tmp_path / "scratch"], stderr=subprocess.DEVNULL
    )
    parent = psutil.Process(job.pid)
    try:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("scratch/.*.partial-*")):
            assert time.monotonic() < deadline and job.poll() is None
            time.sleep(0.05)
        children = parent.children(recursive=True)
        assert len(children) >= 2
    finally:
        job.kill()
        job.wait()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive
