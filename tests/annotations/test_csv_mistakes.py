"""What is wrong with a CSV file: bad rows are listed and left out; what cannot be read at all is an error."""

from __future__ import annotations

import pytest
from csv_files import HEADER, ROWS, read, write

from foretaste.contracts.errors import ConfigError, DataError, ForetasteError


@pytest.fixture
def folder(tmp_path):
    write(tmp_path, HEADER, *ROWS)
    return tmp_path


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (("verb,noun", "take,cup", "take,cup"), "line 3"),
        (("verb,noun", "take,"), "noun is empty"),
        (("verb,noun", "take"), "1 columns"),
        (("verb,noun", "take,cup", '"take,cup'), "line 3"),
        (("verb", "take"), "missing column noun"),
    ],
)
def test_a_bad_list_of_classes_is_an_error(folder, lines, says):
    write(folder, *lines, name="classes.csv")
    with pytest.raises(DataError, match=says):
        read(folder, classes="classes.csv")


BAD = [
    ("tea9,x,4,training,take,cup,,", "start is 'x', expected seconds"),
    ("tea9,-1,4,training,take,cup,,", "start is '-1', expected seconds as 75.5, 0 or more"),
    ("tea9,nan,4,training,take,cup,,", "start is 'nan'"),
    ("tea9,1,inf,training,take,cup,,", "stop is 'inf'"),
    ("tea9,1,1e3,training,take,cup,,", "stop is '1e3'"),
    ("tea9,1,1_0,training,take,cup,,", "stop is '1_0'"),
    ("tea9,٣,4,training,take,cup,,", "start is '٣'"),
    (f"tea9,1,{'9' * 5000},training,take,cup,,", "expected seconds"),
    ("tea9,,4,training,take,cup,,", "start is empty"),
    ("tea9,4,4,training,take,cup,,", "expected 0 <= start < stop"),
    ("tea9,5,4,training,take,cup,,", "expected 0 <= start < stop"),
    ("tea9,1,4,training,take,,,", "noun is empty; class ids may differ without it"),
    ("tea9,1,4,training,,cup,,", "verb is empty; class ids may differ without it"),
    ("tea9,1,4,training,ta\u200bke,cup,,", "invisible characters; class ids"),
    ("tea9,1,4,train,take,cup,,", "split is 'train', expected one of training, validation, test"),
    ("tea9,1,4,,take,cup,,", "split is empty"),
    (ROWS[0], "segment 'tea1_2.000_4.500_take_cup' occurs twice"),
    (",1,4,training,take,cup,,", "video is empty"),
    ("../tea9,1,4,training,take,cup,,", "without its folder"),
    ("..,1,4,training,take,cup,,", "without its folder"),
    ("tea..9,1,4,training,take,cup,,", "without its folder"),
    ("a/tea9,1,4,training,take,cup,,", "without its folder"),
    ("a\\tea9,1,4,training,take,cup,,", "without its folder"),
    ("tea9\0,1,4,training,take,cup,,", "a NUL character"),
    ("tea9,1,4,training,take,cup,\x07,", "invisible characters"),
    ("tea9,1,4,training,take,cup,", "7 cells, expected 8"),
    ("tea9,1,4,training,take,cup,,,", "9 cells, expected 8"),
    ('tea9,1,4,training,"take,cup,,', "quotes in pairs; class ids"),
    ('tea9,1,4,training,"ta"ke,cup,,', "quotes in pairs; class ids"),
    (f"tea9,1,4,training,take,cup,,{'x' * 200_000}", "field larger than field limit"),
]


@pytest.mark.parametrize(("row", "reason"), BAD)
def test_a_bad_row_is_one_issue_and_spoils_no_other(folder, row, reason):
    write(folder, HEADER, *ROWS[:2], row, *ROWS[2:])
    got = read(folder)
    (issue,) = got.issues
    assert (issue.file, issue.row) == ("a.csv", "line 4") and reason in issue.reason
    write(folder, HEADER, *ROWS)
    assert got.segments.equals(read(folder).segments) and got.classes == read(folder).classes


def test_every_bad_row_is_listed_at_once(folder):
    write(folder, HEADER, *ROWS, *(row for row, _ in BAD))
    assert len(read(folder).issues) == len(BAD)


def test_bytes_that_are_no_utf8_spoil_their_row_alone(folder):
    (folder / "a.csv").write_bytes((folder / "a.csv").read_bytes() + b"tea9,1,4,training,take,caf\xe9,,\n")
    (issue,) = read(folder).issues
    assert "byte 27 is not UTF-8" in issue.reason


