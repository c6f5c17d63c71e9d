import pytest

from foretaste.report import verdict

CLEAR = {
    "difference": 4.0, "low": 1.0, "high": 7.0, "level": 95, "unit": "video+seed", "resamples": 45,
    "method": "jackknife", "videos": 40,
    "samples": 900, "caution": None,
}  # fmt: skip
#: As written before the jackknife.
OLDER = {name: CLEAR[name] for name in ("difference", "low", "high", "level", "unit")} | {"resamples": 2000}


@pytest.mark.parametrize(
    ("change", "sure", "text"),
    [
        ({}, True, "1.0 to 7.0"),
        ({"low": -1.0}, False, "-1.0 to 7.0"),
        ({"low": 0.0}, False, "0.0 to 7.0"),
        ({"low": -7.0, "high": -0.1}, True, "-7.0 to -0.1"),
        ({"caution": "few videos (6)", "videos": 6}, False, "1.0 to 7.0, few videos (6)"),
        ({"low": None, "high": None, "caution": "one video", "videos": 1}, False, "no interval: one video"),
    ],
)
def test_only_an_interval_of_enough_data_that_excludes_0_is_sure(change, sure, text):
    one = {**CLEAR, **change}
    assert verdict.sure(one) is sure
    assert verdict.limits(one, "{:.1f}".format) == text
    assert verdict.caution(one) is None or verdict.meaning(verdict.caution(one))


def test_an_older_summary_is_read_and_says_how_its_limits_were_made():
    assert verdict.sure(OLDER)
    assert verdict.limits(OLDER, "{:.1f}".format) == "1.0 to 7.0"
    assert verdict.heading([OLDER]) == "older percentile bootstrap of videos and seeds, 2000 times"


def test_a_table_says_which_rows_are_of_one_seed():
    alone = {**CLEAR, "unit": "video"}
    assert verdict.heading([alone, alone]) == "jackknife over videos; one seed"
    assert verdict.rows([alone], "{:.1f}".format) == ["1.0 to 7.0"]
    assert verdict.heading([alone, CLEAR]) == "jackknife over videos and seeds"
    assert verdict.rows([alone, CLEAR], "{:.1f}".format) == ["1.0 to 7.0, one seed", "1.0 to 7.0"]


def test_equal_limits_of_an_older_summary_are_no_interval():
    one = {**OLDER, "difference": -16.7, "low": -16.7, "high": -16.7}
    assert not verdict.sure(one)
    assert verdict.limits(one, "{:.1f}".format) == "no interval: no variation between videos"


def test_a_small_summary_says_so():
    assert verdict.small({"videos": 40, "samples": 900}) is None
    assert verdict.small({"videos": 3, "samples": 900}).startswith("Small data, few videos (3). ")
    assert verdict.small({"videos": 40, "samples": 60}).startswith("Small data, few samples (60). ")
