"""Each fault that is planted in videos, features, weights, scores, or what a run makes of them, is found by
the check it belongs to; without any of them every check passes.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import barcode
import h5py
import pytest
import tiny_epic55
import yaml
from made_once import made_once
from seeded import FRAMES, Fault, check, edit, examined, make_seen, told, write_scores, write_weights

from foretaste.settings import families

SYSTEM, DATASET = "workflow/systems/tiny_seen.yaml", "workflow/datasets/tiny.yaml"
VIDEO = "videos/P01_01.mp4"
GIVEN = "features/given/0.h5"


def cut(path: Path, share: float) -> None:
    """Keep the beginning of a file."""
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])


def hole(data: Path) -> None:
    """Zeros in the middle of the pictures."""
    content = bytearray((data / VIDEO).read_bytes())
    middle = len(content) // 3
    content[middle : middle + 400] = bytes(400)
    (data / VIDEO).write_bytes(content)


def shorter(data: Path, frames: int, names: tuple[str, ...] = ("P01_01",)) -> None:
    """Videos of fewer frames, each a little longer than the one before, of which nothing is stated."""
    for number, name in enumerate(names):
        own = frames + 7 * number
        barcode.write_clip(data / f"videos/{name}.mp4", own, fps=10.0, numbers=[number] * own)
    (data / "epic55/EPIC_video_info.csv").unlink()


def twice(data: Path) -> None:
    (data / "videos/again").mkdir()
    shutil.copy(data / VIDEO, data / "videos/again")


def system(data: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the preset."""
    path = data.parent / SYSTEM
    preset = yaml.safe_load(path.read_text())
    change(preset)
    path.write_text(yaml.safe_dump(preset))


def pixels(data: Path, **changed: Any) -> None:
    def change(preset: dict[str, Any]) -> None:
        preset["models"]["student_clip"]["network"]["backbone"]["pixels"] |= changed

    system(data, change)
    (data / "weights/vit.safetensors").unlink()
    write_weights(data / "weights/vit.safetensors", **changed)


def late_stamps(data: Path) -> None:
    """Every vector is of a frame a second later than it says."""
    with h5py.File(data / GIVEN, "r+") as file:
        for video in file["videos"].values():
            video["pts_s"][...] = video["pts_s"][()] + 1.0


def features(data: Path, **options: Any) -> None:
    (data / GIVEN).unlink()
    tiny_epic55.write_given(data / GIVEN, **options)


def store_of_giants(preset: dict[str, Any]) -> None:
    preset["frame_stores"] = {"giants": {"side": 1_000_000}}
    preset["models"]["student_clip"]["frame_store"] = "giants"


def batch_of_giants(preset: dict[str, Any]) -> None:
    preset["models"]["student_clip"]["training"]["batch"] = 10_000_000


def read(data: Path) -> Any:
    spec = {"kind": "epic55"}
    return families.build("annotations", spec, "reader", root=data, dataset="tiny").read()


def scores(
    data: Path,
    of: Callable[[dict[str, int]], dict[str, int]] = lambda labels: labels,
    swap: bool = False,
) -> None:
    """Scores of a perfect teacher, whose samples and labels are changed."""
    found = read(data)
    rows = found.segments.to_pylist()
    own = {
        split: of({row["segment_id"]: row["action_id"] for row in rows if row["split"] == split})
        for split in ("training", "validation")
    }
    classes = found.classes
    if swap:
        names = list(classes.names("action"))
        names[0], names[1] = names[1], names[0]
        classes = type(classes)(heads={**classes.heads, "action": tuple(names)})
    write_scores(data.parent / "scores", own, classes)


def damaged_scores(data: Path) -> None:
    scores(data)
    shard = next((data.parent / "scores").rglob("*.safetensors"))
    content = bytearray(shard.read_bytes())
    content[-5] ^= 0xFF
    shard.write_bytes(content)


def turned(labels: dict[str, int]) -> dict[str, int]:
    """The next class in place of each."""
    return {name: (label + 1) % 6 for name, label in labels.items()}


