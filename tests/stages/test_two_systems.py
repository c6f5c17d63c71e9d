"""The systems `multimodal` and `lanvikd` on the micro world, from videos and annotations to the reports: all
steps of the workflow, run in this process. What the numbers are means nothing; that they are there does.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow as pa
import pytest
from jobs import give_names_of, run_here
from safetensors.torch import load_file
from workflow_copy import copy_workflow

from foretaste.contracts.errors import ConfigError
from foretaste.contracts.tables import SAMPLES, SEGMENTS, read_table, write_table
from foretaste.pipeline.contents import Contents
from foretaste.pipeline.graph import Graph
from foretaste.pipeline.jobs import job_of, keep
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.running import step_of
from foretaste.pipeline.store import Store
from foretaste.scores.reader import open_scores
from foretaste.settings.catalogue import Catalogue
from foretaste.stages import make_samples, score, train

pytestmark = pytest.mark.slow

SYSTEMS = ("multimodal_micro", "lanvikd_micro")
MULTIMODAL = (
    "teacher_rgb", "teacher_flow", "teacher_boxes", "teacher_mean", "teacher_rgb_boxes", "teacher_rgb_flow",
    "teacher_weighted", "student_baseline", "student_smoothed", "student_omnivore", "student_rgb_boxes",
    "student_rgb_flow", "student_mean", "student_weighted",
)  # fmt: skip
LANVIKD = (
    "teacher_narration", "student_baseline", "student_smoothed", "student_kl", "student_kl_embedding",
    "student_kl08", "student_kl08_embedding", "teacher_audio", "student_audio",
)  # fmt: skip

HEADS = ("action", "verb", "noun")
SAMPLED = "/samples/recognition"


class Whole:
    """A checkout, and all steps of the reports of both systems."""

    def __init__(self, folder: Path):
        self.folder, self.results = copy_workflow(folder), folder / "results"
        (folder / "Snakefile").touch()
        settings = {
            "dataset": "kitchen_micro",
            "systems": list(SYSTEMS),
            "data_root": str(folder / "data"),
            "results_root": str(self.results),
        }
        (folder / "data").mkdir(exist_ok=True)
        self.plan = Plan(Catalogue(settings, folder))
        self.ran: list[tuple[str, dict, dict, Path]] = []

    def make(self) -> Whole:
        graph = Graph(self.plan, Contents(self.results / ".sha256"))
        wanted = [graph.at(f"{self.results}/kitchen_micro/{system}/report.html")[0] for system in SYSTEMS]
        for node in graph.walk(wanted):
            path = keep(job_of(node, node.names, self.plan.results, (), []))
            run_here(path, node.stage)
            give_names_of(path)
            self.ran.append((node.stage, dict(node.names), dict(node.sources), path))
        return self

    def of(self, system: str, model: str) -> Path:
        return self.results / "kitchen_micro" / system / "seed0" / model

    def metrics(self, system: str, model: str) -> dict:
        return json.loads((self.of(system, model) / "metrics.json").read_text())

    def step(self, stage: str, place: str) -> tuple[dict, Path]:
        """What the step that makes something at ``place`` reads, and its job."""
        (found,) = (
            (sources, job)
            for one, names, sources, job in self.ran
            if one == stage and any(place in path for path in names.values())
        )
        return found

    def inputs(self, stage: str, model: str) -> set[str]:
        """What the step of a model reads."""
        return set(self.step(stage, f"/{model}/")[0])

    def again(self, stage: ModuleType, place: str, out: Path, **inputs: Path) -> Path:
        """Run a step once more, with other ``inputs``; what it makes lies in ``out``."""
        job = json.loads(self.step(stage.__name__.rpartition(".")[2], place)[1].read_text())
        step = step_of(job, Store(job["results"]))
        outputs = {name: out / name for name in step.outputs}
        out.mkdir()
        stage.run(replace(step, inputs=step.inputs | inputs, outputs=outputs, scratch=out / "scratch"))
        return out


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return Whole(tmp_path_factory.mktemp("whole")).make()


@pytest.mark.parametrize(("system", "models"), list(zip(SYSTEMS, (MULTIMODAL, LANVIKD))))
def test_every_model_is_measured_on_actions_verbs_and_nouns(whole, system, models):
    assert tuple(whole.plan.catalogue.system("kitchen_micro", system).models) == models
    samples = read_table(whole.results / "kitchen_micro/samples/recognition.parquet", SAMPLES)
    assert samples["dropped_because"].null_count == samples.num_rows
    for model in models:
        found = whole.metrics(system, model)
        assert found["task"] == "recognition" and found["samples"] > 0
        for head in HEADS:
            assert found[head]["top1"] is not None and found[head]["ece"] is not None
        assert found["verb"]["top1.seen_pairs"] is not None
    summary = json.loads((whole.results / "kitchen_micro" / system / "summary.json").read_text())
    assert summary["comparisons"] and set(summary["arms"]) == set(models)


def test_verbs_on_pairs_that_training_never_shows_are_measured_beside_those_it_shows(whole):
    scores = open_scores(whole.of("lanvikd_micro", "student_kl") / "scores")
    samples = read_table(whole.results / "kitchen_micro/samples/recognition.parquet", SAMPLES).to_pylist()
    seen = {row["action_id"] for row in samples if row["split"] == "training"}
    wanted = [row for row in samples if row["split"] == "validation"]
    verb = scores.logits("validation", "verb", [row["sample_id"] for row in wanted])
    right = verb.argmax(1) == np.array([row["verb_id"] for row in wanted])
    new = np.array([row["action_id"] not in seen for row in wanted])
    found = whole.metrics("lanvikd_micro", "student_kl")["verb"]
    assert found["top1.seen_pairs"] == pytest.approx(100 * right[~new].mean())
    assert new.any() and found["top1.unseen_pairs"] == pytest.approx(100 * right[new].mean())


def test_the_omnivore_sees_boxes_and_flow_in_training_and_only_frames_where_it_is_scored(whole):
    assert {"frames_rgb", "frames_flow", "boxes"} <= whole.inputs("train", "student_omnivore")
    scored = whole.inputs("score", "student_omnivore")
    assert "frames_rgb" in scored and not {"frames_flow", "boxes"} & scored


def test_a_student_that_is_taught_by_sound_sees_frames_alone(whole):
    assert "video_files_rgb" in whole.inputs("train", "teacher_audio")
    heard = whole.inputs("train", "student_audio")
    assert "frames_rgb" in heard and "video_files_rgb" not in heard
    network = load_file(whole.of("lanvikd_micro", "teacher_audio") / "checkpoint/model.safetensors")
    assert network["pixels.std"].tolist() == pytest.approx([0.2] * 3)


def test_a_mean_speaks_live_on_the_students_own_frames_flow_and_boxes(whole):
    asked = {name for name in whole.inputs("train", "student_mean") if name.startswith("live.")}
    assert {f"live.target_1.part_{part}.checkpoint" for part in (1, 2, 3)} < asked
    assert {"live.target_1.part_2.frames_flow", "live.target_1.part_3.boxes"} < asked
    log = (whole.of("multimodal_micro", "student_mean") / "log.jsonl").read_text().splitlines()
    assert json.loads(log[0])["parts"]["verb.kl.target_1"] > 0
    assert not whole.inputs("train", "student_weighted") & asked


def test_a_mean_is_the_mean_of_its_teachers_logits(whole):
    names = ("teacher_rgb", "teacher_flow", "teacher_boxes", "teacher_mean")
    scores = [open_scores(whole.of("multimodal_micro", name) / "scores") for name in names]
    ids = scores[0].sample_ids("validation")
    *parts, mean = (one.logits("validation", "verb", ids) for one in scores)
    centred = [part - part.mean(1, keepdims=True) for part in (np.mean(parts, axis=0), mean)]
    np.testing.assert_allclose(*centred, atol=2e-3)  # scores are kept in half precision
    weights = whole.metrics("multimodal_micro", "teacher_weighted")["protocol"]["ensemble_weights"]
    assert set(weights) == set(names[:3])


def test_the_regression_head_is_trained_and_not_deployed(whole):
    folder = whole.of("lanvikd_micro", "student_kl_embedding")
    first = json.loads((folder / "log.jsonl").read_text().splitlines()[0])
    assert set(first["parts"]) == {
        "verb.cross_entropy", "noun.cross_entropy", "verb.kl.target_1",
        "noun.kl.target_1", "embedding.smooth_l1.target_1",
    }  # fmt: skip
    folders = [folder, whole.of("lanvikd_micro", "student_kl")]
    weights = [load_file(one / "checkpoint" / "model.safetensors") for one in folders]
    assert set(weights[0]) == set(weights[1])


def test_equal_narrations_have_equal_scores(whole):
    scores = open_scores(whole.of("lanvikd_micro", "teacher_narration") / "scores")
    segments = read_table(whole.results / "kitchen_micro/segments.parquet", SEGMENTS).to_pylist()
    told: dict[str, np.ndarray] = {}
    ids = scores.sample_ids("training")
    narration = {row["segment_id"]: row["narration"] for row in segments}
    for sample, logits in zip(ids, scores.logits("training", "verb", ids)):
        np.testing.assert_array_equal(told.setdefault(narration[sample], logits), logits)
    assert len(told) < len(ids)


@pytest.fixture
def challenge(whole, tmp_path) -> Path:
    """The segments, and those of validation once more as the test split of a challenge: without labels, and
    nobody has narrated them.
    """
    segments = read_table(whole.results / "kitchen_micro/segments.parquet", SEGMENTS)
    hidden = ("narration", *(name for name in segments.column_names if name.split("_")[0] in HEADS))
    rows = [
        {**row, **dict.fromkeys(hidden), "split": "test", "segment_id": f"test{row['segment_id']}"}
        for row in segments.to_pylist()
        if row["split"] == "validation"
    ]
    path = tmp_path / "segments.parquet"
    table = pa.concat_tables([segments, pa.Table.from_pylist(rows, schema=segments.schema)])
    write_table(path, SEGMENTS, table)
    return path


@pytest.mark.parametrize(
    ("system", "model", "scored"),
    [
        ("lanvikd_micro", "teacher_narration", False),
        ("multimodal_micro", "teacher_boxes", False),
        ("lanvikd_micro", "student_kl", True),
        ("multimodal_micro", "student_omnivore", True),
    ],
)
def test_a_split_without_labels_is_scored_by_who_needs_no_narration_and_no_boxes(
    whole, challenge, tmp_path, system, model, scored
):
    samples = whole.again(make_samples, SAMPLED, tmp_path / "made", segments=challenge) / "samples"
    kept = read_table(samples, SAMPLES)
    assert kept["dropped_because"].null_count == kept.num_rows and "test" in kept["split"].to_pylist()
    inputs = {"samples": samples, "segments": challenge}
    folder = whole.again(score, f"/{system}/seed0/{model}/", tmp_path / "scored", **inputs)
    found, before = (open_scores(one / "scores") for one in (folder, whole.of(system, model)))
    assert ("test" in found.splits) == scored and {"training", "validation"} <= set(found.splits)
    ids = before.sample_ids("validation")
    np.testing.assert_array_equal(*(one.logits("validation", "verb", ids) for one in (before, found)))


@pytest.mark.parametrize(
    ("system", "model"), [("lanvikd_micro", "teacher_narration"), ("multimodal_micro", "student_mean")]
)
def test_a_split_without_labels_changes_no_training(whole, challenge, tmp_path, system, model):
    samples = whole.again(make_samples, SAMPLED, tmp_path / "made", segments=challenge) / "samples"
    inputs = {"samples": samples, "segments": challenge}
    folder = whole.again(train, f"/{system}/seed0/{model}/", tmp_path / "trained", **inputs)
    trained, before = (
        (one / "checkpoint/model.safetensors").read_bytes() for one in (folder, whole.of(system, model))
    )
    assert trained == before


def test_the_report_shows_frames_flow_and_boxes_side_by_side(whole):
    page = (whole.results / "kitchen_micro/multimodal_micro/report.html").read_text()
    shown = page.count('alt="frame ')
    assert shown and shown == page.count('alt="optical flow ') == page.count('alt="boxes ')
    page = (whole.results / "kitchen_micro/lanvikd_micro/report.html").read_text(encoding="utf-8")
    assert page.count('alt="frame ') == page.count('alt="sound ') > 0
    other = (whole.results / "kitchen_micro/lanvikd_micro/report.html").read_text()
    assert other.count('alt="frame ') and not other.count('alt="boxes ')


def test_who_reads_the_narration_knows_the_label_and_is_refused_for_anticipation(whole):
    preset = {"base": "lanvikd_micro", "task": "anticipation", "title": "x"}
    (whole.folder / "workflow/systems/ahead.yaml").write_text(json.dumps(preset))
    settings = {"dataset": "kitchen_micro", "systems": "ahead", "results_root": str(whole.results)}
    try:
        with pytest.raises(ConfigError, match=r"under the task anticipation: who reads it knows the label"):
            Catalogue(settings, whole.folder)
    finally:
        (whole.folder / "workflow/systems/ahead.yaml").unlink()
