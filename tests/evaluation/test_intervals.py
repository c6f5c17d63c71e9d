from dataclasses import replace
from math import nan

import numpy as np
import pytest
from made_up_tables import make_classes, make_scores, make_tables, with_pairs

from foretaste.annotations.labels import either
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.metrics import METRICS
from foretaste.contracts.tables import SAMPLES, read_table
from foretaste.evaluation.compare import few
from foretaste.evaluation.intervals import Comparer, check_against, comparisons, ranked
from foretaste.evaluation.measure import measure
from foretaste.evaluation.protocols import targets
from foretaste.evaluation.summary import Run, arms
from foretaste.scores.reader import open_scores

MODELS = {"a": {"label": "A", "role": "student"}, "b": {"label": "B", "role": "student"}}


@pytest.fixture(scope="module")
def two_worlds(tmp_path_factory):
    """Ranked worlds, and the same models' metrics as metrics.json would hold them."""
    found, runs = [], []
    for number in range(2):
        folder = tmp_path_factory.mktemp(f"world{number}")
        classes = make_classes()
        tail = {"action": either(list(zip(*classes.parts("action").values())), (1, 3), (4,))}
        classes = with_pairs(classes)
        classes = replace(
            classes,
            groups={**classes.groups, "tail": tail},
            sample_groups={"unseen": ("va01", "va02", "va05"), "regular": ("va00", "va03", "va04")},
        )
        tables = make_tables(folder, classes, {"training": 2, "validation": 6}, seed=number)
        samples = read_table(folder / "samples.parquet", SAMPLES)
        ids = {split: list(targets(samples, split).sample_ids) for split in tables}
        world = ranked(f"w{number}", samples, "validation", classes)
        for model, skill in (("a", 1.4), ("b", 1.0)):
            for seed in (0, 1, 2):
                scores = folder / f"{model}{seed}" / "scores"
                make_scores(scores, classes, tables, ids, model, skill, 10 * number + seed)
                world.read(model, seed, scores, "validation")
                logits = open_scores(scores).logits("validation", "action", world.wanted.sample_ids)
                metrics = {
                    "protocol": {"tau_a": 1.0, "prior_exponent": 0.0},
                    **measure({"action": logits}, world.wanted, classes),
                }
                runs.append(Run(world=f"w{number}", model=model, seed=seed, metrics=metrics))
        found.append(world)
    return found, runs


def test_differences_equal_those_of_the_metrics(two_worlds):
    worlds, runs = two_worlds
    table = arms(runs, ["w0", "w1"], MODELS)
    comparer = Comparer(worlds=worlds, teachers={}, teacher_seeds=1)
    found = comparisons(comparer, [("a", "b")])
    # The calibration error is no mean of hits: it has no interval.
    assert [one["metric"] for one in found] == [name for name in METRICS if name != "ece"]
    for one in found:
        means = [table[side]["action"][one["metric"]]["mean"] for side in "ab"]
        assert one["difference"] == pytest.approx(means[0] - means[1], abs=1e-9)
        assert one["low"] <= one["difference"] <= one["high"]
        # Two worlds of 6 videos, 3 of them of unseen participants, and 3 seeds.
        videos = 6 if one["metric"].endswith((".unseen", ".regular")) else 12
        assert {key: one[key] for key in ("a", "b", "level", "unit", "method", "resamples", "videos")} == {
            "a": "a",
            "b": "b",
            "level": 95,
            "unit": "video+seed",
            "method": "jackknife",
            "resamples": videos + 6,
            "videos": videos,
        }
        assert one["caution"] == few(videos, one["samples"])
    check_against(table, found, "action")
    for difference in (found[0]["difference"] + 0.1, nan):
        with pytest.raises(DataError, match="evaluate again"):
            check_against(table, [{**found[0], "difference": difference}], "action")


@pytest.mark.parametrize("head", ["verb", "noun"])
def test_other_heads_have_intervals_too_on_pairs_seen_in_training_and_on_others(tmp_path, head):
    classes = with_pairs(make_classes())
    tables = make_tables(tmp_path, classes, {"training": 2, "validation": 6})
    samples = read_table(tmp_path / "samples.parquet", SAMPLES)
    ids = {split: list(targets(samples, split).sample_ids) for split in tables}
    world, runs = ranked("w", samples, "validation", classes, head), []
    for model, skill in (("a", 1.4), ("b", 1.0)):
        for seed in (0, 1):
            scores = tmp_path / f"{model}{seed}"
            make_scores(scores, classes, tables, ids, model, skill, seed)
            world.read(model, seed, scores, "validation")
            logits = open_scores(scores).logits("validation", "action", world.wanted.sample_ids)
            metrics = {
                "protocol": {"prior_exponent": 0.0},
                **measure({"action": logits}, world.wanted, classes),
            }
            runs.append(Run(world="w", model=model, seed=seed, metrics=metrics))
    table = arms(runs, ["w"], MODELS)
    found = comparisons(Comparer(worlds=[world], teachers={}, teacher_seeds=1), [("a", "b")])
    assert {"top1", "top1.seen_pairs", "top1.unseen_pairs"} <= {one["metric"] for one in found}
    check_against(table, found, head)
    by_metric = {one["metric"]: one for one in found}
    parted = [by_metric[f"top1.{kind}_pairs"]["samples"] for kind in ("seen", "unseen")]
    assert min(parted) > 0 and sum(parted) == by_metric["top1"]["samples"] == len(world.wanted)
    for one in found:
        assert one["low"] is None or one["low"] <= one["difference"] <= one["high"]
    main = comparisons_of_main(tmp_path, samples, classes)
    assert main["top1"] != by_metric["top1"]["difference"], "it is about another head"


