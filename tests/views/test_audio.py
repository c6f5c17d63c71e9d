"""The view ``audio``: the sound of the window that ``clip`` shows, and nothing that is heard later."""

from __future__ import annotations

import re
from dataclasses import replace

import av
import numpy as np
import pytest
import torch
from clip_views import sample, table
from sounding import tone, write

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.tables import SAMPLES, VIDEOS
from foretaste.contracts.view import Look, Sources
from foretaste.pipeline.video_files import video_files
from foretaste.settings import families
from foretaste.video.mel import Mel
from foretaste.video.probe import probe
from foretaste.views import audio
from foretaste.views import shown as shown_frames

MEL = {"points": 256, "window": 200, "hop": 100, "pitches": 24}
SPEC = {"kind": "audio", "frames": 3, "rate": 2.0, "length_s": 0.8, "mel": MEL, "size": 32}
SAMPLED = {**{k: v for k, v in SPEC.items() if k != "rate"}, "sampler": {"kind": "uniform"}}
STOP_S = 3.0


def sources(folder, rows) -> Sources:
    columns, issues = probe(folder, video_files(folder).items())
    assert not issues
    videos = table(VIDEOS, [dict(zip(columns, values)) for values in zip(*columns.values())])
    return Sources(samples=table(SAMPLES, rows), videos=videos, video_folders={"rgb": folder})


def view(folder, spec, rows):
    return families.build("views", spec, sources=sources(folder, rows))


def shown(made, row=0, look=None):
    return made.fetch([row], look).inputs["frames"][0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    for name in ("a", "b"):
        write(folder / f"{name}.mkv", 6.0, "flac", 24_000)
    return folder


def test_each_picture_is_of_the_sound_around_its_frame(folder):
    made = view(folder, SPEC, [sample("a", STOP_S)])
    pictures = shown(made)
    assert pictures.shape == (3, 3, 32, 32) and pictures.dtype == torch.uint8
    assert torch.equal(pictures[:, 0], pictures[:, 1]) and torch.equal(pictures[:, 0], pictures[:, 2])
    # Frames at 2, 2.5 and 3 s: the tone rises with every second, and what is after 3 s is silence.
    loudest = pictures[:, 0].int().argmax(1)
    assert loudest[1].unique().numel() <= 2 and loudest[0, 2] < loudest[0, -3]
    assert (pictures[2, 0, :, 20:] == 0).all() and (pictures[2, 0, :, 2:12].amax(0) > 150).all()


@pytest.mark.parametrize("spec", [SPEC, SAMPLED])
@pytest.mark.parametrize("look", [None, Look(3, 1)])
def test_nothing_that_is_heard_after_the_window_changes_what_is_shown(tmp_path, spec, look):
    """Two files of the same sound up to the window's stop, to the sample (of no codec that looks ahead)."""
    same = tone(6.0, 24_000)
    other = same.copy()
    other[round(STOP_S * 24_000) :] = np.random.default_rng(1).normal(0, 0.3, 3 * 24_000)
    earlier = same.copy()
    earlier[round(2.6 * 24_000) : round(2.7 * 24_000)] = 0
    for name, sound in (("a", same), ("b", other), ("c", earlier)):
        write(tmp_path / f"{name}.mkv", 6.0, "flac", 24_000, sound=sound)
    made = view(tmp_path, spec, [sample(name, STOP_S) for name in ("a", "b", "c")])
    a, b, c = (shown(made, row, look) for row in (0, 1, 2))
    if look is None or "sampler" not in spec:
        assert torch.equal(a, b) and not torch.equal(a, c)
    else:  # each row draws its own frames; one row of two files
        again = [view(tmp_path, spec, [sample(name, STOP_S)]) for name in ("a", "b")]
        assert torch.equal(*(shown(one, 0, look) for one in again))
    assert all(made.newest_s(row) <= STOP_S for row in range(3))


def test_it_hears_the_frames_that_clip_shows_under_every_look(folder):
    rows = [sample("a", STOP_S), sample("b", 5.5, tau_o=4.0)]
    ours = view(folder, SAMPLED, rows)
    geometry = {"size": 32, "scoring_side": 32, "training_sides": [32, 32]}
    spec = {"kind": "clip", "frames": 3, "sampler": {"kind": "uniform"}, "geometry": geometry}
    theirs = view(folder, spec, rows)
    drawn = set()
    for epoch in range(10):
        for row in (0, 1):
            frames = ours.shown.frames(row, Look(5, epoch))
            np.testing.assert_array_equal(frames, theirs.shown.frames(row, Look(5, epoch)))
            drawn.add((row, *frames.tolist()))
    assert len(drawn) > 10


def test_a_video_without_sound_is_named_before_anything_is_trained(folder, tmp_path):
    write(tmp_path / "a.mkv", 6.0, "flac", 24_000)
    write(tmp_path / "b.mp4", 6.0, None)
    made_from = sources(tmp_path, [sample("a", STOP_S), sample("b", STOP_S), sample("a", 9.0)])
    config = audio.Config(frames=3, rate=2.0, length_s=0.8, mel=Mel(**MEL), size=32)
    said = audio.unseen(config, replace(made_from, video_folders=None)).tolist()
    assert said == [None, "its video has no sound", "window stops after the end of the video"]


def test_what_is_kept_of_a_row_names_its_sound_and_the_decoder(folder, monkeypatch):
    rows = [sample("a", STOP_S), sample("a", 4.0)]
    digests = [view(folder, {**SPEC, "size": size}, rows).digest(row) for size in (32, 48) for row in (0, 1)]
    assert len(set(digests)) == 4
    assert view(folder, SPEC, rows).digest(0) == digests[0]
    monkeypatch.setattr(shown_frames, "decoder", lambda: "another")
    assert view(folder, SPEC, rows).digest(0) != digests[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"length_s": 0.005}, r"length_s of more than 0\.00533"),
        ({"length_s": 1e308}, "length_s: a number of at most 60"),
        ({"sampler": {"kind": "uniform"}}, "rate has no meaning beside a sampler"),
        ({"mel": {"pitch": 3}}, "pitches"),
    ],
)
def test_settings_that_mean_nothing_are_refused(folder, change, message):
    with pytest.raises(ConfigError, match=message):
        view(folder, {**SPEC, **change}, [sample("a", STOP_S)])


