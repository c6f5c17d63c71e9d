"""Sound is heard when it sounds, whatever the file; what there is none of is silence, what is lost an
error.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sounding
from sounding import LOWEST_HZ, STEP_HZ, pitch_of, tone, write

from foretaste.contracts.errors import DataError
from foretaste.video import sound
from foretaste.video.frame_table import look_at
from foretaste.video.sound import RATE, heard, losses

KINDS = [
    ("a.mp4", "aac", 44_100, 2),
    ("a.mp4", "aac", 16_000, 1),
    ("a.mkv", "libopus", 48_000, 2),
    ("a.mkv", "flac", 24_000, 1),
    ("a.mov", "pcm_s16le", 22_050, 2),
    ("a.ts", "aac", 48_000, 1),
    ("a.mp4", "libmp3lame", 44_100, 1),
]


def second(at_s: float) -> float:
    return LOWEST_HZ + STEP_HZ * int(at_s)


@pytest.mark.parametrize(("name", "codec", "rate", "channels"), KINDS)
def test_every_moment_of_a_track_is_heard_when_it_sounds(tmp_path, name, codec, rate, channels):
    video = look_at(write(tmp_path / name, 6.0, codec, rate, channels))
    assert video.sound_end_s == pytest.approx(6.0, abs=0.15)
    assert not losses(video)
    for start_s in (0.05, 1.1, 2.55, 5.2):
        samples = heard(video, start_s, start_s + 0.35)
        assert samples.dtype == np.float32 and len(samples) == round(0.35 * RATE)
        assert pitch_of(samples, RATE) == pytest.approx(second(start_s), abs=6)
    # The tone changes on the second, to within a hundredth of one.
    around = heard(video, 2.9, 3.1)
    before, after = around[: round(0.09 * RATE)], around[round(0.11 * RATE) :]
    assert pitch_of(before, RATE) == pytest.approx(second(2), abs=12)
    assert pitch_of(after, RATE) == pytest.approx(second(3), abs=12)


def test_a_part_is_that_part_of_the_whole(tmp_path):
    video = look_at(write(tmp_path / "a.mp4", 6.0, "aac", 24_000))
    whole = heard(video, 0.0, 6.0)
    for start_s in (0.3, 1.7, 4.25):
        first = round(start_s * RATE)
        assert np.abs(heard(video, start_s, start_s + 1) - whole[first : first + RATE]).max() < 1e-3
    exact = tone(6.0, RATE)
    assert np.corrcoef(whole[2000:-3000], exact[2000:-3000])[0, 1] > 0.99, "shifted in time"


def test_before_it_begins_and_after_it_ends_there_is_silence(tmp_path):
    video = look_at(write(tmp_path / "a.mkv", 4.0, "flac", 24_000, late_s=1.0, sound=tone(2.0, 24_000)))
    assert video.sound_end_s == pytest.approx(3.0, abs=0.15)
    samples = heard(video, -0.5, 4.0)
    loud = np.abs(samples) > 0.05
    assert not loud[: round(1.45 * RATE)].any() and not loud[round(3.6 * RATE) :].any()
    assert pitch_of(samples[round(1.6 * RATE) : round(2.4 * RATE)], RATE) == pytest.approx(second(0), abs=6)
    # Asked for from a time before it begins, too, to which nothing can be sought.
    np.testing.assert_array_equal(heard(video, 0.7, 2.0), samples[round(1.2 * RATE) : round(2.5 * RATE)])


def test_a_track_that_begins_a_packet_after_the_pictures_has_lost_nothing(tmp_path):
    """0.128 s: a packet of AAC at 8 kHz, which a cut leaves out; so much may be missing of any window."""
    late, later = (
        write(tmp_path / f"{late_s}.mkv", 2.0, "flac", 8000, late_s=late_s) for late_s in (0.128, 0.3)
    )
    assert losses(look_at(late)) == []
    (lost,) = losses(look_at(later))
    assert lost.why == "its sound begins only at 0.30 s"
    assert lost.meets(-0.1, 1.0) and lost.meets(0.1, 1.0) and not lost.meets(0.25, 1.0)


def test_a_reading_that_begins_too_late_is_begun_anew(tmp_path, monkeypatch):
    """As where a container's index leads past what is asked for: no silence in the place of what is there."""
    video = look_at(write(tmp_path / "a.mkv", 6.0, "flac", 24_000))
    whole = heard(video, 0.0, 6.0)
    monkeypatch.setattr(sound, "_BEFORE_S", -2.0)
    np.testing.assert_array_equal(heard(video, 1.0, 3.0), whole[RATE : 3 * RATE])


def test_a_video_without_sound_says_so(tmp_path):
    video = look_at(write(tmp_path / "a.mp4", 1.0, None))
    assert video.sound_end_s is None
    with pytest.raises(DataError, match=r"no sound: .*a\.mp4"):
        heard(video, 0.0, 0.5)


def test_sound_that_is_lost_is_an_error(tmp_path):
    video = look_at(write(tmp_path / "a.mkv", 4.0, "flac", 24_000, sound=tone(2.0, 24_000)))
    longer = replace(video, sound_end_s=4.0)  # as the file was when it was probed
    with pytest.raises(DataError, match=r"its sound stops at 2\.\d+ s"):
        heard(longer, 1.0, 3.5)


@pytest.mark.parametrize(("name", "codec"), [("a.mkv", "flac"), ("a.mp4", "aac")])
def test_a_time_after_the_track_is_silent(tmp_path, name, codec):
    video = look_at(write(tmp_path / name, 6.0, codec, 24_000, sound=tone(2.0, 24_000)))
    assert not heard(video, 4.5, 5.0).any()


def test_a_gap_is_an_error_where_it_is_asked_for_and_nowhere_else(tmp_path, monkeypatch):
    """From 1 s to 1.6 s there is nothing; what is read from 2 s on is decoded from before that."""
    whole = sounding._mux
    monkeypatch.setattr(sounding, "_mux", lambda *given: None if 10 <= given[3] < 16 else whole(*given))
    video = look_at(write(tmp_path / "a.mkv", 4.0, "flac", 24_000))
    for start_s in (1.7, 2.05):
        assert pitch_of(heard(video, start_s, start_s + 0.3), RATE) == pytest.approx(second(start_s), abs=6)
    for start_s in (0.5, 1.2):
        with pytest.raises(DataError, match=r"its sound jumps from 1\.0\d s to 1\.6\d s"):
            heard(video, start_s, start_s + 1)
