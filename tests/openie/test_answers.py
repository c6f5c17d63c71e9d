"""Answers that survive a kill."""

from __future__ import annotations

import sqlite3

import pytest

from foretaste.openie.answers import Answers


@pytest.mark.parametrize("on_disk", [True, False])
def test_answers_are_found_again(tmp_path, on_disk):
    path = tmp_path / "deep" / "answers.sqlite" if on_disk else None
    answers = Answers(path)
    many = [f"Stir {n} times, crème\n" for n in range(1300)]
    answers.add((text, {"n": n}) for n, text in enumerate(many))
    if on_disk:
        answers.close()
        answers = Answers(path)
    found = answers.of([*many, "unknown"])
    assert found == {text: {"n": n} for n, text in enumerate(many)}
    answers.close()


def test_a_group_is_kept_whole_or_not_at_all(tmp_path):
    answers = Answers(tmp_path / "answers.sqlite")
    with pytest.raises(sqlite3.IntegrityError):
        answers.add([("one", 1), ("two", 2), ("one", 3)])
    assert answers.of(["one", "two"]) == {}
    answers.close()
