import csv
from pathlib import Path

import pytest

from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import SEGMENTS, write_table
from foretaste.kitchen.config import WorldConfig
from foretaste.kitchen.parts import make_annotations
from foretaste.settings import families

FILES = {
    "EPIC_verb_classes.csv": "verb_id,class_key,verbs\n0,take,\"['take', 'get']\"\n1,turn-on,['turn-on']\n",
    "EPIC_noun_classes.csv": (
        "noun_id,class_key,nouns\n0,Nothing,['Nothing']\n1,pan,\"['pan',"
        " 'pan:frying']\"\n2,board:chopping,['board']\n"
    ),
    "EPIC_many_shot_verbs.csv": "verb_class,verb\n0,take\n",
    "EPIC_many_shot_nouns.csv": "noun_class,noun\n2,board:chopping\n1,pan\n",
    "EPIC_many_shot_actions.csv": (
        'action_class,noun,noun_class,verb,verb_class\n"(0, 2)",board:chopping,2,take,0\n'
    ),
    "actions.csv": (
        "id,action,verb,noun\n0, take_pan:frying,0,1\n1, turn-on_pan,1,1\n2, take_board:chopping,0,2\n"
    ),
    "EPIC_train_action_labels.csv": (
        "uid,participant_id,video_id,narration,start_timestamp,stop_timestamp,start_frame,stop_frame,verb,verb_class,noun,noun_class\n0,P01,P01_01,take"
        " frying pan,00:00:00.14,00:00:03.37,8,202,take,0,pan:frying,1\n7,P01,P01_01,turn"
        " on,00:01:04.37,00:01:06.17,3862,3970,turn-on,1,pan,1\n12,P02,P02_03,get"
        " board,01:00:01.50,01:00:02.25,216090,216135,get,0,board:chopping,2\n"
    ),
    "training.csv": (
        "00007, P01_01, 0000001931, 0000001985, 001, 001, 0001\n00000, P01_01, 0000000004, 0000000101, 000,"
        " 001, 0000\n"
    ),
    "validation.csv": "00012, P02_03, 0000108045, 0000108067, 000, 002, 0002\n",
    "training_videos.csv": "P01_01\n",
    "validation_videos.csv": "P02_03\n",
}


@pytest.fixture
def world(tmp_path: Path) -> Path:
    folder = tmp_path / "annotations"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return tmp_path


def read(root: Path, **settings):
    spec = {"kind": "epic55", "official": "annotations", "rulstm": "annotations", **settings}
    return families.build("annotations", spec, root=root, dataset="small").read()


def edit(root: Path, name: str, old: str, new: str) -> None:
    path = root / "annotations" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_segments_are_in_order_with_class_names_and_official_times(world, tmp_path):
    got = read(world)
    assert got.issues == []
    rows = got.segments.to_pylist()
    assert [row["segment_id"] for row in rows] == ["0", "7", "12"]
    assert rows[1] == {
        "segment_id": "7",
        "dataset": "small",
        "split": "training",
        "video_id": "P01_01",
        "start_s": 64.37,
        "stop_s": 66.17,
        "verb": "turn-on",
        "noun": "pan",
        "action": "turn-on_pan",
        "verb_id": 1,
        "noun_id": 1,
        "action_id": 1,
        "narration": "turn on",
        "participant": "P01",
    }
    assert (
        rows[2]["start_s"] == 3601.5
        and rows[2]["split"] == "validation"
        and rows[2]["action"] == "take_board:chopping"
    )
    assert got.classes.names("action") == ("take_pan:frying", "turn-on_pan", "take_board:chopping")
    assert got.classes.parts("action")["verb"] == (0, 1, 0) and got.classes.parts("action")["noun"] == (
        1,
        1,
        2,
    )
    assert (
        got.classes.groups["many_shot_and"]["verb"],
        got.classes.groups["many_shot_and"]["noun"],
        got.classes.groups["many_shot_and"]["action"],
    ) == (
        (0,),
        (1, 2),
        (2,),
    )
    write_table(tmp_path / "segments.parquet", SEGMENTS, got.segments)


