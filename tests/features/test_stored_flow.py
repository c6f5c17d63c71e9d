"""Optical flow that is computed and stored: the right way, quantised as published, and nothing of later."""

from __future__ import annotations

import barcode
import cv2
import frame_files
import numpy as np
import pytest

from foretaste.features.frame_store import FrameStore
from foretaste.video.decode import frames_at
from foretaste.video.flow import quantised
from foretaste.video.frame_table import look_at


def moving(path, later=0):
    """12 frames of a texture that moves 3 pixels to the right and 2 down each; from frame 8 on another."""
    random_ = np.random.default_rng(1)
    textures = [cv2.GaussianBlur(random_.integers(0, 256, (200, 200), np.uint8), (0, 0), 2) for _ in range(3)]
    textures = [cv2.normalize(one, None, 0, 255, cv2.NORM_MINMAX) for one in textures]

    def draw(index, height, width):
        texture = textures[later if index >= 8 else 0]
        top, left = 60 - 2 * index, 60 - 3 * index
        return np.repeat(texture[top : top + height, left : left + width, None], 3, axis=2)

    drawn, barcode.draw = barcode.draw, draw
    try:
        return barcode.write_clip(path, 12, size=(96, 128), x264="keyint=1:qp=5")
    finally:
        barcode.draw = drawn


@pytest.mark.parametrize("method", ["dis", "farneback"])
def test_flow_is_of_the_step_before_and_knows_nothing_of_later(method, tmp_path):
    wanted, stores = np.array([0, 1, 5, 7, 8]), []
    for later in (0, 1):
        video = look_at(moving(tmp_path / f"{later}.mp4", later))
        of = frame_files.origin("flow", method, side=96)
        stores.append(
            FrameStore([frame_files.write(tmp_path / f"{later}.h5", {"a": wanted}, {"a": video}, of)])
        )
    flow = stores[0].pictures("a", wanted, (96, 128))
    assert flow.shape == (5, 96, 128, 2) and (flow[0] == 128).all(), "nothing before the first frame"
    u, v = np.median(flow[1:, 20:-20, 20:-20].reshape(4, -1, 2), axis=1).T
    np.testing.assert_allclose(u, quantised(np.float32(3)), atol=2)
    np.testing.assert_allclose(v, quantised(np.float32(2)), atol=2)
    jpegs = [store.jpegs("a", wanted) for store in stores]
    same = [np.array_equal(ours, theirs) for ours, theirs in zip(*jpegs)]
    assert same == [True, True, True, True, False], "frame 8 alone is another"


def test_flow_is_quantised_as_published():
    """dense_flow: round(255 (v + 20) / 40), halves to even as OpenCV rounds."""
    values = np.array([-30, -20, -1, 0, 0.2, 1, 20, 99], np.float32)
    assert quantised(values).tolist() == [0, 0, 121, 128, 129, 134, 255, 255]


def test_flow_that_videos_hold_is_stored_as_it_is(tmp_path):
    """u is their red and v their green; rows of one do not run into the other."""
    video, wanted = look_at(moving(tmp_path / "a.mp4")), np.array([2, 9])
    path = frame_files.write(
        tmp_path / "0.h5", {"a": wanted}, {"a": video}, frame_files.origin("flow", side=96)
    )
    decoded, _ = frames_at(video, video.pts_s[wanted], (96, 128))
    store = FrameStore([path])
    assert store.origin.made_from == "flow" and store.origin.method == "given"
    assert np.abs(store.pictures("a", wanted, (96, 128)).astype(int) - decoded[..., :2]).max() < 12
