"""What is said of a moment is what scoring says of the same window, wherever the video is cut into pieces;
what the folder of an export says is what its model says.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import barcode
import numpy as np
import pyarrow as pa
import pytest
import tiny_package

from foretaste.__main__ import main
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.tables import SEGMENTS, write_table
from foretaste.contracts.view import Sources
from foretaste.features.extract import extract_video
from foretaste.features.shard import write_features
from foretaste.prediction import predictor as predicting
from foretaste.prediction.exporting import export
from foretaste.prediction.material import samples_of
from foretaste.prediction.package import read_package
from foretaste.prediction.predictor import Predictor
from foretaste.prediction.truth import known_of
from foretaste.prediction.watched import VIDEO_ID, watch
from foretaste.training.checkpoint import load_model
from foretaste.training.material import build_view
from foretaste.training.samples import join
from foretaste.training.scoring import score


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return tiny_package.make(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return barcode.write_clip(tmp_path_factory.mktemp("clip") / "a.mp4", 200)


@pytest.fixture(scope="module")
def moments(package, clip):
    video = watch(clip)
    return list(Predictor(package, "cpu").moments(video, video.times_s(0.1)))


def scored(package, clip, times_s, folder):
    """The logits that scoring gives: features of the whole video, one view over all samples."""
    predictor, video = Predictor(package, "cpu"), watch(clip)
    grid = np.arange(int(video.frames.end_s * package.facts.features.grid_fps))
    made = extract_video(VIDEO_ID, video.frames, grid, predictor.backbone, predictor.settings)
    write_features(folder / "all.h5", predictor.settings.origin(made.feat.shape[1]), [made])
    samples = samples_of(times_s - package.facts.window_s, times_s, package.facts, predictor.classes)
    sources = Sources(
        samples=samples, videos=video.table, classes=predictor.classes,
        features=(folder / "all.h5",), feature_width=made.feat.shape[1],
    )  # fmt: skip
    model, _ = load_model(package.parts["network"], sources)
    view = build_view(package.facts.view, sources)
    return score(model, join(view, samples, range(len(view)))).logits["action"]


def test_200_moments_are_as_scored(package, clip, moments, tmp_path):
    times_s = np.array([moment.time_s for moment in moments])
    expected = scored(package, clip, times_s, tmp_path) / package.facts.temperatures["action"]
    found = np.stack([moment.logits["action"] for moment in moments])
    assert len(found) == 200
    assert np.abs(found - expected).max() <= 1e-6
    assert expected.std(axis=0).min() > 1e-3, "all windows look alike"


def test_it_does_not_matter_how_a_video_is_cut(package, clip, moments, monkeypatch):
    monkeypatch.setattr(predicting, "TOGETHER", 7)
    video = watch(clip)
    again = list(Predictor(package, "cpu").moments(video, video.times_s(0.1)))
    for one, other in zip(moments, again, strict=True):
        assert np.abs(one.logits["action"] - other.logits["action"]).max() <= 1e-6
        assert (one.shown_s, one.window_s) == (other.shown_s, other.window_s)


def test_nothing_is_shown_of_what_comes_later(moments):
    assert all(moment.shown_s <= moment.time_s for moment in moments)
    assert max(moment.time_s - moment.shown_s for moment in moments) < 0.5  # a step of the view
    assert [moment.too_early for moment in moments[:7]] == [True] * 5 + [False] * 2
    assert not any(moment.too_early for moment in moments[5:])


def test_the_likeliest_classes(moments):
    top = moments[50].top("action", 3)
    assert sum(probability for _, probability in top) == pytest.approx(1)
    assert [number for number, _ in top] == np.argsort(-moments[50].logits["action"]).tolist()


def test_an_export_says_the_same(package, clip, moments, tmp_path):
    export(package, tmp_path / "out")
    video = watch(clip)
    again = list(Predictor(read_package(tmp_path / "out"), "cpu").moments(video, video.times_s(1.0)))
    for one, other in zip(moments[::10], again, strict=True):
        assert np.abs(one.logits["action"] - other.logits["action"]).max() <= 1e-6


def test_a_damaged_export_is_told(package, tmp_path):
    export(package, tmp_path / "out")
    path = tmp_path / "out" / "backbone" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(DataError, match=r"missing or damaged file.*backbone/model\.safetensors"):
        read_package(tmp_path / "out")


def test_an_export_replaces_an_export_and_nothing_else(package, tmp_path):
    for _ in range(2):
        export(package, tmp_path / "out")
    (tmp_path / "mine").mkdir()
    with pytest.raises(ConfigError, match="something else is there"):
        export(package, tmp_path / "mine")


def test_a_file_outside_the_folder_is_refused(package, tmp_path):
    export(package, tmp_path / "out")
    path = tmp_path / "out" / "package.json"
    said = json.loads(path.read_text())
    said["files"]["../secret"] = "0" * 64
    path.write_text(json.dumps(said))
    with pytest.raises(DataError, match="names inside the folder"):
        read_package(tmp_path / "out")


def test_features_without_their_network_are_told(package):
    with pytest.raises(ConfigError, match="features without the network"):
        Predictor(replace(package, parts={"network": package.parts["network"]}), "cpu")


@pytest.fixture
def exported(package, tmp_path):
    export(package, tmp_path / "model")
    return tmp_path / "model"


def test_the_command_writes_json(exported, clip, tmp_path, moments):
    assert (
        main(["predict", str(exported), str(clip), "--every", "1", "--json", str(tmp_path / "o.json")]) == 0
    )
    said = json.loads((tmp_path / "o.json").read_text())
    assert (said["tau_a"], said["window_s"], said["video"]["duration_s"]) == (1.0, 4.0, 20.0)
    assert [moment["time_s"] for moment in said["moments"]] == list(range(20))
    one = said["moments"][7]
    assert (one["about_s"], one["window_s"]) == (8.0, [3.0, 7.0])
    best, probability = moments[70].top("action", 1)[0]
    assert one["top"]["action"][0]["class"] == best
    assert one["top"]["action"][0]["probability"] == pytest.approx(probability, abs=1e-5)


def test_the_command_prints_lines(exported, clip, capsys):
    assert main(["predict", str(exported), str(clip), "--every", "5"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 and "too early" in lines[0] and "10.00 s  " in lines[2]


def test_a_bad_file_of_a_folder_costs_a_line(exported, clip, tmp_path, capsys):
    folder = tmp_path / "videos"
    folder.mkdir()
    shutil.copy(clip, folder / "good.mp4")
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "text.mp4").write_text("no video")
    (folder / "cut.mp4").write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    asked = ["predict", str(exported), str(folder), "--every", "5", "--json", str(tmp_path / "out")]
    assert main(asked) == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["good.json"]
    said = capsys.readouterr().err
    for name in ("empty", "text", "cut"):
        assert len([line for line in said.splitlines() if line.startswith("error:") and name in line]) == 1
    assert "3 of 4 videos could not be used" in said


def test_one_bad_file_is_an_error(exported, tmp_path, capsys):
    (tmp_path / "text.mp4").write_text("no video")
    assert main(["predict", str(exported), str(tmp_path / "text.mp4")]) == 1
    assert capsys.readouterr().err.startswith("error: ")


def listing(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("words", "over"),
    [
        (("one.mp4", "--json", "papers"), "a folder"),
        (("one.mp4", "--out", "one.mp4"), "a video that is read"),
        (("one.mp4", "--out", "link.mp4"), "a video that is read"),
        (("films", "--out", "films"), "a video that is read"),
        (("films", "day1/one.mp4", "--json", "made"), "--json of films/one.mp4"),
        (("one.mp4", "--json", "o", "--vtt", "o"), "--vtt of one.mp4"),
        (("one.mp4", "one.mp4", "--json", "made"), "--json of one.mp4"),
    ],
)
def test_nothing_is_written_over(words, over, exported, clip, tmp_path, monkeypatch, capsys):
    for name in ("one.mp4", "films/one.mp4", "day1/one.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(clip, tmp_path / name)
    (tmp_path / "link.mp4").symlink_to("one.mp4")
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers/thesis.tex").touch()
    before = listing(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["predict", str(exported), *words, "--every", "10"]) == 1
    assert f"would be written over {over}" in capsys.readouterr().err
    assert listing(tmp_path) == before


@pytest.mark.parametrize("option", ["--labels", "--teacher"])
@pytest.mark.parametrize("output", [(), ("--json", "-")])
def test_an_option_without_an_effect_is_told(option, output, exported, clip, tmp_path, capsys):
    assert main(["predict", str(exported), str(clip), option, str(tmp_path), *output]) == 1
    assert "for what is only printed" in capsys.readouterr().err


@pytest.mark.parametrize("device", ["gpu", "cuda:99"])
def test_a_device_that_is_not_there_is_told(device, exported, clip, capsys):
    assert main(["predict", str(exported), str(clip), "--device", device]) == 1
    assert f"error: no device '{device}'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (lambda facts: facts["temperatures"].update(action=0.0), "temperatures.action"),
        (lambda facts: facts.update(window_s=-1.0), "window_s"),
        (lambda facts: facts.update(threads=0), "threads"),
        (lambda facts: facts["features"].update(grid_fps=0.0), "features.grid_fps"),
        (lambda facts: facts["features"].update(dtype="float17"), "features.dtype"),
        (lambda facts: facts["features"].update(batch=0), "features.batch"),
    ],
)
def test_facts_that_nothing_can_be_computed_with_are_told(edit, told, exported, clip, capsys):
    path = exported / "package.json"
    facts = json.loads(path.read_text())
    edit(facts)
    path.write_text(json.dumps(facts))
    assert main(["predict", str(exported), str(clip)]) == 1
    assert told in capsys.readouterr().err


def test_the_truth_of_another_data_set_is_read_by_its_names(tmp_path, make_segments):
    """Its class 0 is no class of the model, its class 1 the model's class 0."""
    table = make_segments([("a", "v", 1.0, 2.0), ("b", "v", 3.0, 4.0)], actions=[0, 1])
    names = pa.array(["wash_hands", "take_cup"])
    table = table.set_column(table.schema.get_field_index("action"), "action", names)
    write_table(tmp_path / "segments.parquet", SEGMENTS, table)
    found = known_of("v", tmp_path / "segments.parquet", (), tiny_package.CLASSES)
    assert [(one["name"], one["class"]) for one in found] == [("wash_hands", None), ("take_cup", 0)]


def test_what_is_no_model_is_told(tmp_path, clip, capsys):
    assert main(["predict", str(tmp_path), str(clip)]) == 1
    assert "foretaste export" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [["--every", "0"], ["--every", "nan"], ["--top", "0"]])
def test_wrong_numbers_are_told(exported, clip, wrong, capsys):
    assert main(["predict", str(exported), str(clip), *wrong]) == 1
    assert wrong[0] in capsys.readouterr().err
