"""Boxes of Something-Else and of Radevski et al. become a table whose boxes lie where the things do."""

from __future__ import annotations

import json
import shutil

import barcode
import numpy as np
import pyarrow as pa
import pytest

from foretaste.__main__ import main
from foretaste.contracts.tables import BOXES, SAMPLES, VIDEOS, read_boxes, read_table, write_table
from foretaste.contracts.view import Sources
from foretaste.pipeline.video_files import FRAME_SUFFIXES, video_files
from foretaste.settings import families
from foretaste.tools.import_boxes import _said
from foretaste.video.box_table import Laid, mended
from foretaste.video.frame_table import frame_tables
from foretaste.video.numbered_frames import Clock
from foretaste.video.probe import probe

#: Width and height of the clips here.
WIDTH, HEIGHT = 64, 48


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """The table of two clips, 7 and 12, of five frames."""
    folder = tmp_path_factory.mktemp("clips")
    for name in ("7", "12"):
        barcode.write_clip(folder / f"{name}.mp4", 5)
    return _probed(folder, folder / "videos.parquet")


def _probed(folder, path, **how):
    columns, issues = probe(folder, video_files(folder, **how.pop("files", {})).items(), **how)
    assert not issues
    write_table(path, VIDEOS, columns)
    return path


def thing(edges, which="0000"):
    box = dict(zip(("x1", "y1", "x2", "y2"), edges, strict=True))
    return {"box2d": box, "category": "cup", "standard_category": which}


def frame(number, *things, clip="7"):
    return {"name": f"{clip}/{number:04d}.jpg", "labels": list(things)}


def imported(folder, videos, given, *words):
    (folder / "given.json").write_text(json.dumps(given), encoding="utf-8")
    line = ["import-boxes", str(folder / "given.json"), "--videos", str(videos)]
    return main([*line, "--out", str(folder / "boxes.parquet"), *words])


def rows(folder):
    """The boxes of the table."""
    return [
        row for row in read_table(folder / "boxes.parquet", BOXES).to_pylist() if row["label"] is not None
    ]


def looked_at(folder):
    """(video, time) of the rows that say only that somebody looked."""
    table = read_table(folder / "boxes.parquet", BOXES).to_pylist()
    return [(row["video_id"], round(row["time_s"], 3)) for row in table if row["label"] is None]


def test_boxes_of_something_else(videos, tmp_path, capsys):
    given = {
        "7": [
            frame(3, thing((0, 0, 64, 48), "hand")),
            frame(1, thing((16, 12, 32.5, 24)), thing((0, 0, 8, 6), "0001")),
        ]
    }
    assert imported(tmp_path, videos, given) == 0
    found = rows(tmp_path)
    assert [(row["video_id"], row["time_s"], row["track"], row["label"], row["score"]) for row in found] == [
        ("7", 0.0, "0000", "object", None),
        ("7", 0.0, "0001", "object", None),
        ("7", 0.2, None, "hand", None),
    ]
    edges = [[row[name] for name in ("x0", "y0", "x1", "y1")] for row in found]
    assert edges == [[0.25, 0.25, 32.5 / 64, 0.5], [0, 0, 0.125, 0.125], [0, 0, 1, 1]]
    said = capsys.readouterr().out
    assert "1 of 2 videos have boxes" in said and "7: 3 of 5 frames" in said and "3 boxes" in said
    assert "counted from 0, that nobody looked at:\n  7: 1\n" in said
    assert looked_at(tmp_path) == [("7", 0.2)]


def layout(video_id, frames, **more):
    return {"id": video_id, "template": "Pushing [something]", "frames": frames, **more}


def box(edges=(16, 12, 32, 24), category="object", score=0.5):
    return {**dict(zip(("x1", "y1", "x2", "y2"), edges, strict=True)), "category": category, "score": score}


