"""JSON files that are not what they should be say what they are."""

from __future__ import annotations

import pytest

from foretaste.contracts.errors import DataError
from foretaste.contracts.json_files import read_json, versioned


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], r"no score cache, not a table of JSON but \[\]"),
        (None, "not a table of JSON but null"),
        ([0] * 99, r"not a table of JSON but \[0, 0, .*\.\.\.: "),
        ({}, "no score cache, for it has no format"),
        ({"format": True}, "no score cache, for its format is true"),
        ({"format": "2"}, 'its format is "2"'),
        ({"format": 0}, "its format is 0"),
    ],
)
def test_what_is_no_table_of_a_format_is_not_called_newer(value, message):
    with pytest.raises(DataError, match=message) as raised:
        versioned(value, 2, "score cache", "manifest.json")
    assert "newer" not in str(raised.value) and "a score cache of format 1 to 2" in str(raised.value)


def test_a_later_format_is_called_newer():
    with pytest.raises(DataError, match=r"score cache of format 3: .*newer foretaste"):
        versioned({"format": 3}, 2, "score cache", "manifest.json")


@pytest.mark.parametrize(
    ("content", "what"),
    [("version https://git-lfs.github.com/spec/v1\n", "Git-LFS pointer"), ("<html>", "web page")],
)
def test_what_stands_in_place_of_a_manifest_is_said(tmp_path, content, what):
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(DataError, match=what):
        read_json(tmp_path / "manifest.json")
