"""Which frames of a clip are shown: against the papers' own code (golden numbers), and properties."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.video.samplers import Sampler, sampled

NAMES = {"bmvc_layout": "layout", "bmvc_appearance": "appearance", "iccv_uniform": "uniform"}
kinds = st.sampled_from(["uniform", "strided", "layout", "appearance"])
lengths, frames = st.integers(1, 300), st.integers(1, 40)


def sampler_of(key):
    """The sampler whose frames an array of the golden file holds."""
    said = re.fullmatch(
        r"(?P<who>[a-z]+_[a-z]+)(?P<stride>\d+)?_test_n(?P<n>\d+)(?:_clips(?P<clips>\d+))?", key
    )
    who, stride, n, clips = said.group("who", "stride", "n", "clips")
    return Sampler(
        kind=NAMES.get(who, "strided"), frames=int(n), stride=int(stride or 1), clips=int(clips or 1)
    )


def test_the_frames_of_a_test_are_those_of_the_papers_code(shared_golden):
    with np.load(shared_golden / "frame_samplers.npz") as golden:
        keys = [key for key in golden.files if "_test_n" in key]
        assert len(keys) == 25
        for key in keys:
            for length, wanted in zip(golden["video_lengths"], golden[key], strict=True):
                got = sampled(sampler_of(key), int(length)).ravel()
                assert got.tolist() == wanted[wanted >= 0].tolist(), (key, length)


@given(kind=kinds, length=lengths, n=frames, stride=st.integers(1, 9), seed=st.none() | st.integers(0, 99))
def test_shown_are_frames_of_the_clip_in_order(kind, length, n, stride, seed):
    sampler = Sampler(kind=kind, frames=n, stride=stride if kind == "strided" else 1)
    generator = None if seed is None else np.random.default_rng(seed)
    (got,) = sampled(sampler, length, generator)
    assert got.dtype == np.int64 and (got >= 0).all() and (got < length).all()
    assert (np.diff(got) >= 0).all()
    assert len(got) == (min(n, length) if kind == "layout" and seed is None else n)


@given(length=lengths, n=frames, seed=st.integers(0, 99))
def test_a_drawn_frame_lies_in_the_part_whose_middle_a_test_shows(length, n, seed):
    (got,) = sampled(Sampler(kind="uniform", frames=n), length, np.random.default_rng(seed))
    edges = np.round((length - 1) / n * np.arange(n + 1))
    assert (edges[:-1] <= got).all() and (got <= edges[1:]).all()


def test_every_frame_of_a_part_is_drawn():
    generator = np.random.default_rng(0)
    drawn = np.concatenate([sampled(Sampler(kind="uniform", frames=2), 9, generator) for _ in range(300)])
    assert set(drawn[:, 0]) == set(range(5)) and set(drawn[:, 1]) == set(range(4, 9))
    starts = {
        int(sampled(Sampler(kind="strided", frames=3, stride=2), 8, generator)[0, 0]) for _ in range(99)
    }
    assert starts == {0, 1, 2}
    of_layout = np.concatenate([sampled(Sampler(kind="layout", frames=2), 8, generator) for _ in range(300)])
    assert set(of_layout[:, 0]) == {0, 1, 2, 3} and set(of_layout[:, 1]) == {4, 5, 6, 7}


@given(length=lengths, n=frames, stride=st.integers(1, 9), clips=st.integers(1, 6))
def test_clips_are_strided_ones_that_start_one_after_the_other(length, n, stride, clips):
    got = sampled(Sampler(kind="strided", frames=n, stride=stride, clips=clips), length)
    assert got.shape == (clips, n) and (np.diff(got[:, 0]) >= 0).all()
    if n * stride <= length:
        assert (np.diff(got, axis=1) == stride).all()
    assert set(np.diff(got, axis=1).ravel()) <= {0, stride}, "only the last frame is repeated"


def test_a_generator_says_what_is_drawn():
    sampler = Sampler(kind="appearance", frames=8)
    first, again = (sampled(sampler, 100, np.random.default_rng(3)) for _ in range(2))
    assert first.tolist() == again.tolist() != sampled(sampler, 100, np.random.default_rng(4)).tolist()


def test_what_makes_no_sense_is_refused():
    with pytest.raises(DataError, match="a clip without frames"):
        sampled(Sampler(kind="uniform", frames=4), 0)
    with pytest.raises(ConfigError, match="3 clips in training"):
        sampled(Sampler(kind="strided", frames=4, clips=3), 9, np.random.default_rng(0))
    with pytest.raises(ConfigError, match="stride or clips of uniform"):
        Sampler(kind="uniform", frames=4, clips=3)
    with pytest.raises(ConfigError, match="one of uniform, strided, layout, appearance"):
        Sampler(kind="dense", frames=4)
    with pytest.raises(ConfigError, match="1 or more"):
        Sampler(kind="uniform", frames=0)
