import numpy as np
import pytest

from foretaste.evaluation.compare import World, draw_seeds, paired_bootstrap


def _world(rng, videos=12, per_video=9, seeds=3, classes=7, gain=0.1, groups=None):
    n = videos * per_video
    video = np.array([f"v{i // per_video}" for i in range(n)])
    labels = rng.integers(0, classes, n)
    hits_b = (rng.random((seeds, n)) < 0.4).astype(float)
    hits_a = np.maximum(hits_b, rng.random((seeds, n)) < gain)
    return {"videos": video, "labels": labels, "hits_a": hits_a, "hits_b": hits_b, "groups": np.arange(seeds) if groups is None else groups}


def _class_mean(hits, labels, classes):
    """The metric on rows as they are, one class after the other."""
    recalls = [np.mean([h for h, label in zip(hits, labels, strict=True) if label == c]) for c in classes if c in labels]
    return float(np.mean(recalls))


@pytest.mark.parametrize("classes", [None, (0, 1, 2, 3, 4, 5, 6), (1, 4, 6, 99)])
def test_the_estimate_is_the_mean_difference_of_the_metric(classes):
    world = _world(np.random.default_rng(0))
    found = paired_bootstrap([World(**world, classes=None if classes is None else np.array(classes))], resamples=10)
    if classes is None:
        expected = (world["hits_a"] - world["hits_b"]).mean()
    else:
        metric = [[_class_mean(hits, world["labels"], classes) for hits in world[arm]] for arm in ("hits_a", "hits_b")]
        expected = np.mean(metric[0]) - np.mean(metric[1])
    assert found.difference == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("by_class", [True, False])
def test_each_resample_equals_the_metric_on_copied_rows(by_class):
    """The limits equal those of a bootstrap that copies the rows of the drawn videos and computes the metric anew."""
    world = _world(np.random.default_rng(1), videos=5, per_video=4, seeds=3, classes=9)
    classes = np.arange(9) if by_class else None
    found = paired_bootstrap([World(**world, classes=classes)], resamples=60, seed=3)

    rng = np.random.default_rng([3, 0])
    names = sorted(set(world["videos"]))
    video_draws = rng.multinomial(5, np.full(5, 0.2), 60)
    seed_draws = rng.multinomial(2, np.full(3, 1 / 3), 60)
    values = []
    for videos, seeds in zip(video_draws, seed_draws, strict=True):
        rows = [i for name, times in zip(names, videos, strict=True) for _ in range(times) for i in np.flatnonzero(world["videos"] == name)]
        drawn = [s for s, times in enumerate(seeds) for _ in range(times)]
        labels = world["labels"][rows].tolist()
        a, b = ([world[arm][s][rows] for s in drawn] for arm in ("hits_a", "hits_b"))
        metric = (lambda hits, labels=labels: _class_mean(hits, labels, range(9))) if by_class else np.mean
        values.append(np.mean([metric(x) for x in a]) - np.mean([metric(x) for x in b]))
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(values, [0.025, 0.975])), abs=1e-12)


def test_blocks_change_nothing(monkeypatch):
    world = World(**_world(np.random.default_rng(2)), classes=np.arange(7))
    whole = paired_bootstrap([world], resamples=50)
    monkeypatch.setattr("foretaste.evaluation.compare._BLOCK", 7 * 3)
    assert paired_bootstrap([world], resamples=50) == whole


def test_worlds_are_averaged_not_joined():
    rng = np.random.default_rng(3)
    small, large = World(**_world(rng, videos=4)), World(**_world(rng, videos=40))
    pooled = paired_bootstrap([small, large], resamples=20)
    alone = [paired_bootstrap([world], resamples=20).difference for world in (small, large)]
    assert pooled.difference == pytest.approx(np.mean(alone))


def test_equal_models_have_no_width_and_one_seed_is_named():
    world = _world(np.random.default_rng(4), seeds=1, gain=0.0)
    found = paired_bootstrap([World(**world)], resamples=100)
    assert (found.difference, found.low, found.high, found.unit) == (0.0, 0.0, 0.0, "video")
    assert paired_bootstrap([World(**_world(np.random.default_rng(4)))], resamples=10).unit == "video+seed"


def test_an_interval_is_reproducible_and_follows_its_seed():
    world = World(**_world(np.random.default_rng(5)))
    assert paired_bootstrap([world], 200, seed=1) == paired_bootstrap([world], 200, seed=1)
    assert paired_bootstrap([world], 200, seed=1) != paired_bootstrap([world], 200, seed=2)


@pytest.mark.parametrize("groups", [[0, 1, 2, 3, 4], [0, 0, 0], [7]])
def test_the_mean_of_drawn_seeds_has_the_unbiased_variance(groups):
    values = np.random.default_rng(6).normal(size=len(groups))
    drawn = draw_seeds(np.random.default_rng(0), np.array(groups), 40_000) @ values
    expected = values.var(ddof=1) / len(groups) if len(groups) > 1 else 0.0
    assert drawn.var() == pytest.approx(expected, rel=0.03)
    assert drawn.mean() == pytest.approx(values.mean(), abs=0.02)


def test_students_of_one_teacher_are_drawn_together():
    groups = np.array([0, 1, 0, 1, 2])
    weights = draw_seeds(np.random.default_rng(0), groups, 2000)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, 1] == weights[:, 3]).all()
    assert set(np.unique(weights[:, 0])) == {0.0, 1 / 4, 1 / 3, 1 / 2}  # not drawn, with (1, 3), with (4), alone


def _simulated(rng, true_gain, videos, per_video, seeds, groups, video_sd, seed_sd, teacher_sd):
    """Two models whose chance of a hit varies by video, and whose difference varies by video, by seed and by teacher."""
    n = videos * per_video
    video = np.repeat(np.arange(videos), per_video)
    ease = np.repeat(rng.normal(0, 0.1, videos), per_video)
    gain = true_gain + np.repeat(rng.normal(0, video_sd, videos), per_video)[None]
    gain = gain + rng.normal(0, seed_sd, seeds)[:, None] + rng.normal(0, teacher_sd, groups.max() + 1)[groups][:, None]
    shared = rng.random((seeds, n))  # the same sample is easy or hard for both
    hits_b = shared < 0.4 + ease
    hits_a = shared < np.clip(0.4 + ease + gain, 0, 1)
    return World(videos=video, labels=rng.integers(0, 20, n), hits_a=hits_a, hits_b=hits_b, groups=groups, classes=np.arange(20))


@pytest.mark.parametrize(
    ("worlds", "seeds", "groups"), [(1, 5, [0, 1, 2, 3, 4]), (1, 1, [0]), (5, 5, [0, 1, 0, 1, 0])], ids=["seeds", "one seed", "pooled"]
)
def test_95_per_cent_intervals_hold_the_truth_95_per_cent_of_the_time(worlds, seeds, groups):
    """Simulated models with a known gain of 3 points; sizes of effects as measured in the generated kitchen."""
    rng = np.random.default_rng(7)
    groups = np.array(groups)
    inside, trials, seed_sd = 0, 300, 0.006 if seeds > 1 else 0.0
    for _ in range(trials):
        simulated = [_simulated(rng, 0.03, 24, 10, seeds, groups, 0.06, seed_sd, seed_sd / 2) for _ in range(worlds)]
        found = paired_bootstrap(simulated, resamples=300)
        inside += found.low <= 0.03 <= found.high
    assert 0.91 <= inside / trials <= 0.99, inside / trials
