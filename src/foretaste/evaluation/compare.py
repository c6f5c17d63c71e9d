"""Whether one model is better than another: paired bootstrap intervals, videos and seeds resampled together.

Samples of one video are alike, so whole videos are drawn (with replacement), the same ones for both models and all seeds.
Seeds are drawn at the same time: a training that was repeated S times is a sample of S from all trainings. Where several
students share a teacher, they are alike too, so teachers are drawn, each with all its students (drawing students within
them once more would count their spread twice: simulated 95 % intervals then hold the truth 99 % of the time).

A plain bootstrap of S items makes the variance of their mean too small by (S - 1) / S, which matters for 2 or 5 seeds; so
S - 1 of S are drawn (Rao & Wu 1988, J. Am. Stat. Assoc. 83: 231-241).

Statistics are means of hits: over samples (top-k), or first within each class and then over classes (class-mean recall).
A resample takes every class that occurs in it, exactly as the metric itself would on the resampled rows. Because hits enter
linearly, they are summed once by video and class, and a resample is a weighted sum of those tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

#: Memory of one block of resamples (numbers of one table).
_BLOCK = 4_000_000


@dataclass(frozen=True, kw_only=True)
class World:
    """What two models did on one dataset, n samples, S seeds each.

    videos, labels
        (n,) the video of each sample (any hashable values) and its class id.
    hits_a, hits_b
        (S, n) 1 where the truth was among the first k, else 0; row s of both comes from seed s. ``hits_b`` zero gives
        the interval of a itself.
    groups
        (S,) the teacher's seed behind each seed; equal values were trained against the same teacher.
    classes
        (K,) class ids to average over, of which those that occur count; None: a plain mean over samples.
    """

    videos: np.ndarray
    labels: np.ndarray
    hits_a: np.ndarray
    hits_b: np.ndarray
    groups: np.ndarray
    classes: np.ndarray | None = None


@dataclass(frozen=True)
class Interval:
    """``difference`` a minus b on all data, and the limits that hold ``level`` per cent of the resamples between them."""

    difference: float
    low: float
    high: float
    level: int
    unit: str
    resamples: int


def paired_bootstrap(worlds: Sequence[World], resamples: int = 2000, seed: int = 0, level: int = 95) -> Interval:
    """The mean over worlds of the mean over seeds of (metric of a minus metric of b), and its percentile interval.

    Videos and seeds are drawn within each world; the worlds themselves stay. Same inputs and ``seed``: same interval. The unit
    is ``video+seed``, or ``video`` where no world has more than one seed.
    """
    total, draws = 0.0, np.zeros(resamples)
    for number, world in enumerate(worlds):
        counts, gains = _tables(world)
        by_class = world.classes is not None
        everything = np.ones((1, len(counts)))
        total += float(_statistic(everything, counts, gains, by_class).mean()) / len(worlds)
        rng = np.random.default_rng([seed, number])
        for block, (video_weights, seed_weights) in _resample(rng, len(counts), world.groups, resamples, counts.shape[1]):
            draws[block] += (_statistic(video_weights, counts, gains, by_class) * seed_weights).sum(axis=1) / len(worlds)
    low, high = np.quantile(draws, [(1 - level / 100) / 2, (1 + level / 100) / 2])
    seeds = max(len(world.groups) for world in worlds)
    return Interval(total, float(low), float(high), level, "video+seed" if seeds > 1 else "video", resamples)


def draw_seeds(rng: np.random.Generator, groups: np.ndarray, resamples: int) -> np.ndarray:
    """(resamples, S) weights of the seeds, each row summing to 1; a single teacher is taken as given, its students are drawn."""
    teachers, member = np.unique(np.asarray(groups), return_inverse=True)
    if len(teachers) == 1:
        member = np.arange(len(groups))
    units = int(member.max()) + 1
    drawn = rng.multinomial(max(units - 1, 1), np.full(units, 1 / units), resamples)
    weights = drawn[:, member].astype(np.float64)
    return weights / weights.sum(axis=1, keepdims=True)


def _tables(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Samples (V, K) and gains (S, V, K) by video and class; K = 1 for a mean over samples."""
    _, video = np.unique(np.asarray(world.videos), return_inverse=True)
    labels = np.asarray(world.labels)
    if world.classes is None:
        kept, column, width = np.ones(len(labels), dtype=bool), np.zeros(len(labels), dtype=np.int64), 1
    else:
        classes = np.unique(np.asarray(world.classes)[np.isin(world.classes, labels)])
        kept, width = np.isin(labels, classes), len(classes)
        column = np.searchsorted(classes, labels)
    cell = (video * width + column)[kept]
    shape = (int(video.max()) + 1, width)
    counts = np.bincount(cell, minlength=shape[0] * width).reshape(shape).astype(np.float64)
    gains = np.asarray(world.hits_a, dtype=np.float64) - np.asarray(world.hits_b, dtype=np.float64)
    sums = [np.bincount(cell, weights=gain[kept], minlength=shape[0] * width).reshape(shape) for gain in gains]
    return counts, np.stack(sums)


def _statistic(weights: np.ndarray, counts: np.ndarray, gains: np.ndarray, by_class: bool) -> np.ndarray:
    """(R, S) the statistic of each resample and seed, for (R, V) times that each video was drawn."""
    samples = weights @ counts
    present = samples > 0
    divisor = np.where(present, samples, 1.0)
    classes = np.maximum(present.sum(axis=1), 1) if by_class else 1
    return np.stack([((weights @ gain) / divisor).sum(axis=1) / classes for gain in gains], axis=1)


def _resample(
    rng: np.random.Generator, videos: int, groups: np.ndarray, resamples: int, classes: int
) -> Iterator[tuple[slice, tuple[np.ndarray, np.ndarray]]]:
    video_weights = rng.multinomial(videos, np.full(videos, 1 / videos), resamples)
    seed_weights = draw_seeds(rng, groups, resamples)
    size = max(_BLOCK // classes, 1)
    for start in range(0, resamples, size):
        block = slice(start, start + size)
        yield block, (video_weights[block].astype(np.float64), seed_weights[block])
