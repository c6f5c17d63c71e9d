"""Both layouts of EPIC-KITCHENS-100, on made-up rows written as the published files are."""

from dataclasses import replace

import numpy as np
import pytest
from spaces import anticipated

from foretaste.annotations.history import histories
from foretaste.contracts.classes import read_classes
from foretaste.contracts.errors import DataError
from foretaste.evaluation.measure import measure
from foretaste.evaluation.protocols import targets
from foretaste.settings import families

LABELS = (
    "narration_id,participant_id,video_id,narration_timestamp,start_timestamp,stop_timestamp,start_frame,stop_frame,"
    "narration,verb,verb_class,noun,noun_class,all_nouns,all_noun_classes\n"
)
OFFICIAL = {
    "EPIC_100_verb_classes.csv": (
        "id,key,instances,category\n0,take,\"['take',"
        " 'get']\",retrieve\n1,turn-on,['turn-on'],access\n2,put,\"['put']\",leave\n"
    ),
    "EPIC_100_noun_classes.csv": (
        "id,key,instances,category\n0,tap,\"['tap']\",appliances\n1,spoon,\"['spoon']\",cutlery\n2,board:chopping,\"['board']\",utensils\n"
        + "".join(f"{i},noun{i},['noun{i}'],materials\n" for i in range(3, 11))
    ),
    "EPIC_100_train.csv": (
        LABELS + "P01_01_2,P01,P01_01,00:00:05.349,00:00:06.98,00:00:09.49,418,569,get"
        " board,get,0,board:chopping,2,['board:chopping'],[2]\n"
        + "P01_01_10,P01,P01_01,,00:00:00.14,00:00:03.37,8,202,take tap,take,0,tap,0,\"['tap',"
        ' \'spoon\']","[0, 1]"\n'
        + 'P02_103_0,P02,P02_103,00:00:01.100,01:00:00.5,01:00:02.23,27,111,"put spoon,'
        ' tap",put,2,spoon,1,"[\'spoon\', \'tap\']","[1, 0]"\n'
    ),
    "EPIC_100_validation.csv": (
        LABELS + "P01_11_0,P01,P01_11,00:00:00.560,00:00:00.00,00:00:01.89,1,113,take"
        " plate,take,0,noun10,10,['noun10'],[10]\n"
        + "P18_02_1,P18,P18_02,00:00:04.560,00:00:03.00,00:00:04.00,150,200,turn on"
        " tap,turn-on,1,tap,0,['tap'],[0]\n"
    ),
    "EPIC_100_test_timestamps.csv": (
        "narration_id,participant_id,video_id,narration_timestamp,start_timestamp,stop_timestamp,start_frame,stop_frame\n"
        "P33_101_0,P33,P33_101,00:00:02.851,00:00:02.86,00:00:03.87,143,193\nP33_101_1,P33,P33_101,00:00:04.1,00:00:09.123,00:00:10.87,456,543\n"
    ),
    "EPIC_100_tail_verbs.csv": "verb\n1\n",
    "EPIC_100_tail_nouns.csv": "noun\n9\n10\n",
    "EPIC_100_unseen_participant_ids_validation.csv": "participant_id\nP18\nP32\n",
}
#: RULSTM sorts rows and action ids as text: "0_10" is before "0_2", "1_0" before "2_1".
RULSTM = {
    "actions.csv": (
        "id,verb,noun,action\n0,0,0,take tap\n1,0,10,take noun10\n2,0,2,take board:chopping\n3,1,0,turn-on"
        " tap\n4,2,1,put spoon\n"
    ),
    "training.csv": (
        "P01_01_10,P01_01,0000000004,101,000,0,0000\nP01_01_2,P01_01,209,284,0,2,2\nP02_103_0,P02_103,108015,108066,2,1,4\n"
    ),
    "validation.csv": "P01_11_0,P01_11,0,56,0,10,1\nP18_02_1,P18_02,90,120,1,0,3\n",
    "test_timestamps.csv": "P33_101_0,P33_101,85,116\nP33_101_1,P33_101,273,326\n",
    "validation_tail_verbs_ids.csv": "P18_02_1\n",
    "validation_tail_nouns_ids.csv": "P01_11_0\n",
    "validation_unseen_participants_ids.csv": "P18_02_1\n",
    "validation_tail_actions_ids.csv": "P01_11_0\nP18_02_1\n",
}


