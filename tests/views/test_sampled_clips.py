"""Clips whose frames a sampler chooses by number: the golden frames when scored, drawn within the window in
training, alike for all views and whether decoded or stored.
"""

from __future__ import annotations

import numpy as np
import pytest
from clip_views import LOOK, build, fetch, number, pictures, sample, write_videos

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.view import FixedView, Look
from foretaste.views import clip, spans

#: Window in seconds, first and last frame: frame f is shown from f / 10 s.
ROWS = [sample("a", 3.05, tau_o=2.5), sample("b", 3.95, tau_o=9.0), sample("a", 0.35, tau_o=0.2)]
EDGES = [(5, 30), (0, 39), (1, 3)]
UNIFORM, STRIDED = {"kind": "uniform"}, {"kind": "strided", "stride": 3}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_videos(tmp_path_factory.mktemp("videos"))


def numbers(view, row):
    """The numbers that the pictures carry which are scored; those of b count from 100."""
    return [number(picture) % 100 for picture in pictures(fetch(view, [row])[0])]


@pytest.mark.parametrize("name", ["iccv_uniform_test_n4", "bmvc_appearance_test_n4"])
def test_what_is_scored_are_the_published_frames_of_each_window(folder, name, shared_golden):
    known = dict(np.load(shared_golden / "frame_samplers.npz"))
    kind = name.split("_")[1]
    view = build(folder, ROWS, frames=4, sampler={"kind": kind})
    lengths = known["video_lengths"].tolist()
    for row, (first, last) in enumerate(EDGES):
        by = spans.SampledBy(kind=kind)
        own = spans.Spans(by=by, count=4, first=np.array([first]), last=np.array([last]))
        assert numbers(view, row) == own.frames(0, None).tolist()
    for length, published in zip(lengths, known[name].tolist()):
        whole = spans.Spans(by=by, count=4, first=np.array([0]), last=np.array([length - 1]))
        assert whole.frames(0, None).tolist() == published


def test_several_clips_of_a_test_are_the_published_ones(folder, shared_golden):
    known = dict(np.load(shared_golden / "frame_samplers.npz"))
    by = spans.SampledBy(kind="strided", stride=2)
    published = known["iccv_stride2_test_n8_clips3"].reshape(-1, 3, 8)
    for length, clips in zip(known["video_lengths"].tolist(), published, strict=True):
        whole = spans.Spans(by=by, count=8, first=np.array([0]), last=np.array([length - 1]))
        for at, wanted in enumerate(clips.tolist()):
            assert whole.frames(0, FixedView(clip=at, clips=3)).tolist() == wanted
    view, seen = build(folder, ROWS, frames=4, sampler={"kind": "strided", "stride": 2}), set()
    for at in range(3):
        fixed = FixedView(clip=at, clips=3)
        carried = [number(picture) % 100 for picture in pictures(fetch(view, [1], fixed)[0])]
        assert carried == view.shown.frames(1, fixed).tolist()
        seen.add(tuple(carried))
    assert len(seen) == 3


def test_in_training_frames_are_drawn_within_the_window_and_alike_for_every_view(folder):
    view, other = (build(folder, ROWS, frames=4, sampler=UNIFORM) for _ in range(2))
    drawn = set()
    for epoch in range(30):
        look = Look(3, epoch)
        for row, (first, last) in enumerate(EDGES):
            shown = view.shown.frames(row, look)
            assert first <= shown.min() and shown.max() <= last and (np.diff(shown) >= 0).all()
            np.testing.assert_array_equal(shown, other.shown.frames(row, look))
            drawn.add((row, *shown.tolist()))
    assert len(drawn) > 55
    whole = view.shown.pictures([0], (48, 64), LOOK)[0][:, :, 8:56]
    assert [number(picture) for picture in whole] == view.shown.frames(0, LOOK).tolist()


def test_the_newest_is_the_last_frame_of_the_window_whatever_is_drawn(folder):
    view = build(folder, ROWS, frames=4, sampler=STRIDED)
    assert [view.newest_s(row) for row in range(3)] == pytest.approx([3.0, 3.9, 0.3])
    assert view.shown.frames(2).tolist() == [1, 1, 1, 1], "a clip that is too short repeats its last frame"


def test_of_a_sampled_window_every_frame_is_stored(folder):
    decoded, stored = (
        build(folder, ROWS, frames=4, sampler=STRIDED, stored=stored) for stored in (None, {"side": 52})
    )
    for look in (None, *(Look(3, epoch) for epoch in range(10))):
        ours, theirs = (fetch(view, [0, 1, 2], look).float() for view in (stored, decoded))
        assert (ours - theirs).abs().mean() < 6.0, look


def test_a_clip_of_too_few_frames_is_named_where_a_sampler_repeats_none(folder):
    with pytest.raises(DataError, match=r"1 windows of fewer than 4 frames: views.clip: a/0\.35"):
        build(folder, ROWS, frames=4, sampler={"kind": "layout"})
    view = build(folder, ROWS[:2], frames=4, sampler={"kind": "layout"})
    assert numbers(view, 0) == view.shown.frames(0).tolist()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sampler": {"kind": "uniform", "stride": 2}}, "stride goes with kind: strided"),
        ({"sampler": {"kind": "unifrm"}}, "unifrm"),
        ({"rate": 7.0}, r"ticks / rate is 4\.28571, no whole number"),
        ({"rate": 1e-320}, "ticks / rate is inf, no whole number"),
        ({"rate": 1e-308, "ticks": 1e308}, "ticks / rate is inf, no whole number"),
        ({"rate": 1e308, "ticks": 1e308}, r"a grid of 1e\+308 times a second.*choose a coarser one"),
        ({"sampler": UNIFORM, "ticks": 10.0}, "ticks has no meaning beside a sampler"),
        ({"sampler": UNIFORM, "past": True}, "past has no meaning beside a sampler"),
    ],
)
def test_settings_without_a_meaning_are_refused(folder, settings, message):
    with pytest.raises(ConfigError, match=message):
        build(folder, ROWS, frames=4, **settings)


def test_a_window_may_stop_at_the_very_end_of_its_video(folder):
    view = build(folder, [sample("a", 4.0 + 1e-12, tau_o=1.0)], frames=4, sampler=UNIFORM)
    assert (view.shown.spans.first[0], view.shown.spans.last[0], view.newest_s(0)) == (30, 39, 3.9)
    stored = build(folder, [sample("a", 4.0, tau_o=1.0)], frames=4, sampler=UNIFORM, stored={"side": 52})
    assert numbers(stored, 0) == numbers(view, 0)


def test_what_cannot_be_shown_is_said_before_anything_is_trained(folder):
    view = build(folder, ROWS, frames=4, sampler=UNIFORM)
    assert isinstance(view, clip.Clip)
    late = [*ROWS, sample("a", 4.2)]
    with pytest.raises(DataError, match=r"1 windows reach past the end of their video; the first to 4\.2"):
        build(folder, late, frames=4, sampler=UNIFORM)
