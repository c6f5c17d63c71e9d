import pytest

from foretaste.contracts.errors import DataError
from foretaste.settings import families

FILES = {
    "actions.csv": "0, 0_0, Inspect/Read_recipe\n1, 1_2, Turn on_faucet\n2, 1_1, Turn on_eating:utensil\n",
    "training2.csv": "9,P07-R01-PastaSalad,2751,2808,0,0,0\n2,OP04-R06-GreekSalad,30,60,1,2,1\n",
    "validation2.csv": "5,P07-R01-PastaSalad,60,75,1,1,2\n",
}


@pytest.fixture
def folder(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def read(folder):
    return families.build(
        "annotations", {"kind": "egtea", "folder": ".", "split": 2}, root=folder, dataset="egtea_s2"
    ).read()


def test_segments_and_the_classes_found_in_the_action_names(folder):
    got = read(folder)
    assert got.issues == []
    assert got.classes.names("verb") == ("Inspect/Read", "Turn on") and got.classes.names("noun") == (
        "recipe",
        "eating:utensil",
        "faucet",
    )
    assert (
        got.classes.parts("action")["verb"] == (0, 1, 1)
        and got.classes.parts("action")["noun"] == (0, 2, 1)
        and not got.classes.groups
    )
    rows = got.segments.to_pylist()
    assert [(row["segment_id"], row["split"], row["participant"]) for row in rows] == [
        ("2", "training", "OP04"),
        ("9", "training", "P07"),
        ("5", "validation", "P07"),
    ]
    assert (
        rows[0]["start_s"] == 1.0
        and rows[0]["stop_s"] == 2.0
        and rows[0]["narration"] is None
        and rows[0]["noun"] == "faucet"
    )


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("30,60,1,2,1", "61,60,1,2,1", "expected 0 <= start < stop"),
        ("30,60,1,2,1", "30,60,1,3,1", "noun is 3, expected a class id from 0 to 2"),
        ("30,60,1,2,1", "30,60,1,1,1", "expected verb 1 and noun 2"),
        ("30,60,1,2,1", "30,60,1,2", "6 cells"),
        ("\n2,", "\n9,", "uid 9 occurs twice"),
    ],
)
def test_a_bad_row_is_left_out(folder, old, new, reason):
    path = folder / "training2.csv"
    path.write_text(FILES["training2.csv"].replace(old, new), encoding="utf-8")
    got = read(folder)
    (issue,) = got.issues
    assert (
        (issue.file, issue.row) == ("training2.csv", "line 2")
        and reason in issue.reason
        and len(got.segments) == 2
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1_2, Turn on", "1_2, Turn off"),
        ("2, 1_1", "3, 1_1"),
        ("2, 1_1,", "2, 1_2,"),
        ("1_1,", "x,"),
        ("1_1,", "1_4,"),
    ],
)
def test_bad_class_lists_are_errors(folder, old, new):
    (folder / "actions.csv").write_text(FILES["actions.csv"].replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError, match=r"actions\.csv: line"):
        read(folder)


@pytest.mark.parametrize(
    ("split", "training", "validation"), [(1, 8299, 2022), (2, 8299, 2022), (3, 8300, 2021)]
)
def test_the_real_labels(shared_data, split, training, validation):
    got = families.build(
        "annotations", {"kind": "egtea", "split": split}, root=shared_data, dataset="egtea"
    ).read()
    splits = got.segments.column("split").to_pylist()
    assert got.issues == [] and (splits.count("training"), splits.count("validation")) == (
        training,
        validation,
    )
    assert (
        len(got.classes.names("action")),
        len(got.classes.names("verb")),
        len(got.classes.names("noun")),
    ) == (106, 19, 51)
