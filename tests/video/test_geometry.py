"""One change for all modalities: what lies where, in pictures, in flow and in boxes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretaste.contracts.view import Look
from foretaste.video.flow import quantised
from foretaste.video.geometry import Change, Geometry, changed, changed_boxes, changed_flow, draw, resized

GEOMETRY = Geometry(size=24, scoring_side=26, training_sides=(24, 40))
places = st.tuples(st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True))
changes = st.builds(Change, st.integers(24, 40), st.booleans(), places | st.none())


def coordinates(height, width):
    """(1, H, W, 3) uint8: the row, the column and a constant."""
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack((rows, columns, np.full_like(rows, 7)), axis=-1)[None].astype(np.uint8)


@given(changes, st.integers(30, 200), st.integers(30, 200))
def test_a_box_is_where_the_thing_is(change, height, width):
    """A box around part of a picture holds, after the change, what is left of that part and nothing else."""
    tall, wide = resized(GEOMETRY, (height, width), change.side)
    if wide > 255 or tall > 255:
        return
    picture = changed(GEOMETRY, change, coordinates(tall, wide))[0]
    edges = np.array([wide // 4, tall // 4, wide // 2, tall // 2])  # of pixels
    boxes = np.array([edges / [wide, tall, wide, tall]])
    moved, inside = changed_boxes(GEOMETRY, change, boxes, (tall, wide))
    row, column = picture[..., 0], picture[..., 1]
    wanted = (column >= edges[0]) & (column < edges[2]) & (row >= edges[1]) & (row < edges[3])
    found = np.zeros((24, 24), bool)
    x0, y0, x1, y1 = np.rint(moved[0] * 24).astype(int)
    found[y0:y1, x0:x1] = True
    assert moved.dtype == np.float32 and inside[0] == wanted.any()
    if inside[0]:
        np.testing.assert_array_equal(found, wanted)


@given(changes)
def test_mirrored_flow_points_the_other_way(change):
    random = np.random.default_rng(0)
    flow = random.integers(0, 256, (2, 40, 40, 3), dtype=np.uint8)
    got, plain = changed_flow(GEOMETRY, change, flow), changed(GEOMETRY, change, flow)
    assert got.shape == (2, 24, 24, 2) and got.dtype == np.uint8
    np.testing.assert_array_equal(got[..., 1], plain[..., 1])
    u, before = got[..., 0], plain[..., 0]
    np.testing.assert_array_equal(u, np.where(before == 128, 128, 255 - before) if change.flip else before)


def test_mirrored_flow_is_what_the_motion_the_other_way_is_stored_as():
    """Over the whole range in hundredths of a pixel, and beyond; but where x is halfway between two levels,
    or stored as no motion and is some, which is as near as levels can be.
    """
    x = np.arange(-2200, 2201) / 100
    pictures = np.zeros((1, 24, len(x), 3), np.uint8)
    pictures[0, :, :, 0] = quantised(x)
    wide = Geometry(size=24, scoring_side=24, training_sides=(24, 24))
    got = np.concatenate(
        [
            changed_flow(wide, Change(24, flip=True, place=None), pictures[:, :, at : at + 24])[0, 0, ::-1, 0]
            for at in range(0, len(x) - 24, 24)
        ]
    ).astype(int)
    wanted, level = quantised(-x).astype(int)[: len(got)], (x[: len(got)].clip(-20, 20) + 20) * 255 / 40
    halfway = np.isclose(level % 1, 0.5)
    exact = ~halfway & (quantised(x)[: len(got)] != 128)
    np.testing.assert_array_equal(got[exact], wanted[exact])
    assert got[x[: len(got)] == 0] == 128 and np.abs(got - wanted).max() == 1
    assert exact.mean() > 0.97 and abs((got - wanted).mean()) < 0.01


def test_what_is_drawn_is_a_function_of_look_and_row():
    assert draw(GEOMETRY, None, 3) == Change(26)
    drawn = [draw(GEOMETRY, Look(1, epoch), 3) for epoch in range(200)]
    assert drawn == [draw(GEOMETRY, Look(1, epoch), 3) for epoch in range(200)]
    assert {change.side for change in drawn} == set(range(24, 41))
    assert 70 < sum(change.flip for change in drawn) < 130
    others = (draw(GEOMETRY, look, row) for look, row in ((Look(2, 0), 3), (Look(1, 0), 4), (Look(1, 1), 3)))
    assert all(change != drawn[0] for change in others)


def test_a_place_is_the_same_part_of_a_larger_picture():
    """Flow at half the resolution of the RGB pictures shows the same part."""
    change = Change(32, place=(0.5, 0.9))
    for height, width in ((120, 160), (240, 320), (480, 640)):
        assert resized(GEOMETRY, (height, width), change.side) == (32, 43)


@pytest.mark.parametrize("sides", [{"scoring_side": 23}, {"training_sides": (23, 30)}])
def test_a_crop_fits_into_every_size(sides):
    with pytest.raises(ValueError, match="sides are at least the size"):
        Geometry(**{"size": 24, "scoring_side": 24, "training_sides": (24, 30), **sides})


@given(changes)
def test_as_published_boxes_stay_and_u_keeps_its_sign_and_pictures_change_as_ever(change):
    published = GEOMETRY.model_copy(update={"as_published": True})
    random = np.random.default_rng(0)
    boxes = np.sort(random.random((3, 2, 2)), axis=1).reshape(3, 4)[:, [0, 2, 1, 3]]
    moved, inside = changed_boxes(published, change, boxes, (40, 40))
    np.testing.assert_array_equal(moved, boxes.astype(np.float32))
    assert inside.all()
    flow = random.integers(0, 256, (2, 40, 40, 3), dtype=np.uint8)
    plain = changed(GEOMETRY, change, flow)
    np.testing.assert_array_equal(changed(published, change, flow), plain)
    np.testing.assert_array_equal(changed_flow(published, change, flow), plain[..., :2])
