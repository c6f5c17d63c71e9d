"""Samples of a run that hears: what is lost of the sound of a video is found when they are made."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sounding
from spaces import THREE

from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import SAMPLES, SEGMENTS, VIDEOS, read_table, write_table
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.step import Step
from foretaste.pipeline.video_files import video_files
from foretaste.settings.catalogue import Catalogue
from foretaste.stages import make_samples
from foretaste.video.probe import probe

ROOT = Path(__file__).parents[2]
VIEW = {"kind": "audio", "frames": 2, "rate": 2.0, "length_s": 0.4, "size": 32}
VIEW["mel"] = {"points": 256, "window": 200, "hop": 100, "pitches": 24}
STARTS_S = (0.2, 1.2, 3.2)


@pytest.fixture
def made_from(tmp_path, monkeypatch):
    """Video a, whose sound is not there from 1.5 to 2 s, and b, whose sound begins 2 s after the pictures;
    three segments of a second in each.
    """
    folder = tmp_path / "videos"
    folder.mkdir()
    sounding.write(folder / "b.mkv", 5.0, "flac", 24_000, late_s=2.0)
    whole = sounding._mux
    monkeypatch.setattr(sounding, "_mux", lambda *given: None if 15 <= given[3] < 20 else whole(*given))
    sounding.write(folder / "a.mkv", 5.0, "flac", 24_000)
    columns, issues = probe(folder, video_files(folder).items())
    assert not issues
    write_table(tmp_path / "videos.parquet", VIDEOS, columns)
    rows = {
        "segment_id": [str(at) for at in range(6)],
        "dataset": ["mine"] * 6,
        "split": ["training"] * 6,
        "video_id": ["a"] * 3 + ["b"] * 3,
        "start_s": [*STARTS_S, *STARTS_S],
        "stop_s": [start_s + 1 for start_s in (*STARTS_S, *STARTS_S)],
    }
    definition = SEGMENTS.of(THREE)
    for name in definition.schema.names:
        rows.setdefault(name, [None] * 6)
    write_table(tmp_path / "segments.parquet", definition, rows)
    return {name: tmp_path / f"{name}.parquet" for name in ("segments", "videos")}, folder


def made(made_from, out, on_bad_input):
    inputs, folder = made_from
    config = {"task": {"kind": "recognition"}, "dataset": "mine", "on_bad_input": on_bad_input}
    step = Step(
        stage="make_samples",
        inputs=inputs,
        outputs={"samples": out / "samples.parquet"},
        config={
            **config,
            "views": [{"view": VIEW, "backbone": None}],
            "video_folders": {"rgb": str(folder)},
        },
        scratch=out / "scratch",
    )
    make_samples.run(step)
    return read_table(step.outputs["samples"], SAMPLES)["dropped_because"].to_pylist()


def test_a_sample_whose_sound_is_lost_is_listed_or_dropped_for_all_models(made_from, tmp_path):
    with pytest.raises(DataError, match=r"^3 samples that a model of this run cannot see") as listed:
        made(made_from, tmp_path, "fail")
    jumps, begins = r"its sound jumps from 1\.5\d s to 2\.\d\d s", r"its sound begins only at 2\.00 s"
    assert re.search(rf": 1 \(a\): {jumps}; 3 \(b\): {begins}; 4 \(b\): {begins}: ", str(listed.value))
    first, second, third, *of_b = made(made_from, tmp_path, "skip")
    assert first is None and third is None and re.fullmatch(jumps, second)
    assert of_b[:2] == ["its sound begins only at 2.00 s"] * 2 and of_b[2] is None


def test_only_a_run_that_hears_reads_the_videos_for_its_samples():
    def planned(**settings):
        plan = Plan(Catalogue({"dataset": "kitchen", "data_root": "data", **settings}, ROOT))
        return plan.describe("make_samples", {"dataset": "kitchen", "task": "recognition"})

    heard, seen = planned(systems="lanvikd_demo"), planned(systems="multimodal_demo")
    assert heard.inputs["video_files"] and heard.places["video_folders"].keys() == {"rgb"}
    assert "video_files" not in seen.inputs and not seen.places
