import numpy as np
import pytest
from scipy import stats

from foretaste.evaluation.compare import FEW_SAMPLES, FEW_VIDEOS, World, paired_interval


def _world(rng, videos=12, per_video=9, seeds=3, classes=7, gain=0.1, groups=None):
    n = videos * per_video
    video = np.array([f"v{i // per_video}" for i in range(n)])
    labels = rng.integers(0, classes, n)
    hits_b = (rng.random((seeds, n)) < 0.4).astype(float)
    hits_a = np.maximum(hits_b, rng.random((seeds, n)) < gain)
    return {
        "videos": video,
        "labels": labels,
        "hits_a": hits_a,
        "hits_b": hits_b,
        "groups": np.arange(seeds) if groups is None else groups,
    }


def _class_mean(hits, labels, classes):
    """The metric on rows as they are, one class after the other."""
    recalls = [
        np.mean([h for h, label in zip(hits, labels, strict=True) if label == c])
        for c in classes
        if c in labels
    ]
    return float(np.mean(recalls))


@pytest.mark.parametrize("classes", [None, (0, 1, 2, 3, 4, 5, 6), (1, 4, 6, 99)])
def test_the_estimate_is_the_mean_difference_of_the_metric(classes):
    world = _world(np.random.default_rng(0))
    found = paired_interval([World(**world, classes=None if classes is None else np.array(classes))])
    if classes is None:
        expected = (world["hits_a"] - world["hits_b"]).mean()
    else:
        metric = [
            [_class_mean(hits, world["labels"], classes) for hits in world[arm]]
            for arm in ("hits_a", "hits_b")
        ]
        expected = np.mean(metric[0]) - np.mean(metric[1])
    assert found.difference == pytest.approx(expected, abs=1e-12)


def _metric(world, rows, seeds, classes):
    """The difference of the metric on copied rows, the mean over some seeds."""
    labels = world["labels"][rows].tolist()
    metric = np.mean if classes is None else lambda hits: _class_mean(hits, labels, classes)
    return np.mean([metric(world["hits_a"][s][rows]) - metric(world["hits_b"][s][rows]) for s in seeds])


def _spread(values):
    """The jackknife variance of a mean from its values with one unit left out."""
    return (len(values) - 1) / len(values) * sum((value - np.mean(values)) ** 2 for value in values)


@pytest.mark.parametrize("classes", [None, range(9)], ids=["over samples", "over classes"])
@pytest.mark.parametrize("groups", [[0, 1, 2], [0, 1, 0]], ids=["seeds", "two teachers"])
def test_the_interval_is_that_of_the_metric_computed_anew_without_each_video_and_each_teacher(
    classes, groups
):
    """Against the metric on rows as they are; many classes occur in one video only."""
    world = _world(
        np.random.default_rng(1), videos=5, per_video=4, seeds=3, classes=9, groups=np.array(groups)
    )
    found = paired_interval([World(**world, classes=None if classes is None else np.array(classes))])

    names, everything, seeds = sorted(set(world["videos"])), np.arange(20), range(3)
    without_video = [
        _metric(world, np.flatnonzero(world["videos"] != name), seeds, classes) for name in names
    ]
    teachers = sorted(set(groups))
    without_teacher = [
        _metric(world, everything, [s for s in seeds if groups[s] != teacher], classes)
        for teacher in teachers
    ]
    variances = [_spread(without_video), _spread(without_teacher)]
    weights = [
        1 / 20 if classes is None else 1 / (world["labels"] == c).sum() / len(set(world["labels"]))
        for c in world["labels"]
    ]
    of_videos = [
        sum(w for w, video in zip(weights, world["videos"], strict=True) if video == name) for name in names
    ]
    of_teachers = [groups.count(teacher) / 3 for teacher in teachers]
    freedoms = [max(1 / sum(share**2 for share in shares) - 1, 1) for shares in (of_videos, of_teachers)]
    freedom = sum(variances) ** 2 / sum(v**2 / f for v, f in zip(variances, freedoms, strict=True))
    half = stats.t.ppf(0.975, freedom) * np.sqrt(sum(variances))
    assert (found.low, found.high) == pytest.approx(
        (found.difference - half, found.difference + half), abs=1e-12
    )
    assert (found.videos, found.samples, found.resamples) == (5, 20, 5 + len(teachers))


def test_of_equal_videos_and_one_seed_it_is_the_t_interval_of_their_means():
    world = _world(np.random.default_rng(2), videos=12, per_video=9, seeds=1)
    found = paired_interval([World(**world)])
    means = (world["hits_a"] - world["hits_b"]).reshape(12, 9).mean(axis=1)
    expected = stats.t.interval(0.95, 11, loc=means.mean(), scale=means.std(ddof=1) / np.sqrt(12))
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-12)


