"""Overlay, subtitles and annotations: read back as their readers read them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from fractions import Fraction
from pathlib import Path

import av
import barcode
import numpy as np
import pytest

from foretaste.contracts.errors import DataError
from foretaste.prediction.elan import write_elan
from foretaste.prediction.encode import write_video
from foretaste.prediction.overlay import PAPER, write_overlay
from foretaste.prediction.told import Told, keep, now_true
from foretaste.prediction.vtt import write_vtt
from foretaste.prediction.watched import watch

DURATION_S = 4.0
TRUTH = [
    {"start_s": 1.0, "stop_s": 2.5, "class": 1, "name": "fill_kettle",
     "teachers": [[{"class": 0, "name": "take_cup", "probability": 0.5}]]},
    {"start_s": 3.0, "stop_s": None, "class": 2, "name": "pour_water", "teachers": []},
]  # fmt: skip
NAMES = ("take_cup", "fill & <stir>", "pour_water")


def told(folder: Path) -> Told:
    """Eight moments, of which the likeliest class changes once."""
    moments = [
        {
            "time_s": at / 2, "about_s": at / 2 + 1, "shown_s": at / 2, "window_s": [at / 2 - 2, at / 2],
            "too_early": at == 0,
            "top": {"action": [
                {"class": one, "name": NAMES[one], "probability": share}
                for one, share in (((0, 0.6), (1, 0.3)) if at < 5 else ((1, 0.7), (2, 0.2)))
            ]},
        }
        for at in range(8)
    ]  # fmt: skip
    keep(folder / "lines", moments)
    header = {
        "video": {"file": "a & b.mp4", "duration_s": DURATION_S}, "ahead": True, "tau_a": 1.0,
        "window_s": 2.0, "truth": TRUTH,
    }  # fmt: skip
    return Told(header, folder / "lines")


def with_sound(path: Path, source: Path, codec: str) -> Path:
    """The video of ``source``, copied, and a tone."""
    with av.open(str(source)) as given, av.open(str(path), "w") as made:
        video = made.add_stream_from_template(given.streams.video[0])
        sound = made.add_stream(codec, rate=48_000, layout="mono")
        for packet in given.demux(given.streams.video[0]):
            if packet.dts is not None:
                packet.stream = video
                made.mux(packet)
        tone = (np.sin(np.arange(int(48_000 * DURATION_S)) / 20) * 9000).astype(np.int16)
        for start in range(0, len(tone), 1024):
            frame = av.AudioFrame.from_ndarray(tone[None, start : start + 1024], format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = 48_000, start, Fraction(1, 48_000)
            made.mux(sound.encode(frame))
        made.mux(sound.encode())
    return path


def read(path: Path) -> tuple[list[float], list[int]]:
    """When the frames of an overlay are shown, and the numbers that their upper part carries."""
    times_s, numbers = [], []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            picture = frame.to_ndarray(format="rgb24")
            times_s.append(frame.time)
            numbers.append(barcode.read(picture[: 3 * picture.shape[1] // 4]))
    return times_s, numbers


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return barcode.write_clip(tmp_path_factory.mktemp("clip") / "a.mp4", 40)


def test_an_overlay_is_what_browsers_play_with_every_frame_in_its_time(tmp_path, clip):
    write_overlay(told(tmp_path), watch(clip), tmp_path / "o.mp4")
    times_s, numbers = read(tmp_path / "o.mp4")
    assert numbers == list(range(40))
    assert np.allclose(times_s, np.arange(40) / 10, atol=1e-4)
    with av.open(str(tmp_path / "o.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert not container.streams.audio
    content = (tmp_path / "o.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat"), "a browser plays it only once all of it is there"


def test_an_overlay_keeps_uneven_times(tmp_path):
    ticks = [0, 30, 45, 200, 210, 600, 900, 1500, 1510, 2300]
    clip = barcode.write_clip(tmp_path / "vfr.mp4", 10, ticks=ticks)
    write_overlay(told(tmp_path), watch(clip), tmp_path / "o.mp4")
    times_s, numbers = read(tmp_path / "o.mp4")
    assert numbers == list(range(10))
    assert np.allclose(times_s, np.array(ticks) / barcode.TICKS, atol=1e-4)


def test_an_overlay_is_turned_as_it_is_shown(tmp_path, clip):
    turned = tmp_path / "turned.mp4"
    turned.write_bytes(clip.read_bytes())
    barcode.turned(turned, 1)
    watched = watch(turned)
    write_overlay(told(tmp_path), watched, tmp_path / "o.mp4")
    with av.open(str(tmp_path / "o.mp4")) as container:
        frame = next(container.decode(video=0))
    assert watched.frames.shown_size == (64, 48) and frame.height > frame.width * 64 / 48


def test_long_names_end_before_the_margin_and_the_other_column(tmp_path, clip):
    long = "put-down_chopping board and the knife with it, and all that lies on them"
    given = told(tmp_path)
    text = (tmp_path / "lines").read_text(encoding="utf-8")
    (tmp_path / "lines").write_text(text.replace(NAMES[0], long), encoding="utf-8")
    given.header["truth"] = [{**TRUTH[0], "start_s": 0.0, "name": long}]
    write_overlay(given, watch(clip), tmp_path / "o.mp4")
    with av.open(str(tmp_path / "o.mp4")) as container:
        picture = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)
    panel = picture[picture.shape[1] * 3 // 4 :]
    for gap in (panel[30:130, -10:], panel[30:130, 228:238]):
        assert np.abs(gap - PAPER).max() < 40


@pytest.mark.parametrize("codec", ["aac", "libmp3lame"])
def test_sound_is_copied(tmp_path, clip, codec):
    source = with_sound(tmp_path / "sound.mp4", clip, codec)
    write_overlay(told(tmp_path), watch(source), tmp_path / "o.mp4")

    def packets(path):
        with av.open(str(path)) as container:
            return [bytes(one) for one in container.demux(audio=0) if one.size]

    given, copied = packets(source), packets(tmp_path / "o.mp4")
    assert copied and given[-len(copied) :][:-1] == copied[:-1]
    assert len(given) - len(copied) <= 2  # what an encoder puts before the first sample


def test_sound_that_browsers_do_not_play_becomes_aac(tmp_path, clip):
    source = with_sound(tmp_path / "sound.mkv", clip, "pcm_s16le")
    write_overlay(told(tmp_path), watch(source), tmp_path / "o.mp4")
    with av.open(str(tmp_path / "o.mp4")) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
        heard = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    assert len(heard) / 48_000 == pytest.approx(DURATION_S, abs=0.1)
    assert np.sqrt((heard.astype(np.float64) ** 2).mean()) == pytest.approx(9000 / 32768 / 2**0.5, rel=0.1)


def test_a_video_appears_whole_or_not_at_all(tmp_path, clip):
    def pictures():
        yield 0.0, np.zeros((48, 64, 3), np.uint8)
        raise DataError("the frame at 0.1 s is damaged", clip, "a video", "replace it")

    with pytest.raises(DataError, match="the frame at"):
        write_video(tmp_path / "o.mp4", pictures(), (48, 64), watch(clip).frames)
    assert not list(tmp_path.iterdir())


def test_subtitles(tmp_path):
    write_vtt(told(tmp_path), tmp_path / "o.vtt")
    text = (tmp_path / "o.vtt").read_text(encoding="utf-8")
    cues = text.split("\n\n")
    assert cues[0] == "WEBVTT" and len(cues) == 9
    assert cues[1].splitlines() == [
        "00:00:00.000 --> 00:00:00.500", "take cup 60 %", "fill &amp; &lt;stir&gt; 30 %",
        "(too early: one frame seen)",
    ]  # fmt: skip
    stamps = re.findall(r"(\S+) --> (\S+)", text)
    assert [stop for _, stop in stamps[:-1]] == [start for start, _ in stamps[1:]]
    assert stamps[-1] == ("00:00:03.500", "00:00:04.000")


def test_ffmpeg_reads_the_subtitles(tmp_path):
    write_vtt(told(tmp_path), tmp_path / "o.vtt")
    with av.open(str(tmp_path / "o.vtt")) as container:
        packets = [packet for packet in container.demux() if packet.size]
    assert [float(packet.pts * packet.time_base) for packet in packets] == [at / 2 for at in range(8)]


def test_annotations_of_elan(tmp_path):
    write_elan(told(tmp_path), tmp_path / "o.eaf")
    root = ET.parse(tmp_path / "o.eaf").getroot()
    times = {one.get("TIME_SLOT_ID"): int(one.get("TIME_VALUE")) for one in root.iter("TIME_SLOT")}
    found = {
        tier.get("TIER_ID"): [
            (times[one.get("TIME_SLOT_REF1")], times[one.get("TIME_SLOT_REF2")], one[0].text)
            for one in tier.iter("ALIGNABLE_ANNOTATION")
        ]
        for tier in root.iter("TIER")
    }
    assert found == {
        "action, when it is said": [(0, 2500, "take_cup"), (2500, 4000, "fill & <stir>")],
        "action, when it is to be": [(1000, 3500, "take_cup"), (3500, 4000, "fill & <stir>")],
        "truth": [(1000, 2500, "fill_kettle"), (3000, 4000, "pour_water")],
    }
    ids = [one.get("ANNOTATION_ID") for one in root.iter("ALIGNABLE_ANNOTATION")]
    assert len(set(ids)) == len(ids)
    assert root.find("HEADER/MEDIA_DESCRIPTOR").get("MEDIA_URL") == "a & b.mp4"


@pytest.mark.parametrize(
    ("about_s", "name", "when"),
    [
        (0.5, "fill_kettle", "0.5 s later"), (1.0, "fill_kettle", "goes on then"),
        (2.5, "pour_water", "0.5 s later"), (9.0, "pour_water", "goes on then"),
    ],
)  # fmt: skip
def test_the_truth_at_a_time(about_s, name, when):
    found, said = now_true(TRUTH, about_s)
    assert (found["name"], said) == (name, when)
    assert now_true([], about_s) == (None, "")
