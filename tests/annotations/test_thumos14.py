import json
from collections import Counter

import pytest

from foretaste.annotations.thumos14 import CLASSES
from foretaste.contracts.errors import DataError
from foretaste.settings import families

FOLDERS = {"val": "validation/annotation", "test": "test/annotations/annotation"}


@pytest.fixture
def folder(tmp_path):
    for short, inner in FOLDERS.items():
        (tmp_path / inner).mkdir(parents=True)
        for number, name in enumerate(CLASSES):
            text = f"video_{short}_{number:07} 1.5  3.0\nvideo_{short}_{number:07}   10.0 11.2\n"
            (tmp_path / inner / f"{name}_{short}.txt").write_text(text)
    return tmp_path


def read(folder):
    reader = {"kind": "thumos14", "validation": FOLDERS["val"], "test": FOLDERS["test"]}
    return families.build("annotations", reader, root=folder, dataset="thumos14").read()


def write_official(listed: dict, folder) -> Counter:
    """The community's one file as the official ones; returns how many instances each split has."""
    counts, lines = Counter(), {}
    for short in FOLDERS:
        lines |= {(short, name): [] for name in (*CLASSES, "Ambiguous")}
    for video, entry in listed.items():
        short = {"validation": "val", "test": "test"}[entry["subset"]]
        known = {(tuple(one["segment"]), one["label"]) for one in entry["annotations"]}
        for (start_s, stop_s), label in sorted(known):
            lines[short, label].append(f"{video}  {start_s:.1f} {stop_s:.1f}")
            counts[entry["subset"]] += 1
    for (short, name), rows in lines.items():
        path = folder / FOLDERS[short] / f"{name}_{short}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(rows) + "\n")
    return counts


def test_the_real_instances_in_the_official_files(shared_data, tmp_path):
    listed = json.loads((shared_data / "thumos14/thumos14.json").read_text())
    counts = write_official(listed, tmp_path)
    got = read(tmp_path)
    rows = got.segments.to_pylist()
    # Times have one decimal in the official files: two instances of one class may then be one.
    twice = [issue for issue in got.issues if "occurs twice" in issue.reason]
    assert len(twice) == len(got.issues) < 10
    sides = Counter(row["split"] for row in rows)
    assert sides.total() + len(twice) == counts.total() and set(sides) == {"training", "test"}
    assert len({row["video_id"] for row in rows if row["split"] == "training"}) == 200
    assert len({row["action"] for row in rows}) == 20


def test_ambiguous_instances_are_left_out(folder):
    (folder / FOLDERS["val"] / "Ambiguous_val.txt").write_text("video_val_0000000 5.0 6.0\n")
    got = read(folder)
    assert got.issues == [] and got.segments.num_rows == 4 * len(CLASSES)
    assert 5.0 not in got.segments["start_s"].to_pylist()


def test_a_dive_from_a_cliff_is_one_of_both(folder):
    for name in ("CliffDiving", "Diving"):
        (folder / FOLDERS["val"] / f"{name}_val.txt").write_text("video_val_0000099 5.0 6.0\n")
    rows = [row for row in read(folder).segments.to_pylist() if row["video_id"].endswith("99")]
    assert [row["action"] for row in rows] == ["CliffDiving", "Diving"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("video_val_1 3.0 2.0", "expected 0 <= start < stop"),
        ("video_val_1 3.0", "2 cells, expected video, start, stop"),
        ("video_val_1 3.0 1e3", "stop is '1e3', expected seconds"),
        ("../video_val_1 3.0 4.0", "expected a file's name"),
        ("video_val_0000006 1.5 3.0", "occurs twice"),
    ],
)
def test_a_bad_line_is_left_out_and_named(folder, line, reason):
    path = folder / FOLDERS["val"] / f"{CLASSES[6]}_val.txt"
    path.write_text(path.read_text() + line + "\n")
    (issue,) = read(folder).issues
    assert (issue.file, issue.row) == (path.relative_to(folder).as_posix(), "line 3")
    assert reason in issue.reason


def test_a_file_of_an_unknown_class_is_named(folder):
    (folder / FOLDERS["test"] / "Dive_test.txt").write_text("video_test_0000001 5.0 6.0\n")
    (issue,) = read(folder).issues
    assert issue.file.endswith("Dive_test.txt") and "did you mean Diving?" in issue.reason


def test_a_file_that_is_lacking_stops_the_reader(folder):
    (folder / FOLDERS["test"] / "Diving_test.txt").unlink()
    with pytest.raises(DataError, match=r"missing annotation file.*Diving_test\.txt"):
        read(folder)
