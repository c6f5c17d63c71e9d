"""EPIC-KITCHENS-100 from its files to the challenge's: made-up rows in the official layout, counts as the
model.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from foretaste.__main__ import main
from foretaste.pipeline import artifact
from foretaste.pipeline.step import Step
from foretaste.scores.verify import verify
from foretaste.stages import evaluate, make_samples, read_annotations, score, train

VERBS, NOUNS = 97, 300
#: Those that occur.
DONE, USED = 12, 15
VIEW = {"kind": "action_ids", "rule": "start", "source": "all_splits", "length": 5}
PROTOCOL = {
    "tau_a": 1.0,
    "history_rule": "start",
    "history_from": "all_splits",
    "history_length": 5,
    "prior_exponent": 0.0,
}


def clock(seconds: float) -> str:
    return f"{int(seconds) // 3600:02d}:{int(seconds) // 60 % 60:02d}:{seconds % 60:05.2f}"


def write_files(folder: Path) -> None:
    """Walks over a few verbs and nouns: what comes next depends on what was done last."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    for name, count, occur, word in (("verb", VERBS, DONE, "v"), ("noun", NOUNS, USED, "n")):
        rows = "".join(f"{i},{word}{i},['{word}{i}'],any\n" for i in range(count))
        (folder / f"EPIC_100_{name}_classes.csv").write_text(f"id,key,instances,category\n{rows}")
        (folder / f"EPIC_100_tail_{name}s.csv").write_text(
            f"{name}\n" + "".join(f"{i}\n" for i in range(occur // 2, occur))
        )
    (folder / "EPIC_100_unseen_participant_ids_validation.csv").write_text("participant_id\nP03\n")
    head = "narration_id,participant_id,video_id,narration_timestamp,start_timestamp,stop_timestamp"
    head += ",start_frame,stop_frame"
    for name, people in (
        ("train", ("P01", "P02")),
        ("validation", ("P01", "P03")),
        ("test_timestamps", ("P04",)),
    ):
        rows = []
        for person in people:
            for video in (f"{person}_{9 + ord(name[0])}", f"{person}_{500 + ord(name[0])}"):
                verb, noun = 0, 0
                for i in range(150):
                    verb, noun = (verb + random.integers(1, 3)) % DONE, (noun + random.integers(0, 3)) % USED
                    times = f"{clock(4.0 * i + 2)},{clock(4.0 * i + 2)},{clock(4.0 * i + 5)},1,2"
                    labels = (
                        ""
                        if name.startswith("test")
                        else f",do it,v{verb},{verb},n{noun},{noun},['n{noun}'],[{noun}]"
                    )
                    rows.append(f"{video}_{i},{person},{video},{times}{labels}\n")
        rest = (
            ""
            if name.startswith("test")
            else ",narration,verb,verb_class,noun,noun_class,all_nouns,all_noun_classes"
        )
        (folder / f"EPIC_100_{name}.csv").write_text(f"{head}{rest}\n{''.join(rows)}")


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """The stages, one after the other."""
    root = tmp_path_factory.mktemp("epic100")
    write_files(root / "epic100")
    tables = {name: root / f"{name}.parquet" for name in ("segments", "samples", "issues")} | {
        "classes": root / "classes.json"
    }
    model = {
        "view": VIEW,
        "network": {"kind": "counts"},
        "training": {"kind": "counting", "source": "samples"},
        "folds": 0,
        "held_out": 2,
        "calibrate": False,
    }
    seen = {name: tables[name] for name in ("segments", "samples", "classes")}
    reader = {
        "reader": {"kind": "epic100"},
        "evaluated": "validation",
        "choose": None,
        "withheld_pairs": None,
        "tail": None,
        "on_bad_input": "fail",
        "dataset": "epic100",
        "data_root": str(root),
    }
    made = {"checkpoint": root / "checkpoint", "log": root / "log.jsonl", "config": root / "config.yaml"}
    asked = {
        "split": "validation",
        "protocol": PROTOCOL,
        "dataset": "epic100",
        "task": "anticipation",
        "system": "s",
        "seed": 0,
        "model": "counts",
    }
    for stage, inputs, outputs, config in (
        (read_annotations, {}, {name: tables[name] for name in ("segments", "classes", "issues")}, reader),
        (
            make_samples,
            {"segments": tables["segments"]},
            {"samples": tables["samples"]},
            {"task": {"kind": "anticipation", "tau_a": 1.0, "tau_o": 10.0}},
        ),
        (train, seen, made, {"model": {**model, "objective": []}, "seed": 0}),
        (
            score,
            {**seen, "checkpoint": made["checkpoint"]},
            {"scores": root / "scores"},
            {"model": model, "seed": 0, "protocol": PROTOCOL, "data": {"licence": None, "terms": None}},
        ),
        (evaluate, {**seen, "scores": root / "scores"}, {"metrics": root / "metrics.json"}, asked),
    ):
        stage.run(
            Step(
                stage=stage.__name__.rpartition(".")[2],
                inputs=inputs,
                outputs=outputs,
                config=config,
                scratch=root / "scratch",
            )
        )
    return root


def test_every_split_is_scored_the_unlabelled_one_too(run):
    scores = verify(run / "scores")
    assert scores.splits == ("held_out", "test", "training", "validation")
    assert (len(scores.sample_ids("test")), scores.scored("test")) == (300, "held-out")
    # No label of a test video is known, so its histories are empty and all its rows are alike.
    assert scores.manifest["splits"]["test"]["rows"] == 1


def test_recall_is_given_overall_of_the_unseen_and_of_the_tail(run):
    metrics = artifact.read_json(run / "metrics.json")
    assert metrics["samples"] == 600
    for head in ("action", "verb", "noun"):
        parts = [metrics[head][f"class_mean_recall5{part}"] for part in ("", ".unseen", ".tail")]
        assert all(0 < part <= 100 for part in parts) and (head != "action" or len(set(parts)) == 3)
        assert metrics[head]["many_shot_recall5_and"] is None
    # After the last action two verbs and three nouns are possible: six actions, of which counting finds five
    # most of the time.
    assert metrics["action"]["class_mean_recall5"] > 40


def test_the_test_split_becomes_a_submission(run, tmp_path):
    line = [
        "submission",
        "--scores",
        str(run / "scores"),
        "--samples",
        str(run / "samples.parquet"),
        "--out",
        str(tmp_path / "test.json"),
    ]
    assert main(line) == 0
    results = json.loads((tmp_path / "test.json").read_text())["results"]
    assert set(results) == {
        f"P04_{video}_{i}" for video in (9 + ord("t"), 500 + ord("t")) for i in range(150)
    }
    one = next(iter(results.values()))
    assert (len(one["verb"]), len(one["noun"]), len(one["action"])) == (VERBS, NOUNS, 100)
    assert sum(one["verb"].values()) == pytest.approx(1) == sum(one["noun"].values())