@pytest.fixture
def root(tmp_path):
    for folder, files in (("epic100", OFFICIAL), ("rulstm/ek100", RULSTM)):
        (tmp_path / folder).mkdir(parents=True)
        for name, text in files.items():
            (tmp_path / folder / name).write_text(text, encoding="utf-8")
    return tmp_path


def read(root, **settings):
    return families.build("annotations", {"kind": "epic100", **settings}, root=root, dataset="epic100").read()


def edit(root, name, old, new):
    path = root / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("layout", ["official", "rulstm"])
def test_both_layouts_give_the_same_segments(root, layout):
    got = read(root, layout=layout)
    assert got.issues == []
    classes = got.classes
    assert classes.names("action") == (
        "take_tap",
        "take_noun10",
        "take_board:chopping",
        "turn-on_tap",
        "put_spoon",
    )
    assert classes.parts("action")["verb"] == (0, 0, 0, 1, 2) and classes.parts("action")["noun"] == (
        0,
        10,
        2,
        0,
        1,
    )
    assert (
        classes.groups["tail"]["verb"] == (1,)
        and set(classes.groups["tail"]["noun"]) & {0, 1, 2, 10} == {10}
        and classes.sample_groups == {"unseen": ("P18_02",), "regular": ("P01_11",)}
    )
    rows = got.segments.to_pylist()
    assert [(row["segment_id"], row["split"], row["action_id"]) for row in rows] == [
        ("P33_101_0", "test", None),
        ("P33_101_1", "test", None),
        ("P01_01_10", "training", 0),
        ("P01_01_2", "training", 2),
        ("P02_103_0", "training", 4),
        ("P01_11_0", "validation", 1),
        ("P18_02_1", "validation", 3),
    ]
    assert [row["verb"] for row in rows[:3]] == [None, None, "take"] and rows[0]["participant"] == "P33"
    assert (rows[4]["noun"], rows[4]["narration"]) == (
        "spoon",
        "put spoon, tap" if layout == "official" else None,
    )
    times = [(row["start_s"], row["stop_s"]) for row in rows]
    assert times[4] == ((3600.5, 3602.23) if layout == "official" else (108015 / 30, 108066 / 30))
    assert times[1] == ((9.123, 10.87) if layout == "official" else (273 / 30, 326 / 30))


def test_the_test_split_can_be_left_out_and_the_second_noun_list_taken(root):
    (root / "epic100" / "EPIC_100_test_timestamps.csv").unlink()
    (root / "epic100" / "EPIC_100_noun_classes.csv").rename(root / "epic100" / "EPIC_100_noun_classes_v2.csv")
    got = read(root, test=False, noun_classes="EPIC_100_noun_classes_v2.csv")
    assert set(got.segments["split"].to_pylist()) == {"training", "validation"}


def test_a_column_before_the_narration_id_changes_nothing(root):
    """The first release numbered its rows in a column ``uid``."""
    plain = read(root).segments
    path = root / "epic100" / "EPIC_100_validation.csv"
    first, *rows = path.read_text(encoding="utf-8").splitlines()
    path.write_text(
        "\n".join([f"uid,{first}", *(f"{i},{row}" for i, row in enumerate(rows))]) + "\n", encoding="utf-8"
    )
    assert read(root).segments.equals(plain)


def test_equal_times_are_ordered_by_the_number_of_the_narration(root):
    edit(root, "epic100/EPIC_100_train.csv", "00:00:00.14,00:00:03.37", "00:00:06.98,00:00:09.49")
    rows = read(root).segments.to_pylist()
    assert [row["segment_id"] for row in rows if row["video_id"] == "P01_01"] == ["P01_01_2", "P01_01_10"]


