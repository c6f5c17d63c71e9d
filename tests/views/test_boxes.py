"""The view of boxes: what it shows of a table, scores with it, and of what windows the table says nothing."""

from __future__ import annotations

import barcode
import made_up_tables
import numpy as np
import pyarrow as pa
import pytest
import torch
from pydantic import ValidationError

from foretaste.contracts.batch import Batch
from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import BOXES, SAMPLES, VIDEOS, read_table, write_table
from foretaste.contracts.view import Look, Sources
from foretaste.pipeline.video_files import video_files
from foretaste.report.filmstrips import Frame
from foretaste.report.other_modalities import OtherModalities
from foretaste.settings import families
from foretaste.video.frame_table import frame_tables
from foretaste.video.probe import probe

FRAMES, FPS = 20, 10.0
SHOWN = {"frames": 3, "sampler": {"kind": "uniform"}, "geometry": {"size": 32, "scoring_side": 32}}
EDGES = (0.25, 0.25, 0.75, 0.75)


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """The folder of one clip, a, of 20 frames in two seconds."""
    folder = tmp_path_factory.mktemp("clips")
    barcode.write_clip(folder / "a.mp4", FRAMES, fps=FPS)
    columns, issues = probe(folder, video_files(folder).items())
    assert not issues
    write_table(folder / "videos.parquet", VIDEOS, columns)
    return folder


def box(frame, label="cup", edges=EDGES, score=None, track=None):
    return ("a", frame / FPS, track, label, *edges, score)


def looked_at(frame):
    return ("a", frame / FPS, None, None, None, None, None, None, None)


def sources(videos, rows, start_s=1.0, stop_s=1.9):
    columns = dict(zip(BOXES.schema.names, map(list, zip(*rows, strict=True)), strict=True))
    write_table(videos / "boxes.parquet", BOXES, columns)
    times = {"window_start_s": start_s, "window_stop_s": stop_s}
    times |= {"target_start_s": start_s, "target_stop_s": stop_s}
    names = {"sample_id": "s", "segment_id": "s", "video_id": "a", "split": "training"}
    return Sources(
        samples=pa.Table.from_pylist([names | times | {"dropped_because": None}], schema=SAMPLES.schema),
        videos=read_table(videos / "videos.parquet", VIDEOS),
        boxes=read_table(videos / "boxes.parquet", BOXES),
        video_folders={"rgb": videos},
    )


def view(given, **settings):
    return families.build("views", {"kind": "boxes", **SHOWN, **settings}, sources=given)


def reason(given, **settings):
    """Why the sample cannot be shown; who builds the view all the same is refused for that."""
    member = families.load("views", "boxes")
    (said,) = member.unseen(member.Config(**SHOWN | settings), given)
    if said is None:
        assert len(view(given, **settings)) == 1
    else:
        with pytest.raises(DataError) as raised:
            view(given, **settings)
        assert said in str(raised.value)
    return said


def boxes_of(*frames):
    return [box(frame) for frame in frames]


#: Of the window from 1 s to 1.9 s: frames 10 to 19.
NAMED = {
    "all end before it": (boxes_of(*range(6)), "its boxes end at 0.50 s, before the window (1.00 s)"),
    "looked at, and no further": (
        [*boxes_of(*range(4)), looked_at(4), looked_at(5)],
        "its boxes end at 0.50 s, before the window (1.00 s)",
    ),
    "begin after it": (boxes_of(19), "its boxes begin at 1.90 s, after the window (1.80 s)"),
    "end in it, nobody looked further": (
        [*boxes_of(*range(15)), looked_at(14)],
        "its boxes end at 1.40 s, before the last frame of the window (1.90 s)",
    ),
    "a hole": (
        [*boxes_of(*range(12), *range(17, 20)), looked_at(19)],
        "nobody looked for boxes in its frame at 1.20 s",
    ),
}


@pytest.mark.parametrize(("rows", "said"), NAMED.values(), ids=list(NAMED))
def test_windows_of_which_the_boxes_say_nothing_are_named(videos, rows, said):
    assert reason(sources(videos, rows, stop_s=1.8 if "after" in said else 1.9)) == said


LEGITIMATE = {
    "nothing is left in it": [*boxes_of(*range(6)), *map(looked_at, range(6, 20))],
    "nothing ever": [looked_at(frame) for frame in range(20)],
    "nothing at its end": [*boxes_of(*range(15)), *map(looked_at, range(15, 20))],
    "things leave, nobody says who looked": boxes_of(*range(12)),
    "things come, nobody says who looked": boxes_of(18, 19),
    "a hole of which nobody says anything": boxes_of(*range(12), 19),
    "a hole before it": [*boxes_of(0, *range(10, 20)), looked_at(19)],
}


