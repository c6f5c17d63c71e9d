"""Clips of the observation window: the right frames, never the future, changed by (seed, epoch, row)
alone.
"""

from __future__ import annotations

import itertools

import barcode
import numpy as np
import pyarrow as pa
import pytest
import torch
from clip_views import (
    GEOMETRY,
    INTRA,
    LOOK,
    NUMBERS,
    WINDOWS,
    build,
    fetch,
    number,
    pictures,
    sample,
    table,
    write_videos,
)

from foretaste.contracts.batch import UNLABELLED
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.tables import SAMPLES, VIDEOS
from foretaste.contracts.view import Look, Sources
from foretaste.pipeline.video_files import video_files
from foretaste.settings import families
from foretaste.training.material import latest_allowed
from foretaste.training.samples import check_boundary, join
from foretaste.video.decode import frames_at
from foretaste.video.frame_table import look_at
from foretaste.video.probe import probe


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_videos(tmp_path_factory.mktemp("videos"))


@pytest.mark.parametrize("stored", [None, {}])
def test_windows_hold_the_right_frames(folder, stored):
    view = build(folder, stored=stored)
    got = fetch(view, [3, 0, 1, 4, 2])
    assert got.shape == (5, 4, 3, 48, 48) and got.dtype == torch.uint8 and got.min() < 64 and got.max() > 192
    assert [[number(picture) for picture in pictures(clip)] for clip in got] == [
        NUMBERS[row] for row in (3, 0, 1, 4, 2)
    ]


def test_a_window_does_not_reach_behind_its_start(folder):
    """Where tau_o holds fewer strides than frames the first one is repeated, as before the start of the
    video.
    """
    view = build(folder, [sample("a", 3.05, tau_o=1.1)])
    assert [number(picture) for picture in pictures(fetch(view, [0])[0])] == [20, 20, 25, 30]


@pytest.mark.parametrize("stored", [None, {}])
def test_nothing_after_the_window_changes_what_is_seen(folder, tmp_path, stored):
    """Altering every later frame alters nothing, altering the last one that may be seen does, in scoring and
    in training.
    """
    for row, (video_id, stop_s) in enumerate(WINDOWS):
        first, last = 100 * (video_id == "b"), NUMBERS[row][-1] % 100
        as_it_is = build(folder, stored=stored)
        for name, from_frame, changes in (("later", last + 1, False), ("last", last, True)):
            altered = tmp_path / f"{name}{row}"
            altered.mkdir()
            for other in ("a", "b"):
                (altered / f"{other}.mp4").write_bytes((folder / f"{other}.mp4").read_bytes())
            numbers = [first + f if f < from_frame else 4095 - f for f in range(40)]
            barcode.write_clip(altered / f"{video_id}.mp4", 40, x264=INTRA, numbers=numbers)
            view = build(altered, stored=stored)
            for look in (None, LOOK):
                same = torch.equal(fetch(view, [row], look), fetch(as_it_is, [row], look))
                assert same != changes, f"{name} frame, window to {stop_s} s of {video_id}, look {look}"
        assert as_it_is.newest_s(row) == pytest.approx(last / 10) and as_it_is.newest_s(row) <= stop_s


@pytest.mark.parametrize("rate", [0.5, 1.0, 3.0, 10.0])
def test_time_stamps_are_those_of_the_decoded_frames(folder, rate):
    view = build(folder, rate=rate)
    rows = table(SAMPLES, [sample(*window) for window in WINDOWS])
    check_boundary(join(view, rows, range(len(view))), rows)
    for row, (video_id, _) in enumerate(WINDOWS):
        _, pts_s = frames_at(look_at(folder / f"{video_id}.mp4"), view.shown.times_s[row])
        assert view.newest_s(row) == pts_s.max()


def test_training_cuts_one_window_out_of_one_size_of_the_clip(folder):
    """Each clip is found again, to the byte, among all sizes, flips and places there are; over many draws all
    of them come up.
    """
    geometry = {"size": 24, "scoring_side": 24, "training_sides": [24, 27]}
    view, video = build(folder, geometry=geometry, frames=2), look_at(folder / "a.mp4")
    sizes = {
        side: frames_at(video, view.shown.times_s[0], (side, round(side * 64 / 48)))[0]
        for side in range(24, 28)
    }
    draws = []
    for epoch in range(60):
        clip, found = pictures(fetch(view, [0], Look(1, epoch))[0]), []
        for side, whole in sizes.items():
            for top, left, flip in itertools.product(
                range(side - 23), range(whole.shape[2] - 23), (False, True)
            ):
                cut = whole[:, top : top + 24, left : left + 24]
                if np.array_equal(cut[:, :, ::-1] if flip else cut, clip):
                    found.append((side, flip, top / max(side - 24, 1), left))
        assert len(found) == 1, f"epoch {epoch}: {found}"
        draws += found
    sides, flips, tops, lefts = zip(*draws)
    assert set(sides) == set(range(24, 28)) and 15 <= sum(flips) <= 45
    assert {0.0, 1.0} <= set(tops) and len(set(lefts)) >= 8


def test_changes_depend_on_seed_epoch_and_row_alone(folder):
    view = build(folder, geometry={**GEOMETRY, "training_sides": [48, 53]})
    together = fetch(view, [0, 1, 2, 4], LOOK)
    assert torch.equal(fetch(view, [2], LOOK)[0], together[2])
    assert torch.equal(fetch(view, [4, 0], LOOK), together[[3, 0]])
    for other in (fetch(view, [0], Look(1, 3)), fetch(view, [0], Look(2, 2))):
        assert not torch.equal(other[0], together[0])
    unchanged = build(folder, geometry={**GEOMETRY, "training_sides": [48, 48], "flip": 0.0})
    assert not torch.equal(fetch(unchanged, [0], LOOK), fetch(unchanged, [0])), "the crop's place alone"


