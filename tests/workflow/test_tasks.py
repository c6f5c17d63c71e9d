"""Datasets and systems other than anticipation of actions made of verbs and nouns, through presets and the
real stages: two tasks of one dataset in one run, unlabelled pairs, one head, whole clips.
"""

from __future__ import annotations

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from barcode import write_clip

from foretaste.evaluation.metrics import softmax
from foretaste.scores.reader import open_scores

pytestmark = pytest.mark.slow

BACKBONE = """
backbones:
  frames_tasks:
    grid: {fps: 2.0}
    view: {kind: frames}
    network: {kind: frame_classifier, channels: 4, stages: 2, width: 16}
    objective:
      - {loss: {kind: cross_entropy}, of: HEAD}
    training: &short {steps: 8, batch: 16, optimizer: {kind: adamw, lr: 1.0e-3}}
"""
STUDENT = """
    role: student
    backbone: frames_tasks
    view: {kind: features, frames: 4, rate: 2.0}
"""
NETWORK = "{kind: avt, width: 16, layers: 1, heads: 2, dropout: 0.1, init_std: 0.05"
#: Recognition by a student with a verb and a noun head, and no other.
RECOGNITION = f"""
title: Recognition
paper: none
datasets: [kitchen_tasks]
task: recognition
primary_metric: top1
{BACKBONE.replace("HEAD", "action")}
models:
  student_parts:
    label: verbs and nouns{STUDENT}
    network: {NETWORK}, classify: [verb, noun]}}
    objective:
      - {{loss: {{kind: cross_entropy}}, of: verb}}
      - {{loss: {{kind: cross_entropy}}, of: noun}}
    training: *short
"""
#: Anticipation; a student learns from a teacher on pairs that have no labels.
PAIRS = f"""
title: Anticipation with unlabelled pairs
paper: none
datasets: [kitchen_tasks]
primary_metric: top1
{BACKBONE.replace("HEAD", "action")}
models:
  teacher_video:
    label: teacher
    role: teacher
    backbone: frames_tasks
    view: {{kind: features, frames: 4, rate: 2.0}}
    extra: [pairs]
    network: {NETWORK}}}
    objective: [{{loss: {{kind: cross_entropy}}, of: action}}]
    training: *short
  student_pairs:
    label: with pairs{STUDENT}
    extra: [pairs]
    network: {NETWORK}}}
    objective:
      - {{loss: {{kind: cross_entropy}}, of: action}}
      - loss: {{kind: kl, temperature: 1.0, t_squared: false}}
        of: action
        to: teacher_video
        over: unlabelled
    training: {{epochs: 2, batch: 8, optimizer: {{kind: adamw, lr: 1.0e-3}}}}
comparisons:
  - [student_pairs, teacher_video]
"""
KITCHEN = """
base: kitchen_micro
title: Two tasks of one world
systems: [tasks_recognition, tasks_pairs]
tau_o: 3.0
tasks: {pairs: {count: 40, vicinity_s: 5.0}}
"""
CLIPS = """
title: Whole clips of gestures
systems: tasks_clips
reader: {kind: csv, file: clips/list.csv, head: gesture, columns: {action: what}, whole_clips: true}
videos: {folder: clips/videos}
evaluated: test
"""
GESTURES = f"""
title: One head
paper: none
datasets: [clips]
task: recognition
primary_metric: top1
{BACKBONE.replace("HEAD", "gesture").replace("tasks", "gestures")}
models:
  student_gesture:
    label: gestures{STUDENT.replace("tasks", "gestures")}
    network: {NETWORK}}}
    objective: [{{loss: {{kind: cross_entropy}}, of: gesture}}]
    training: {{steps: 60, batch: 8, optimizer: {{kind: adamw, lr: 3.0e-3}}}}
"""


def write(checkout, **files: str) -> None:
    for name, text in files.items():
        folder = "systems" if name.startswith("tasks_") else "datasets"
        (checkout.folder / "workflow" / folder / f"{name}.yaml").write_text(text)


@pytest.fixture(scope="module")
def two_tasks(own):
    write(own, tasks_recognition=RECOGNITION, tasks_pairs=PAIRS, kitchen_tasks=KITCHEN)
    own.snakemake("--config", "dataset=kitchen_tasks")
    return own.folder / "results/kitchen_tasks"


def metrics(folder, system: str, model: str) -> dict:
    return json.loads((folder / system / "seed0" / model / "metrics.json").read_text())


