"""What is wrong with a table of boxes is named, and rows are laid out by frame."""

from __future__ import annotations

from math import inf, nan

import numpy as np
import pyarrow as pa
import pytest

from foretaste.contracts.tables import BOXES
from foretaste.video.framed_boxes import by_video, laid_out, wrong

PTS_S = np.arange(4) / 10


def table(*rows):
    columns = zip(*rows, strict=True)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, BOXES.schema)], BOXES.schema
    )


def row(time_s=0.0, label="cup", edges=(0.0, 0.0, 0.5, 0.5), score=None, track=None, video="a"):
    return (video, time_s, track, label, *edges, score)


NOTHING = (None, None, None, None)
WRONG = {
    "time": (row(0.05), "a box at 0.0500 s, where no frame begins"),
    "time is NaN": (row(nan), "a box at nan s, where no frame begins"),
    "time is infinite": (row(inf), "a box at inf s, where no frame begins"),
    "looked at when no frame begins": (row(nan, None, NOTHING), "a box at nan s, where no frame begins"),
    "before the first frame": (row(-1.0), "a box at -1.0000 s, where no frame begins"),
    "edge": (row(edges=(0.0, 0.0, 1.5, 1.0)), "a box with the edges 0, 0, 1.5, 1"),
    "edge is NaN": (row(edges=(0.0, nan, 1.0, 1.0)), "a box with the edges 0, nan, 1, 1"),
    "edge is null": (row(edges=(0.0, None, 1.0, 1.0)), "a box with the edges 0, nan, 1, 1"),
    "score": (row(score=7.0), "a box with the score 7"),
    "score is NaN": (row(score=nan), "a box with the score nan"),
    "score below 0": (row(score=-0.5), "a box with the score -0.5"),
    "empty label": (row(label=" "), "a box with an empty label"),
    "hidden character": (row(label="cu\u200bp"), r"a box with the label 'cu\u200bp'"),
    "no label": (row(label=None), "a box without a label"),
    "no label but a score": (row(0.0, None, NOTHING, 0.5), "a box without a label"),
}


@pytest.mark.parametrize(("bad", "what"), WRONG.values(), ids=list(WRONG))
def test_what_is_wrong_is_named(bad, what):
    good = [row(0.1), row(0.2, None, NOTHING), row(0.3, score=1.0)]
    assert wrong(table(*good), PTS_S) is None
    assert wrong(table(*good, bad), PTS_S).what == what


def test_a_box_twice():
    """One of a track, or every one; two hands that nobody tells apart may lie in one place."""
    twice = "a box twice at 0.1000 s"
    assert wrong(table(row(), row(0.1, track="0"), row(0.1, track="0")), PTS_S).what == twice
    assert wrong(table(row(0.1), row(0.1, score=0.3)), PTS_S).what == twice
    assert wrong(table(row(), row(0.1), row(0.1)), PTS_S) is None
    assert wrong(table(row(), row(0.1, track="0"), row(0.1, track="1")), PTS_S) is None
    other = row(0.1, track="0", edges=(0.0, 0.0, 0.5, 0.6))
    assert wrong(table(row(), row(0.1, track="0"), other), PTS_S) is None


def test_rows_are_laid_out_by_frame_whatever_their_order():
    given = table(
        row(0.3, "hand", score=0.5),
        row(0.1, video="b"),
        row(0.1, "hand"),
        row(0.2, None, NOTHING),
        row(0.1, edges=(0.1, 0.2, 0.3, 0.4)),
    )
    own = by_video(given)
    assert {video_id: len(rows) for video_id, rows in own.items()} == {"a": 4, "b": 1}
    made = laid_out(own["a"], PTS_S, ("cup", "hand"))
    assert made.classes.tolist() == [[0, 0], [2, 1], [0, 0], [2, 0]]
    np.testing.assert_allclose(made.scores, [[0, 0], [1, 1], [0, 0], [0.5, 0]])
    np.testing.assert_allclose(made.edges[1], [[0, 0, 0.5, 0.5], [0.1, 0.2, 0.3, 0.4]], rtol=1e-6)
    nothing = laid_out(table(row(0.1, None, NOTHING)), PTS_S, ("cup",))
    assert nothing.edges.shape == (4, 0, 4) and nothing.padded(2).classes.tolist() == [[0, 0]] * 4


def test_no_rows_are_of_no_video():
    assert by_video(table(row()).slice(0, 0)) == {}
