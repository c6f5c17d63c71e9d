"""A made-up finished run of a small system: every file that the report reads, and the step that makes the
report.

Students are made to differ as in the generated kitchen: the taught ones know a little more of rare classes.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import av
import numpy as np
from made_up_tables import make_classes, make_scores, make_tables, with_pairs

from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.tables import ISSUES, SAMPLES, VIDEOS, read_table, write_table
from foretaste.evaluation.measure import measure
from foretaste.evaluation.protocols import report, targets
from foretaste.pipeline import artifact
from foretaste.pipeline.step import Step
from foretaste.pipeline.store import FORMAT, RECORD, Cost, Entry, Estimate, FileFacts
from foretaste.scores.reader import open_scores
from foretaste.video.frame_table import as_row, look_at

_LM, _RECIPES = {"lm": "minilm"}, {"lm": "minilm_recipes"}
MODELS = {
    "teacher_counts": {"role": "teacher", "label": "average of counts", "counted": True},
    "teacher_lm": {"role": "teacher", "label": "MiniLM", **_LM},
    "teacher_recipe_lm": {"role": "teacher", "label": "MiniLM + recipes", **_RECIPES},
    "teacher_lm_counts": {
        "role": "teacher",
        "label": "MiniLM and counts",
        "mentions": ["teacher_lm", "teacher_counts"],
        "averaged": True,
    },
    "student_baseline": {"role": "student", "label": "AVT", "backbone": "frames"},
    "student_smoothed": {"role": "student", "label": "AVT, labels smoothed", "backbone": "frames"},
    "student_lm": {
        "role": "student",
        "label": "AVT + MiniLM",
        "mentions": ["teacher_lm"],
        "backbone": "frames",
    },
    "student_recipe_lm": {
        "role": "student",
        "label": "AVT + MiniLM with recipes",
        "mentions": ["teacher_recipe_lm"],
        "backbone": "frames",
    },
}
MODELS = {
    name: {
        "lm": None,
        "backbone": None,
        "mentions": [],
        "averaged": False,
        "counted": False,
        "reuse": None,
        **model,
    }
    for name, model in MODELS.items()
}
SKILL = {
    "teacher_counts": 2.6, "teacher_lm": 2.8, "teacher_recipe_lm": 3.3, "teacher_lm_counts": 3.1,
    "student_baseline": 1.3, "student_smoothed": 1.31,
    "student_lm": 1.36, "student_recipe_lm": 1.42,
}  # fmt: skip
PAIRS = [
    ["teacher_recipe_lm", "teacher_lm"], ["student_smoothed", "student_baseline"], ["student_lm",
    "student_baseline"],
    ["student_recipe_lm", "student_baseline"], ["student_recipe_lm", "student_smoothed"],
    ["student_recipe_lm", "student_lm"],
]  # fmt: skip


def make_run(
    folder: Path, *, worlds: int = 1, seeds: int = 2, videos: dict[str, int] | None = None, actions: int = 30,
    with_videos: bool = True, pairs: bool = False,
    models: tuple[str, ...] = tuple(MODELS),
) -> Step:  # fmt: skip
    """Write all files under ``folder`` and return the report's step; teachers have at most two seeds.
    ``pairs``: whether classes say which pairs of verb and noun occur in training.
    """
    classes = with_pairs(make_classes(actions)) if pairs else make_classes(actions)
    names = [f"kitchen_w{w}" if w else "kitchen" for w in range(worlds)]
    inputs: dict[str, list[Path] | Path] = {
        key: [] for key in ("metrics", "scores", "logs", "samples", "segments", "classes", "issues")
    }
    runs, logs, costs = [], [], []
    for number, world in enumerate(names):
        place = folder / world
        labels = make_tables(place, classes, videos or {"training": 6, "validation": 8}, seed=number)
        samples = read_table(place / "samples.parquet", SAMPLES)
        ids = {split: list(targets(samples, split).sample_ids) for split in labels}
        for key, file in (
            ("samples", "samples.parquet"),
            ("segments", "segments.parquet"),
            ("classes", "classes.json"),
        ):
            inputs[key].append(place / file)
        for model in models:
            for seed in range(seeds if MODELS[model]["role"] == "student" else min(seeds, 2)):
                own = place / "system" / f"seed{seed}" / model
                _score(own, model, seed, number, classes, labels, ids, samples, world)
                inputs["metrics"].append(own / "metrics.json")
                inputs["scores"].append(own / "scores")
                runs.append({"world": world, "model": model, "seed": seed})
                costs += [_cost(own / stage, len(runs), stage) for stage in ("train", "score")]
                if not MODELS[model]["averaged"] and model != "teacher_counts":
                    inputs["logs"].append(_log(own / "log.jsonl", model, seed))
                    logs.append(runs[-1])
    _issues(folder / "issues.parquet")
    inputs["issues"] = [folder / "issues.parquet"]
    lms = [world for world in names if "teacher_recipe_lm" in models]
    inputs["lms"] = [_pretrained(folder / world / "lm.json", number) for number, world in enumerate(lms)]
    if with_videos:
        inputs["videos"] = _videos(
            folder / names[0],
            samples if worlds == 1 else read_table(folder / names[0] / "samples.parquet", SAMPLES),
        )
    return Step(
        stage="report",
        inputs=inputs,
        outputs={"summary": folder / "out" / "summary.json", "report": folder / "out" / "report.html"},
        config={
            "title": "LM -> AVT on the generated kitchen",
            "paper": (
                "Ghosh et al. 2022, Distilling Knowledge from Language Models for Video-based Action"
                " Anticipation"
            ),
            "dataset": "kitchen_worlds" if worlds > 1 else "kitchen",
            "system": "lm_avt_demo",
            "worlds": names,
            "split": "validation",
            "primary_metric": "class_mean_recall5",
            "models": {name: MODELS[name] for name in MODELS},
            "pretrained": ["minilm_recipes"],
            "comparisons": PAIRS,
            "headline": ["student_recipe_lm", "student_baseline"],
            "sweeps": [],
            "chosen_on_training": False,
            "runs": runs,
            "logs": logs,
            "lms": [{"world": world, "lm": "minilm_recipes"} for world in lms],
            "set": {},
            "command": "snakemake --cores 2 results/kitchen/lm_avt_demo/report.html --config dataset=kitchen",
            "teacher_seeds": min(seeds, 2),
            "history": {"rule": "start", "source": "all_splits", "length": 5},
            "video_folders": {"rgb": str(folder / names[0] / "videos")},
            "costs": [str(folder) for folder in costs],
        },
        scratch=folder / "scratch",
    )


def _shown(role: str) -> dict:
    """Until when a model was shown something."""
    bars = {"first_s": 1.0, "width_s": 0.5, "counts": [30, 8, 2] if role == "teacher" else [40]}
    facts = {"samples": 40, "least_s": 1.0, "median_s": 1.01, "most_s": 2.4, "histogram": bars}
    return {"shown_before_s": {"validation": facts}}


def _score(
    own: Path,
    model: str,
    seed: int,
    number: int,
    classes: ClassSpace,
    labels: dict,
    ids: dict,
    samples,
    world: str,
) -> None:
    # Taught students: more skill on rare classes than on frequent ones.
    lift = SKILL[model] - SKILL["student_baseline"]
    rare = {
        split: np.array([1.0 + (0.5 if MODELS[model]["mentions"] and a > 8 else 0.0) * lift for a in of])
        for split, of in labels.items()
    }
    told = {"text": rare, "facts": _shown(MODELS[model]["role"])}
    make_scores(own / "scores", classes, labels, ids, model, SKILL[model], 100 * number + seed, **told)
    wanted = targets(samples, "validation")
    logits = open_scores(own / "scores").logits("validation", "action", wanted.sample_ids)
    taught, teacher = (
        bool(MODELS[model]["mentions"]) and model.startswith("student"),
        model.startswith("teacher"),
    )
    protocol = {"tau_a": 1.0, "prior_exponent": 0.0}
    if taught or teacher:
        protocol |= {"history_rule": "start", "history_from": "all_splits", "history_length": 5}
    if taught:
        teacher_name = MODELS[model]["mentions"][0]
        protocol["terms"] = [
            {"of": "action", "to": "labels", "loss": "cross_entropy", "weight": 1.0, "reduction": "batch",
            "temperature": None, "top_k": None, "t_squared": None},
            {"of": "action", "to": teacher_name, "loss": "kl", "weight": 4.0, "reduction": "batch",
            "temperature": 1.0, "top_k": None, "t_squared": False},
        ]  # fmt: skip
    names = {"dataset": world, "system": "lm_avt_demo", "seed": seed, "model": model}
    artifact.write_json(
        own / "metrics.json",
        report(measure({"action": logits}, wanted, classes), len(wanted), "validation", protocol, names),
    )


def _log(path: Path, model: str, seed: int) -> Path:
    rng = np.random.default_rng([len(model), seed])
    epochs, steps = (20, 6) if model.startswith("student") else (6, 20)
    floor = 1.2 if model.startswith("student") else 0.8
    rows = []
    for epoch in range(1, epochs + 1):
        for step in range(steps):
            loss = floor + 2.4 * np.exp(-(epoch + step / steps) / (epochs / 4)) + rng.normal(0, 0.06)
            parts = {"action.cross_entropy": loss, "next_features.feature_mse": 0.1}
            rows.append(
                {
                    "epoch": epoch,
                    "step": (epoch - 1) * steps + step + 1,
                    "lr": 1e-3,
                    "loss": loss + 0.1,
                    "parts": parts,
                    "gradient_norm": 1.0,
                }
            )
        top1 = 24 * (1 - np.exp(-epoch / 4)) + SKILL[model] + rng.normal(0, 0.4)
        rows.append(
            {
                "epoch": epoch,
                "step": epoch * steps,
                "monitor": "validation",
                "action_loss": 2.9 - top1 / 40,
                "action_top1": top1,
            }
        )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def _pretrained(path: Path, number: int) -> Path:
    before = {"perplexity": 812.4, "verb_top5": 11.1, "object_top5": 6.2}
    after = {"perplexity": 17.3 + number, "verb_top5": 71.6, "object_top5": 64.9}
    facts = {"newly_initialised": ["cls.predictions.bias"], "unused": [], "frequency_perplexity": 143.7}
    path.write_text(
        json.dumps(
            {"format": 1, "partition": "val", "sequences": 23456, "before": before, "after": after, **facts}
        )
    )
    return path


def _cost(folder: Path, number: int, stage: str) -> Path:
    """The folder of a result whose record says what it cost."""
    seconds = 20 + 3 * number if stage == "train" else 2
    cpu_s, memory = round(seconds * 1.7, 2), 600.1 + 7 * number
    said = Estimate(cpu_s=cpu_s - 1, gpu_s=0.0, max_rss_mb=590.0, bytes=2_000_000, source="before")
    cost = Cost(
        wall_s=seconds + 0.5, cpu_s=cpu_s, max_rss_mb=memory, planned=said if stage == "train" else None
    )
    folder.mkdir()
    files = {"log.jsonl": FileFacts(size=2_500_000, sha256="0" * 64)}
    entry = Entry(format=FORMAT, record={"stage": stage}, files=files, cost=cost)
    artifact.write_json(folder / RECORD, asdict(entry))
    return folder


def _issues(path: Path) -> None:
    rows = [
        (
            "read_annotations",
            "annotations/training.csv",
            "118",
            "P03_05_17",
            "stop 12.1 s before start 12.4 s",
            "skipped",
        ),
        ("probe_videos", "P04_02.mp4", None, "P04_02", "file ends in the middle of a picture", "skipped"),
    ]
    write_table(path, ISSUES, {name: [row[i] for row in rows] for i, name in enumerate(ISSUES.schema.names)})


def _videos(place: Path, samples) -> Path:
    """A small H.264 file for every validation video but the first: a counter with things that move."""
    rows = samples.to_pylist()
    wanted = sorted({row["video_id"] for row in rows if row["split"] == "validation"})[1:]
    (place / "videos").mkdir()
    table = []
    for number, video in enumerate(wanted):
        seconds = max(row["target_stop_s"] for row in rows if row["video_id"] == video)
        path = place / "videos" / f"{video}.mp4"
        _film(path, round(seconds * 5), number)
        row = {"video_id": video, "modality": "rgb", "path": path.name, **as_row(look_at(path))}
        table.append([row[name] for name in VIDEOS.schema.names])
    columns = dict(zip(VIDEOS.schema.names, map(list, zip(*table)), strict=True))
    write_table(place / "videos.parquet", VIDEOS, columns)
    return place / "videos.parquet"


def _film(path: Path, frames: int, number: int) -> None:
    rng = np.random.default_rng(number)
    wood = rng.integers(120, 200, 3)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "libx264", rate=5, options={"preset": "ultrafast", "crf": "30", "threads": "1"}
        )
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for i in range(frames):
            picture = np.full((120, 160, 3), wood, dtype=np.uint8)
            picture[:45] = (205, 210, 214)
            y, x = np.mgrid[:120, :160]
            for k in range(3):
                centre = (80 + 55 * np.sin(i / (6 + 3 * k) + k), 75 + 18 * np.cos(i / (4 + k)))
                picture[(x - centre[0]) ** 2 + (y - centre[1]) ** 2 < (9 + 3 * k) ** 2] = (
                    (210, 80, 60),
                    (90, 160, 70),
                    (235, 205, 120),
                )[k]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
