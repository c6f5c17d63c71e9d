"""Each kind of bad input is one clear error line that names the file, the row or key, and what to do; nothing
half-written stays.
"""

from __future__ import annotations

import re

import pyarrow.parquet as pq
import pytest
from conftest import GIVEN

from foretaste.scores.reader import open_scores

pytestmark = pytest.mark.slow


def error_of(checkout, target, *config):
    """The error line of a run that must fail with exit code 1, without a traceback and without its output."""
    done = checkout.snakemake(target, "--config", *(config or GIVEN), check=False)
    assert done.returncode == 1, done.stdout[-3000:]
    errors = [line for line in done.stdout.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, done.stdout[-3000:]
    assert "Traceback" not in done.stdout
    output = checkout.folder / target
    assert not output.exists() and not list(output.parent.glob(".*.partial*"))
    return errors[0]


def rewrite(world, name, change):
    path = world.folder / "data/world/annotations" / name
    path.write_text(change(path.read_text()))


SEGMENTS, VIDEOS = "results/kitchen_given/segments.parquet", "results/kitchen_given/videos.parquet"
MICRO_SEGMENTS = "results/kitchen_micro/segments.parquet"


def test_a_typo_in_a_config_key(fresh):
    assert re.search(
        "unknown key 'histroy_rule'.*history_rule.*did you mean 'history_rule'",
        error_of(fresh, MICRO_SEGMENTS, "dataset=kitchen_micro", "histroy_rule=end"),
    )


def test_a_typo_in_a_preset(fresh):
    fresh.edit("workflow/systems/lm_avt_demo.yaml", "heads: 4, dropout:", "heads: 4, dropuot:")
    assert re.search(
        "unknown key 'dropuot'.*base lm_avt_demo.*models.student_baseline.network.*did you mean",
        error_of(fresh, MICRO_SEGMENTS, "dataset=kitchen_micro"),
    )


def test_a_missing_video(world):
    video = sorted((world.folder / "data/world/videos").glob("*.mp4"))[2]
    video.unlink()
    assert re.search(f"{video.stem}.*set on_bad_input: skip", error_of(world, VIDEOS))


def test_a_truncated_video(world):
    video = sorted((world.folder / "data/world/videos").glob("*.mp4"))[1]
    video.write_bytes(video.read_bytes()[:-4000])
    assert re.search(f"{video.name}.*set on_bad_input: skip", error_of(world, VIDEOS))


def cut_off(data: bytes) -> bytes:
    return data[:-4000]


def hole(data: bytes) -> bytes:
    """Zeros in the middle, where packets and both ends are as they were."""
    return data[:15_000] + bytes(6_000) + data[21_000:]


def test_a_run_that_skips_a_damaged_video_finishes_without_its_samples(world, finished):
    video = world.folder / "data/world/videos/P01_02.mp4"
    video.write_bytes(hole(video.read_bytes()))
    # What the undamaged run has too, its text, is taken from there.
    stores = f"stores=[{finished.folder}/results]"
    world.snakemake("lm_avt_micro", "--config", *GIVEN, "on_bad_input=skip", stores)
    results = world.folder / "results" / "kitchen_given"
    kept = check_left_out(results, video)
    for model in sorted((results / "lm_avt_micro" / "seed0").iterdir()):
        scores = open_scores(model / "scores")
        scored = {sample for split in ("training", "validation") for sample in scores.sample_ids(split)}
        assert kept == scored, model.name
    assert video.name in (results / "lm_avt_micro" / "report.html").read_text()


def test_a_video_that_is_cut_off_is_skipped_alike(world):
    video = world.folder / "data/world/videos/P01_02.mp4"
    video.write_bytes(cut_off(video.read_bytes()))
    tables = [f"results/kitchen_given/{name}" for name in ("issues.parquet", "samples/anticipation.parquet")]
    world.snakemake(*tables, "--config", *GIVEN, "on_bad_input=skip")
    check_left_out(world.folder / "results" / "kitchen_given", video)


def check_left_out(results, video):
    """The samples of a video are dropped, and who dropped it stands among the issues; returns the others."""
    samples = pq.read_table(results / "samples/anticipation.parquet").to_pylist()
    dropped = [row for row in samples if row["dropped_because"]]
    assert dropped and {(row["video_id"], row["dropped_because"]) for row in dropped} == {
        (video.stem, "no usable video")
    }
    issues = pq.read_table(results / "issues.parquet").to_pylist()
    assert [(row["stage"], row["key"], row["action"]) for row in issues] == [
        ("probe_videos", video.stem, "skipped")
    ]
    return {row["sample_id"] for row in samples if not row["dropped_because"]}


def test_a_csv_without_a_column(world):
    rewrite(world, "EPIC_train_action_labels.csv", lambda text: text.replace("stop_timestamp", "stopped", 1))
    assert re.search("EPIC_train_action_labels.csv.*stop_timestamp", error_of(world, SEGMENTS))


def test_a_segment_that_stops_before_it_starts(world):
    def swap(text):
        head, first, *rest = text.splitlines()
        times = re.findall(r"\d\d:\d\d:\d\d\.\d+", first)
        first = first.replace(times[0], "X").replace(times[1], times[0]).replace("X", times[1])
        return "\n".join([head, first, *rest]) + "\n"

    rewrite(world, "EPIC_train_action_labels.csv", swap)
    error = error_of(world, SEGMENTS)
    assert "EPIC_train_action_labels.csv" in error and re.search("(line|row) 2", error), error


def test_recipes_that_are_not_as_documented(world):
    path = world.folder / "data/world/recipes/layer1.json"
    path.write_text(path.read_text().replace('"instructions"', '"directions"', 1))
    error = error_of(world, "results/text/layer1/sentences.parquet")
    assert "layer1.json" in error and "instructions" in error, error


def test_a_full_disk(world):
    """A quota of 8 KB a file, in which Snakemake's copy of the rules fits, stands in for the disk: the write
    fails with the system's own error.
    """
    wanted = "results/text/layer1/sentences.parquet"
    done = world.run(
        "bash",
        "-c",
        f"ulimit -f 8; trap '' XFSZ; snakemake --quiet host --cores 1 {wanted} --config {' '.join(GIVEN)}",
        check=False,
    )
    errors = [line for line in done.stdout.splitlines() if line.startswith("error: ")]
    assert done.returncode == 1 and len(errors) == 1, done.stdout[-3000:]
    assert re.search("cannot write|File too large", errors[0]) and "Traceback" not in done.stdout.replace(
        'Traceback (most recent call last):\n  File "<frozen', ""
    )
    assert not (world.folder / wanted).exists()
