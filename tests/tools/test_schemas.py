"""The generated schemas are in step with the code, and its members say what they must."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import pytest

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.tools import schemas
from foretaste.views import action_ids

FOLDER = Path(__file__).parents[2] / "workflow" / "schemas"


def compare(folder: Path, fix: bool = False) -> None:
    schemas.run(argparse.Namespace(folder=folder, fix=fix))


def test_the_schemas_are_what_the_settings_classes_say():
    compare(FOLDER)


def test_a_schema_out_of_step_is_an_error_that_fix_mends(tmp_path):
    folder = tmp_path / "schemas"
    shutil.copytree(FOLDER, folder)
    path = folder / "components.json"
    old = path.read_text(encoding="utf-8")
    path.write_text(old.replace('"label_smoothing"', '"smoothing"'), encoding="utf-8")
    with pytest.raises(DataError, match=r"out of step with the code: .*components\.json"):
        compare(folder)
    compare(folder, fix=True)
    assert path.read_bytes() == (FOLDER / "components.json").read_bytes()


def test_a_view_made_from_nothing_that_is_known_lists_what_there_is(monkeypatch, tmp_path):
    monkeypatch.setattr(action_ids, "SHOWS", "histroy")
    expected = r"unknown SHOWS 'histroy': .*action_ids\.py: one of boxes, .*: did you mean 'history'"
    with pytest.raises(ConfigError, match=expected):
        compare(tmp_path, fix=True)
    assert not list(tmp_path.iterdir())
