"""Clips of flow whose frames come at another rate than those of the RGB video of the same sample: a sampler
counts in RGB, and flow is shown at the times of its frames.
"""

from __future__ import annotations

import barcode
import cv2
import frame_files
import numpy as np
import pyarrow as pa
import pytest
import torch
from clip_views import sample, table

from foretaste.contracts.modalities import FLOW, RGB
from foretaste.contracts.tables import SAMPLES, VIDEOS, of_modality
from foretaste.contracts.view import FixedView, Look, Sources
from foretaste.pipeline.video_files import FRAME_SUFFIXES, video_files
from foretaste.settings import families
from foretaste.video.frame_table import frame_tables
from foretaste.video.numbered_frames import Clock
from foretaste.video.probe import probe
from foretaste.views import clip
from foretaste.views.shown import Sampling, counted_in, wanted
from foretaste.views.spans import SampledBy

RGB_FPS, FLOW_FPS, STOP_S = 60, 30, 1.51
GEOMETRY = {"size": 32, "scoring_side": 32, "training_sides": [32, 36]}
SAMPLERS = [
    {"kind": "strided", "stride": 2},
    {"kind": "uniform"},
    {"kind": "appearance"},
    {"kind": "layout"},
]
LOOKS = [None, FixedView(clip=1, clips=3), *(Look(3, epoch) for epoch in range(12))]
ROWS = [sample("v", STOP_S, tau_o=1.0), sample("v", 0.9, tau_o=5.0)]


def write_flow(folder, frames, size=(48, 64), after_s=None):
    """u and v of video v, each frame of one grey, which is its number; noise from ``after_s`` on."""
    random = np.random.default_rng(1)
    for half in "uv":
        into = folder / "v" / half
        into.mkdir(parents=True)
        for number in range(frames):
            picture = np.full(size, number, np.uint8)
            if after_s is not None and number / FLOW_FPS > after_s:
                picture = random.integers(0, 256, size, dtype=np.uint8)
            cv2.imwrite(str(into / f"frame_{number + 1:010d}.jpg"), picture)
    return folder


def probed(folder, fps):
    files = video_files(folder, suffixes=FRAME_SUFFIXES).items()
    columns, issues = probe(folder, files, modality=FLOW, clock=Clock(fps=fps, first=1))
    assert not issues
    return pa.table(columns, schema=VIDEOS.schema)


