"""Which frames a window shows: against AVT's own code (golden numbers), and never the future (properties)."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from foretaste.contracts.batch import UNLABELLED
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.video import windows

times = st.floats(0, 5000, allow_nan=False)
rates = st.sampled_from([0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 25.0, 30.0, 29.97])


@given(time_s=times, fps=rates)
@example(time_s=0.29, fps=100.0)
@example(time_s=0.7, fps=10.0)
def test_grid_index_is_the_last_grid_time_not_after(time_s, fps):
    k = windows.grid_index(time_s, fps)
    assert k / fps <= time_s < (k + 1) / fps


@given(
    stop_s=times, tau_o=st.floats(0.1, 60), frames=st.integers(1, 40), rate=rates, stride=st.integers(1, 8)
)
def test_a_window_never_shows_the_future(stop_s, tau_o, frames, rate, stride):
    grid_fps = rate * stride
    start_s = stop_s - tau_o
    k = windows.window_indices(start_s, stop_s, frames=frames, rate=rate, grid_fps=grid_fps)
    assert len(k) == frames
    assert (k / grid_fps <= stop_s).all() and (k >= 0).all()
    assert stop_s < (k[-1] + 1) / grid_fps, "the last frame is the latest that may be seen"
    assert set(np.diff(k)) <= {0, stride} and (np.sort(k) == k).all()
    assert k[0] >= windows.grid_index(max(start_s, 0.0), grid_fps)
    repeats = np.flatnonzero(np.diff(k) == 0)
    assert (repeats == np.arange(len(repeats))).all(), "only the first frame is repeated"


@given(stop_s=times, tau_o=st.floats(0.1, 60), rate=rates)
def test_every_frame_of_a_window_is_within_the_span_that_is_extracted(stop_s, tau_o, rate):
    start_s = stop_s - tau_o
    span = windows.grid_span(start_s, stop_s, rate * 2)
    assert set(windows.window_indices(start_s, stop_s, frames=12, rate=rate, grid_fps=rate * 2)) <= set(span)


def test_the_first_frame_is_repeated_before_the_start_of_the_video():
    assert windows.window_indices(-8.0, 2.0, frames=5, rate=1.0, grid_fps=2.0).tolist() == [0, 0, 0, 2, 4]
    assert windows.window_indices(-7.5, 2.6, frames=5, rate=1.0, grid_fps=2.0).tolist() == [1, 1, 1, 3, 5]


def test_a_window_before_the_video_is_refused():
    with pytest.raises(DataError, match="a window that holds a frame"):
        windows.window_indices(-5.0, -0.1, frames=5, rate=1.0, grid_fps=2.0)
    with pytest.raises(DataError, match="a window that holds a frame"):
        windows.published_window(-5.0, 0.03, frames=5, rate=1.0)


def test_a_rate_off_the_grid_is_refused():
    with pytest.raises(ConfigError, match="whole number of grid steps"):
        windows.stride_of(1.5, 4.0)


@given(
    st.lists(st.floats(0.001, 3), min_size=1, max_size=40),
    st.lists(st.floats(-1, 130), min_size=1, max_size=20),
)
def test_the_frame_shown_is_the_last_one_not_after(steps, asked):
    pts_s, asked = np.cumsum([0.0, *steps]), np.array(asked)
    for index, time_s in zip(windows.shown_at(pts_s, asked), asked):
        brute = max((i for i, pts in enumerate(pts_s) if pts <= time_s), default=-1)
        assert index == brute


def golden(folder):
    return json.loads((folder / "sampling.json").read_text())


def test_published_sampling_equals_avts(shared_golden):
    stored = golden(shared_golden)
    segments = {s["uid"]: s for s in stored["segments"]}
    all_frames = set(range(1, stored["video_frames"] + 1))
    sparse = stored["stores"]["sparse25"]
    stores = {"dense": all_frames, "sparse25": set(sparse), "gap300_339": all_frames - set(range(300, 340))}
    compared = 0
    for case in stored["cases"]:
        config = case["config"]
        kept = [segments[uid] for uid in case["kept_uids"]]
        for sample in case["samples"]:
            stop_s = segments[sample["uid"]]["start_frame"] / 30 - config["tau_a"]
            numbers, seconds = windows.published_window(
                stop_s - config["tau_o"], stop_s, frames=config["num_frames"], rate=config["frame_rate"]
            )
            read = [windows.look_back(n, stores[config["store"]]) or 0 for n in numbers.tolist()]
            assert read == sample["feature_frame"]
            np.testing.assert_allclose(seconds, sample["frame_sec"], atol=2e-6)
            same_video = [s for s in kept if s["video"] == segments[sample["uid"]]["video"]]
            starts = np.array([s["start_frame"] for s in same_video]) / 30
            stops = np.array([s["end_frame"] for s in same_video]) / 30
            labels = np.array([s["action"] for s in same_video])
            past = [windows.label_at(t, starts, stops, labels, "half_duration") for t in seconds]
            assert past == sample["past_action"]
            compared += len(read)
    assert compared > 600


def test_ties_between_overlapping_segments():
    starts, stops, labels = np.array([8.0, 11.0]), np.array([14.0, 12.0]), np.array([2, 3])
    assert windows.label_at(11.4, starts, stops, labels, "midpoint") == 3
    assert windows.label_at(11.4, starts, stops, labels, "half_duration") == 2
    assert windows.label_at(14.0, starts, stops, labels, "midpoint") == 2, "both ends belong to the segment"
    assert windows.label_at(math.nextafter(14.0, 15), starts, stops, labels, "midpoint") == UNLABELLED


def test_a_missing_frame_is_looked_for_backwards_only():
    assert windows.look_back(10, {1, 12}) == 1
    assert windows.look_back(11, {1, 12}) is None
    assert windows.look_back(10, {10, 11}) == 10