def test_rulstm_clock_is_frames_over_30(world):
    rows = read(world, times="rulstm_30fps").segments.to_pylist()
    assert [(row["start_s"], row["stop_s"]) for row in rows] == [
        (4 / 30, 101 / 30),
        (1931 / 30, 1985 / 30),
        (108045 / 30, 108067 / 30),
    ]


@pytest.mark.parametrize(
    ("name", "old", "new", "file", "row", "key", "reason"),
    [
        ("training.csv", "0000001985, 001", "0000001930, 001", "training.csv", "line 1", "7",
        "expected 0 <= start < stop"),
        ("training.csv", "0000001985, 001", "0000001931, 001", "training.csv", "line 1", "7",
        "expected 0 <= start < stop"),
        ("training.csv", "001, 001, 0001", "001, 001, 0003", "training.csv", "line 1", "7",
        "action is 3, expected a class id from 0 to 2"),
        ("training.csv", "001, 001, 0001", "001, 001, 0000", "training.csv", "line 1", "7", "expected verb 0 "
        "and noun 1"),
        ("training.csv", "001, 001, 0001", "000, 001, 0000", "training.csv", "line 1", "7", "as in line 3 of "
        "EPIC_train_action_labels.csv"),
        ("training.csv", "001, 001, 0001", "001, one, 0001", "training.csv", "line 1", "7",
        "noun is 'one', expected a whole number"),
        ("training.csv", "001, 001, 0001", "001, 001", "training.csv", "line 1", None, "6 cells, expected 7"),
        ("training.csv", "00007, P01_01", "00007, P02_03", "training.csv", "line 1", "7", "expected one of "
        "training_videos.csv"),
        ("validation.csv", "00012,", "00000,", "validation.csv", "line 1", "0", "uid 0 occurs twice"),
        ("training.csv", "00007,", "00008,", "training.csv", "line 1", "8", "uid 8 is not in "
        "EPIC_train_action_labels.csv"),
        ("EPIC_train_action_labels.csv", "00:01:06.17", "00:01:04.17", "EPIC_train_action_labels.csv",
        "line 3", "7", "start < stop"),
        ("EPIC_train_action_labels.csv", "00:01:06.17", "1:4", "EPIC_train_action_labels.csv", "line 3", "7",
        "hours:minutes:seconds"),
        ("EPIC_train_action_labels.csv", "00:01:06.17", f"{'9' * 5000}:00:00", "EPIC_train_action_labels.csv",
        "line 3", "7", "hours:minutes:seconds"),
        ("training.csv", "0000001985, 001", f"{'9' * 5000}, 001", "training.csv", "line 1", "7",
        "a whole number of at most 18 digits"),
        ("EPIC_train_action_labels.csv", "00:01:06.17", "00:01:nan", "EPIC_train_action_labels.csv", "line 3",
        "7", "hours:minutes:seconds"),
        ("EPIC_train_action_labels.csv", "turn-on,1,pan,1", "turn-on,1,pan,3", "EPIC_train_action_labels.csv",
        "line 3", "7", "from 0 to 2"),
        ("EPIC_train_action_labels.csv", "turn on,", "turn\u200b on,", "EPIC_train_action_labels.csv",
        "line 3", "7", "narration is 'turn\\u200b on', expected no control or invisible characters"),
        ("EPIC_train_action_labels.csv", "7,P01,", "7,P01\ufeff,", "EPIC_train_action_labels.csv", "line 3",
        "7", "participant_id is 'P01\\ufeff', expected no control or invisible"),
        ("EPIC_train_action_labels.csv", "7,P01,", "0,P01,", "EPIC_train_action_labels.csv", "line 3", "0",
        "occurs twice"),
    ],
)  # fmt: skip
def test_a_bad_row_is_one_issue_and_is_left_out(world, name, old, new, file, row, key, reason):
    edit(world, name, old, new)
    got = read(world)
    first = got.issues[0]
    assert (first.file, first.row, first.key) == (f"annotations/{file}", row, key) and reason in first.reason
    assert len(got.segments) == 2