def test_boxes_of_radevski_with_and_without_a_size(videos, tmp_path):
    frames = [[box()], [], [box(category="hand", score=1), box()]]
    given = [
        layout("12", [{"frame_objects": one} for one in frames]),
        layout("7", frames, size=[WIDTH, HEIGHT]),
    ]
    assert imported(tmp_path, videos, given) == 0
    found = rows(tmp_path)
    assert [(row["video_id"], row["time_s"], row["label"], row["score"]) for row in found] == [
        (video_id, *one)
        for video_id in ("12", "7")
        for one in ((0.0, "object", 0.5), (0.2, "hand", 1.0), (0.2, "object", 0.5))
    ]
    assert {tuple(row[name] for name in ("x0", "y0", "x1", "y1")) for row in found} == {
        (0.25, 0.25, 0.5, 0.5)
    }
    assert looked_at(tmp_path) == [("12", 0.1), ("12", 0.2), ("7", 0.1), ("7", 0.2)]


BAD = {
    "outside": ({"7": [frame(1, thing((0, 0, 65, 48)))]}, "frame 0: a box with the edges 0, 0, 65, 48"),
    "reversed": ({"7": [frame(1, thing((9, 0, 3, 4)))]}, "expected 0 <= x1 < x2 <= 64"),
    "text": ({"7": [frame(2, thing((9, 0, "3", 4)))]}, "frame 1: a box with the edges"),
    "no edge": ({"7": [frame(1, {"box2d": {"x1": 1}, "standard_category": "hand"})]}, "frame 0: no y1"),
    "huge": ({"7": [frame(2, thing((9, 0, 10**400, 4)))]}, "frame 1: a box with the edges (9, 0, 1000"),
    "huge score": ([layout("7", [[box(score=10**400)]])], "frame 0: score 1000"),
    "another clip": (
        {"7": [frame(1, clip="12")]},
        "a frame called '12/0001.jpg', which is of another clip than '7'",
    ),
    "box twice": ({"7": [frame(2, thing((0, 0, 9, 9)), thing((0, 0, 9, 9)))]}, "frame 1: a box twice, 0000"),
    "layout twice": (
        [layout("7", [[box(), box()]])],
        "frame 0: a box twice, object with the edges 16, 12, 32",
    ),
    "who": ({"7": [frame(1, thing((0, 0, 1, 1), "cup"))]}, "standard_category 'cup'"),
    "frame": ({"7": [{"name": "7/x.jpg", "labels": []}]}, "a frame called '7/x.jpg'"),
    "frame 0": ({"7": [frame(0)]}, "expected a number from 1 on"),
    "frame twice": ({"7": [frame(2), frame(2)]}, "frame 1 a second time"),
    "late": ({"7": [frame(6, thing((0, 0, 1, 1)))]}, "boxes of 6 frames, the video has 5"),
    "no list": ({"7": {"frames": []}}, "its frames are no list"),
    "size": ([layout("7", [], size=[48, 64])], "boxes in a picture of 48x64, the video's are 64x48"),
    "category": ([layout("7", [[box(category="cup")]])], "category 'cup', expected hand or object"),
    "score": ([layout("7", [[box(score=2)]])], "score 2, expected 0 to 1"),
    "twice": ([layout("7", []), layout("7", [])], "a second time"),
    "no frames": ([{"id": "7"}], "clip: no frames"),
}


@pytest.mark.parametrize(("given", "reason"), BAD.values(), ids=list(BAD))
def test_a_bad_clip_is_named_and_left_out_whole_if_so_asked(videos, tmp_path, capsys, given, reason):
    assert imported(tmp_path, videos, given) == 1
    said = capsys.readouterr().err
    assert reason in said and "given.json, 7" in said and "on_bad_input" not in said
    assert (
        "--edges published mends edges" in said
        and "--skip leaves these clips out" in said
        and not (tmp_path / "boxes.parquet").exists()
    )
    good = (
        {"12": [frame(1, thing((0, 0, 8, 6)), clip="12")]}
        if isinstance(given, dict)
        else [layout("12", [[box()]])]
    )
    both = {**good, **given} if isinstance(given, dict) else [*good, *given]
    assert imported(tmp_path, videos, both, "--skip") == 0
    assert reason in capsys.readouterr().err
    assert {row["video_id"] for row in rows(tmp_path)} == {"12"}


