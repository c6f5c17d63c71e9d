"""Bad inputs: all of them in one error, or one row each."""

from __future__ import annotations

import pytest

from foretaste.contracts.errors import DataError
from foretaste.contracts.issues import Issue, settle
from foretaste.contracts.tables import ISSUES, read_table, write_table

FOUND = [
    Issue(file="a.mp4", reason="no frames"),
    Issue(file="b.csv", row="7", key="P01_01", reason="stop before start"),
]


def test_fail_lists_every_one():
    with pytest.raises(DataError) as raised:
        settle(FOUND, "probe_videos", "fail")
    assert str(raised.value).startswith(
        "2 bad inputs: a.mp4: no frames; b.csv, 7, P01_01: stop before start: "
    )
    assert "on_bad_input: skip" in str(raised.value)


def test_skip_keeps_them_as_rows(tmp_path):
    write_table(tmp_path / "issues.parquet", ISSUES, settle(FOUND, "probe_videos", "skip"))
    assert read_table(tmp_path / "issues.parquet", ISSUES).to_pylist()[1] == {
        "stage": "probe_videos",
        "file": "b.csv",
        "row": "7",
        "key": "P01_01",
        "reason": "stop before start",
        "action": "skipped",
    }


@pytest.mark.parametrize("on_bad_input", ["fail", "skip"])
def test_what_was_cleaned_is_a_row_and_stops_nothing(on_bad_input):
    cleaned = Issue(
        file="layer1.json", row="3", reason="HTML tags removed in 1 instruction", action="cleaned"
    )
    assert settle([cleaned], "read_recipes", on_bad_input)["action"] == ["cleaned"]


def test_what_was_cleaned_is_not_listed_among_bad_inputs():
    with pytest.raises(DataError, match=r"^1 bad input: a\.mp4: no frames: "):
        settle([FOUND[0], Issue(file="layer1.json", reason="tags", action="cleaned")], "read_recipes", "fail")


@pytest.mark.parametrize("on_bad_input", ["fail", "skip"])
def test_none_is_an_empty_table(on_bad_input):
    assert settle([], "probe_videos", on_bad_input) == {name: [] for name in ISSUES.schema.names}