def test_a_segment_that_no_split_lists_is_an_issue(world):
    edit(world, "validation.csv", FILES["validation.csv"], "")
    (issue,) = read(world).issues
    assert (
        str(issue) == "annotations/EPIC_train_action_labels.csv, line 4, 12: in no split, expected its uid in"
        " training.csv or validation.csv"
    )


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("EPIC_train_action_labels.csv", "stop_timestamp", "end", "missing column stop_timestamp"),
        ("validation.csv", ", 0002", "", "6 columns"),
        ("actions.csv", "1, turn-on", "2, turn-on", "line 3"),
        ("actions.csv", "turn-on_pan,1", "turn-on_pan,9", "from 0 to 1"),
        ("EPIC_verb_classes.csv", "1,turn-on", "2,turn-on", "verb_id 1"),
        ("EPIC_verb_classes.csv", "1,turn-on", "1,turn\u202e-on", "class_key is 'turn\\u202e-on'"),
        ("EPIC_many_shot_actions.csv", "take,0", "take,1", "actions.csv"),
        ("EPIC_many_shot_nouns.csv", "2,board", "5,board", "noun_class is 5"),
        ("EPIC_noun_classes.csv", "\"['pan', 'pan:frying']\"", '"[unclosed', "line 3: a list that is whole"),
    ],
)
def test_a_file_that_cannot_be_used_is_an_error_that_names_it(world, name, old, new, says):
    edit(world, name, old, new)
    with pytest.raises(DataError) as caught:
        read(world)
    assert name in str(caught.value) and says in str(caught.value)


def test_a_missing_file_is_an_error_that_names_it(world):
    (world / "annotations" / "actions.csv").unlink()
    with pytest.raises(DataError, match=r"missing annotation file: .*actions\.csv"):
        read(world)


def test_files_lists_what_is_read(world):
    module = families.load("annotations", "epic55")
    listed = module.files(module.Config(official="annotations", rulstm="annotations"), world)
    assert sorted(path.name for path in listed) == sorted(FILES)
    for path in listed:
        kept = path.read_text(encoding="utf-8")
        path.unlink()
        with pytest.raises(DataError, match=path.name):
            read(world)
        path.write_text(kept, encoding="utf-8")


def test_the_real_labels(shared_data):
    got = families.build("annotations", {"kind": "epic55"}, root=shared_data, dataset="epic55").read()
    assert got.issues == []
    splits = got.segments.column("split").to_pylist()
    assert (splits.count("training"), splits.count("validation")) == (23493, 4979)
    assert (
        len(got.classes.names("action")),
        len(got.classes.names("verb")),
        len(got.classes.names("noun")),
    ) == (2513, 125, 352)
    assert (
        len(got.classes.groups["many_shot_and"]["action"]),
        len(got.classes.groups["many_shot_and"]["verb"]),
        len(got.classes.groups["many_shot_and"]["noun"]),
    ) == (819, 26, 71)
    with open(shared_data / "epic55" / "EPIC_train_action_labels.csv", encoding="utf-8") as file:
        published = {row["uid"]: row for row in csv.DictReader(file)}
    for row in got.segments.slice(0, 28472).to_pylist()[::97]:
        other = published[row["segment_id"]]
        assert (row["video_id"], row["narration"], str(row["verb_id"])) == (
            other["video_id"],
            other["narration"],
            other["verb_class"],
        )
        assert row["start_s"] * 60 == pytest.approx(int(other["start_frame"]), abs=1.01)


def test_a_generated_world_is_read_like_the_real_one(tmp_path):
    folder = tmp_path / "annotations"
    folder.mkdir()
    make_annotations(
        WorldConfig(seed=7, train_videos=4, validation_videos=2, min_seconds=10, max_seconds=10), folder
    )
    by_clock = {times: read(tmp_path, times=times) for times in ("official", "rulstm_30fps")}
    got = by_clock["official"]
    assert got.issues == [] and set(got.segments.column("split").to_pylist()) == {"training", "validation"}
    for row, other in zip(
        got.segments.to_pylist(), by_clock["rulstm_30fps"].segments.to_pylist(), strict=True
    ):
        assert row["action"] == f"{row['verb']}_{row['noun']}" and row["narration"]
        assert (
            0 <= row["start_s"] - other["start_s"] < 1 / 30 + 1e-9
            and row["segment_id"] == other["segment_id"]
        )
