import pytest

from foretaste.text.templates import template
from foretaste.text.wording import TOLD_S, Wording, ago

PHRASES, ELAPSED = (
    ["take pan", "wash plate", "wash plate", "wash plate", "take pan"],
    [40.0, 12.0, 8.0, 4.0, 1.0],
)


def test_a_history_of_nothing_is_empty():
    assert Wording(template=template("plain"), elapsed=True, repeats="merged").text([], []) == ""


def test_elapsed_times_and_repetitions_are_told():
    plain = template("plain")
    assert (
        Wording(template=plain, elapsed=True).text(PHRASES[:2], ELAPSED[:2])
        == "take pan 30 seconds ago, wash plate 10 seconds ago"
    )
    assert (
        Wording(template=plain, repeats="merged").text(PHRASES, ELAPSED)
        == "take pan, wash plate 3 times, take pan"
    )
    both = Wording(template=plain, elapsed=True, repeats="merged").text(PHRASES, ELAPSED)
    assert both == "take pan 30 seconds ago, wash plate 3 times 5 seconds ago, take pan 1 second ago"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(-0.7, "now"), (0.2, "now"), (0.6, "1 second ago"), (1.5, "2 seconds ago"), (1e5, "300 seconds ago")],
)
def test_times_are_told_as_one_of_a_few(seconds, told):
    assert ago(seconds) == told


def test_a_told_time_is_told_as_itself():
    assert [ago(seconds).split()[0] for seconds in TOLD_S] == [str(seconds) for seconds in TOLD_S]