@pytest.mark.parametrize(
    ("layout", "name", "old", "new", "key", "reason"),
    [
        (
            "official",
            "epic100/EPIC_100_train.csv",
            "00:00:09.49",
            "00:00:06.98",
            "P01_01_2",
            "expected 0 <= start < stop",
        ),
        (
            "official",
            "epic100/EPIC_100_train.csv",
            "P01_01_2,P01",
            "P01_01_2,P02",
            "P01_01_2",
            "participant_id 'P02'",
        ),
        (
            "official",
            "epic100/EPIC_100_train.csv",
            "P01_01_2,",
            "P01_02_2,",
            "P01_02_2",
            "expected P01_01_<number>",
        ),
        ("official", "epic100/EPIC_100_train.csv", "P01_01_2,", "P01_01_10,", "P01_01_10", "occurs twice"),
        (
            "official",
            "epic100/EPIC_100_train.csv",
            "get,0,board:chopping,2",
            "get,0,board:chopping,11",
            "P01_01_2",
            "from 0 to 10",
        ),
        (
            "official",
            "epic100/EPIC_100_test_timestamps.csv",
            "00:00:09.123",
            "9.123",
            "P33_101_1",
            "hours:minutes:seconds",
        ),
        (
            "official",
            "epic100/EPIC_100_validation.csv",
            "P01_11_0,P01,P01_11",
            "P01_01_0,P01,P01_01",
            "P01_01_0",
            "P01_01 is in training too",
        ),
        (
            "rulstm",
            "rulstm/ek100/test_timestamps.csv",
            "P33_101_0,P33_101",
            "P18_02_0,P18_02",
            "P18_02_0",
            "P18_02 is in validation too",
        ),
        (
            "rulstm",
            "rulstm/ek100/training.csv",
            "209,284,0,2,2",
            "209,284,0,2,1",
            "P01_01_2",
            "expected action 2",
        ),
        (
            "rulstm",
            "rulstm/ek100/training.csv",
            "209,284,0,2,2",
            "209,284,2,2,2",
            "P01_01_2",
            "expected a pair of actions.csv",
        ),
        (
            "rulstm",
            "rulstm/ek100/training.csv",
            "209,284,0,2,2",
            "284,284,0,2,2",
            "P01_01_2",
            "expected 0 <= start < stop",
        ),
    ],
)
def test_a_bad_row_is_one_issue_and_is_left_out(root, layout, name, old, new, key, reason):
    edit(root, name, old, new)
    got = read(root, layout=layout)
    (issue,) = got.issues
    assert (issue.file, issue.key) == (name, key) and reason in issue.reason and len(got.segments) == 6


@pytest.mark.parametrize(
    ("layout", "name", "old", "new", "says"),
    [
        ("official", "epic100/EPIC_100_tail_nouns.csv", "9\n", "11\n", "noun is 11"),
        ("official", "epic100/EPIC_100_train.csv", "verb_class", "class", "missing column verb_class"),
        (
            "official",
            "epic100/EPIC_100_unseen_participant_ids_validation.csv",
            "P18",
            "P81",
            "no validation video of P32, P81",
        ),
        ("rulstm", "rulstm/ek100/actions.csv", "4,2,1", "5,2,1", "id 4"),
        (
            "rulstm",
            "rulstm/ek100/validation_tail_actions_ids.csv",
            "P01_11_0\n",
            "",
            "parts a class or a video",
        ),
        ("rulstm", "rulstm/ek100/validation_unseen_participants_ids.csv", "P18_02_1", "P18_02_9", "P18_02_9"),
    ],
)
def test_unusable_lists_are_errors(root, layout, name, old, new, says):
    edit(root, name, old, new)
    with pytest.raises(DataError, match=says):
        read(root, layout=layout)


@pytest.mark.parametrize(
    ("old", "new", "actions", "said"),
    [
        ("P18_02_1,P18", "P18_02_1,P81", 5, False),
        ("00:00:04.00", "00:00:02.00", 5, False),
        ("turn-on,1,tap,0", "turn-on,1,tap,99", 4, True),
        ("turn-on,1,tap,0", "turn-on,1,tap", 4, True),
    ],
)
def test_a_bad_row_moves_action_ids_only_where_its_pair_cannot_be_read_and_says_so(
    root, old, new, actions, said
):
    edit(root, "epic100/EPIC_100_unseen_participant_ids_validation.csv", "P18", "P01")
    edit(root, "epic100/EPIC_100_validation.csv", old, new)
    got = read(root)
    (issue,) = got.issues
    assert len(got.classes.names("action")) == actions and got.classes.names("action")[-1] == "put_spoon"
    assert issue.reason.endswith("action ids may differ from the published ones") == said