def test_digests_say_what_is_shown_when_scored(folder):
    view = build(folder)
    digests = [view.digest(row) for row in range(len(view))]
    assert len(set(digests)) == len(digests) and {len(digest) for digest in digests} == {16}
    other = build(folder, geometry={**GEOMETRY, "training_sides": [50, 53], "flip": 0.0}, past=False)
    assert [other.digest(row) for row in range(5)] == digests
    changes = [{"geometry": {**GEOMETRY, **change}} for change in ({"scoring_side": 50}, {"size": 40})]
    for settings in (*changes, {"rate": 1.0}):
        assert build(folder, **settings).digest(0) != digests[0], settings
    assert build(folder, [sample("a", 3.08)]).digest(0) == digests[0], "the same frames"


def segment(video_id, stop_s, start, stop, action, split="training"):
    return {
        "segment_id": f"{video_id}/{stop_s}",
        "dataset": "d",
        "split": split,
        "video_id": video_id,
        "start_s": start,
        "stop_s": stop,
        "verb": "v",
        "noun": "n",
        "action": "a",
        "verb_id": action % 3,
        "noun_id": None,
        "action_id": action,
    }


def test_past_labels_are_of_the_times_of_the_frames(folder):
    segments = [
        segment("a", 3.05, 2.0, 2.6, 7),
        segment("a", 2.0, 2.9, 3.5, 5),
        segment("a", "unused", 1.0, 1.9, 4),
    ]
    view = build(folder, segments=segments, past=True)
    labels = view.fetch([0, 1], Look(0, 0)).labels
    assert labels["past_action"].tolist() == [[UNLABELLED, 7, 7, 5], [UNLABELLED] * 4]
    assert labels["past_verb"][0].tolist() == [UNLABELLED, 1, 1, 2] and set(
        labels["past_noun"].flatten().tolist()
    ) == {UNLABELLED}


def test_what_cannot_be_is_refused(folder, tmp_path):
    with pytest.raises(DataError, match="no video 'c'"):
        build(folder, [sample("c", 1.0)])
    with pytest.raises(
        DataError, match=r"1 windows reach past the end of their video; the first to 4\.000 s: .*a\.mp4"
    ):
        build(folder, [sample("a", 3.9), sample("a", 4.01)])
    with pytest.raises(DataError, match="samples that were dropped"):
        build(folder, [sample("a", 2.0, dropped_because="early")])
    with pytest.raises(ConfigError, match=r"ticks / rate is .* no whole number"):
        build(folder, rate=7.0)
    for settings in ({"scoring_side": 47}, {"training_sides": [47, 50]}, {"training_sides": [52, 50]}):
        with pytest.raises(ConfigError, match="sides are at least the size"):
            build(folder, geometry={**GEOMETRY, **settings})
    probed, _ = probe(folder, video_files(folder).items())
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes((folder / "b.mp4").read_bytes())
    with pytest.raises(DataError, match="no longer the file that was probed"):
        build(tmp_path, probed=probed)


def test_a_teacher_may_be_shown_the_action_itself(folder):
    """From 0.5 to just before 1.5 s; from 2.0 s to the end of the video."""
    rows = [
        sample("a", 0.0, target_start_s=0.5, target_stop_s=1.5),
        sample("a", 3.0, target_start_s=2.0, target_stop_s=4.0),
    ]
    view = build(folder, rows, window="target")
    assert [[number(picture) for picture in pictures(clip)] for clip in fetch(view, [0, 1])] == [
        [9, 9, 9, 14],
        [24, 29, 34, 39],
    ]
    joined, samples = join(view, table(SAMPLES, rows), range(2)), table(SAMPLES, rows)
    check_boundary(joined, samples, latest_allowed({"kind": "clip", "window": "target"}))
    with pytest.raises(DataError, match=r"the view shows 1\.400 s: .*: nothing after 0\.000 s"):
        check_boundary(joined, samples, latest_allowed({"kind": "clip"}))
    with pytest.raises(DataError, match=r"shows 3\.900 s.*nothing after 3\.000 s \(target_stop_s"):
        short = table(SAMPLES, [rows[0], {**rows[1], "target_stop_s": 3.0}])
        check_boundary(joined, short, latest_allowed({"window": "target"}))


def test_the_published_sizes(folder):
    """AVT: 224 pixels, cut out of a picture of shorter side 248, in training 248 to 280."""
    sources = Sources(
        samples=table(SAMPLES, [sample("a", 3.0, tau_o=10.0)]),
        videos=pa.table(probe(folder, video_files(folder).items())[0], schema=VIDEOS.schema),
        video_folders={"rgb": folder},
    )
    view = families.build("views", {"kind": "clip"}, sources=sources)
    clip = fetch(view, [0])[0]
    whole, _ = frames_at(look_at(folder / "a.mp4"), view.shown.times_s[0], (248, 331))
    assert clip.shape == (10, 3, 224, 224)
    assert np.array_equal(pictures(clip), whole[:, 12:236, 53:277])
    assert [round(time, 6) for time in view.shown.times_s[0]] == [0.0] * 7 + [1.0, 2.0, 3.0]