def comparisons_of_main(folder, samples, classes):
    world = ranked("w", samples, "validation", classes)
    for model in "ab":
        for seed in (0, 1):
            world.read(model, seed, folder / f"{model}{seed}", "validation")
    found = comparisons(Comparer(worlds=[world], teachers={}, teacher_seeds=1), [("a", "b")])
    return {one["metric"]: one["difference"] for one in found}


def test_an_arm_alone_gives_its_metric(two_worlds):
    worlds, runs = two_worlds
    comparer = Comparer(worlds=worlds, teachers={}, teacher_seeds=1)
    mean = arms(runs, ["w0", "w1"], MODELS)["a"]["action"]["class_mean_recall5"]["mean"]
    assert comparer.interval("a", None, "class_mean_recall5").difference == pytest.approx(mean, abs=1e-9)


def test_a_metric_without_classes_is_left_out(two_worlds):
    worlds, _ = two_worlds
    bare = ranked("bare", read_empty(worlds[0]), "validation", make_classes(5))
    assert bare.classes.groups["many_shot_and"]["action"] == (0, 2, 4)
    bare.classes = replace(bare.classes, groups={})
    bare.ranks = {("a", 0): np.zeros(len(bare.wanted), dtype=np.int64)}
    comparer = Comparer(worlds=[bare], teachers={}, teacher_seeds=1)
    assert comparer.interval("a", None, "many_shot_recall5_and") is None
    assert comparer.interval("a", None, "top1").difference == 100


def read_empty(world):
    """A samples table whose labels are all of the first five actions."""
    import pyarrow as pa

    n = len(world.wanted)
    ids, videos = list(world.wanted.sample_ids), world.wanted.videos.tolist()
    columns = {
        "sample_id": ids,
        "segment_id": ids,
        "video_id": videos,
        "split": ["validation"] * n,
        "window_start_s": [0.0] * n,
        "window_stop_s": [1.0] * n,
        "target_start_s": [2.0] * n,
        "target_stop_s": [3.0] * n,
        "dropped_because": [None] * n,
        "action_id": [i % 5 for i in range(n)],
        "verb_id": [0] * n,
        "noun_id": [i % 5 for i in range(n)],
    }
    return pa.table(columns, schema=SAMPLES.of(("action", "verb", "noun")).schema)


def test_seeds_of_one_teacher_are_one_group(two_worlds):
    worlds, _ = two_worlds
    plain = Comparer(worlds=worlds, teachers={}, teacher_seeds=2).interval("a", "b", "top5")
    taught = Comparer(worlds=worlds, teachers={"a": ["t"]}, teacher_seeds=2).interval("a", "b", "top5")
    assert taught.difference == plain.difference
    assert (taught.low, taught.high) != (plain.low, plain.high)


def test_a_model_that_there_is_once_is_compared_with_every_seed(two_worlds):
    worlds, _ = two_worlds
    world = worlds[0]
    lone = ranked("lone", read_empty(world), "validation", make_classes())
    lone.ranks = {
        ("a", 0): world.ranks["a", 0],
        **{("b", seed): world.ranks["b", seed] for seed in (0, 1, 2)},
    }
    comparer = Comparer(worlds=[lone], teachers={}, teacher_seeds=3)
    found, turned = comparer.interval("a", "b", "top5"), comparer.interval("b", "a", "top5")
    hits = [
        100 * (world.ranks[model, seed] < 5).mean()
        for model, seed in (("a", 0), ("b", 0), ("b", 1), ("b", 2))
    ]
    assert found.difference == pytest.approx(hits[0] - np.mean(hits[1:])) == pytest.approx(-turned.difference)
    assert found.unit == "video+seed"


def test_other_seeds_and_other_classes_are_refused(two_worlds, tmp_path):
    worlds, _ = two_worlds
    world = worlds[0]
    lone = ranked("lone", read_empty(world), "validation", make_classes())
    lone.ranks = {("a", 0): world.ranks["a", 0], ("b", 1): world.ranks["b", 1]}
    with pytest.raises(ConfigError, match=r"a has seeds \[0\], b has \[1\]"):
        Comparer(worlds=[lone], teachers={}, teacher_seeds=1).interval("a", "b", "top1")
    classes = make_classes(10)
    tables = make_tables(tmp_path, classes, {"validation": 1})
    make_scores(
        tmp_path / "scores", classes, tables, {"validation": [f"va00_{i}" for i in range(15)]}, "x", 1.0, 0
    )
    with pytest.raises(DataError, match="another label space"):
        world.read("x", 0, tmp_path / "scores", "validation")
