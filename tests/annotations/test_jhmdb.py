import zipfile
from collections import Counter

import pytest

from foretaste.annotations.jhmdb import CLASSES
from foretaste.contracts.errors import DataError
from foretaste.settings import families

ODD = "Who's #1 & (why)! a clip_wave_f_cm_np1_ri_med_0"


@pytest.fixture
def folder(tmp_path):
    for name in CLASSES:
        (tmp_path / f"{name}_test_split1.txt").write_text(f"a_{name}.avi 1 \nb_{name}.avi 2 \n")
    return tmp_path


def read(root, **settings):
    reader = {"kind": "jhmdb", "folder": ".", **settings}
    return families.build("annotations", reader, root=root, dataset="jhmdb_s1").read()


def test_the_real_lists_part_928_clips_of_21_classes(shared_data, tmp_path):
    zipfile.ZipFile(shared_data / "jhmdb/splits.zip").extractall(tmp_path)
    test = Counter()
    for split in (1, 2, 3):
        got = read(tmp_path, folder="splits", split=split)
        assert got.issues == [] and got.segments["stop_s"].null_count == 928
        sides = Counter(got.segments["split"].to_pylist())
        assert set(sides) == {"training", "test"} and sides.total() == 928
        test[split] = sides["test"]
        assert set(got.segments["action"].to_pylist()) == set(CLASSES)
        assert set("!()+@") <= set("".join(got.segments["video_id"].to_pylist()))
    assert test == {1: 268, 2: 270, 3: 265}


def test_names_hold_whatever_their_uploaders_wrote(folder):
    (folder / "wave_test_split1.txt").write_text(f"{ODD}.avi 1\n")
    got = read(folder)
    assert got.issues == []
    (row,) = (row for row in got.segments.to_pylist() if row["action"] == "wave")
    assert (row["video_id"], row["split"], row["start_s"], row["stop_s"]) == (ODD, "training", 0.0, None)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("c.avi 0", "number is '0', expected 1 (training) or 2 (test)"),
        ("c.mp4 1", "expected the name of an .avi file"),
        ("../c.avi 1", "expected a file's name without its folder"),
        ("a_wave.avi 2", "a_wave occurs twice"),
        ("c.avi", "1 cells, expected video, number"),
    ],
)
def test_a_bad_line_is_left_out_and_named(folder, line, reason):
    (folder / "wave_test_split1.txt").write_text(f"a_wave.avi 1\n{line}\n")
    got = read(folder)
    (issue,) = got.issues
    assert (issue.file, issue.row) == ("wave_test_split1.txt", "line 2") and reason in issue.reason


def test_a_list_of_an_unknown_class_is_named_with_the_nearest(folder):
    (folder / "waves_test_split1.txt").write_text("c.avi 1\n")
    (issue,) = read(folder).issues
    assert issue.file == "waves_test_split1.txt" and issue.reason.endswith("21 classes; did you mean wave?")


def test_a_list_that_is_lacking_stops_the_reader(folder):
    (folder / "golf_test_split1.txt").unlink()
    with pytest.raises(DataError, match=r"missing annotation file.*golf_test_split1\.txt"):
        read(folder)
