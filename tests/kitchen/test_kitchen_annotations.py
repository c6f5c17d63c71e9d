"""The CSV files have the columns, the clocks and the quirks of EPIC-KITCHENS-55 and RULSTM."""

import ast
import csv
import re
from pathlib import Path

import pytest

from foretaste.kitchen.annotations import frame, timestamp, write_annotations
from foretaste.kitchen.config import WorldConfig
from foretaste.kitchen.schedule import plan_timeline
from foretaste.kitchen.world import World

FILES = (
    "EPIC_train_action_labels.csv", "EPIC_train_action_narrations.csv", "EPIC_verb_classes.csv",
    "EPIC_noun_classes.csv",
    "EPIC_many_shot_verbs.csv", "EPIC_many_shot_nouns.csv", "EPIC_many_shot_actions.csv",
    "EPIC_video_info.csv",
)  # fmt: skip


@pytest.fixture(scope="module")
def world() -> World:
    return World(WorldConfig(seed=100))


@pytest.fixture(scope="module")
def timelines(world):
    return [plan_timeline(world.config, video) for video in world.videos]


@pytest.fixture(scope="module")
def folder(world, timelines, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("annotations")
    write_annotations(world, timelines, path)
    return path


def rows(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", FILES)
def test_columns_are_those_of_the_published_files(folder, shared_data, name):
    with open(folder / name) as ours, open(shared_data / "epic55" / name) as theirs:
        assert next(csv.reader(ours)) == next(csv.reader(theirs))


@pytest.mark.parametrize(
    "name", ["training.csv", "validation.csv", "actions.csv", "training_videos.csv", "validation_videos.csv"]
)
def test_lines_look_like_rulstms(folder, shared_data, name):
    def shape(line: str) -> str:
        return (
            re.sub(r"[a-z:_-]+", "w", re.sub(r"(?<=\d)-?\d+|\d", "d", line))
            if name == "actions.csv"
            else re.sub(r"\d", "d", line)
        )

    ours = {shape(line) for line in (folder / name).read_text().splitlines()[1:]}
    theirs = {shape(line) for line in (shared_data / "rulstm" / "ek55" / name).read_text().splitlines()[1:]}
    assert ours <= theirs


def test_clock_arithmetic():
    assert timestamp(372345) == "01:02:03.45"
    assert (frame(337, 60), frame(337, 30), frame(14, 60)) == (202, 101, 8)


def test_segments_agree_between_the_files(folder, world, timelines):
    segments = rows(folder / "EPIC_train_action_labels.csv")
    split = [
        line.split(", ")
        for name in ("training", "validation")
        for line in (folder / f"{name}.csv").read_text().splitlines()
    ]
    assert len(segments) == len(split) == sum(len(timeline.actions) for timeline in timelines)
    verbs = {row["verb_id"]: ast.literal_eval(row["verbs"]) for row in rows(folder / "EPIC_verb_classes.csv")}
    nouns = {row["noun_id"]: ast.literal_eval(row["nouns"]) for row in rows(folder / "EPIC_noun_classes.csv")}
    names = {row["id"]: row for row in rows(folder / "actions.csv")}
    for number, (segment, (uid, video, start, stop, verb, noun, action)) in enumerate(
        zip(segments, split, strict=True)
    ):
        assert int(segment["uid"]) == int(uid) == number and segment["video_id"] == video
        assert video.startswith(segment["participant_id"])
        for column, count in (("start", start), ("stop", stop)):
            hours, minutes, seconds = segment[f"{column}_timestamp"].split(":")
            hundredths = 100 * (60 * int(hours) + int(minutes)) * 60 + round(100 * float(seconds))
            assert (int(segment[f"{column}_frame"]), int(count)) == (
                hundredths * 60 // 100,
                hundredths * 30 // 100,
            )
        assert int(stop) > int(start)
        assert (
            segment["verb"] in verbs[segment["verb_class"]]
            and segment["noun"] in nouns[segment["noun_class"]]
        )
        assert (int(verb), int(noun)) == (int(segment["verb_class"]), int(segment["noun_class"]))
        row = names[str(int(action))]
        assert (row["verb"], row["noun"]) == (segment["verb_class"], segment["noun_class"])
        assert row["action"] == f" {verbs[segment['verb_class']][0]}_{nouns[segment['noun_class']][0]}"
        first, *others = ast.literal_eval(segment["all_noun_classes"])
        assert (
            first == int(segment["noun_class"])
            and len(others) == len(ast.literal_eval(segment["all_nouns"])) - 1
        )


def test_many_shot_lists_follow_their_definition(folder, world):
    segments = rows(folder / "EPIC_train_action_labels.csv")
    listed: dict[str, set[str]] = {}
    for kind in ("verb", "noun"):
        counts: dict[str, int] = {}
        for segment in segments:
            counts[segment[f"{kind}_class"]] = counts.get(segment[f"{kind}_class"], 0) + 1
        listed[kind] = {row[f"{kind}_class"] for row in rows(folder / f"EPIC_many_shot_{kind}s.csv")}
        assert listed[kind] == {name for name, count in counts.items() if count > world.config.many_shot}
        assert 0 < len(listed[kind]) < len(counts)
    seen = {(s["verb_class"], s["noun_class"]) for s in segments}
    many = {ast.literal_eval(row["action_class"]) for row in rows(folder / "EPIC_many_shot_actions.csv")}
    assert many == {(int(v), int(n)) for v, n in seen if v in listed["verb"] and n in listed["noun"]}


def test_actions_have_a_long_tail(folder):
    counts: dict[str, int] = {}
    for line in (folder / "training.csv").read_text().splitlines():
        counts[line.split(", ")[6]] = counts.get(line.split(", ")[6], 0) + 1
    frequent = sorted(counts.values(), reverse=True)
    assert frequent[0] >= 10 * frequent[-len(frequent) // 4]


def test_some_segments_overlap_and_most_do_not(timelines):
    neighbours = [
        (a.marked_stop, b.marked_start)
        for t in timelines
        for a, b in zip(t.actions, t.actions[1:], strict=False)
    ]
    share = sum(stop > start for stop, start in neighbours) / len(neighbours)
    assert 0.05 < share < 0.3


def test_movements_do_not_overlap_and_fit_the_video(timelines, world):
    for timeline in timelines:
        assert world.config.min_seconds - 0.1 <= timeline.seconds <= world.config.max_seconds + 0.1
        clock = 0.0
        for action in timeline.actions:
            assert clock < action.start < action.stop < timeline.seconds
            assert abs(action.marked_start / 100 - action.start) <= 0.16
            clock = action.stop
