"""How far a metric, or the difference of two models, may be off: the jackknife over videos and over seeds.

Samples of one video are alike, so a whole video is left out, the same one for both models and all seeds,
and the metric is computed anew: V videos give V values, and (V - 1) / V times the sum of their squared
distances from their mean is the variance that comes from the videos (Tukey 1958; on average not too small:
Efron and Stein 1981, Ann. Stat. 9: 586-596). Seeds are left out in the same way: a training that was
repeated S times is a sample of S from all trainings. Where several students share a teacher, they are alike
too, so a teacher is left out with all its students. The variances are added.

A variance from few values is itself uncertain, so the limits are those of Student's t. Its degrees of
freedom are one less than the number of videos that there in effect are, 1 / sum of squared shares (Kish
1965): the 40 of EPIC-KITCHENS-55's validation count as 18, because a few hold most samples. Several
variances are joined by Satterthwaite 1946 (Biometrics Bulletin 2: 110-114).

What an interval is about is the mean of the metric over all data sets of as many videos from the same
source. A class-mean metric of V videos knows only the classes that occur in them, and rare classes are
harder, so more videos give another number.

Statistics are means of hits: over samples (top-k), or first within each class and then over classes (recall
by class). A class that occurs in one video only goes with it. Of two bootstraps of videos that
were weighed against this, the percentile bootstrap is too narrow by a third: such a class never varies. The
one that keeps the denominators of all videos is two to three times too wide for one model: it takes the sizes
of videos for doubt about its recall.

Simulated, nominal 95 %: draws of 2 to 100 videos with EPIC-KITCHENS-55's real labels and real count models,
93.6 to 98.6 % hold the truth (percentile bootstrap, 40 videos: 69 to 94 %; `bench/intervals.py`); made-up
gains in 6 to 60 videos with 1 to 5 seeds and 1 to 5 worlds, 93 to 98 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

METHOD = "jackknife"

#: With fewer videos one of them alone holds more than a tenth of the numbers.
FEW_VIDEOS = 10
#: With fewer samples one of them alone moves a top-k accuracy by more than a point.
FEW_SAMPLES = 100

#: A standard deviation below this is rounding: one hit of a million samples moves a mean by 1e-6.
_NOTHING = 1e-9


@dataclass(frozen=True, kw_only=True)
class World:
    """What two models did on one dataset, n samples, S seeds each.

    videos, labels
        (n,) the video of each sample (any hashable values) and its class id.
    hits_a, hits_b
        (S, n) 1 where the truth was among the first k, else 0; row s of both comes from seed s. ``hits_b``
        None gives the interval of a itself.
    groups
        (S,) the teacher's seed behind each seed; equal values were trained against the same teacher.
    classes
        (K,) class ids to average over, of which those that occur count; None: a plain mean over samples.
    """

    videos: np.ndarray
    labels: np.ndarray
    hits_a: np.ndarray
    hits_b: np.ndarray | None = None
    groups: np.ndarray
    classes: np.ndarray | None = None


@dataclass(frozen=True, kw_only=True)
class Interval:
    """``difference`` a minus b on all data, and limits that hold the mean over such data sets in ``level`` of
    100 cases.

    low, high
        None where the data cannot say.
    unit
        What was left out in turn: ``video+seed``, or ``video`` where no world has more than one seed.
    resamples
        How often the metric was computed anew.
    videos, samples
        How many the metric counts, of all worlds together.
    caution
        In words, why there is no interval or why not to lean on it; None where nothing is the matter.
    """

    difference: float
    low: float | None
    high: float | None
    level: int
    unit: str
    resamples: int
    method: str
    videos: int
    samples: int
    caution: str | None


@dataclass(frozen=True)
class _Spread:
    """The variance of a mean, how many values it was made from, and its degrees of freedom."""

    variance: float
    values: int
    freedom: float


@dataclass(frozen=True)
class _Table:
    """Samples and gains by video and class, of those that a metric counts; K = 1 for a mean over samples.

    counts
        (V, K) samples.
    gains
        (S, V, K) hits of a minus hits of b.
    """

    counts: np.ndarray
    gains: np.ndarray


def paired_interval(worlds: Sequence[World], level: int = 95) -> Interval:
    """The mean over worlds of the mean over seeds of (metric of a minus metric of b), and its interval.

    Videos and seeds are left out within each world; the worlds themselves stay. No interval is given where a
    world has one video, or where leaving out videos changes nothing: such data do not say how others would
    differ.
    """
    tables = [_table(world) for world in worlds]
    by_seed = [_metric(table.counts.sum(axis=0), table.gains.sum(axis=1)) for table in tables]
    difference = float(np.mean([values.mean() for values in by_seed]))
    over_videos = [_video_spread(table) for table in tables]
    over_seeds = [_seed_spread(values, world.groups) for values, world in zip(by_seed, worlds, strict=True)]
    spreads = [*over_videos, *(spread for spread in over_seeds if spread.values > 1)]
    videos = [spread.values for spread in over_videos]
    samples = int(sum(table.counts.sum() for table in tables))

    if min(videos) < 2:
        caution = "one video" if len(worlds) == 1 else "a world with one video"
        low = high = None
    elif sum(spread.variance for spread in over_videos) <= _NOTHING**2:
        caution = "no variation between videos"
        low = high = None
    else:
        caution = few(sum(videos), samples)
        half = _half_width(spreads, level) / len(worlds)
        least = 0.0 if all(world.hits_b is None for world in worlds) else -1.0
        low, high = max(difference - half, least), min(difference + half, 1.0)
    return Interval(
        difference=difference,
        low=low,
        high=high,
        level=level,
        method=METHOD,
        caution=caution,
        videos=sum(videos),
        samples=samples,
        unit="video+seed" if max(len(world.groups) for world in worlds) > 1 else "video",
        resamples=sum(spread.values for spread in spreads),
    )


def few(videos: int, samples: int) -> str | None:
    """Whether the data are small, in a few words; None where they are not."""
    if videos < FEW_VIDEOS:
        return f"few videos ({videos})"
    return f"few samples ({samples})" if samples < FEW_SAMPLES else None


def _table(world: World) -> _Table:
    labels = np.asarray(world.labels)
    # A mean over samples is a class mean whose only class is "a sample".
    classes = np.zeros(1) if world.classes is None else np.intersect1d(world.classes, labels)
    labels = np.zeros(len(labels)) if world.classes is None else labels
    kept = np.isin(labels, classes)
    column, width = np.searchsorted(classes, labels[kept]), len(classes)
    found, video = np.unique(np.asarray(world.videos)[kept], return_inverse=True)
    cell, shape = video * width + column, (len(found), width)
    hits_a = np.asarray(world.hits_a, dtype=np.float64)
    hits_b = np.zeros_like(hits_a) if world.hits_b is None else np.asarray(world.hits_b, dtype=np.float64)
    counts = np.bincount(cell, minlength=shape[0] * width).reshape(shape).astype(np.float64)
    gains = [
        np.bincount(cell, weights=gain, minlength=counts.size).reshape(shape)
        for gain in (hits_a - hits_b)[:, kept]
    ]
    return _Table(counts, np.stack(gains))


def _metric(counts: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """Mean over the classes that occur of gains over samples; classes are the last axis of both."""
    present = counts > 0
    means = gains / np.where(present, counts, 1.0)
    return (means * present).sum(axis=-1) / np.maximum(present.sum(axis=-1), 1)


def _video_spread(table: _Table) -> _Spread:
    counts, gains = table.counts, table.gains.mean(axis=0)
    without = _metric(counts.sum(axis=0) - counts, gains.sum(axis=0) - gains)
    shares = (counts / counts.sum(axis=0)).mean(axis=1)
    return _jackknife(without, shares)


def _seed_spread(values: np.ndarray, groups: np.ndarray) -> _Spread:
    """Of the (S,) metrics of the seeds; a single teacher is taken as given, its students are left out."""
    teachers, member = np.unique(np.asarray(groups), return_inverse=True)
    if len(teachers) == 1:
        member = np.arange(len(values))
    sizes = np.bincount(member)
    if len(sizes) == 1:
        return _Spread(0.0, 1, 1.0)
    sums = np.bincount(member, weights=values)
    without = (sums.sum() - sums) / (sizes.sum() - sizes)
    return _jackknife(without, sizes / sizes.sum())


def _jackknife(without: np.ndarray, shares: np.ndarray) -> _Spread:
    """From the (N,) values with one unit left out, and what share of the whole each unit is."""
    units = len(without)
    variance = (units - 1) / units * float(((without - without.mean()) ** 2).sum())
    in_effect = 1 / float((shares**2).sum())
    return _Spread(variance, units, max(in_effect - 1, 1.0))


def _half_width(spreads: Sequence[_Spread], level: int) -> float:
    """Of the sum of independent means with these spreads."""
    variance = sum(spread.variance for spread in spreads)
    freedom = variance**2 / sum(spread.variance**2 / spread.freedom for spread in spreads)
    return float(stdtrit(freedom, 0.5 + level / 200) * np.sqrt(variance))
