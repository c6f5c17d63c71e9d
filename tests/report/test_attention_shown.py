"""What a place of a feature map finds, and how it is laid over frames."""

from __future__ import annotations

import numpy as np
import pytest
from barcode import read, write_clip

from foretaste.losses.attentional_pooling import attentional_pooling
from foretaste.report.attention import SIDE, boxed, lit, longest, part_ends, pictures, weights
from foretaste.video.frame_table import look_at


@pytest.fixture
def places() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(2, 3, 4, 6)).astype(np.float32)


def test_weights_are_those_of_attentional_pooling(places):
    torch = pytest.importorskip("torch")
    query = places[0, 1, 2]
    weight = weights(query, places)
    assert weight.shape == places.shape[:3] and weight.sum() == pytest.approx(1.0)
    pooled = (weight[..., None] * places).sum((0, 1, 2))
    # One place asks a map of itself and this one: the loss is the squared distance of both answers.
    ask = torch.from_numpy(query)[None, None]
    value = attentional_pooling(ask.double(), torch.from_numpy(places)[None].double(), queries="student")
    assert float(value) == pytest.approx(np.square(pooled - query).sum(), rel=1e-6)


def test_the_longest_vector_of_the_last_time_asks(places):
    places[0, 0, 0], places[1, 2, 3] = 100.0, 50.0
    assert longest(places) == (2, 3)


def test_times_of_a_map_part_the_frames():
    assert part_ends(8, 2) == [3, 7] and part_ends(8, 1) == [7] and part_ends(2, 4) == [0, 0, 0, 1]


def test_what_is_attended_to_keeps_its_light():
    frame = np.full((SIDE, SIDE, 3), 200, np.uint8)
    weight = np.zeros((4, 4))
    weight[0, 0] = 0.5
    shown = lit(frame, weight, most=0.5)
    assert shown[2, 2, 0] == 200 and shown[-2, -2, 0] == 70
    marked = boxed(frame, (3, 0), (4, 4))
    assert (marked != frame).any(2)[SIDE * 3 // 4 :, : SIDE // 4].any()
    assert (marked == frame)[: SIDE * 3 // 4].all() and (frame == 200).all()


@pytest.mark.parametrize(("window", "last"), [("observed", 15), ("target", 14)])
def test_pictures_are_the_frames_that_the_view_shows(tmp_path, window, last):
    write_clip(tmp_path / "v.mp4", 30, fps=10)
    video = look_at(tmp_path / "v.mp4")
    shown = {"frames": 4, "rate": 5.0, "ticks": 10.0, "window": window, "size": 32, "scoring_side": 32}
    frames, pts_s = pictures(video, shown, 0.5, 1.5)
    assert frames.shape == (4, SIDE, SIDE, 3)
    assert pts_s == pytest.approx([(last - back) / 10 for back in (6, 4, 2, 0)])
    assert read(whole_of(frames[-1])) == last


def whole_of(frame: np.ndarray) -> np.ndarray:
    """The square's middle columns hold half of the outer cells: put back in whole."""
    missing = SIDE // 6
    return np.pad(frame, ((0, 0), (missing, missing), (0, 0)), mode="edge")
