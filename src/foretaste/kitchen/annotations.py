"""The annotation files of a world, in the layouts of EPIC-KITCHENS-55 and of RULSTM's split of it.

Layouts: ``epic-kitchens/annotations`` (14 columns a segment, class lists, many-shot lists, video information,
narrations) and ``rulstm/RULSTM/data/ek55`` (headerless lists of ``uid, video, start, stop, verb, noun,
action`` with zero-padded frames at 30 per second; ``actions.csv`` with its space after the first comma).
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from foretaste.kitchen.schedule import Timeline
from foretaste.kitchen.vocabulary import NOUN_IDS, NOUNS, VERB_IDS, VERBS
from foretaste.kitchen.world import World

#: EPIC-55 counts frames at 60 a second and RULSTM at 30, whatever the video's own rate.
EPIC_FPS, RULSTM_FPS = 60, 30
SEGMENT_COLUMNS = (
    "uid", "participant_id", "video_id", "narration", "start_timestamp", "stop_timestamp", "start_frame",
    "stop_frame",
    "verb", "verb_class", "noun", "noun_class", "all_nouns", "all_noun_classes",
)  # fmt: skip


def write_annotations(world: World, timelines: Sequence[Timeline], folder: Path) -> None:
    """Write every annotation file into ``folder``; segments are numbered through all videos (``uid``)."""
    _write_segments(timelines, folder)
    _write_classes(folder)
    _write_many_shot(world, timelines, folder)
    _write_videos(world, timelines, folder)
    _write_split(world, timelines, folder)


def timestamp(hundredths: int) -> str:
    """HH:MM:SS.ss of a time in hundredths of a second."""
    seconds, rest = divmod(hundredths, 100)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:02d}"


def frame(hundredths: int, fps: int) -> int:
    """The whole part of time x rate, exactly."""
    return hundredths * fps // 100


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _write_segments(timelines: Sequence[Timeline], folder: Path) -> None:
    rows, narrations = [], []
    uid = 0
    for timeline in timelines:
        video = timeline.video
        for action in timeline.actions:
            step = action.step
            nouns = [
                step.noun,
                *([step.at] if step.at in NOUN_IDS and step.at != step.noun and step.verb != "take" else []),
            ]
            begin, end = action.marked_start, action.marked_stop
            rows.append(
                (
                    uid,
                    video.participant,
                    video.video_id,
                    action.narration,
                    timestamp(begin),
                    timestamp(end),
                    frame(begin, EPIC_FPS),
                    frame(end, EPIC_FPS),
                    action.words[0],
                    VERB_IDS[step.verb],
                    action.words[1],
                    NOUN_IDS[step.noun],
                    [action.words[1], *nouns[1:]],
                    [NOUN_IDS[noun] for noun in nouns],
                )
            )
            narrations.append(
                (
                    video.participant,
                    video.video_id,
                    f"{timestamp(begin)}0",
                    f"{timestamp(end)}0",
                    action.narration,
                )
            )
            uid += 1
    _write(folder / "EPIC_train_action_labels.csv", SEGMENT_COLUMNS, rows)
    header = ("participant_id", "video_id", "start_timestamp", "stop_timestamp", "narration")
    _write(folder / "EPIC_train_action_narrations.csv", header, narrations)


def _write_classes(folder: Path) -> None:
    verbs = [(VERB_IDS[name], name, [name, *verb.spoken]) for name, verb in VERBS.items()]
    nouns = [(NOUN_IDS[name], name, [name, *noun.spoken]) for name, noun in NOUNS.items()]
    _write(folder / "EPIC_verb_classes.csv", ("verb_id", "class_key", "verbs"), verbs)
    _write(folder / "EPIC_noun_classes.csv", ("noun_id", "class_key", "nouns"), nouns)


def _write_many_shot(world: World, timelines: Sequence[Timeline], folder: Path) -> None:
    """Classes with more than ``many_shot`` segments; a many-shot action has both and occurs at least once."""
    steps = [action.step for timeline in timelines for action in timeline.actions]
    verbs = _frequent((step.verb for step in steps), world.config.many_shot)
    nouns = _frequent((step.noun for step in steps), world.config.many_shot)
    pairs = Counter((step.verb, step.noun) for step in steps if step.verb in verbs and step.noun in nouns)
    _write(folder / "EPIC_many_shot_verbs.csv", ("verb_class", "verb"), [(VERB_IDS[v], v) for v in verbs])
    _write(folder / "EPIC_many_shot_nouns.csv", ("noun_class", "noun"), [(NOUN_IDS[n], n) for n in nouns])
    actions = [
        ((VERB_IDS[v], NOUN_IDS[n]), n, NOUN_IDS[n], v, VERB_IDS[v]) for (v, n), _ in pairs.most_common()
    ]
    _write(
        folder / "EPIC_many_shot_actions.csv",
        ("action_class", "noun", "noun_class", "verb", "verb_class"),
        actions,
    )


def _frequent(names: Iterable[str], threshold: int) -> list[str]:
    return [name for name, count in Counter(names).most_common() if count > threshold]


def _write_videos(world: World, timelines: Sequence[Timeline], folder: Path) -> None:
    size = f"{world.config.width}x{world.config.height}"
    rows = [(t.video.video_id, size, f"{t.seconds:.6f}", float(world.config.fps)) for t in timelines]
    _write(folder / "EPIC_video_info.csv", ("video", "resolution", "duration", "fps"), rows)


def _write_split(world: World, timelines: Sequence[Timeline], folder: Path) -> None:
    lines: dict[str, list[str]] = {"training": [], "validation": []}
    videos: dict[str, list[str]] = {"training": [], "validation": []}
    uid = 0
    for timeline in timelines:
        video = timeline.video
        videos[video.split].append(video.video_id)
        for action in timeline.actions:
            begin, end = frame(action.marked_start, RULSTM_FPS), frame(action.marked_stop, RULSTM_FPS)
            step = action.step
            lines[video.split].append(
                f"{uid:05d}, {video.video_id}, {begin:010d}, {end:010d}, "
                f"{VERB_IDS[step.verb]:03d}, {NOUN_IDS[step.noun]:03d}, {world.action_ids[step.action]:04d}"
            )
            uid += 1
    for split in lines:
        _lines(folder / f"{split}.csv", lines[split])
        _lines(folder / f"{split}_videos.csv", videos[split])
    actions = [
        f"{n}, {verb}_{noun},{VERB_IDS[verb]},{NOUN_IDS[noun]}"
        for n, (verb, noun) in enumerate(world.actions)
    ]
    _lines(folder / "actions.csv", ["id,action,verb,noun", *actions])


def _lines(path: Path, lines: Sequence[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
