import pytest

from foretaste.report.figures import Series, lines, spread, ticks


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 10, [0, 2, 4, 6, 8, 10]),
        (-0.3, 1.1, [-0.5, 0, 0.5, 1, 1.5]),
        (37.2, 41.9, [37, 38, 39, 40, 41, 42]),
        (5, 5, [4.4, 4.6, 4.8, 5, 5.2, 5.4, 5.6]),
    ],
)
def test_ticks_are_round_and_hold_the_range(low, high, expected):
    found = ticks(low, high)
    assert found[0] <= low and found[-1] >= high
    assert len(found) <= 8
    if low != high:
        assert found == pytest.approx(expected)


def test_labels_keep_their_distance_and_their_order():
    placed = spread([50.0, 51.0, 52.0, 10.0], 14, 0, 100)
    assert placed[3] < placed[0] < placed[1] < placed[2]
    gaps = [b - a for a, b in zip(sorted(placed), sorted(placed)[1:], strict=False)]
    assert min(gaps) >= 14
    assert max(spread([99.0, 99.0, 99.0], 10, 0, 100)) == 100


def test_a_chart_has_a_line_a_seed_and_names_are_escaped():
    one = Series(
        "<b> & co",
        "red",
        ((1.0, 2.0), (2.0, 1.0)),
        repeats=(((1.0, 2.1), (2.0, 1.1)), ((1.0, 1.9), (2.0, 0.9))),
    )
    svg = str(lines([one, Series("empty", "blue", ())], "epoch", "loss"))
    assert svg.count('class="line"') == 3
    assert "&lt;b&gt; &amp; co" in svg
    assert "empty" not in svg
