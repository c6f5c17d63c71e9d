"""The sound of a video: its first sound track as one channel, and what of it is heard when.

Seconds count from the first shown frame, as those of pictures do.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

import av
import numpy as np

from foretaste.contracts.errors import DataError
from foretaste.video.frame_table import FrameTable
from foretaste.video.packets import opened, unreadable

#: Samples a second that every track is brought to (Radevski et al. 2023 have 24 kHz).
RATE = 24_000

#: Decoding begins so much earlier: a decoder's first samples after a seek are not the track's.
_BEFORE_S = 0.5

#: A track that goes on this much later or earlier than its last sample ended has lost something.
_GAP_S = 0.1

#: A track that begins so much after the first frame, or ends so much before the last one does, has lost
#: nothing: before its first sample is what an encoder needs to start (of Apple's AAC 2,112 samples, 48 ms at
#: 44.1 kHz), and a cut leaves out the packet that it goes through (of AAC 1,024 samples, 128 ms at 8 kHz, of
#: HE-AAC 2,048, 93 ms at 22.05 kHz). As much may be missing of any window.
SPARED_S = 0.15


class Loss(NamedTuple):
    """A part of a track that is not there, or not where it should be, and why."""

    start_s: float
    stop_s: float
    why: str

    def meets(self, start_s: float, stop_s: float) -> bool:
        """Whether it is heard in that time."""
        return self.stop_s > start_s and self.start_s < stop_s


def heard(video: FrameTable, start_s: float, stop_s: float) -> np.ndarray:
    """(n,) float32, -1 to 1: the samples from ``start_s`` up to ``stop_s``, those of no sound as 0 (before
    the track begins, after it ends).

    Raises DataError where there is no track, where it does not decode, where it jumps within that time, and
    where it ends or breaks off before the time at which it was found to end when it was probed.
    """
    samples = np.zeros(max(round((stop_s - start_s) * RATE), 0), np.float32)
    if video.sound_end_s is None:
        raise unreadable(video.path, "no sound")
    reached_s = -np.inf
    for at_s, part in _parts(video, start_s):
        jump = _jump(reached_s, at_s)
        if jump and jump.meets(start_s, stop_s):
            raise unreadable(video.path, jump.why)
        reached_s = at_s + len(part) / RATE
        _put(samples, round((at_s - start_s) * RATE), part)
        if reached_s >= stop_s:
            return samples
    if reached_s < min(stop_s, video.sound_end_s) - _GAP_S:
        raise unreadable(video.path, _stop(reached_s).why)
    return samples


def losses(video: FrameTable) -> list[Loss]:
    """What is lost of a track, decoded from its beginning to its end: the times of which ``heard`` raises
    DataError, and those before a track that begins late, of which it gives silence. After what does not
    decode all counts as lost. Nothing where there is no track.
    """
    found, reached_s = [], -np.inf
    if video.sound_end_s is None:
        return found
    try:
        for at_s, part in _parts(video, 0.0):
            if not np.isfinite(reached_s) and at_s > SPARED_S:
                found.append(Loss(0.0, at_s - SPARED_S, f"its sound begins only at {at_s:.2f} s"))
            if jump := _jump(reached_s, at_s):
                found.append(jump)
            reached_s = at_s + len(part) / RATE
    except DataError as error:
        return [*found, Loss(max(reached_s, 0.0), np.inf, error.args[0])]
    if reached_s < video.sound_end_s - _GAP_S:
        found.append(_stop(reached_s))
    return found


def _jump(reached_s: float, at_s: float) -> Loss | None:
    """What is lost where a track that was heard up to ``reached_s`` goes on at ``at_s``."""
    if not np.isfinite(reached_s) or abs(at_s - reached_s) <= _GAP_S:
        return None
    why = f"its sound jumps from {reached_s:.2f} s to {at_s:.2f} s"
    return Loss(min(at_s, reached_s), max(at_s, reached_s), why)


def _stop(reached_s: float) -> Loss:
    """What is lost where a track ends too early."""
    return Loss(reached_s, np.inf, f"its sound stops at {max(reached_s, 0):.2f} s")


def _put(samples: np.ndarray, at: int, part: np.ndarray) -> None:
    """``part`` into ``samples`` from ``at`` on, as far as they reach."""
    first, last = max(at, 0), min(at + len(part), len(samples))
    if first < last:
        samples[first:last] = part[first - at : last - at]


def _parts(video: FrameTable, start_s: float) -> Iterator[tuple[float, np.ndarray]]:
    """(when it begins, samples) of one piece after the other, from some time before ``start_s`` on, or from
    where the track begins.
    """
    with opened(video.path, video.packets.stream) as (container, _):
        track = container.streams.audio[0]
        if track.codec_context is None:
            raise unreadable(video.path, "sound of a codec that FFmpeg does not know")
        track.thread_count = 1
        timed = _timed(container, track, video)
        if start_s > _BEFORE_S:
            ahead = round((video.packets.zero_s + start_s - _BEFORE_S) / float(track.time_base))
            container.seek(ahead, stream=track, backward=True)
            first = next(timed, None)
            if first is None or first[0] > start_s:  # it went too far, or the track begins there
                container.seek(0)
                timed = _timed(container, track, video)
            else:
                timed = chain([first], timed)
        converted = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        at_s = None
        for begins_s, frame in timed:
            if at_s is None or abs(begins_s - at_s) > _GAP_S:
                at_s = begins_s  # who asks says so, if it is a jump in the time asked for
            for part in converted.resample(frame):
                samples = part.to_ndarray()[0]
                yield at_s, samples
                at_s += len(samples) / RATE


def _timed(
    container: av.container.InputContainer, track: av.AudioStream, video: FrameTable
) -> Iterator[tuple[float, av.AudioFrame]]:
    """(when it begins, what was decoded), from where the file is read on."""
    for frame in container.decode(track):
        if frame.pts is None:
            raise unreadable(video.path, "sound without time stamps")
        yield float(frame.pts * frame.time_base) - video.packets.zero_s, frame
