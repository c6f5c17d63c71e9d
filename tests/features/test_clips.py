"""Clips from one pass over a video are those that are decoded one by one."""

from __future__ import annotations

import barcode
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.features import clips as module
from foretaste.features.clips import Clip, stream_clips
from foretaste.features.extract import Settings, extract_video
from foretaste.video import decode
from foretaste.video.decode import frames_at
from foretaste.video.frame_table import look_at
from foretaste.video.transforms import Picture

SIZE = (48, 64)


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp("clips") / "a.mp4"
    barcode.write_clip(path, 150)
    return look_at(path)


@settings(deadline=None, max_examples=40)
@given(
    frames=st.integers(1, 9),
    rate=st.sampled_from([1.0, 2.0, 3.75, 8.0, 10.0]),
    fps=st.sampled_from([1.0, 4.0]),
    batch=st.integers(1, 7),
    chunk=st.sampled_from([3, 64]),
    data=st.data(),
)
def test_each_clip_ends_with_the_frame_shown_then(video, frames, rate, fps, batch, chunk, data):
    last = int(np.ceil(video.end_s * fps)) - 1
    ends_s = np.array(sorted(data.draw(st.sets(st.integers(0, last), min_size=1)))) / fps
    clip = Clip(frames=frames, rate=rate)
    before, decode.CHUNK = decode.CHUNK, chunk
    try:
        found = list(stream_clips(video, clip, ends_s, SIZE, batch))
    finally:
        decode.CHUNK = before
    pictures = np.concatenate([one for one, _ in found])
    stamps = np.concatenate([one for _, one in found])
    assert pictures.shape == (len(ends_s), frames, *SIZE, 3) and all(len(one) <= batch for one, _ in found)
    for end_s, shown, stamp in zip(ends_s, pictures, stamps, strict=True):
        times_s = [max(end_s - back / rate, 0.0) for back in range(frames - 1, -1, -1)]
        expected, pts_s = frames_at(video, np.array(times_s), SIZE)
        np.testing.assert_array_equal(shown, expected)
        assert stamp == pts_s[-1] <= end_s


def test_every_frame_is_decoded_once(video, monkeypatch):
    asked = []

    def spied(video, times_s, size):
        asked.append(times_s)
        yield from decode.stream_frames(video, times_s, size)

    monkeypatch.setattr(module, "stream_frames", spied)
    ends_s = np.arange(0, 14.0, 0.5)
    for _ in stream_clips(video, Clip(frames=8, rate=4.0), ends_s, SIZE, 4):
        pass
    (times_s,) = asked
    assert len(times_s) == len(np.unique(times_s)) < 8 * len(ends_s) / 3


class LastButOne(barcode.CellMeans):
    """The frame before the last of each clip."""

    def embed(self, frames):
        assert frames.dim() == 5 and frames.shape[1] == 3
        return super().embed(frames[:, -2])


def test_vectors_of_clips(video):
    asked = Settings(
        grid_fps=2.0,
        picture=Picture(height=48, width=64),
        clip=Clip(frames=3, rate=4.0),
        backbone={},
        weights_sha256="0",
        batch=5,
    )
    grid = np.arange(0, 20)
    found = extract_video("a", video, grid, LastButOne(), asked)
    shown = [max(i for i, pts in enumerate(video.pts_s) if pts <= max(k / 2 - 0.25, 0)) for k in grid]
    assert barcode.numbers_of(found.feat) == shown
    last = [max(pts for pts in video.pts_s if pts <= k / 2) for k in grid]
    np.testing.assert_array_equal(found.pts_s, last)
    assert '"frames": 3' in asked.origin(12).picture


def test_altering_what_comes_later_changes_no_clip_before(tmp_path):
    found = []
    for name, later in (("x", 0), ("y", 300)):
        barcode.write_clip(
            tmp_path / f"{name}.mp4",
            60,
            numbers=[*range(30), *range(30 + later, 60 + later)],
            x264="keyint=10:bframes=0:scenecut=0:rc-lookahead=0:qp=20",
        )
        ends_s = np.arange(0, 6, 0.25)
        video = look_at(tmp_path / f"{name}.mp4")
        pieces = stream_clips(video, Clip(frames=4, rate=2.0), ends_s, SIZE, 8)
        found.append(np.concatenate([one for one, _ in pieces]))
    before = ends_s < 3.0
    np.testing.assert_array_equal(found[0][before], found[1][before])
    assert (found[0][~before] != found[1][~before]).any(axis=(1, 2, 3, 4)).all()