SCORES = ("--scores", "scores")
VIDEOS_FAULTS = {
    "a video that is missing": Fault(
        lambda data: (data / VIDEO).unlink(), "videos", ("P01_01", "no video file of that name")
    ),
    "a video that is cut off": Fault(lambda data: cut(data / VIDEO, 0.5), "videos", ("P01_01.mp4",)),
    "a web page in place of a video": Fault(
        lambda data: (data / VIDEO).write_text("<!DOCTYPE html>sign in"), "videos", ("P01_01.mp4",)
    ),
    "a hole in a video": Fault(hole, "videos", ("P01_01.mp4",), options=("--every-frame",)),
    "two files for one video": Fault(twice, "videos", ("several files for one video",)),
    "a copy under another's name": Fault(
        lambda data: shutil.copy(data / VIDEO, data / "videos/P02_01.mp4"),
        "videos",
        ("P01_01, P02_01 are one and the same file in several splits",),
    ),
    "videos of another suffix": Fault(
        lambda data: edit(data.parent / DATASET, "**/*.mp4", "**/*.mkv"), "plan", ("no video matches",)
    ),
    "a video that ends before its labels": Fault(
        lambda data: shorter(data, 200), "video_times", ("it ends at 20.00 s and is annotated at 20.40 s",)
    ),
    "clips that were cut out of the videos": Fault(
        lambda data: shorter(data, 10, tuple(tiny_epic55.VIDEOS)),
        "video_times",
        ("4 of 4 videos end before their annotations",),
    ),
    "a segment that goes on after the end": Fault(
        lambda data: shorter(data, 206), "video_times", ("go on 1.30 s after its end",), "WARN"
    ),
    "a video that was made anew at another rate": Fault(
        lambda data: barcode.write_clip(data / VIDEO, round(FRAMES * 1.2), fps=12.0),
        "video_times",
        ("12 frames a second", "10, as EPIC_video_info.csv says"),
        "WARN",
    ),
}
FEATURE_FAULTS = {
    "no features": Fault(lambda data: (data / GIVEN).unlink(), "features", ("no features of given",)),
    "features that are cut off": Fault(lambda data: cut(data / GIVEN, 0.5), "features", ("0.h5",)),
    "features that are not finite": Fault(
        lambda data: features(data, nan="P01_02"), "features", ("P01_02", "not finite")
    ),
    "features without a video": Fault(
        lambda data: features(data, videos=["P01_01", "P01_02", "P02_01"]),
        "features",
        ("P02_02", "lack 1 of 4"),
    ),
    "features of other videos": Fault(
        lambda data: features(data, videos=["a", "b"]), "features", ("are of other videos: a, b",)
    ),
    "features at another rate": Fault(
        lambda data: system(data, lambda one: one["backbones"]["given"]["grid"].update(fps=4.0)),
        "features",
        ("at 2 a second", "4, as grid: fps"),
    ),
    "features that somebody changed": Fault(late_stamps, "features", ("4 faults", "P01_01")),
    "features that show the action": Fault(
        late_stamps, "samples", ("samples show what is later than their window", "anticipate")
    ),
    "features that end too early": Fault(
        lambda data: features(data, frames=30), "samples", ("window stops after the features of its video",)
    ),
    "windows before the video": Fault(
        lambda data: edit(data.parent / DATASET, "tau_a: 1.0", "tau_a: 3.0"),
        "samples",
        ("4 samples that a model cannot see", "earliest_stop_s"),
    ),
}
WEIGHTS = "weights/vit.safetensors"
MODEL_FAULTS = {
    "no weights": Fault(lambda data: (data / WEIGHTS).unlink(), "weights", ("missing file", WEIGHTS)),
    "a pointer in place of weights": Fault(
        lambda data: (data / WEIGHTS).write_text("version https://git-lfs.github.com/spec/v1\n"),
        "weights",
        ("Git-LFS pointer",),
    ),
    "weights of another network": Fault(
        lambda data: write_weights(data / WEIGHTS, width=16), "weights", ("has shape",)
    ),
    "weights that read blue first": Fault(
        lambda data: write_weights(data / WEIGHTS, order="bgr"), "weights", ("'order': 'bgr'", "set pixels")
    ),
    "a deviation that is the mean": Fault(
        lambda data: pixels(data, std=[0.485, 0.456, 0.406]), "weights", ("deviation equal to the mean",)
    ),
    "a mean of pixels up to 255": Fault(
        lambda data: pixels(data, mean=[123.7, 116.3, 103.5]), "weights", ("pixels from 0 to 255",)
    ),
    "a mean of red in the place of blue": Fault(
        lambda data: pixels(data, order="bgr"), "weights", ("order bgr with the mean", "set order: rgb")
    ),
    "scores of other samples": Fault(
        lambda data: scores(data, lambda labels: {f"x{name}": label for name, label in labels.items()}),
        "scores",
        ("20 scored samples that training does not have",),
        options=SCORES,
    ),
    "scores that lack samples": Fault(
        lambda data: scores(data, lambda labels: dict(list(labels.items())[:15])),
        "scores",
        ("5 of 20 samples of validation are not scored",),
        options=SCORES,
    ),
    "scores whose classes stand otherwise": Fault(
        lambda data: scores(data, swap=True),
        "scores",
        ("scores of other action classes", "the same names in another order"),
        options=SCORES,
    ),
    "scores that are damaged": Fault(damaged_scores, "scores", ("sha256",), options=SCORES),
    "scores of rows in another order": Fault(
        lambda data: scores(data, turned), "scores", ("right on 0.0%", "another order"), "WARN", SCORES
    ),
    "a disk that is too small": Fault(
        lambda data: system(data, store_of_giants), "room", ("GB free", "frames of giants")
    ),
    "batches larger than memory": Fault(
        lambda data: system(data, batch_of_giants), "room", ("batches of student_clip",), "WARN"
    ),
}
FAULTS = {**VIDEOS_FAULTS, **FEATURE_FAULTS, **MODEL_FAULTS}


@pytest.fixture
def data(tmp_path, session_folder, monkeypatch) -> Path:
    """The data_root of a clean dataset; its checkout is the working folder."""
    clean = made_once(session_folder / "seen", lambda folder: (folder.mkdir(), make_seen(folder)))
    shutil.copytree(clean, tmp_path / "run")
    monkeypatch.chdir(tmp_path / "run")
    return tmp_path / "run" / "data"


def test_nothing_is_found_where_nothing_is_wrong(data, capsys):
    scores(data)
    code, found = examined(capsys, "tiny", "--every-frame", "--fail-on", "warn", *SCORES)
    levels = {name: one["level"] for name, one in found.items()}
    assert code == 0, "\n".join(map(told, found.values()))
    assert {name for name, level in levels.items() if level == "SKIP"} == {"checksums", "recipes"}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found_and_explained(name, data, capsys):
    fault = FAULTS[name]
    fault.plant(data)
    check(fault, *examined(capsys, "tiny", "--only", fault.check, *fault.options))


def test_a_bad_video_is_told_once(data, capsys):
    (data / VIDEO).unlink()
    _, found = examined(capsys, "tiny")
    assert [name for name, one in found.items() if "P01_01" in told(one)] == ["videos"]
