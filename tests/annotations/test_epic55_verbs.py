from collections import Counter

import pytest

from foretaste.settings import families

HEADER = "uid,participant_id,video_id,narration,start_timestamp,stop_timestamp,verb_class\n"
ROWS = "3,P25,P25_01,take cup,00:00:02.00,00:00:03.50,0\n1,P26,P26_02,put cup,00:00:04.00,00:00:05.00,1\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "EPIC_verb_classes.csv").write_text("verb_id,class_key,verbs\n0,take,[]\n1,put,[]\n")
    (tmp_path / "EPIC_train_action_labels.csv").write_text(HEADER + ROWS)
    return tmp_path


def read(folder, **settings):
    reader = {"kind": "epic55_verbs", "official": ".", **settings}
    return families.build("annotations", reader, root=folder, dataset="epic55_verbs").read()


def test_the_real_labels_give_the_published_counts(shared_data):
    got = read(shared_data, official="epic55")
    assert got.issues == []
    assert Counter(got.segments["split"].to_pylist()) == {"training": 23191, "validation": 5281}
    assert len(got.classes.names("verb")) == 125 and len(set(got.segments["verb_id"].to_pylist())) == 119
    sides = {}
    for row in got.segments.to_pylist():
        sides.setdefault(row["split"], set()).add(row["participant"])
    assert (len(sides["training"]), len(sides["validation"])) == (22, 6)


def test_participants_part_the_segments(folder):
    rows = read(folder).segments.to_pylist()
    assert [(row["segment_id"], row["split"], row["verb"]) for row in rows] == [
        ("3", "training", "take"), ("1", "validation", "put"),
    ]  # fmt: skip
    assert set(read(folder, last_of_training=26).segments["split"].to_pylist()) == {"training"}


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (",1\n", ",2\n", "verb_class is 2, expected a class id from 0 to 1"),
        ("P26,", "P27,", "participant 'P27' of the video 'P26_02'"),
        ("P26,", "26,", "expected P01 of P01_01"),
        ("00:00:05.00", "00:00:03.00", "expected 0 <= start < stop"),
        ("\n1,", "\n3,", "uid 3 occurs twice"),
        ("put cup", "put\ufeff cup", "narration is 'put\\ufeff cup', expected no control or invisible"),
    ],
)
def test_a_bad_row_is_left_out_and_named(folder, old, new, reason):
    (folder / "EPIC_train_action_labels.csv").write_text(HEADER + ROWS.replace(old, new))
    (issue,) = read(folder).issues
    assert issue.row == "line 3" and reason in issue.reason
