import numpy as np

from foretaste.video.drawing import colour, outlines

FIRST = [[0.25, 0.25, 0.75, 1.0], [0.0, 0.0, 0.0, 0.0]]
SECOND = [[0.0, 0.0, 0.5, 0.5], [0.4, 0.4, 1.0, 1.0]]
BOXES = np.array([FIRST, SECOND])
CLASSES = np.array([[2, 0], [1, 3]])


def painted(picture, number):
    return (picture == np.array(colour(number))).all(-1)


def test_outlines_are_drawn_inwards_on_white():
    pictures = outlines(BOXES, CLASSES, (20, 40), line=2)
    assert pictures.shape == (2, 20, 40, 3) and pictures.dtype == np.uint8
    box = painted(pictures[0], 2)
    expected = np.zeros((20, 40), dtype=bool)
    expected[5:20, 10:30] = True
    expected[7:18, 12:28] = False
    np.testing.assert_array_equal(box, expected)
    assert (pictures[0][~box] == 255).all()


def test_of_two_that_meet_the_later_one_is_seen():
    second = outlines(BOXES, CLASSES, (20, 20), line=2)[1]
    assert painted(second, 3)[8, 8] and not painted(second, 1)[8, 8]
    assert painted(second, 1)[0, 0]


def test_a_box_that_is_smaller_than_its_outline_is_filled_and_one_of_less_than_a_pixel_is_seen():
    tiny = np.array([[[0.5, 0.5, 0.65, 0.65], [0.1, 0.1, 0.101, 0.101]]])
    (picture,) = outlines(tiny, np.array([[1, 2]]), (20, 20), line=2)
    assert painted(picture, 1)[10:13, 10:13].all() and painted(picture, 2).sum() == 1


def test_every_class_has_a_colour_of_its_own_that_is_not_white():
    shades = [colour(number) for number in range(1, 60)]
    assert len(set(shades)) == 59 and all(min(shade) < 128 for shade in shades)
