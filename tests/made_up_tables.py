"""A made-up dataset and scores of made-up models, for tests of the average and of the report."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
from spaces import verb_noun

from foretaste.contracts.classes import ClassSpace
from foretaste.contracts.tables import SAMPLES, SEGMENTS, write_table
from foretaste.pipeline import artifact
from foretaste.scores.format import RECORD
from foretaste.scores.writer import ScoreWriter

VERBS = ("take", "wash", "cut", "peel", "pour", "stir")
NOUNS = ("onion", "carrot", "pan", "water", "knife")


def make_classes(actions: int = 20) -> ClassSpace:
    """The first ``actions`` pairs of verb and noun; every other verb and noun is many-shot."""
    pairs = [(v, n) for v in range(len(VERBS)) for n in range(len(NOUNS))][:actions]
    return verb_noun(
        action=tuple(f"{VERBS[v]}_{NOUNS[n]}" for v, n in pairs),
        verb=VERBS,
        noun=NOUNS,
        action_verb=tuple(v for v, _ in pairs),
        action_noun=tuple(n for _, n in pairs),
        many_shot=((0, 2, 4), (0, 2, 4), tuple(i for i, (v, n) in enumerate(pairs) if v % 2 == n % 2 == 0)),
    )


def with_pairs(classes: ClassSpace) -> ClassSpace:
    """The same, the first half of whose pairs of verb and noun are said to occur in training."""
    count = len(classes.heads["action"])
    parted = tuple(range(count // 2)), tuple(range(count // 2, count))
    pairs = {f"{kind}_pairs": {"action": ids} for kind, ids in zip(("seen", "unseen"), parted)}
    return replace(classes, groups={**classes.groups, **pairs})


def make_tables(
    folder: Path, classes: ClassSpace, videos: dict[str, int], per_video: int = 15, seed: int = 0
) -> dict[str, np.ndarray]:
    """Write ``classes.json``, ``segments.parquet`` and ``samples.parquet``; returns split -> action labels.

    videos
        split -> number of videos. Segments last 3 s, one every 4 s from 12 s on; tau_a 1 s, tau_o 10 s.
    """
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "classes.json").write_text(classes.to_json())
    rank = np.arange(1, len(classes.names("action")) + 1)
    rows = []
    for split, count in videos.items():
        for v in range(count):
            for i, action in enumerate(
                rng.choice(len(rank), per_video, p=(1 / rank) / (1 / rank).sum()).tolist()
            ):
                rows.append((f"{split[:2]}{v:02d}_{i}", split, f"{split[:2]}{v:02d}", 12.0 + 4 * i, action))
    ids, splits, names, starts, actions = (list(column) for column in zip(*rows, strict=True))
    own = {part: [of[a] for a in actions] for part, of in classes.parts("action").items()}
    own["action"] = actions
    labels = {f"{head}_id": own[head] for head in classes.heads}
    text = {}
    for head, classes_of in classes.heads.items():
        text |= {head: [classes_of[i] for i in own[head]], f"{head}_id": own[head]}
    none = [None] * len(rows)
    write_table(
        folder / "segments.parquet",
        SEGMENTS,
        {
            "segment_id": ids,
            "dataset": ["made up"] * len(rows),
            "split": splits,
            "video_id": names,
            "start_s": starts,
            "stop_s": [s + 3 for s in starts],
            "narration": none,
            "participant": none,
            **text,
        },
    )
    write_table(
        folder / "samples.parquet",
        SAMPLES,
        {
            "sample_id": ids,
            "segment_id": ids,
            "video_id": names,
            "split": splits,
            "window_start_s": [s - 11 for s in starts],
            "window_stop_s": [s - 1 for s in starts],
            "target_start_s": starts,
            "target_stop_s": [s + 3 for s in starts],
            "dropped_because": none,
            **labels,
        },
    )
    return {
        split: np.array([a for a, s in zip(actions, splits, strict=True) if s == split]) for split in videos
    }


def make_scores(
    folder: Path, classes: ClassSpace, tables: dict[str, np.ndarray], ids: dict[str, list[str]], model: str,
    skill: float, seed: int,
    folds: int = 0, text: dict[str, np.ndarray] | None = None, held_out: bool = False,
    length: int = 5, facts: dict | None = None,
) -> None:  # fmt: skip
    """Write a score cache: noise, most of it common to all models, plus ``skill`` on the truth (one number,
    or one a sample by split).

    With ``held_out`` the first two training videos are scored once more, with less skill, as that split.
    """
    rng = np.random.default_rng([seed, int(hashlib.sha256(model.encode()).hexdigest()[:6], 16)])
    common = np.random.default_rng(len(classes.names("action")))
    context = {"history_rule": "start", "history_length": length}
    record = {field: None for field in RECORD if field != "classes"} | {
        "weights": f"{model} {seed}",
        "context": context,
    }
    with artifact.whole(folder) as partial:
        told = {"trained_on": ("training",), "facts": facts}
        writer = ScoreWriter(partial, model=model, record=record, classes=classes, **told)
        for split, labels in tables.items():
            shape = (len(labels), len(classes.names("action")))
            logits = common.normal(0, 1.1, shape) + rng.normal(0, 0.5, shape)
            logits -= 0.35 * np.log(np.arange(1, len(classes.names("action")) + 1))
            logits[np.arange(len(labels)), labels] += skill if text is None else skill * text[split]
            fold = [i % folds for i in range(len(labels))] if folds and split == "training" else -1
            digests = [hashlib.sha256(sample.encode()).digest()[:16] for sample in ids[split]]
            writer.write(split, ids[split], digests, {"action": logits}, fold=fold)
            if held_out and split == "training":
                rows = [row for row, sample in enumerate(ids[split]) if sample.startswith(("tr00", "tr01"))]
                worse = logits[rows] - rng.gamma(1.0, 1.0, (len(rows), 1)) * (
                    np.arange(shape[1]) == labels[rows][:, None]
                )
                writer.write(
                    "held_out",
                    [ids[split][r] for r in rows],
                    [digests[r] for r in rows],
                    {"action": worse},
                    fold=0,
                )
        writer.finish()