def test_recognition_and_anticipation_of_one_dataset_are_one_run(two_tasks):
    recognised, anticipated = (
        pq.read_table(two_tasks / "samples" / f"{task}.parquet").to_pylist()
        for task in ("recognition", "anticipation")
    )
    segments = pq.read_table(two_tasks / "segments.parquet").to_pylist()
    spans = {row["segment_id"]: (row["start_s"], row["stop_s"]) for row in segments}
    for row in recognised:
        assert (row["window_start_s"], row["window_stop_s"]) == spans[row["sample_id"]]
    assert all(row["window_stop_s"] == row["target_start_s"] - 1.0 for row in anticipated)
    one = metrics(two_tasks, "tasks_recognition", "student_parts")
    other = metrics(two_tasks, "tasks_pairs", "student_pairs")
    assert (one["task"], one["protocol"]["tau_a"]) == ("recognition", None)
    assert (other["task"], other["protocol"]["tau_a"]) == ("anticipation", 1.0)
    for system in ("tasks_recognition", "tasks_pairs"):
        assert (two_tasks / system / "report.html").exists()


def test_a_student_with_verbs_and_nouns_alone_is_measured_on_actions_by_their_product(two_tasks):
    folder = two_tasks / "tasks_recognition/seed0/student_parts"
    scores = open_scores(folder / "scores")
    assert set(scores.heads) == {"verb", "noun"}
    samples = pq.read_table(two_tasks / "samples/recognition.parquet").to_pylist()
    truth = {row["sample_id"]: row["action_id"] for row in samples if row["split"] == "validation"}
    verb, noun = (softmax(scores.logits("validation", head, list(truth))) for head in ("verb", "noun"))
    parts = scores.classes.parts("action")
    product = verb[:, list(parts["verb"])] * noun[:, list(parts["noun"])]
    right = product.argmax(axis=1) == np.array(list(truth.values()))
    found = metrics(two_tasks, "tasks_recognition", "student_parts")
    assert set(found) >= {"action", "verb", "noun"}
    assert found["action"]["top1"] == pytest.approx(100 * right.mean())
    assert found["action"]["ece"] is not None


def test_unlabelled_pairs_are_trained_on_beside_labelled_samples(two_tasks):
    pairs = pq.read_table(two_tasks / "samples/pairs.parquet").to_pylist()
    assert len(pairs) == 40 and all(row["action_id"] is None for row in pairs)
    labelled = [
        row["sample_id"]
        for row in pq.read_table(two_tasks / "samples/anticipation.parquet").to_pylist()
        if row["split"] == "training" and row["dropped_because"] is None
    ]
    scored = open_scores(two_tasks / "tasks_pairs/seed0/teacher_video/scores").sample_ids("training")
    assert set(scored) == {*labelled, *(row["sample_id"] for row in pairs)}
    log = (two_tasks / "tasks_pairs/seed0/student_pairs/log.jsonl").read_text().splitlines()
    steps = [line for line in map(json.loads, log) if "monitor" not in line]
    assert len(steps) == 2 * -(-len(scored) // 8)  # an epoch holds both
    terms = {name for step in steps for name, value in step["parts"].items() if value}
    assert len(terms) == 2
    # The teacher, whose only term is about labels, has no use for them in training: its steps are of labels.
    teacher = (two_tasks / "tasks_pairs/seed0/teacher_video/log.jsonl").read_text().splitlines()
    assert all(json.loads(line)["parts"]["action.cross_entropy"] for line in teacher if "parts" in line)


def test_whole_clips_with_one_head_of_any_name_go_all_the_way(own):
    write(own, tasks_clips=GESTURES, clips=CLIPS)
    folder = own.folder / "data/clips"
    (folder / "videos").mkdir(parents=True)
    rows = ["video,split,what"]
    for number in range(18):
        gesture = ("wave", "point", "rest")[number % 3]
        rows.append(f"clip{number},{'test' if number >= 12 else 'training'},{gesture}")
        cells = (1 << (4 * (number % 3) + 1)) - 1
        write_clip(folder / "videos" / f"clip{number}.mp4", 20 + number % 5, fps=10, numbers=[cells] * 24)
    (folder / "list.csv").write_text("\n".join(rows) + "\n")
    own.snakemake("--config", "dataset=clips")
    results = own.folder / "results/clips"
    segments = pq.read_table(results / "segments.parquet")
    assert segments["stop_s"].null_count == 18 and segments.column_names[-2:] == ["gesture", "gesture_id"]
    durations = {
        row["video_id"]: row["duration_s"] for row in pq.read_table(results / "videos.parquet").to_pylist()
    }
    for row in pq.read_table(results / "samples/recognition.parquet").to_pylist():
        assert row["dropped_because"] is None and row["window_start_s"] == 0
        assert durations[row["video_id"]] - 0.11 < row["window_stop_s"] < durations[row["video_id"]]
    found = metrics(results, "tasks_clips", "student_gesture")
    assert "action" not in found and (found["split"], found["samples"]) == ("test", 6)
    assert found["gesture"]["top1"] == 100  # the gestures are as plain as black and white
    summary = json.loads((results / "tasks_clips/summary.json").read_text())
    assert summary["heads"] == ["gesture"] and (results / "tasks_clips/report.html").exists()
