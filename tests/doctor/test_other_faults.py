"""Faults of other kinds of data than videos: numbered frames, optical flow, labels in frames, folders of
language models, files that somebody holds open.
"""

from __future__ import annotations

import csv
import subprocess
import sys
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import barcode
import cv2
import h5py
import pytest
import tiny_epic55
import yaml
from seeded import describe, examined, make_tiny, told

from foretaste.annotations.epic55 import LABELS

#: As EPIC-KITCHENS hands frames round.
FRAME = "frame_{:010}.jpg"


def tar(path: Path, frames: int, flow: bool = False) -> None:
    """Numbered JPEG frames; of flow u and v."""
    path.parent.mkdir(parents=True, exist_ok=True)
    own = sorted(tiny_epic55.VIDEOS).index(path.stem)
    with tarfile.open(path, "w") as file:
        for half in ("u/", "v/") if flow else ("",):
            for number in range(1, frames + 1):
                picture = barcode.draw((7 * number + own) % 4096)
                content = cv2.imencode(".jpg", picture[..., 0] if flow else picture)[1].tobytes()
                entry = tarfile.TarInfo(half + FRAME.format(number))
                entry.size = len(content)
                file.addfile(entry, BytesIO(content))


@pytest.fixture
def framed(tmp_path, monkeypatch) -> Path:
    """A clean dataset of frames at 10 a second and flow at 5, of 24 s."""
    folders = {
        "rgb": {"folder": "rgb", "pattern": "*.tar", "frames": {"fps": 10.0}},
        "flow": {"folder": "flow", "pattern": "*.tar", "frames": {"fps": 5.0}},
    }
    data = make_tiny(tmp_path, videos=folders)
    for name in tiny_epic55.VIDEOS:
        tar(data / f"rgb/{name}.tar", 240)
        tar(data / f"flow/{name}.tar", 120, flow=True)
    monkeypatch.chdir(tmp_path)
    return data


def dataset(data: Path, change: Callable[[dict], object]) -> None:
    path = data.parent / "workflow/datasets/tiny.yaml"
    settings = yaml.safe_load(path.read_text())
    change(settings)
    path.write_text(yaml.safe_dump(settings))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


FAULTS = {
    "a tar that is cut off": (lambda data: cut(data / "rgb/P01_01.tar"), "videos", "rgb/P01_01.tar", "FAIL"),
    "flow that is missing": (lambda data: (data / "flow/P02_01.tar").unlink(), "videos", "P02_01", "FAIL"),
    "flow that is shorter": (
        lambda data: tar(data / "flow/P02_01.tar", 100, flow=True),
        "video_times",
        "rgb of 24.00 s, flow of 20.00 s: P02_01",
        "WARN",
    ),
    "frames of another clock": (
        lambda data: dataset(data, lambda one: one["videos"]["rgb"]["frames"].update(fps=60.0)),
        "video_times",
        "4 of 4 videos end before their annotations: workflow/datasets/tiny.yaml: one clock",
        "FAIL",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_of_numbered_frames(name, framed, capsys):
    plant, check, words, level = FAULTS[name]
    if name == "a tar that is cut off":  # once is enough: nothing is found in what is clean
        code, clean = examined(capsys, "tiny", "--only", "videos", "video_times", "--fail-on", "warn")
        assert code == 0 and all(one["level"] == "PASS" for one in clean.values())
    plant(framed)
    _, found = examined(capsys, "tiny", "--only", check)
    assert found[check]["level"] == level and words in told(found[check])


def test_labels_in_frames_of_another_clock(tmp_path, monkeypatch, capsys):
    data = make_tiny(tmp_path)
    monkeypatch.chdir(tmp_path)
    with open(data / "labels.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["video", "start", "stop", "split", "action"])
        for split, video in (("training", "one"), ("validation", "two")):
            writer.writerows([[video, 20 + at, 29 + at, split, "take"] for at in range(3)])
    (data / "videos").mkdir()
    for number, video in enumerate(("one", "two")):
        numbers = [(7 * at + number) % 4096 for at in range(60)]
        barcode.write_clip(data / f"videos/{video}.mp4", 60, numbers=numbers)
    reader = {"kind": "csv", "file": "labels.csv", "times": "frames", "fps": 10.0}
    settings = {
        "title": "Own",
        "systems": "lm_avt_own",
        "tau_a": 1.0,
        "tau_o": 1.0,
        "videos": {"folder": "videos"},
    }
    describe(tmp_path, "datasets", "own", {**settings, "reader": reader})
    only = ("--only", "video_times", "--fail-on", "warn")
    assert examined(capsys, "own", *only)[0] == 0
    describe(tmp_path, "datasets", "own", {**settings, "reader": {**reader, "fps": 25.0}})
    code, found = examined(capsys, "own", *only)
    assert code == 1 and "frames at 25 a second, and 2 of 2 videos have another rate (10)" in told(
        found["video_times"]
    )


def test_a_language_model_that_is_a_pointer(tmp_path, monkeypatch, capsys):
    data = make_tiny(tmp_path)
    monkeypatch.chdir(tmp_path)
    folder = data / "weights/albert-base-v2"
    folder.mkdir(parents=True)
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_text("{}")
    (folder / "model.safetensors").write_bytes(b"\0" * 100)
    settings = ("--only", "weights", "--config", "systems=lm_avt_published", "recipes=x.json")
    assert examined(capsys, "epic55", *settings)[1]["weights"]["level"] == "PASS"
    (folder / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    code, found = examined(capsys, "epic55", *settings)
    assert (
        code == 1 and "Git-LFS pointer" in told(found["weights"]) and "git lfs pull" in told(found["weights"])
    )


HOLD = "import h5py, sys; file = h5py.File(sys.argv[1], 'r+'); print('held', flush=True); sys.stdin.read()"


def test_features_that_somebody_holds_open_are_not_called_damaged(tmp_path, monkeypatch, capsys):
    data = make_tiny(tmp_path)
    monkeypatch.chdir(tmp_path)
    path = tiny_epic55.write_given(data / "features/given/0.h5")
    preset = yaml.safe_load((tmp_path / "workflow/systems/recognition.yaml").read_text())
    preset["backbones"] = {"frames_recognition": {"grid": {"fps": 2.0}, "files": "features/given/*.h5"}}
    describe(tmp_path, "systems", "tiny_given", {**preset, "datasets": ["tiny"]})
    settings = ("--only", "features", "--config", "systems=tiny_given")
    assert examined(capsys, "tiny", *settings)[0] == 0
    assert h5py.is_hdf5(path)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout.readline() == "held\n"
        code, found = examined(capsys, "tiny", *settings)
        holder.stdin.close()
    said = told(found["features"])
    assert code == 1 and "held open by another process" in said and "damaged" not in said


def test_a_file_that_may_not_be_read_is_told(tmp_path, monkeypatch, capsys):
    data = make_tiny(tmp_path)
    monkeypatch.chdir(tmp_path)
    path = data / "epic55" / LABELS
    path.unlink()
    path.mkdir()
    _, found = examined(capsys, "tiny", "--only", "files", "rows")
    assert found["files"]["level"] == "FAIL" and LABELS in told(found["files"])
