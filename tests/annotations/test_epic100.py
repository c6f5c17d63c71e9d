"""Both layouts of EPIC-KITCHENS-100: what is read, and in which order."""

import pytest
from epic100_files import edit, read, write
from spaces import anticipated

from foretaste.annotations.history import histories
from foretaste.contracts.errors import DataError
from foretaste.evaluation.protocols import targets


@pytest.fixture
def root(tmp_path):
    return write(tmp_path)


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