def test_one_large_video_makes_the_others_count_less():
    """10 videos of which one holds half of the samples are in effect fewer than 4, and t of 3 is far wider
    than of 9.
    """
    rng = np.random.default_rng(3)
    video = np.r_[np.zeros(90, dtype=int), np.repeat(np.arange(1, 10), 10)]
    hits = (rng.random((1, 180)) < 0.5).astype(float)
    found = paired_interval([World(videos=video, labels=video, hits_a=hits, groups=np.zeros(1))])
    without = [hits[0, video != v].mean() for v in range(10)]
    half = np.sqrt(_spread(without)) * stats.t.ppf(0.975, 1 / (0.5**2 + 9 * 0.05555555555**2) - 1)
    assert found.high - found.difference == pytest.approx(half, rel=1e-6)


def test_worlds_are_averaged_not_joined():
    rng = np.random.default_rng(3)
    worlds = [World(**_world(rng, videos=videos, seeds=1)) for videos in (4, 40)]
    alone = [paired_interval([world]) for world in worlds]
    pooled = paired_interval(worlds)
    assert pooled.difference == pytest.approx(np.mean([one.difference for one in alone]))
    variances = [
        (one.high - one.low) ** 2 / 4 / stats.t.ppf(0.975, freedom) ** 2
        for one, freedom in zip(alone, (3, 39), strict=True)
    ]
    freedom = sum(variances) ** 2 / (variances[0] ** 2 / 3 + variances[1] ** 2 / 39)
    assert (pooled.high - pooled.low) / 2 == pytest.approx(
        stats.t.ppf(0.975, freedom) * np.sqrt(sum(variances)) / 2
    )
    assert (pooled.videos, pooled.samples) == (44, 44 * 9)


def test_seeds_of_one_teacher_are_left_out_alone_and_one_seed_not_at_all():
    world = _world(np.random.default_rng(4))
    apart = paired_interval([World(**world)])
    together = paired_interval([World(**{**world, "groups": np.zeros(3)})])
    assert (together.low, together.high) == (apart.low, apart.high)
    assert apart.unit == "video+seed"
    alone = paired_interval([World(**_world(np.random.default_rng(4), seeds=1))])
    assert (alone.unit, alone.resamples) == ("video", 12)


def _hits(*videos):
    """A world of one seed from the hits of a, then of b, of each video's samples."""
    a, b = ([h for pair in videos for h in pair[side]] for side in (0, 1))
    names = [f"v{i}" for i, (hits, _) in enumerate(videos) for _ in hits]
    return {
        "videos": np.array(names),
        "labels": np.arange(len(a)) % 2,
        "hits_a": np.array([a]),
        "hits_b": np.array([b]),
        "groups": np.zeros(1),
    }


@pytest.mark.parametrize("classes", [None, np.arange(2)], ids=["over samples", "over classes"])
def test_one_video_has_no_interval_however_many_samples_and_seeds(classes):
    world = _world(np.random.default_rng(5), videos=1, per_video=500, seeds=5)
    found = paired_interval([World(**world, classes=classes)])
    assert (found.low, found.high, found.caution) == (None, None, "one video")
    assert found.difference != 0


def test_a_metric_whose_classes_occur_in_one_video_has_no_interval():
    world = _world(np.random.default_rng(6), videos=12)
    world["labels"] = np.where(world["videos"] == "v3", 7, world["labels"])
    found = paired_interval([World(**world, classes=np.array([7]))])
    assert (found.low, found.high, found.caution, found.videos, found.samples) == (
        None,
        None,
        "one video",
        1,
        9,
    )


def test_a_world_of_one_video_among_others_has_no_interval():
    worlds = [World(**_world(np.random.default_rng(7), videos=videos)) for videos in (20, 1)]
    found = paired_interval(worlds)
    assert (found.low, found.caution) == (None, "a world with one video")


@pytest.mark.parametrize("videos", [2, 3, 40])
@pytest.mark.parametrize(
    "pair",
    [([0, 1, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0]), ([1, 1], [0, 0]), ([0, 1], [0, 1])],
    ids=["-16.7", "all", "equal"],
)
def test_what_is_the_same_in_every_video_has_no_interval(videos, pair):
    found = paired_interval([World(**_hits(*[pair] * videos))])
    assert found.difference == pytest.approx(np.mean(pair[0]) - np.mean(pair[1]))
    assert (found.low, found.high, found.caution) == (None, None, "no variation between videos")


def test_seeds_that_differ_do_not_stand_in_for_videos_that_do_not():
    world = _hits(*[([1, 1], [0, 0])] * 6)
    world |= {
        "hits_a": np.stack([np.ones(12), np.zeros(12)]),
        "hits_b": np.zeros((2, 12)),
        "groups": np.arange(2),
    }
    assert paired_interval([World(**world)]).low is None


