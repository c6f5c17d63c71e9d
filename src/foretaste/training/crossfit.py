"""Cross-fitting: rows that a model was trained on are scored by a sibling that never saw their videos.

A checkpoint of a cross-fitted model holds the model itself and ``fold<k>/``, each with a manifest that names
the videos it was trained ``without``; a row goes to the fold whose manifest names its video. Where something
is only to be fitted on rows that the model never saw, one sibling, ``held_out/``, is enough: it scores its
videos as a split of that name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from foretaste.annotations.video_folds import HELD_OUT_SEED, folds_by_video
from foretaste.contracts.batch import UNLABELLED, Outputs
from foretaste.contracts.errors import DataError
from foretaste.contracts.view import AnyLook, Look, Sources, View, kept_look
from foretaste.scores.format import HELD_OUT, LOOK, ONE_VIEW
from foretaste.scores.mean import Space
from foretaste.training.calibration import fit_temperature
from foretaste.training.checkpoint import load_model
from foretaste.training.fixed_views import mean_scored
from foretaste.training.keeping import MapKeeper
from foretaste.training.material import rows_of
from foretaste.training.samples import Samples, join
from foretaste.training.scoring import Scored, score

TRAINING = "training"


def siblings(video_ids: Sequence[str], folds: int, held_out: int, seed: int) -> dict[str, np.ndarray]:
    """name -> (n,) bool: of each model that is trained beside the model itself, the training rows that it is
    trained without.

    Which videos are held out does not depend on ``seed``: models and seeds that are averaged hold out the
    same ones.
    """
    if held_out:
        return {HELD_OUT: folds_by_video(video_ids, held_out, HELD_OUT_SEED, "model: held_out") == 0}
    if not folds:
        return {}
    dealt = folds_by_video(video_ids, folds, seed)
    return {f"fold{fold}": dealt == fold for fold in range(folds)}


@dataclass(frozen=True, kw_only=True)
class ScoredRows:
    """Rows of a split and their scores; ``fold`` is None where the model itself made them. ``view``: what the
    scores call how they were shown.
    """

    split: str
    view: str = ONE_VIEW
    fold: int | None
    samples: Samples
    scored: Scored


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """How the rows of a step are scored.

    folds
        How many models score the training rows, each those that it never saw; 0: the model itself does.
    held_out
        Whether there is a sibling that scores training rows as a split of that name.
    test_views, space
        The ways in which samples are shown, and what is averaged over them. Training rows are shown in one,
        as models see them that learn from this one.
    looks
        How many looks the training rows are scored under, beside.
    keeper
        Keeps the feature maps of all that is scored.
    """

    folds: int = 0
    held_out: bool = False
    test_views: Sequence[AnyLook] = (None,)
    space: Space = "logits"
    looks: int = 0
    keeper: MapKeeper | None = None

    def rows(self, model: nn.Module, samples: Samples, split: str, what: str) -> Scored:
        """The scores of rows of a split."""
        views = self.test_views if split != TRAINING else (None,)
        keep = _kept(self.keeper, split, samples)
        each = [score(model, samples, look=view, what=what, keep=keep) for view in views]
        return mean_scored(each, self.space)


def score_splits(
    checkpoint: Path, view: View, sources: Sources, scoring: Scoring
) -> tuple[list[ScoredRows], dict[str, Any]]:
    """Score every split of ``sources.samples``.

    Returns the scores, and the manifests by model: ``whole``, ``fold0``, ...
    Raises DataError if a training row belongs to no fold or to two.
    """
    table = sources.samples
    training = rows_of(table, TRAINING)
    videos = np.asarray(table["video_id"].take(training).to_pylist())
    found, manifests, times = [], {}, np.zeros(len(training), dtype=int)

    def add(model: nn.Module, split: str, fold: int | None, rows: np.ndarray, what: str) -> None:
        samples = join(view, table, rows)
        scored = scoring.rows(model, samples, split, what)
        found.append(ScoredRows(split=split, fold=fold, samples=samples, scored=scored))
        for number in range(scoring.looks if split == TRAINING else 0):
            look, view_name = kept_look(number), LOOK.format(number)
            keep = _kept(scoring.keeper, split, samples, look)
            seen = score(model, samples, look=look, what=f"{what}, look {number + 1}", keep=keep)
            found.append(ScoredRows(split=split, view=view_name, fold=fold, samples=samples, scored=seen))

    for fold in range(scoring.folds):
        model, manifest = load_model(checkpoint / f"fold{fold}", sources)
        manifests[f"fold{fold}"] = manifest
        mine = np.isin(videos, manifest["without"])
        times += mine
        add(model, TRAINING, fold, training[mine], f"fold {fold} of the training split")
    if scoring.folds and (times != 1).any():
        video = videos[np.flatnonzero(times != 1)[0]]
        raise DataError(
            f"video {video} is in {times[times != 1][0]} folds",
            checkpoint,
            "one fold a training video",
            "train again",
        )
    if scoring.held_out:
        model, manifests[HELD_OUT] = load_model(checkpoint / HELD_OUT, sources)
        mine = np.isin(videos, manifests[HELD_OUT]["without"])
        add(model, HELD_OUT, 0, training[mine], "held-out training videos")
    model, manifests["whole"] = load_model(checkpoint, sources)
    for split in sorted(set(table["split"].to_pylist()) - ({TRAINING} if scoring.folds else set())):
        add(model, split, None, rows_of(table, split), f"{split} split")
    return found, manifests


def _kept(
    keeper: MapKeeper | None, split: str, samples: Samples, look: Look | None = None
) -> Callable[[np.ndarray, Outputs], None] | None:
    """What keeps the maps of ``samples`` while they are scored."""
    if keeper is None:
        return None
    keeper.begin(split, samples, look)
    return keeper.keep


def fit_temperatures(found: Sequence[ScoredRows]) -> dict[str, float]:
    """head -> temperature, each from the rows that were scored out of fold."""
    folds = [part for part in found if part.fold is not None and part.view == ONE_VIEW]
    temperatures = {}
    for head in folds[0].scored.logits:
        logits = np.concatenate([part.scored.logits[head] for part in folds])
        labels = np.concatenate([_labels(part.samples, head) for part in folds])
        temperatures[head] = fit_temperature(logits, labels)
    return temperatures


def _labels(samples: Samples, head: str) -> np.ndarray:
    """(n,) int64 class ids; a fold may hold no row with a label of the head."""
    if head not in samples.labels:
        return np.full(len(samples), UNLABELLED)
    return samples.labels[head].numpy()
