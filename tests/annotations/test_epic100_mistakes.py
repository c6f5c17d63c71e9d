"""What is wrong with files of EPIC-KITCHENS-100: bad rows are left out, unusable lists are errors."""

import pytest
from epic100_files import edit, read, write

from foretaste.contracts.errors import DataError


@pytest.fixture
def root(tmp_path):
    return write(tmp_path)


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
            "get board",
            "get\u200b board",
            "P01_01_2",
            "narration is 'get\\u200b board', expected no control or invisible characters",
        ),
        (
            "rulstm",
            "rulstm/ek100/training.csv",
            "P01_01_2,P01_01",
            "P01_01_2,P01_01\x07",
            "P01_01_2",
            "video is 'P01_01\\x07', expected no control or invisible characters",
        ),
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
        (
            "official",
            "epic100/EPIC_100_unseen_participant_ids_validation.csv",
            "P18\n",
            "P18\u2060\n",
            r"bad list \(participant_id is 'P18\\u2060'",
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


@pytest.mark.parametrize(
    "clock",
    ["00:-1:70", "0_1:00:00", "00:99:99", "00:00:60", "00:0:01", "00:00:nan", "00:00:1e1", "00:00:01."],
)
def test_a_clock_that_is_none_is_a_bad_row(root, clock):
    edit(root, "epic100/EPIC_100_test_timestamps.csv", "00:00:10.87", clock)
    (issue,) = read(root).issues
    assert issue.key == "P33_101_1" and f"{clock!r}, expected hours:minutes:seconds" in issue.reason