@pytest.mark.parametrize(
    ("clock", "column"),
    [
        ("1:2:3", "start"),
        ("-0:00:01", "start"),
        ("00:00:60", "start"),
        ("75.5", "start"),
        (f"{'9' * 400}:00:00", "start"),
        (f"{'9' * 5000}:00:00", "start"),
    ],
)
def test_a_clock_that_is_none_is_a_bad_row(tmp_path, clock, column):
    rows = (
        f"{video},00:00:01,00:00:02,{split},take,cup"
        for video, split in (("a", "training"), ("b", "validation"))
    )
    write(tmp_path, "video,start,stop,split,verb,noun", *rows, f"c,{clock},00:09:00,training,take,cup")
    (issue,) = read(tmp_path, times="clock").issues
    assert issue.reason.startswith(f"{column} is {clock[:60]!r}") and "as 00:59:07.25" in issue.reason


def test_a_row_whose_times_are_bad_moves_no_class_ids(folder):
    write(folder, HEADER, *ROWS, "tea9,9,4,training,add,sugar,,")
    got = read(folder)
    assert len(got.issues) == 1 and got.classes.names("action")[0] == "add_sugar"


def test_rows_that_make_an_action_of_another_verb_are_bad_whatever_their_order(tmp_path):
    header = "video,start,stop,split,verb,noun,action"
    rows = [
        "a,1,2,training,take,cup,x",
        "a,2,3,training,take,cup,x",
        "b,1,2,validation,take,cup,x",
        "a,3,4,training,hold,cup,x",
    ]
    for order in (rows, rows[::-1]):
        write(tmp_path, header, *order)
        (issue,) = read(tmp_path).issues
        assert (
            "action 'x' with verb 'hold' and noun 'cup', expected verb 'take' and noun 'cup'" in issue.reason
        )


@pytest.mark.parametrize(("one", "other"), [("take", "Take"), ("pick up", "pick_up"), ("é", "e\u0301")])
def test_names_that_look_alike_are_an_error_unless_a_list_has_both(folder, one, other):
    write(folder, HEADER, *ROWS, f"tea1,8,9,training,{one},cup,,", f"tea1,9,10,training,{other},cup,,")
    with pytest.raises(DataError, match="verb classes that look alike"):
        read(folder)
    listed = dict.fromkeys(("take,cup", "pour,water", "pour,milk", f"{one},cup", f"{other},cup"))
    write(folder, "verb,noun", *listed, name="classes.csv")
    assert read(folder, classes="classes.csv").issues == []


@pytest.mark.parametrize(
    ("old", "new", "settings", "says"),
    [
        ("video", "clip", {}, "unknown column 'video'.*one of clip, narration, noun"),
        ("", "", {"columns": {"verb": "vreb"}}, "unknown column 'vreb'.*did you mean 'verb'"),
        ("", "", {"columns": {"vreb": "verb"}}, "unknown key 'vreb'"),
        ("verb,noun", "x,y", {}, "no labels in video"),
        ("noun", "thing", {}, "no labels in video"),
        ("noun", "thing", {"columns": {"verb": "verb"}}, "a verb alone"),
        ("noun", "verb", {}, "column 'verb' twice"),
        ("video,", "video;", {"delimiter": "semicolon"}, "unknown column 'video'|unknown column 'start'"),
        ("", "", {"delimiter": "tab"}, "parted by a comma.*delimiter: comma"),
        ("", "", {"delimiter": ","}, "delimiter"),
        ("", "", {"file": "../a.csv"}, "inside data_root"),
        ("", "", {"file": "/etc/passwd"}, "inside data_root"),
        ("", "", {"classes": "~/a.csv"}, "inside data_root"),
        ("", "", {"files": {"training": "../a.csv"}}, "inside data_root"),
        ("", "", {"files": {"train": "a.csv"}}, "train"),
        ("", "", {"file": None}, r"file \(a column says the split\)"),
        ("", "", {"file": "b.csv"}, "missing annotation file"),
        ("", "", {"file": "."}, "unreadable annotation file"),
        ("", "", {"times": "frames"}, "fps goes with"),
        ("", "", {"fps": 25}, "fps goes with"),
        ("", "", {"splits": {"training": "validation"}}, "no usable row of training.*split is 'validation'"),
        ("tea3", "tea1", {}, "video 'tea1' in several splits"),
    ],
)
def test_what_cannot_be_read_at_all_is_an_error(folder, old, new, settings, says):
    (folder / "a.csv").write_text((folder / "a.csv").read_text().replace(old, new, 1 if old else 0))
    with pytest.raises(ForetasteError, match=says):
        read(folder, **settings)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"\xff\xfe", "video,start\n".encode("utf-16"), (HEADER + "\n").encode()]
)
def test_an_empty_file_or_one_in_another_encoding_is_an_error(folder, content):
    (folder / "a.csv").write_bytes(content)
    with pytest.raises((DataError, ConfigError)):
        read(folder)