@pytest.mark.parametrize("given", [3, [3], [{"frames": []}], ["7"], [layout(None, [[box()]])]])
def test_a_file_of_something_else_is_refused(videos, tmp_path, capsys, given):
    assert imported(tmp_path, videos, given) == 1
    assert "no boxes of clips" in capsys.readouterr().err


def test_clips_of_other_datasets_are_counted(videos, tmp_path, capsys):
    given = {"99": [frame(1, thing((0, 0, 1, 1)), clip="99")], "7": [frame(1, thing((0, 0, 1, 1)))], "12": []}
    assert imported(tmp_path, videos, given) == 0
    said = capsys.readouterr().out
    assert "1 clips are no videos, e.g. 99" in said and "1 of 2 videos have boxes" in said


NOTHING = {
    "no clip": ({}, (), "no clip of it is a video of the dataset (no clip at all)"),
    "no layout": ([], (), "no clip of it is a video of the dataset (no clip at all)"),
    "others": ({"99": [], "98": []}, (), "no clip of it is a video of the dataset (2 other clips: 99, 98)"),
    "no box": (
        {"7": [frame(1)]},
        (),
        "no box of any video of the dataset (1 clips without a box, 0 with bad",
    ),
    "bad ones": ({"7": [frame(0)]}, ("--skip",), "(0 clips without a box, 1 with bad ones)"),
}


@pytest.mark.parametrize(("given", "words", "what"), NOTHING.values(), ids=list(NOTHING))
def test_a_table_without_any_box_is_not_written(videos, tmp_path, capsys, given, words, what):
    assert imported(tmp_path, videos, given, *words) == 1
    said = capsys.readouterr().err
    assert what in said and "12, 7" in said and "of one dataset" in said
    assert not (tmp_path / "boxes.parquet").exists()


def test_published_edges_are_no_advice_for_who_asked_for_them(videos, tmp_path, capsys):
    assert imported(tmp_path, videos, {"7": [frame(0)]}, "--edges", "published") == 1
    said = capsys.readouterr().err
    assert "--skip leaves these clips out" in said and "--edges" not in said


def test_a_byte_order_mark_says_nothing(videos, tmp_path):
    text = json.dumps({"7": [frame(1, thing((0, 0, 1, 1)))]})
    (tmp_path / "given.json").write_text(text, encoding="utf-8-sig")
    line = ["import-boxes", str(tmp_path / "given.json"), "--videos", str(videos)]
    assert main([*line, "--out", str(tmp_path / "boxes.parquet")]) == 0
    assert len(rows(tmp_path)) == 1


def test_clips_that_were_not_looked_at_everywhere_are_listed():
    early = {f"clip {number}": (number, 40) for number in range(1, 23)}
    laid = Laid(early=early, holes={"7": [3, *range(5, 20)]}, boxes={"7": 2})
    said = "\n".join(_said(laid, 30))
    assert "22 clips have boxes that stop before their last frame:\n  clip 1: 1 of 40 frames\n" in said
    assert "  clip 20: 20 of 40 frames\n  and 2 more\n" in said and "clip 21" not in said
    assert said.endswith(
        "1 clips have frames in between, counted from 0, that nobody looked at:\n  7: 3, 5 to 19"
    )


def test_edges_are_mended_as_published(shared_golden):
    with np.load(shared_golden / "frame_samplers.npz") as golden:
        given, wanted = golden["fix_box_in"], golden["fix_box_out_h240_w427"]
    assert [mended(tuple(edges), 427, 240) for edges in given.tolist()] == [
        tuple(row) for row in wanted.tolist()
    ]