def test_two_videos_that_nearly_agree_leave_much_open():
    """6 of 6 and 5 of 6 won: two numbers with 1 degree of freedom, 12.7 standard errors each way."""
    found = paired_interval([World(**_hits(([1] * 6, [0] * 6), ([1] * 5 + [0], [0] * 6)))])
    assert found.difference == pytest.approx(11 / 12)
    assert found.low == pytest.approx(11 / 12 - 12.7062 / 12, abs=1e-4)
    assert found.low < 0 and found.high == 1.0  # no difference can be larger
    assert found.caution == "few videos (2)"


def test_a_model_alone_stays_between_0_and_1():
    world = _hits(([1, 0, 0, 0], [0] * 4), ([0, 0, 0, 0], [0] * 4), ([0, 0, 0, 1], [0] * 4))
    alone = paired_interval([World(**{**world, "hits_b": None})])
    assert alone.low == 0.0 and 0 < alone.high <= 1
    assert paired_interval([World(**world)]).low < 0


@pytest.mark.parametrize(
    ("videos", "per_video", "caution"),
    [
        (FEW_VIDEOS - 1, 50, "few videos (9)"),
        (FEW_VIDEOS, 50, None),
        (FEW_SAMPLES // 5, 5, None),
        (FEW_SAMPLES // 5 - 1, 5, "few samples (95)"),
    ],
)
def test_small_data_are_called_small(videos, per_video, caution):
    found = paired_interval([World(**_world(np.random.default_rng(8), videos=videos, per_video=per_video))])
    assert found.low is not None and found.caution == caution


def _simulated(rng, true_gain, videos, per_video, seeds, groups, video_sd, seed_sd, teacher_sd):
    """Two models whose chance of a hit varies by video, and whose difference varies by video, by seed and by
    teacher.
    """
    n = videos * per_video
    video = np.repeat(np.arange(videos), per_video)
    ease = np.repeat(rng.normal(0, 0.1, videos), per_video)
    gain = true_gain + np.repeat(rng.normal(0, video_sd, videos), per_video)[None]
    gain = (
        gain
        + rng.normal(0, seed_sd, seeds)[:, None]
        + rng.normal(0, teacher_sd, groups.max() + 1)[groups][:, None]
    )
    shared = rng.random((seeds, n))  # the same sample is easy or hard for both
    hits_b = shared < 0.4 + ease
    hits_a = shared < np.clip(0.4 + ease + gain, 0, 1)
    return World(
        videos=video,
        labels=rng.integers(0, 20, n),
        hits_a=hits_a,
        hits_b=hits_b,
        groups=groups,
        classes=np.arange(20),
    )


@pytest.mark.parametrize(
    ("worlds", "videos", "seeds", "groups"),
    [
        (1, 24, 5, [0, 1, 2, 3, 4]),
        (1, 24, 1, [0]),
        (5, 24, 5, [0, 1, 0, 1, 0]),
        (1, 6, 1, [0]),
        (1, 24, 2, [0, 1]),
    ],
    ids=["seeds", "one seed", "pooled", "few videos", "two seeds"],
)
def test_95_per_cent_intervals_hold_the_truth_95_per_cent_of_the_time(worlds, videos, seeds, groups):
    """Simulated models with a known gain of 3 points; sizes of effects as measured in the generated
    kitchen.
    """
    rng = np.random.default_rng(7)
    groups = np.array(groups)
    inside, trials, seed_sd = 0, 400, 0.006 if seeds > 1 else 0.0
    for _ in range(trials):
        simulated = [
            _simulated(rng, 0.03, videos, 240 // videos, seeds, groups, 0.06, seed_sd, seed_sd / 2)
            for _ in range(worlds)
        ]
        found = paired_interval(simulated)
        inside += found.low <= 0.03 <= found.high
    assert 0.92 <= inside / trials <= 0.99, inside / trials


def test_classes_that_occur_in_one_video_vary_with_it():
    """A long tail: half of the classes occur once. Their hits are drawn, so an interval that lets them stand
    is too narrow.
    """
    rng = np.random.default_rng(9)
    inside, trials = 0, 400
    for _ in range(trials):
        video = np.repeat(np.arange(30), 12)
        rare = rng.random(360) < 0.3
        labels = np.where(rare, 20 + np.arange(360), rng.integers(0, 20, 360))
        hits = (rng.random((1, 360)) < 0.3).astype(float)
        found = paired_interval(
            [World(videos=video, labels=labels, hits_a=hits, groups=np.zeros(1), classes=np.arange(400))]
        )
        inside += found.low <= 0.3 <= found.high
    assert 0.92 <= inside / trials <= 0.98, inside / trials