@pytest.fixture(scope="module")
def rgb(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rgb")
    barcode.write_clip(folder / "v.mkv", 2 * RGB_FPS, fps=RGB_FPS)  # whose time stamps are whole milliseconds
    return folder, pa.table(probe(folder, video_files(folder).items())[0], schema=VIDEOS.schema)


@pytest.fixture(scope="module")
def flow(tmp_path_factory):
    folder = write_flow(tmp_path_factory.mktemp("flow"), 2 * FLOW_FPS)
    return folder, probed(folder, FLOW_FPS)


def sources(rgb, flow, rows=ROWS):
    return Sources(
        samples=table(SAMPLES, rows),
        videos=pa.concat_tables([rgb[1], flow[1]]),
        video_folders={RGB: rgb[0], FLOW: flow[0]},
    )


def view(of, modality, sampler, frames=6):
    spec = {"kind": "clip", "modality": modality, "frames": frames, "sampler": sampler, "geometry": GEOMETRY}
    return families.build("views", spec, sources=of)


def times_s(built, row, look):
    return built.shown.videos["v"].pts_s[built.shown.frames(row, look)]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_flow_is_shown_at_the_times_of_the_frames_of_rgb(rgb, flow, sampler):
    both = sources(rgb, flow)
    pictures, motion = (view(both, modality, sampler) for modality in (RGB, FLOW))
    for look in LOOKS:
        if isinstance(look, FixedView) and sampler["kind"] != "strided":
            continue
        for row, one in enumerate(ROWS):
            theirs, ours = times_s(pictures, row, look), times_s(motion, row, look)
            # The frame of flow that is going on then; time stamps are rounded to a millisecond.
            assert (ours <= theirs + 1e-3).all() and (theirs < ours + 1 / FLOW_FPS).all(), look
            assert ours.max() <= motion.newest_s(row) <= one["window_stop_s"]
    carried = motion.fetch([0]).inputs["frames"][0, :, 0].float().mean((1, 2)).round()
    assert carried.tolist() == pytest.approx(motion.shown.frames(0).tolist(), abs=1)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_nothing_of_flow_is_shown_that_comes_after_the_window(rgb, flow, tmp_path, sampler):
    write_flow(tmp_path, 2 * FLOW_FPS, after_s=STOP_S)
    altered = (tmp_path, probed(tmp_path, FLOW_FPS))
    ours, theirs = (view(sources(rgb, one, ROWS[:1]), FLOW, sampler) for one in (flow, altered))
    for look in (None, *LOOKS[2:]):
        shown = [one.fetch([0], look).inputs["frames"] for one in (ours, theirs)]
        assert torch.equal(*shown), look


def test_a_frame_that_is_as_good_as_at_one_time_is_not_shown_after_the_window(rgb, flow):
    """RGB has a frame at 1.033 s, flow has its own at 1.0333 s: the window ends between the two."""
    stop_s = 1.0331
    both = sources(rgb, flow, [sample("v", stop_s, tau_o=0.4)])
    pictures, motion = (view(both, modality, {"kind": "uniform"}) for modality in (RGB, FLOW))
    assert pictures.newest_s(0) == pytest.approx(1.033) and motion.newest_s(0) == pytest.approx(1.0)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_with_equal_time_stamps_and_without_rgb_its_own_frames_are_sampled(rgb, flow, sampler):
    folder, own = flow
    alone = view(
        Sources(samples=table(SAMPLES, ROWS), videos=own, video_folders={FLOW: folder}), FLOW, sampler
    )
    same = own.set_column(own.schema.get_field_index("modality"), "modality", pa.array([RGB]))
    equal = view(sources((folder, same.cast(VIDEOS.schema)), flow), FLOW, sampler)
    for look in LOOKS[:1] + LOOKS[2:]:
        for row in (0, 1):
            spans = alone.shown.spans
            assert spans.own == [None, None]
            np.testing.assert_array_equal(alone.shown.frames(row, look), equal.shown.frames(row, look))
            assert set(alone.shown.frames(row, look)) <= set(range(spans.first[row], spans.last[row] + 1))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_frame_of_flow_that_a_window_may_show_is_stored(rgb, flow, tmp_path, sampler):
    both, (folder, own) = sources(rgb, flow), flow
    videos = frame_tables(of_modality(own, FLOW), folder)
    sampling = Sampling(frames=6, sampler=SampledBy(**sampler))
    plan = wanted(sampling, both.samples, videos, counted_in(sampling, FLOW, both.videos))
    path = frame_files.write(tmp_path / "0.h5", plan, videos, frame_files.origin(FLOW))
    stored = Sources(samples=both.samples, videos=both.videos, frame_stores={FLOW: (path,)})
    kept, decoded = view(stored, FLOW, sampler), view(both, FLOW, sampler)
    for look in (None, *LOOKS[2:]):
        ours, theirs = (one.fetch([0, 1], look).inputs["frames"].float() for one in (kept, decoded))
        assert (ours - theirs).abs().max() <= 2


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        ((48, 64), None),
        ((36, 47), None),
        ((256, 340), None),
        ((64, 64), "pictures of another shape than those of the RGB video: 64 x 64 and 64 x 48 (flow)"),
        ((64, 48), "pictures of another shape than those of the RGB video: 48 x 64 and 64 x 48 (flow)"),
    ],
)
def test_flow_of_another_shape_is_named_before_anything_is_trained(rgb, tmp_path, size, reason):
    write_flow(tmp_path, 2 * FLOW_FPS, size)
    both = sources(rgb, (tmp_path, probed(tmp_path, FLOW_FPS)))
    for more in ({"sampler": {"kind": "uniform"}}, {"rate": 2.0}):
        assert clip.unseen(clip.Config(modality=FLOW, frames=2, **more), both).tolist() == [reason, reason]


def test_a_window_past_the_end_of_the_video_that_is_counted_is_named(rgb, tmp_path):
    write_flow(tmp_path, 3 * FLOW_FPS)
    both = sources(rgb, (tmp_path, probed(tmp_path, FLOW_FPS)), [sample("v", 2.5), sample("v", 1.9)])
    config = clip.Config(modality=FLOW, frames=2, sampler={"kind": "uniform"})
    reason = "window stops after the end of the RGB video, whose frames are counted (flow)"
    assert clip.unseen(config, both).tolist() == [reason, None]
