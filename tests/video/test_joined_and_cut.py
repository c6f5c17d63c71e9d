"""Files that hold more, or less, than their beginning says: two joined byte for byte, and ends that are cut
off, in every container.
"""

from __future__ import annotations

import av
import barcode
import numpy as np
import pytest

from foretaste.contracts.errors import DataError
from foretaste.video.decode import frames_at
from foretaste.video.frame_table import look_at
from foretaste.video.whole import decodes_to_the_end

CODECS = {
    ".mp4": "libx264", ".mov": "libx264", ".3gp": "mpeg4", ".flv": "libx264", ".wmv": "wmv2",
    ".mkv": "libx264", ".ogv": "libvpx", ".ts": "libx264", ".mpg": "mpeg2video", ".gif": "gif",
}  # fmt: skip


def write(path, first=0):
    fps = 25.0 if path.suffix == ".mpg" else 10.0
    return barcode.write_clip(
        path, 20, codec=CODECS.get(path.suffix, "mpeg4"), fps=fps, numbers=range(first, first + 20)
    )


def passes(path):
    video = look_at(path)
    decodes_to_the_end(video)
    return video


@pytest.mark.parametrize("suffix", CODECS)
def test_files_joined_byte_for_byte_are_refused(tmp_path, suffix):
    one, two = write(tmp_path / f"a{suffix}"), write(tmp_path / f"b{suffix}", 100)
    assert len(passes(one).pts_s) == 20
    joined = tmp_path / f"c{suffix}"
    joined.write_bytes(one.read_bytes() + two.read_bytes())
    with pytest.raises(DataError, match=r"joined|does not decode|container is damaged"):
        passes(joined)


def test_an_avi_goes_on_in_the_second_file(tmp_path):
    """Its demuxer takes what follows for more of the same, as one recording of two parts is."""
    one, two = write(tmp_path / "a.avi"), write(tmp_path / "b.avi", 100)
    (tmp_path / "c.avi").write_bytes(one.read_bytes() + two.read_bytes())
    video = passes(tmp_path / "c.avi")
    found, _ = frames_at(video, np.arange(40) / 10)
    assert [barcode.read(frame) for frame in found] == [*range(20), *range(100, 120)]


@pytest.mark.parametrize("suffix", CODECS)
def test_padding_after_a_file_is_nothing(tmp_path, suffix):
    path = write(tmp_path / f"a{suffix}")
    path.write_bytes(path.read_bytes() + bytes(3000))
    assert len(passes(path).pts_s) == 20


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_gif_without_its_end_mark_is_cut_off(tmp_path, share):
    path = write(tmp_path / "a.gif")
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(DataError, match="cut off: its end mark is missing"):
        look_at(path)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.995])
@pytest.mark.parametrize("suffix", [".wmv", ".flv", ".ogv", ".mkv", ".mp4"])
def test_what_is_cut_off_anywhere_is_told(tmp_path, suffix, share):
    path = write(tmp_path / f"a{suffix}")
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(DataError, match=r"cut off: its (container says|last page)|FFmpeg|no video stream"):
        look_at(path)


@pytest.mark.parametrize("share", [0.4, 0.6, 0.8, 0.98])
def test_a_fragment_that_is_cut_off_is_told(tmp_path, share):
    source, path = write(tmp_path / "a.mp4"), tmp_path / "b.mp4"
    fragments = {"movflags": "frag_every_frame+empty_moov+default_base_moof"}
    with av.open(str(source)) as given, av.open(str(path), "w", options=fragments) as container:
        stream = container.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(given.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                container.mux(packet)
    assert len(passes(path).pts_s) == 20
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(DataError, match=r"cut off: its container says that \d+ more bytes follow"):
        passes(path)
