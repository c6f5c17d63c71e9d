from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from spaces import anticipated

from foretaste.contracts.batch import Batch
from foretaste.contracts.classes import read_classes
from foretaste.contracts.errors import ConfigError, DataError, ForetasteError
from foretaste.contracts.view import Sources
from foretaste.evaluation.measure import measure
from foretaste.evaluation.protocols import targets
from foretaste.settings import families
from foretaste.views.action_history import _phrases

HEADER = "video,start,stop,split,verb,noun,participant,narration"
ROWS = (
    "tea1,2.0,4.5,training,take,cup,Ann,take the cup",
    "tea1,4.5,8,training,pour,water,Ann,",
    "tea2,1,3.25,training,take,cup,Bea,take a cup",
    "tea3,2,4,validation,pour,milk,Cid,pour milk",
)


@pytest.fixture
def folder(tmp_path):
    write(tmp_path, HEADER, *ROWS)
    return tmp_path


def write(folder, *lines, name="a.csv", newline="\n"):
    (folder / name).write_bytes("".join(f"{line}{newline}" for line in lines).encode())


def read(folder, **settings):
    source = {} if "files" in settings else {"file": "a.csv"}
    return families.build(
        "annotations", {"kind": "csv", **source, **settings}, root=folder, dataset="mine"
    ).read()


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


@pytest.fixture
def actions_alone(tmp_path):
    rows = (
        "a,1,2,training,take_cup",
        "a,2,3,training,pour milk",
        "a,3,4,training,take_cup",
        "b,5,6,validation,take_cup",
    )
    write(tmp_path, "video,start,stop,split,label", *rows)
    return read(tmp_path, columns={"action": "label"})


def test_actions_alone_are_classes_without_verbs_and_nouns(actions_alone, tmp_path):
    classes = actions_alone.classes
    assert (
        classes.names("action") == ("pour milk", "take_cup")
        and list(classes.heads) == ["action"]
        and not classes.parts("action")
    )
    first = actions_alone.segments.to_pylist()[0]
    assert (first["action"], first["action_id"]) == ("take_cup", 1) and "verb" not in first
    (tmp_path / "classes.json").write_text(classes.to_json(), encoding="utf-8")
    assert read_classes(tmp_path / "classes.json") == classes


def test_actions_alone_are_measured_as_actions_and_as_nothing_else(actions_alone):
    wanted = targets(anticipated(actions_alone.segments, tau_a=1.0, tau_o=5.0), "training")
    right = measure({"action": np.eye(2)[[1, 0, 1]]}, wanted, actions_alone.classes)
    assert set(right) == {"action"} and right["action"]["top1"] == 100.0


def test_actions_alone_can_be_counted_and_told_in_words(actions_alone):
    tables = {"kind": "counts", "tables": ["trigram", "distances"]}
    teacher = families.build("models", tables, sources=Sources(classes=actions_alone.classes))
    teacher.fit(torch.tensor([[-1, -1], [-1, 1], [1, 0]]), torch.tensor([1, 0, 1]))
    said = teacher(Batch(ids=("x",), inputs={"history": torch.tensor([[-1, 1]])}, labels={})).logits
    assert set(said) == {"action"} and said["action"].argmax().item() == 0
    assert _phrases(actions_alone.segments, "plain") == ["take cup", "pour milk", "take cup", "take cup"]


@pytest.mark.parametrize(
    "network",
    [
        {"kind": "counts"},
        {"kind": "frame_classifier", "classify": ["action", "verb"]},
        {"kind": "avt", "layers": 1, "heads": 1, "dropout": 0, "classify": ["verb"]},
    ],
)
def test_a_model_of_verbs_cannot_be_built_for_actions_alone(actions_alone, network):
    with pytest.raises(ConfigError, match=r"the head 'verb'.*heads of the dataset: action|parts counted"):
        families.build("models", network, sources=Sources(classes=actions_alone.classes, feature_width=4))


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


def test_videos_in_several_splits_can_be_asked_for(folder):
    (folder / "a.csv").write_text((folder / "a.csv").read_text().replace("tea3", "tea1"))
    assert read(folder, shared_videos=True).issues == []


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"\xff\xfe", "video,start\n".encode("utf-16"), (HEADER + "\n").encode()]
)
def test_an_empty_file_or_one_in_another_encoding_is_an_error(folder, content):
    (folder / "a.csv").write_bytes(content)
    with pytest.raises((DataError, ConfigError)):
        read(folder)
