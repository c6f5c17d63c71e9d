"""CSV files as people have them, with columns, times, splits and classes of their own."""

from __future__ import annotations

import random

import pytest
from csv_files import HEADER, ROWS, read, write


@pytest.fixture
def folder(tmp_path):
    write(tmp_path, HEADER, *ROWS)
    return tmp_path


def test_segments_and_the_classes_that_occur(folder):
    got = read(folder)
    assert got.issues == []
    assert got.classes.names("verb") == ("pour", "take") and got.classes.names("noun") == (
        "cup",
        "milk",
        "water",
    )
    assert got.classes.names("action") == ("pour_milk", "pour_water", "take_cup")
    assert got.classes.parts("action")["verb"] == (0, 0, 1) and got.classes.parts("action")["noun"] == (
        1,
        2,
        0,
    )
    rows = got.segments.to_pylist()
    assert [(row["segment_id"], row["split"]) for row in rows] == [
        ("tea1_2.000_4.500_take_cup", "training"),
        ("tea1_4.500_8.000_pour_water", "training"),
        ("tea2_1.000_3.250_take_cup", "training"),
        ("tea3_2.000_4.000_pour_milk", "validation"),
    ]
    first, second = rows[:2]
    assert (first["start_s"], first["stop_s"], first["verb"], first["noun"], first["action_id"]) == (
        2.0,
        4.5,
        "take",
        "cup",
        2,
    )
    assert (first["participant"], first["narration"], second["narration"]) == ("Ann", "take the cup", None)


def test_the_order_of_the_rows_changes_nothing(folder):
    before = read(folder)
    for seed in range(5):
        write(folder, HEADER, *random.Random(seed).sample(ROWS, len(ROWS)))
        after = read(folder)
        assert after.classes == before.classes and after.segments.equals(before.segments)


def test_columns_splits_clock_and_delimiter_of_ones_own(folder):
    write(
        folder,
        "clip;t0;t1;part;v;n;person;text",
        *(row.replace(",", ";").replace("training", "train").replace("validation", "val") for row in ROWS),
        name="other.csv",
        newline="\r\n",
    )
    columns = {"video": "clip", "start": "t0", "stop": "t1", "split": "part", "verb": "v", "noun": "n"}
    columns |= {"participant": "person", "narration": "text"}
    words = {"train": "training", "val": "validation"}
    got = read(folder, file="other.csv", columns=columns, splits=words, delimiter="semicolon")
    assert got.segments.equals(read(folder).segments)


@pytest.mark.parametrize(
    ("settings", "start", "stop", "seconds"),
    [
        ({"times": "clock"}, "00:01:02.25", "01:00:00", (62.25, 3600.0)),
        ({"times": "frames", "fps": 29.97}, "0", "2997", (0.0, 100.0)),
        ({"times": "frames", "fps": 25}, "7", "25", (0.28, 1.0)),
        ({}, "0", "00012.5", (0.0, 12.5)),
    ],
)
def test_times_in_seconds_by_the_clock_and_in_frames(tmp_path, settings, start, stop, seconds):
    rows = (
        f"{video},{start},{stop},{split},take,cup"
        for video, split in (("a", "training"), ("b", "validation"))
    )
    write(tmp_path, "video,start,stop,split,verb,noun", *rows)
    first = read(tmp_path, **settings).segments.to_pylist()[0]
    assert (first["start_s"], first["stop_s"]) == pytest.approx(seconds, abs=1e-12)


def test_a_file_a_split_and_ids_of_ones_own(tmp_path):
    write(
        tmp_path, "id,video,start,stop,verb,noun", "b,tea1,2,3,take,cup", "a,tea1,2,3,take,cup", name="t.csv"
    )
    write(tmp_path, "id,video,start,stop,verb,noun", "c,tea2,2,3,pour,milk", name="v.csv")
    rows = read(tmp_path, files={"training": "t.csv", "validation": "v.csv"}).segments.to_pylist()
    assert [(row["segment_id"], row["split"]) for row in rows] == [
        ("a", "training"),
        ("b", "training"),
        ("c", "validation"),
    ]


def test_actions_with_names_of_their_own_beside_verbs_and_nouns(tmp_path):
    write(
        tmp_path,
        "video,start,stop,split,verb,noun,action",
        "a,1,2,training,take,cup,Take the cup",
        "b,1,2,validation,take,cup,Take the cup",
    )
    classes = read(tmp_path).classes
    assert (classes.names("action"), classes.names("verb"), classes.names("noun")) == (
        ("Take the cup",),
        ("take",),
        ("cup",),
    )


def test_a_byte_order_mark_is_no_part_of_the_first_name(folder):
    (folder / "a.csv").write_bytes(b"\xef\xbb\xbf" + (folder / "a.csv").read_bytes())
    assert read(folder).issues == []


def test_a_column_without_a_name_is_not_read(tmp_path):
    """As pandas writes its row numbers."""
    write(tmp_path, ",video,start,stop,split,action", "0,a,1,2,training,take", "1,b,1,2,validation,take")
    rows = read(tmp_path).segments.to_pylist()
    assert [(row["video_id"], row["narration"], row["participant"]) for row in rows] == [
        ("a", None, None),
        ("b", None, None),
    ]


def test_a_list_of_classes_decides_what_there_is_and_in_which_order(folder):
    write(folder, "verb,noun", "take,cup", "take,knife", "pour,water", "pour,milk", name="classes.csv")
    classes = read(folder, classes="classes.csv").classes
    assert classes.names("action") == ("take_cup", "take_knife", "pour_water", "pour_milk")
    assert (classes.names("verb"), classes.names("noun")) == (
        ("take", "pour"),
        ("cup", "knife", "water", "milk"),
    )
    write(folder, "verb,noun", "take,cup", "pour,milk", name="classes.csv")
    (issue,) = read(folder, classes="classes.csv").issues
    assert (issue.row, issue.reason) == (
        "line 3",
        "action 'pour_water', expected one of the 2 listed classes",
    )
    write(folder, "verb,noun", "take,cup", "pour,waters", "pour,milk", name="classes.csv")
    (issue,) = read(folder, classes="classes.csv").issues
    assert issue.reason.endswith("expected one of the 3 listed classes; did you mean 'pour_waters'?")


def test_videos_in_several_splits_can_be_asked_for(folder):
    (folder / "a.csv").write_text((folder / "a.csv").read_text().replace("tea3", "tea1"))
    assert read(folder, shared_videos=True).issues == []