def damaged(path, from_s, to_s):
    """A file without the packets of its sound from one time to the other."""
    whole = write(path.with_name(f"whole.{path.name}"), 6.0, "aac", 24_000)
    with av.open(str(whole)) as given, av.open(str(path), "w") as made:
        streams = {one.index: made.add_stream_from_template(one) for one in given.streams}
        for packet in given.demux():
            at_s = float((packet.pts or 0) * packet.time_base)
            lost = packet.stream.type == "audio" and from_s <= at_s < to_s
            if packet.dts is not None and not lost:
                packet.stream = streams[packet.stream_index]
                made.mux(packet)
    whole.unlink()


@pytest.mark.parametrize("spec", [SPEC, SAMPLED])
def test_sound_that_is_damaged_is_named_where_it_is_heard(tmp_path, spec):
    damaged(tmp_path / "a.mp4", 2.0, 3.0)
    rows = [sample("a", 1.5, tau_o=1.4), sample("a", 2.3), sample("a", 3.0), sample("a", 5.9, tau_o=1.2)]
    made_from = sources(tmp_path, rows)
    config = audio.Config(**{key: value for key, value in spec.items() if key != "kind"})
    said = audio.unseen(config, made_from)
    jumps = r"its sound jumps from 2\.0\d s to [23]\.\d\d s"
    assert said[0] is None and all(re.fullmatch(jumps, one) for one in said[1:3]) and said[3] is None
    assert audio.unseen(config, replace(made_from, video_folders=None)).tolist() == [None] * 4
    for row, reason in zip(rows, said):  # what is named is what would stop a training, under some look
        one = families.build("views", spec, sources=replace(made_from, samples=table(SAMPLES, [row])))
        if reason is None:
            for look in (None, *(Look(1, epoch) for epoch in range(8))):
                shown(one, 0, look)
    with pytest.raises(DataError, match=jumps):
        shown(view(tmp_path, spec, rows), 2)


def test_sound_that_does_not_decode_is_named_from_there_on(tmp_path):
    path = write(tmp_path / "a.mkv", 6.0, "flac", 24_000)
    rows, before = [sample("a", 1.5), sample("a", 5.0)], path.read_bytes()
    with av.open(str(path)) as container:
        (track,) = container.streams.audio
        packets = [bytes(packet) for packet in container.demux(track) if packet.size]
    broken = packets[len(packets) // 2]
    assert before.count(broken) == 1
    path.write_bytes(before.replace(broken, b"\0" * len(broken)))
    config = audio.Config(**{key: value for key, value in SPEC.items() if key != "kind"})
    first, second = audio.unseen(config, sources(tmp_path, rows))
    assert first is None and second is not None
    with pytest.raises(DataError):
        shown(view(tmp_path, SPEC, rows), 1)


def test_a_track_that_ends_before_the_window_does_is_named_and_not_taken_for_silence(tmp_path):
    write(tmp_path / "a.mkv", 6.0, "flac", 24_000, sound=tone(2.0, 24_000))
    rows = [sample("a", stop_s, tau_o=1.0) for stop_s in (2.1, 3.0, 5.9)]
    for spec in (SPEC, SAMPLED):
        made_from = replace(sources(tmp_path, rows), video_folders=None)
        config = audio.Config(**{key: value for key, value in spec.items() if key != "kind"})
        ends = "the sound of its video ends at 2.00 s, {} what is heard of the window"
        said = [None, ends.format("in the middle of"), ends.format("before")]
        assert audio.unseen(config, made_from).tolist() == said
