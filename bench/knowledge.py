"""What models of the generated kitchen know of the next action, against the true distribution that it is
drawn from: on the samples that they were trained on, and on those of validation.

    python bench/knowledge.py results/kitchen_w100/lm_avt_demo/seed0 [another folder of models ...]

The kitchen's truth names, for every frame, the actions that may begin next and how likely each is. Of samples
whose target is the next action to begin after the window, means over samples, in nats:

``far``
    The Kullback-Leibler divergence of what a model says from the truth; 0 is all that can be known.
``doubt``
    Minus the log of the probability of the label.
``by heart``
    Entropy of the truth + far - doubt: how much surer of the labels the model is than one as far from the
    truth that was told none. On samples that it never saw it is 0 but for chance.

A student is brought nearer to the truth by what its teacher knows of it. What the teacher has by heart the
student's own labels say, too.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq
from scipy.special import entr, log_softmax

from foretaste.scores.reader import open_scores

SPLITS = ("training", "validation")


class Known(NamedTuple):
    """Samples of a split: ids, labels (N,) int, and for each the classes that may come and how likely."""

    ids: list[str]
    labels: np.ndarray
    classes: list[list[int]]
    truth: list[np.ndarray]


def known(dataset: Path, split: str) -> Known:
    """Of a results folder of one kitchen."""
    rows = pq.read_table(dataset / "samples" / "anticipation.parquet").to_pylist()
    begins: dict[str, list[float]] = {}
    for row in rows:
        begins.setdefault(row["video_id"], []).append(row["target_start_s"])
    truth = Truth(dataset)
    found = Known([], [], [], [])
    for row in rows:
        if row["split"] != split or row["dropped_because"] is not None:
            continue
        if any(row["window_stop_s"] < at < row["target_start_s"] for at in begins[row["video_id"]]):
            continue
        classes, likely = truth.after(row["video_id"], row["window_stop_s"])
        found.ids.append(row["sample_id"])
        found.labels.append(row["action_id"])
        found.classes.append(classes)
        found.truth.append(likely)
    return found._replace(labels=np.array(found.labels))


class Truth:
    """What may begin next, in every frame of a kitchen."""

    def __init__(self, dataset: Path):
        columns = ["video_id", "modality", "rate_fps"]
        videos = pq.read_table(dataset / "videos.parquet", columns=columns).to_pylist()
        self._rate = {video["video_id"]: video["rate_fps"] for video in videos if video["modality"] == "rgb"}
        self._table = pq.read_table(dataset / "world" / "annotations" / "truth.parquet")
        frames = zip(self._table["video_id"].to_pylist(), self._table["frame"].to_pylist())
        self._first = {video_id: row for row, (video_id, frame) in enumerate(frames) if frame == 0}

    def after(self, video_id: str, second: float) -> tuple[list[int], np.ndarray]:
        """The classes that may begin after what is shown at a time, and how likely each is."""
        row = self._first[video_id] + int(second * self._rate[video_id] + 1e-6)
        likely = np.array(self._table["next_probabilities"][row].as_py())
        return self._table["next_action_ids"][row].as_py(), likely / likely.sum()


def measures(logits: np.ndarray, of: Known) -> dict[str, float]:
    """The three numbers of a model's logits (N, C)."""
    said = log_softmax(logits.astype(np.float64), axis=1)
    entropy = np.array([entr(truth).sum() for truth in of.truth])
    pairs = enumerate(zip(of.classes, of.truth))
    crossed = np.array([-(truth * said[row, classes]).sum() for row, (classes, truth) in pairs])
    doubt = -said[np.arange(len(of.labels)), of.labels]
    return {
        "far": (crossed - entropy).mean(),
        "doubt": doubt.mean(),
        "by heart": (crossed - doubt).mean(),
    }


def lines(models: Path) -> Iterator[str]:
    """A table of Markdown of the models of one folder."""
    folders = sorted(path.parent for path in models.glob("*/scores"))
    if not folders:
        raise SystemExit(f"{models}: no <model>/scores; expected a folder results/<kitchen>/<system>/seed<n>")
    of = {split: known(models.parents[1], split) for split in SPLITS}
    heads = [f"{split}: {name}" for split in SPLITS for name in ("far", "doubt", "by heart")]
    yield f"| {models} | {' | '.join(heads)} |"
    yield "|" + " --- |" * (len(heads) + 1)
    for folder in folders:
        scores, cells = open_scores(folder / "scores"), []
        for split in SPLITS:
            found = measures(scores.logits(split, "action", of[split].ids), of[split])
            cells += [f"{value:.2f}" for value in found.values()]
        yield f"| {folder.name} ({scores.scored('training')}) | {' | '.join(cells)} |"


def main(folders: Sequence[Path]) -> None:
    for folder in folders:
        print("\n".join(lines(folder)), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", type=Path, nargs="+", help="folders <results>/<dataset>/<system>/seed<n>")
    main(parser.parse_args().models)
