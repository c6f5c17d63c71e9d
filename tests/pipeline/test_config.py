"""Typos are errors that list the choices; parents, parts by dataset and overrides resolve as documented."""

from __future__ import annotations

from pathlib import Path

import pytest

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.catalogue import Catalogue
from foretaste.pipeline.config import Files, merge

ROOT = Path(__file__).parents[2]


def catalogue(**settings) -> Catalogue:
    return Catalogue({"dataset": "kitchen", **settings}, ROOT)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"datset": "kitchen"}, "unknown key 'datset'.*dataset.*did you mean 'dataset'"),
        ({"dataset": "kichen"}, "unknown dataset 'kichen'.*epic55.*did you mean 'kitchen'"),
        ({"systems": "lm_awt"}, "unknown system 'lm_awt'.*lm_avt"),
        ({"history_rule": "begin"}, "'end', 'start' or 'all'"),
        ({"threads": {"train": 0}}, "greater than 0"),
    ],
)
def test_a_typo_is_an_error_that_lists_the_choices(settings, message):
    with pytest.raises(ConfigError, match=message):
        catalogue(**settings)


def test_merge():
    old = {"a": {"b": 1, "c": 2}, "k": {"kind": "x", "o": 1}, "l": [1, 2], "gone": 1}
    new = {"a": {"c": 3}, "k": {"kind": "y"}, "l": [3], "gone": None}
    assert merge(old, new) == {"a": {"b": 1, "c": 3}, "k": {"kind": "y"}, "l": [3]}


@pytest.mark.parametrize("dataset", Files(ROOT).names("datasets"))
def test_every_dataset_resolves(dataset):
    files = Files(ROOT)
    settings = files.dataset(dataset)
    files.system(settings.system, dataset)


def test_history_overrides_reach_the_views_and_the_protocol():
    changed = catalogue(dataset="epic55", history_rule="end")
    system = changed.systems[0]
    assert changed.protocol("epic55", system, "teacher_counts")["history_rule"] == "end"
    assert catalogue(dataset="epic55").protocol("epic55", system, "teacher_counts")["history_rule"] == "start"
