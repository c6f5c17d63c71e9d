"""The frame that is asked for is the frame that comes: on clips whose frames carry their numbers."""

from __future__ import annotations

import os

import barcode
import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foretaste.contracts.errors import DataError
from foretaste.video import decode
from foretaste.video.frame_table import look_at
from foretaste.video.whole import decodes_throughout

OPEN = "keyint=12:bframes=3:b-adapt=0:open-gop=1:scenecut=0"
UNEVEN = np.cumsum([0, *[20, 100, 60, 20, 200, 40] * 8])[:48].tolist()


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    closed = barcode.write_clip(folder / "closed.mp4")
    return {
        "closed": closed,
        "long_gop": barcode.write_clip(folder / "long_gop.mp4", x264="keyint=250:bframes=3:scenecut=0"),
        "open": barcode.write_clip(folder / "open.mp4", 96, x264=OPEN),
        "open_mkv": barcode.write_clip(folder / "open.mkv", 96, x264=OPEN),
        "uneven": barcode.write_clip(folder / "uneven.mp4", ticks=UNEVEN),
        "mkv": barcode.write_clip(folder / "steady.MKV"),
        "ts": barcode.write_clip(folder / "stream.ts"),
        "avi": barcode.write_clip(folder / "clip.avi", codec="mpeg4"),
        "vp8": barcode.write_clip(folder / "clip.webm", codec="libvpx"),
        "gif": barcode.write_clip(folder / "clip.gif", codec="gif"),
        "hevc": barcode.write_clip(folder / "hevc.mp4", codec="libx265"),
        "cut": barcode.cut_without_decoding(closed, folder / "cut.mp4", 5),
    }


CLIPS = (
    "closed", "long_gop", "open", "open_mkv", "uneven", "mkv", "ts", "avi", "vp8", "gif", "hevc", "cut",
)  # fmt: skip


@pytest.mark.parametrize("name", CLIPS)
def test_frame_i_is_frame_i(clips, name):
    video = look_at(clips[name])
    hidden = 5 if name == "cut" else 0
    for step in (1, 3, 7):
        frames, pts_s = decode.frames_at(video, video.pts_s[::step])
        assert [barcode.read(frame) for frame in frames] == list(
            range(hidden, hidden + len(video.pts_s), step)
        )
        np.testing.assert_array_equal(pts_s, video.pts_s[::step])


@pytest.mark.parametrize("name", CLIPS)
def test_whole_clips_decode_to_their_end(clips, name):
    decodes_throughout(look_at(clips[name]))


def test_references_that_are_never_shown_are_no_frames(tmp_path):
    source = barcode.write_clip(tmp_path / "shown.webm", 20, codec="libvpx")
    video = look_at(barcode.hiding(source, tmp_path / "hidden.webm", 7))
    assert len(video.pts_s) == 19 and video.pts_s[[6, 7]].tolist() == [0.6, 0.8]
    decodes_throughout(video)
    frames, _ = decode.frames_at(video, [0.6, 0.75, 0.8])
    assert [barcode.read(frame) for frame in frames] == [6, 6, 8]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), name=st.sampled_from(["closed", "uneven", "open"]))
def test_never_a_frame_of_the_future(clips, data, name):
    video = look_at(clips[name])
    times_s = data.draw(st.lists(st.floats(0, video.end_s, exclude_max=True), min_size=1, max_size=12))
    frames, pts_s = decode.frames_at(video, times_s)
    for frame, shown_s, time_s in zip(frames, pts_s, times_s):
        last = max(i for i, pts in enumerate(video.pts_s) if pts <= time_s)
        assert barcode.read(frame) == last and shown_s == video.pts_s[last] <= time_s


@pytest.mark.parametrize("name", ["closed", "uneven"])
def test_resized_frames_are_the_same_frames(clips, name):
    video = look_at(clips[name])
    frames, _ = decode.frames_at(video, video.pts_s, (24, 32))
    assert frames.shape == (48, 24, 32, 3) and frames.dtype == np.uint8
    assert [barcode.read(frame) for frame in frames] == list(range(48))


@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_rotation_is_applied(tmp_path, quarter):
    video = look_at(barcode.turned(barcode.write_clip(tmp_path / "turned.mp4", 12), quarter))
    assert video.shown_size == ((64, 48) if quarter % 2 else (48, 64))
    for size in (None, tuple(2 * n for n in video.shown_size)):
        frames, _ = decode.frames_at(video, video.pts_s, size)
        assert frames.shape[1:3] == (size or video.shown_size)
        upright = np.rot90(frames, quarter, axes=(1, 2))  # counter-clockwise: undoes the clockwise turn
        assert [barcode.read(frame) for frame in upright] == list(range(12))
    capture = cv2.VideoCapture(str(video.path))  # turns by itself
    np.testing.assert_allclose(decode.frames_at(video, [0.0])[0][0], capture.read()[1][..., ::-1], atol=3)
    capture.release()


def test_long_reads_come_in_chunks(tmp_path):
    video = look_at(barcode.write_clip(tmp_path / "long.mp4", 150))
    times_s = np.sort(np.concatenate([video.pts_s, video.pts_s + 0.05]))
    chunks = list(decode.stream_frames(video, times_s))
    assert max(len(frames) for frames, _ in chunks) <= decode.CHUNK
    numbers = [barcode.read(frame) for frames, _ in chunks for frame in frames]
    assert numbers == [i // 2 for i in range(300)]


@pytest.mark.parametrize("time_s", [-0.01, 4.8, 100.0])
def test_a_time_outside_the_video_is_refused(clips, time_s):
    with pytest.raises(DataError, match=r"no frame at .*closed\.mp4"):
        decode.frames_at(look_at(clips["closed"]), [0.0, time_s])


def damaged(path, keep):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    return path


def test_a_truncated_file_is_an_error_with_its_path(tmp_path):
    path = damaged(barcode.write_clip(tmp_path / "cut.mp4", faststart=True), 0.7)
    with pytest.raises(DataError, match=r"cut\.mp4"):
        video = look_at(path)
        decode.frames_at(video, np.arange(0, 4.8, 0.1))


def test_zeroed_middle_is_an_error(tmp_path):
    path = barcode.write_clip(tmp_path / "zeroed.mp4")
    content = bytearray(path.read_bytes())
    content[len(content) // 3 : len(content) // 2] = bytes(len(content) // 2 - len(content) // 3)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"zeroed\.mp4"):
        video = look_at(path)
        decode.frames_at(video, video.pts_s)


@pytest.mark.parametrize(
    ("name", "content"), [("empty.mp4", b""), ("text.mp4", b"not a video at all" * 50), ("missing.mp4", None)]
)
def test_what_is_no_video_is_an_error_with_its_path(tmp_path, name, content):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=name):
        look_at(tmp_path / name)


def test_containers_are_closed(clips):
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        decode.frames_at(look_at(clips["uneven"]), [0.5])
    assert len(os.listdir("/proc/self/fd")) <= before + 1
