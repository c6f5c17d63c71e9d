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
from foretaste.views.observed import label_at

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


@pytest.mark.parametrize(
    ("time_s", "fps"), [(10.0, 1e308), (-10.0, 1e308), (3.3, 1e300), (3600.0, 1e6), (math.nan, 30)]
)
def test_a_grid_whose_times_cannot_be_counted_is_refused(time_s, fps):
    with pytest.raises(ConfigError, match="a grid whose times can be counted"):
        windows.grid_index(time_s, fps)


def test_a_rate_off_the_grid_is_refused():
    with pytest.raises(ConfigError, match="whole number of grid steps"):
        windows.stride_of(1e-320, 30.0)
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


def test_windows_on_a_grid_of_30_hold_avts_frames(shared_golden):
    """All but two of 24: AVT never reads frame 0, and takes 1.5333333333333332 s for frame 46, which begins
    at 46 / 30 = 1.5333333333333334 s: later than asked.
    """
    stored = golden(shared_golden)
    starts = {segment["uid"]: segment["start_frame"] / 30 for segment in stored["segments"]}
    others, compared = [], 0
    for case in stored["cases"]:
        config = case["config"]
        if config["store"] != "dense" or 30 % config["frame_rate"]:
            continue
        for sample in case["samples"]:
            stop_s = starts[sample["uid"]] - config["tau_a"]
            ours = windows.window_indices(
                stop_s - config["tau_o"],
                stop_s,
                frames=config["num_frames"],
                rate=config["frame_rate"],
                grid_fps=windows.PUBLISHED_CLOCK_FPS,
            )
            compared += 1
            if ours.tolist() != sample["feature_frame"]:
                others.append((stop_s, ours.tolist()[-3:], sample["feature_frame"][-3:]))
    assert compared == 24
    assert others == [
        (1.0333333333333332, [0, 15, 30], [15, 15, 30]),
        (1.5333333333333332, [15, 15, 45], [16, 16, 46]),
    ]


def avts_times(start_s, stop_s, frames, rate):
    """(T,) the times that AVT gives its frames: not frame / 30, but evenly spaced from the start to the stop
    of the window, both included, of which every round(30 / rate)-th is taken from the end.
    """
    start_s, fps = max(start_s, 0.0), windows.PUBLISHED_CLOCK_FPS
    times_s = np.linspace(start_s, stop_s, math.floor(stop_s * fps) - math.floor(start_s * fps))
    chosen = times_s[:: -round(fps / rate)][:frames][::-1]
    return np.concatenate([np.repeat(chosen[:1], frames - len(chosen)), chosen])


def test_past_labels_are_avts(shared_golden):
    """At the times that AVT gives its frames (stored in single precision), by its own rule for ties."""
    stored, compared = golden(shared_golden), 0
    segments = {segment["uid"]: segment for segment in stored["segments"]}
    for case in stored["cases"]:
        config, kept = case["config"], [segments[uid] for uid in case["kept_uids"]]
        for sample in case["samples"]:
            same_video = [s for s in kept if s["video"] == segments[sample["uid"]]["video"]]
            starts = np.array([s["start_frame"] for s in same_video]) / 30
            stops = np.array([s["end_frame"] for s in same_video]) / 30
            labels = np.array([s["action"] for s in same_video])
            stop_s = segments[sample["uid"]]["start_frame"] / 30 - config["tau_a"]
            times_s = avts_times(stop_s - config["tau_o"], stop_s, config["num_frames"], config["frame_rate"])
            np.testing.assert_allclose(times_s, sample["frame_sec"], atol=2e-6)
            past = [label_at(t, starts, stops, labels, "half_duration") for t in times_s]
            assert past == sample["past_action"]
            compared += len(past)
    assert compared > 600


def test_ties_between_overlapping_segments():
    starts, stops, labels = np.array([8.0, 11.0]), np.array([14.0, 12.0]), np.array([2, 3])
    assert label_at(11.4, starts, stops, labels, "midpoint") == 3
    assert label_at(11.4, starts, stops, labels, "half_duration") == 2
    assert label_at(14.0, starts, stops, labels, "midpoint") == 2, "both ends belong to the segment"
    assert label_at(math.nextafter(14.0, 15), starts, stops, labels, "midpoint") == UNLABELLED
