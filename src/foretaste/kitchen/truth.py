"""What is really so in every frame of the videos: ``truth.parquet``, one row a frame.

Columns: ``video_id``; ``frame`` (from 0); ``action_id`` (the action under way by the hands' own times, null
between actions); ``next_action_ids`` and ``next_probabilities`` (the true distribution of the action class
that begins next, given everything begun so far; parallel lists, in order of class id, empty at the end of a
dish); and the boxes of everything in view as parallel lists: ``box_nouns`` (noun class id; HAND for a hand),
``box_moving``, and ``boxes`` (four pixels a box: left, top, right, bottom, right and bottom exclusive, cut at
the frame's edge).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from foretaste.kitchen.ordering import next_actions
from foretaste.kitchen.pictures import Pictures
from foretaste.kitchen.scene import Thing
from foretaste.kitchen.schedule import Timeline
from foretaste.kitchen.staging import DOOR_STEPS, Shot, shots
from foretaste.kitchen.style import draw_style
from foretaste.kitchen.vocabulary import NOUN_IDS
from foretaste.kitchen.world import World

#: Stands for a hand among the nouns of boxes.
HAND = -1
#: A hand's box around its finger tips, in world units.
HAND_EXTENT = (-24, -8, 24, 44)
#: Boxes that show less than this many pixels either way are left out.
LEAST = 3

TRUTH = pa.schema([
    pa.field("video_id", pa.dictionary(pa.int32(), pa.string()), nullable=False),
    pa.field("frame", pa.int32(), nullable=False),
    pa.field("action_id", pa.int16()),
    pa.field("next_action_ids", pa.list_(pa.int16()), nullable=False),
    pa.field("next_probabilities", pa.list_(pa.float32()), nullable=False),
    pa.field("box_nouns", pa.list_(pa.int16()), nullable=False),
    pa.field("box_moving", pa.list_(pa.bool_()), nullable=False),
    pa.field("boxes", pa.list_(pa.int16()), nullable=False),
])  # fmt: skip


def truth_of(world: World, timeline: Timeline) -> pa.Table:
    """The rows of one video."""
    config, video = world.config, timeline.video
    style = draw_style(config.seed, video.participant)
    pictures = Pictures(style)
    coming = _coming(world, timeline)
    columns: dict[str, list] = {name: [] for name in TRUTH.names}
    for number, shot in enumerate(shots(config, timeline, style)):
        begun = (
            sum(action.start <= shot.time for action in timeline.actions)
            if shot.current is None
            else shot.current + 1
        )
        nouns, moving, boxes = _boxes(shot, pictures, config.width, config.height)
        current = (
            None if shot.current is None else world.action_ids[timeline.actions[shot.current].step.action]
        )
        row = (video.video_id, number, current, *coming[begun], nouns, moving, boxes)
        for name, value in zip(TRUTH.names, row, strict=True):
            columns[name].append(value)
    return pa.table([pa.array(columns[f.name], type=f.type) for f in TRUTH], schema=TRUTH)


def _coming(world: World, timeline: Timeline) -> list[tuple[list[int], list[float]]]:
    """After 0, 1, 2 ... begun actions: the classes that may begin next, and how likely each is."""
    begun: list[int] = []
    rows = []
    for index in (None, *(action.index for action in timeline.actions)):
        if index is not None:
            begun.append(index)
        distribution = next_actions(
            timeline.video.dish, set(begun), begun[-1] if begun else None, world.habits
        )
        pairs = sorted(
            (world.action_ids[action], probability) for action, probability in distribution.items()
        )
        rows.append(([action for action, _ in pairs], [probability for _, probability in pairs]))
    return rows


def _seen(shot: Shot) -> tuple[Thing, ...]:
    """What does not move and no closed door hides."""
    if max(shot.room.fridge, shot.room.cupboard) < DOOR_STEPS // 2:
        return shot.still
    return (*shot.stock, *shot.still)


def _boxes(
    shot: Shot, pictures: Pictures, width: int, height: int
) -> tuple[list[int], list[bool], list[int]]:
    """Nouns, whether they move, and pixel boxes of what a frame shows."""
    names: list[int] = []
    moving: list[bool] = []
    corners: list[tuple[float, float, float, float]] = []
    for things, moves in ((_seen(shot), False), ((*shot.pose.things, *shot.pose.tools), True)):
        for thing in things:
            if thing.noun in NOUN_IDS:
                left, top, right, bottom = pictures.extent(thing)
                names.append(NOUN_IDS[thing.noun])
                moving.append(moves)
                corners.append((thing.x + left, thing.y + top, thing.x + right, thing.y + bottom))
    for x, y in (shot.right, shot.left):
        left, top, right, bottom = HAND_EXTENT
        names.append(HAND)
        moving.append(True)
        corners.append((x + left, y + top, x + right, y + bottom))
    world = np.array(corners)
    (a, b, c), (d, e, f) = shot.camera.matrix(width, height)
    xs = [a * world[:, i] + b * world[:, j] + c for i in (0, 2) for j in (1, 3)]
    ys = [d * world[:, i] + e * world[:, j] + f for i in (0, 2) for j in (1, 3)]
    low = np.maximum(np.rint([np.min(xs, 0), np.min(ys, 0)]), 0)
    high = np.minimum(np.rint([np.max(xs, 0), np.max(ys, 0)]), [[width], [height]])
    seen = ((high - low) >= LEAST).all(0)
    boxes = np.concatenate([low, high]).T[seen].astype(int)
    return (
        [n for n, s in zip(names, seen, strict=True) if s],
        [m for m, s in zip(moving, seen, strict=True) if s],
        boxes.ravel().tolist(),
    )