def test_boxes_mended_as_published_are_counted(videos, tmp_path, capsys):
    given = {"7": [frame(1, thing((-3.5, 2.7, 90, 48)), thing((16.2, 12.9, 32.1, 24.5)))]}
    assert imported(tmp_path, videos, given, "--edges", "published") == 0
    assert "1 boxes were moved by a pixel or more" in capsys.readouterr().out
    edges = [
        [row[name] * size for name, size in zip(("x0", "y0", "x1", "y1"), (64, 48, 64, 48))]
        for row in rows(tmp_path)
    ]
    np.testing.assert_allclose(edges, [[0, 2, 63, 47], [16, 12, 32, 24]], rtol=1e-6)


def test_the_real_boxes_lie_in_the_real_clips(tmp_path, shared_data, capsys):
    folder = tmp_path / "clips"
    folder.mkdir()
    for tar in (shared_data / "something_else").glob("frames_*.tar"):
        shutil.copy(tar, folder / tar.name.removeprefix("frames_"))
    clock = Clock(fps=12.0, first=1)
    videos = _probed(folder, tmp_path / "videos.parquet", clock=clock, files={"suffixes": FRAME_SUFFIXES})
    source = str(shared_data / "something_else" / "boxes.json")
    out = tmp_path / "boxes.parquet"
    assert main(["import-boxes", source, "--videos", str(videos), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "6 of 6 videos have boxes" in said and "151201: 23 of 33 frames" in said and "488 boxes" in said
    given = json.loads((shared_data / "something_else" / "boxes.json").read_text(encoding="utf-8"))
    table, tables = read_boxes(out), frame_tables(read_table(videos, VIDEOS), folder)
    found = rows(tmp_path)
    for video_id, frames in given.items():
        own = [row for row in found if row["video_id"] == video_id]
        height, width = tables[video_id].shown_size
        wanted = [
            ((int(one["name"][-8:-4]) - 1) / 12, seen["box2d"]["x1"] / width, seen["box2d"]["y2"] / height)
            for one in frames
            for seen in one["labels"]
        ]
        assert len(own) == len(wanted)
        np.testing.assert_allclose([[row["time_s"], row["x0"], row["y1"]] for row in own], wanted, atol=1e-6)
    # Pictures 240 high, of which the view shows the square in the middle.
    left = (tables["6981"].shown_size[1] - 240) / 2
    inside = [
        [one for one in frame["labels"] if one["box2d"]["x2"] > left and one["box2d"]["x1"] < left + 240]
        for frame in given["6981"]
    ]
    assert sum(map(len, inside)) > 40
    assert _shown(given["6981"], table, videos, folder) == [
        sorted("hand" if one["standard_category"] == "hand" else "object" for one in seen) for seen in inside
    ]


def _shown(frames, boxes, videos, folder):
    """What the view of boxes shows of a clip's ``frames``: the labels in each, sorted."""
    stop_s = (len(frames) - 1) / 12
    row = {"sample_id": "6981", "segment_id": "6981", "video_id": "6981", "split": "training"}
    row |= {"window_start_s": 0.0, "window_stop_s": stop_s, "dropped_because": None}
    samples = pa.Table.from_pylist(
        [{**row, "target_start_s": 0.0, "target_stop_s": stop_s}], schema=SAMPLES.schema
    )
    sources = Sources(
        samples=samples, videos=read_table(videos, VIDEOS), boxes=boxes, video_folders={"rgb": folder}
    )
    whole = {
        "frames": len(frames),
        "rate": 12.0,
        "ticks": 12.0,
        "geometry": {"size": 240, "scoring_side": 240},
    }
    view = families.build("views", {"kind": "boxes", **whole}, sources=sources)
    classes = view.fetch([0]).inputs["classes"][0].tolist()
    return [sorted(view.labels[index - 1] for index in frame if index) for frame in classes]