@pytest.mark.parametrize("rows", LEGITIMATE.values(), ids=list(LEGITIMATE))
def test_frames_without_a_thing_are_shown_as_such(videos, rows):
    given = sources(videos, rows)
    assert reason(given) is None
    seen = view(given)
    shown, classes = seen.shown.frames(0), seen.fetch([0]).inputs["classes"][0]
    boxed = {round(row[1] * FPS) for row in rows if row[3] is not None}
    assert classes.any(1).tolist() == [frame in boxed for frame in shown.tolist()]


def test_a_strip_of_the_report_shows_what_is_seen_alone(videos):
    """Six frames of the film: three with a cup, of three somebody says that there is nothing."""
    given = sources(videos, [*boxes_of(*range(10, 13)), *map(looked_at, range(13, 20))])
    (video,) = frame_tables(given.videos, videos).values()
    film = tuple(Frame(frame / FPS, "") for frame in range(10, 16))
    (strip,) = OtherModalities(None, given.boxes).strips("a", video, film, 0.0, 1.9)
    cup, nothing = ({frame.picture for frame in part} for part in (strip.frames[:3], strip.frames[3:]))
    assert len(cup) == len(nothing) == 1 and cup != nothing


def test_only_frames_that_may_be_shown_need_be_looked_at(videos):
    """At 2 frames a second those at 0.9, 1.4 and 1.9 s, or the frames before."""
    rows = [*boxes_of(9, 14), looked_at(19)]
    strided = {"sampler": None, "rate": 2.0, "ticks": 10.0}
    assert reason(sources(videos, rows, start_s=0.5), **strided) is None
    assert (
        reason(sources(videos, rows[1:], start_s=0.5), **strided)
        == "nobody looked for boxes in its frame at 0.90 s"
    )


def test_scores_are_shown_if_so_asked(videos):
    rows = [row for at in range(10, 20) for row in (box(at, score=at / 20), box(at, "hand", (0, 0, 1, 1)))]
    given = sources(videos, rows)
    seen = view(given, scores=True)
    inputs, frames = seen.fetch([0]).inputs, seen.shown.frames(0)
    np.testing.assert_allclose(inputs["scores"][0], [[frame / 20, 1.0] for frame in frames])
    assert inputs["scores"].dtype == torch.float32
    plain = view(given)
    assert sorted(plain.fetch([0]).inputs) == ["boxes", "classes"]
    for name in ("boxes", "classes"):
        torch.testing.assert_close(plain.fetch([0]).inputs[name], inputs[name], rtol=0, atol=0)
    surer = view(sources(videos, [box(at, score=0.99) for at in range(10, 20)]), scores=True)
    less = view(sources(videos, [box(at, score=0.98) for at in range(10, 20)]), scores=True)
    assert surer.digest(0) != less.digest(0) and plain.digest(0) != seen.digest(0)


def test_what_lies_outside_the_crop_has_no_score(videos):
    """48 x 64 pixels, of which the middle is shown."""
    rows = [row for at in range(10, 20) for row in (box(at), box(at, edges=(0, 0, 0.1, 1), score=0.5))]
    inputs = view(sources(videos, rows), scores=True).fetch([0], None).inputs
    assert inputs["classes"].tolist() == [[[1, 0]] * 3] and inputs["scores"].tolist() == [[[1.0, 0.0]] * 3]
    whole = {**SHOWN["geometry"], "as_published": True}
    inputs = view(sources(videos, rows), scores=True, geometry=whole).fetch([0], Look(0, 0)).inputs
    assert inputs["scores"].tolist() == [[[1.0, 0.5]] * 3]


@pytest.mark.parametrize("variant", ["bmvc2021", "iccv2023"])
def test_stlt_hears_of_scores(videos, variant):
    size = {"width": 8, "heads": 1, "spatial_layers": 1, "temporal_layers": 1}
    settings = {"kind": "stlt", "variant": variant, **size, "positions": 3 if variant == "iccv2023" else 5}

    def said(score, scores=True):
        given = sources(videos, [box(at, score=score) for at in range(10, 20)])
        inputs = view(given, scores=scores).fetch([0]).inputs
        classes = made_up_tables.make_classes()
        torch.manual_seed(0)
        model = families.build(
            "models", settings, "network", sources=Sources(classes=classes, boxes=given.boxes)
        )
        logits = model.eval()(Batch(ids=("s",), inputs=inputs)).logits
        return logits[classes.main]

    assert not torch.equal(said(0.1), said(0.9))
    torch.testing.assert_close(said(0.1, scores=False), said(0.9, scores=False), rtol=0, atol=0)
    # The network of 2023 takes boxes without a score for certain.
    assert torch.equal(said(None), said(None, scores=False)) == (variant == "iccv2023")


def test_drawn_boxes_have_no_scores():
    with pytest.raises(ValidationError, match="scores have no meaning beside drawn"):
        families.load("views", "boxes").Config(**SHOWN, drawn=2, scores=True)
