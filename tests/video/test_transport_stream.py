"""Transport streams that lost packets are refused, and those that were put together well are not."""

from __future__ import annotations

import av
import barcode
import numpy as np
import pytest

from foretaste.contracts.errors import DataError
from foretaste.video.decode import frames_at
from foretaste.video.frame_table import look_at
from foretaste.video.whole import decodes_throughout

PACKET = 188


@pytest.fixture(scope="module")
def stream(tmp_path_factory):
    return barcode.write_clip(tmp_path_factory.mktemp("streams") / "a.ts", 40).read_bytes()


def passes(path, data):
    path.write_bytes(data)
    video = look_at(path)
    decodes_throughout(video)
    return video


def of_video(stream):
    """Where each packet of the video lies."""
    rows = np.frombuffer(stream, np.uint8).reshape(-1, PACKET)
    numbers = (rows[:, 1].astype(int) & 31) << 8 | rows[:, 2]
    number = np.bincount(numbers[(rows[:, 3] & 16) > 0]).argmax()
    return (np.flatnonzero(numbers == number) * PACKET).tolist()


@pytest.mark.parametrize("lost", [1, 2, 5])
def test_lost_packets_are_told(tmp_path, stream, lost):
    """Whole pictures among them, so that nothing that is left is damaged."""
    packets = of_video(stream)
    for first in range(3, len(packets) - lost - 1, 5):
        start, stop = packets[first], packets[first + lost]
        with pytest.raises(
            DataError, match=r"damaged: packets of the video are lost or spoilt at byte [\d,]+"
        ):
            passes(tmp_path / "b.ts", stream[:start] + stream[stop:])


def test_a_hole_and_a_spoilt_beginning_are_told(tmp_path, stream):
    packets = of_video(stream)
    at = packets[len(packets) // 2]
    with pytest.raises(DataError, match="damaged: its packets are out of step at byte"):
        passes(tmp_path / "b.ts", stream[:at] + bytes(400) + stream[at + 400 :])
    begins = next(at for at in packets[9:] if stream[at + 1] & 0x40)
    head = stream.index(b"\0\0\1\xe0", begins)
    for place in (2, 3, 6):
        struck = bytes([stream[head + place] ^ 0x5A])
        with pytest.raises(DataError, match="lost or spoilt"):
            passes(tmp_path / "c.ts", stream[: head + place] + struck + stream[head + place + 1 :])


def test_a_counter_may_begin_anew_with_the_tables(tmp_path, stream):
    """As in segments of a stream that were put one behind the other."""
    half = len(stream) // PACKET // 2 * PACKET
    tables = [
        at for at in range(0, len(stream), PACKET) if stream[at + 1] & 0x1F == 0 and stream[at + 2] == 0
    ]
    cut = next(at for at in tables if at >= half)
    second = bytearray(stream[cut:])
    seen = {}
    for at in range(0, len(second), PACKET):
        number = (second[at + 1] & 31, second[at + 2])
        second[at + 3] = second[at + 3] & 0xF0 | seen.get(number, 0) & 15
        seen[number] = seen.get(number, 0) + bool(second[at + 3] & 16)
    video = passes(tmp_path / "b.ts", stream[:cut] + bytes(second))
    assert [barcode.read(frame) for frame in frames_at(video, video.pts_s)[0]] == list(range(40))


def test_packets_of_cameras_are_longer(tmp_path, stream):
    (tmp_path / "a.ts").write_bytes(stream)
    path, options = tmp_path / "a.m2ts", {"mpegts_m2ts_mode": "1"}
    with av.open(str(tmp_path / "a.ts")) as given, av.open(str(path), "w", "mpegts", options) as container:
        copy = container.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = copy
                container.mux(packet)
    data = path.read_bytes()
    assert len(data) % 192 == 0 and len(passes(path, data).pts_s) == 40
    with pytest.raises(DataError, match="lost or spoilt"):
        passes(path, data[: 192 * 60] + data[192 * 64 :])