def test_nobody_unseen_is_fine(root):
    edit(root, "epic100/EPIC_100_unseen_participant_ids_validation.csv", "P18\nP32\n", "")
    assert read(root).classes.sample_groups == {"unseen": (), "regular": ("P01_11", "P18_02")}


@pytest.mark.parametrize(
    "clock",
    ["00:-1:70", "0_1:00:00", "00:99:99", "00:00:60", "00:0:01", "00:00:nan", "00:00:1e1", "00:00:01."],
)
def test_a_clock_that_is_none_is_a_bad_row(root, clock):
    edit(root, "epic100/EPIC_100_test_timestamps.csv", "00:00:10.87", clock)
    (issue,) = read(root).issues
    assert issue.key == "P33_101_1" and f"{clock!r}, expected hours:minutes:seconds" in issue.reason


@pytest.mark.parametrize(
    ("clock", "seconds"), [("00:59:07.25", 3547.25), ("0:00:59", 59.0), ("100:00:59.999", 360059.999)]
)
def test_clocks_as_files_have_them(root, clock, seconds):
    edit(root, "epic100/EPIC_100_test_timestamps.csv", "00:00:10.87", clock)
    assert seconds in read(root).segments["stop_s"].to_pylist()


def test_an_unlabelled_segment_is_a_sample_and_no_history(root):
    segments = read(root).segments
    samples = anticipated(segments, tau_a=1.0, tau_o=10.0)
    shown = histories(samples, segments, rule="all", source="all_splits", length=5)
    ids = samples["sample_id"].to_pylist()
    assert not len(shown[ids.index("P33_101_1")]) and len(shown[ids.index("P01_01_2")]) == 1
    assert len(targets(samples, "validation")) == 2
    with pytest.raises(DataError, match="no labelled samples of split 'test'"):
        targets(samples, "test")


def test_recall_of_unseen_participants_and_of_tail_classes_by_hand(root):
    got = read(root)
    wanted = targets(anticipated(got.segments, tau_a=1.0, tau_o=10.0), "validation")
    logits = np.full((2, 5), -9.0)
    logits[0, 1] = logits[1, 3] = 1.0
    right = measure({"action": logits}, wanted, got.classes)
    for head in ("action", "verb", "noun"):
        assert {right[head][f"class_mean_recall5{part}"] for part in ("", ".unseen", ".tail")} == {100.0}
        assert {right[head][f"top1{part}"] for part in (".regular", ".unseen", ".tail")} == {100.0}
    # One clip of a seen participant, one of an unseen one; both are of the tail, by the noun or by the verb.
    logits[0, 1], logits[0, 2] = -9.0, 1.0
    wrong = measure({"action": logits}, wanted, got.classes)
    assert [wrong["action"][f"top1{part}"] for part in ("", ".regular", ".unseen", ".tail")] == [
        50,
        0,
        100,
        50,
    ]
    assert [wrong["noun"][f"top1{part}"] for part in (".regular", ".tail")] == [0.0, 0.0]
    assert [wrong["verb"][f"top1{part}"] for part in (".regular", ".tail")] == [100.0, 100.0]
    # 5 actions in all: each is among the first five. Nouns are 11: those of no action share the last ranks.
    assert right["noun"]["many_shot_recall5_and"] is None
    none = replace(got.classes, groups={}, sample_groups={})
    assert measure({"action": logits}, wanted, none)["action"]["class_mean_recall5.unseen"] is None
    assert measure({"action": logits}, wanted, none)["action"]["class_mean_recall5.tail"] is None


def test_the_lists_travel_with_the_classes(root, tmp_path):
    classes = read(root).classes
    path = tmp_path / "classes.json"
    path.write_text(classes.to_json(), encoding="utf-8")
    assert read_classes(path) == classes
