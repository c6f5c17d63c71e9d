"""bench/knowledge.py tells what a model knows from what it has by heart."""

import runpy
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

BENCH = runpy.run_path(str(Path(__file__).parents[2] / "bench" / "knowledge.py"))


@pytest.fixture
def drawn():
    """4,000 samples whose labels are drawn from their truth: of 12 classes three may come."""
    random = np.random.default_rng(3)
    classes = [random.choice(12, 3, replace=False).tolist() for _ in range(4000)]
    truth = [random.dirichlet(np.ones(3)) for _ in classes]
    labels = np.array([random.choice(some, p=likely) for some, likely in zip(classes, truth)])
    return BENCH["Known"]([str(number) for number in range(4000)], labels, classes, truth)


def said_by_the_truth(of, floor=1e-6):
    probabilities = np.full((len(of.labels), 12), floor)
    for row, (classes, likely) in enumerate(zip(of.classes, of.truth)):
        probabilities[row, classes] += likely
    return probabilities / probabilities.sum(1, keepdims=True)


def test_who_knows_the_truth_is_at_it_and_has_no_label_by_heart(drawn):
    found = BENCH["measures"](np.log(said_by_the_truth(drawn)), drawn)
    assert found["far"] == pytest.approx(0, abs=1e-3)
    assert found["by heart"] == pytest.approx(0, abs=0.05)
    assert found["doubt"] > 0.5


def test_what_knows_nothing_is_as_far_as_it_can_be_without_a_label_by_heart(drawn):
    found = BENCH["measures"](np.zeros((4000, 12)), drawn)
    entropy = np.mean([-(likely * np.log(likely)).sum() for likely in drawn.truth])
    assert found == pytest.approx({"far": np.log(12) - entropy, "doubt": np.log(12), "by heart": 0})


def test_labels_by_heart_are_counted_as_such(drawn):
    """Half of the probability is given to the label: KL and doubt in closed form, row by row."""
    said = said_by_the_truth(drawn, floor=1e-9) / 2
    rows = np.arange(4000)
    said[rows, drawn.labels] += 0.5
    found = BENCH["measures"](np.log(said), drawn)
    far, doubt = 0.0, 0.0
    for row, (classes, likely) in enumerate(zip(drawn.classes, drawn.truth)):
        far += (likely * np.log(likely / said[row, classes])).sum() / 4000
        doubt -= np.log(said[row, drawn.labels[row]]) / 4000
    assert found["far"] == pytest.approx(far) and found["doubt"] == pytest.approx(doubt)
    assert found["by heart"] > 0.3


def test_each_sample_is_asked_about_the_frame_that_its_window_ends_in(tmp_path):
    """At 10 frames a second a window to 0.71 s ends in frame 7. A sample that another action begins before,
    one that was dropped and one of another split are left out.
    """
    frames = [(video, frame) for video in ("a", "b") for frame in range(20)]
    truth = {
        "video_id": [video for video, _ in frames],
        "frame": [frame for _, frame in frames],
        "next_action_ids": [[frame, 40] for _, frame in frames],
        "next_probabilities": [[0.25, 0.5] if video == "a" else [1.0, 3.0] for video, _ in frames],
    }
    kinds = ("video_id", "modality", "rate_fps")
    videos = [dict(zip(kinds, row)) for row in (("a", "rgb", 10.0), ("b", "rgb", 10.0), ("a", "flow", 5.0))]
    names = (
        "sample_id",
        "video_id",
        "split",
        "window_stop_s",
        "target_start_s",
        "dropped_because",
        "action_id",
    )
    samples = [
        ("0", "a", "training", 0.71, 1.71, None, 7),
        ("1", "a", "training", 0.95, 1.95, None, 8),  # 0 begins within
        ("2", "b", "training", 0.0, 1.0, "its sound is lost", 9),
        ("3", "b", "validation", 1.5, 2.5, None, 15),
    ]
    written = {
        "world/annotations/truth.parquet": pa.table(truth),
        "videos.parquet": pa.Table.from_pylist(videos),
        "samples/anticipation.parquet": pa.Table.from_pylist([dict(zip(names, row)) for row in samples]),
    }
    for name, table in written.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, tmp_path / name)
    training, validation = (BENCH["known"](tmp_path, split) for split in ("training", "validation"))
    assert (training.ids, training.labels.tolist(), training.classes) == (["0"], [7], [[7, 40]])
    assert (validation.ids, validation.classes) == (["3"], [[15, 40]])
    np.testing.assert_allclose([*training.truth, *validation.truth], [[1 / 3, 2 / 3], [0.25, 0.75]])


def test_a_folder_without_scores_is_named(tmp_path):
    with pytest.raises(SystemExit, match=f"{tmp_path}: no <model>/scores"):
        BENCH["main"]([tmp_path])
