import random

import numpy as np
import pytest
from spaces import anticipated

from foretaste.annotations.history import check_histories, histories
from foretaste.contracts.errors import DataError
from foretaste.settings import families


def names(segments, rows):
    return [segments.column("segment_id")[int(row)].as_py() for row in rows]


@pytest.mark.parametrize(
    ("rule", "length", "expected"),
    [
        ("end", None, ["a", "short"]),  # "long" is not over at 9 s; "touches" stops exactly then
        ("start", None, ["a", "long", "short"]),
        ("all", None, ["a", "long", "short", "at", "gap"]),
        ("all", 2, ["at", "gap"]),
    ],
)
def test_the_three_rules(make_segments, rule, length, expected):
    rows = [
        ("a", "v", 0.0, 1.0),
        ("long", "v", 2.0, 30.0),
        ("short", "v", 3.0, 9.0),
        ("at", "v", 9.0, 9.2),
        ("gap", "v", 9.5, 9.6),
    ]
    segments = make_segments(
        [*rows, ("target", "v", 10.0, 12.0), ("later", "v", 10.5, 11.0), ("other", "w", 0.0, 1.0)]
    )
    samples = anticipated(segments, tau_a=1.0, tau_o=5.0).slice(5, 1)
    (found,) = histories(samples, segments, rule=rule, source="all_splits", length=length)
    assert names(segments, found) == expected
    check_histories(samples, segments, [found], rule=rule)


def test_under_end_the_order_is_that_of_the_stops(make_segments):
    segments = make_segments([("long", "v", 0.0, 8.0), ("short", "v", 1.0, 2.0), ("target", "v", 10.0, 12.0)])
    samples = anticipated(segments, tau_a=1.0, tau_o=5.0).slice(2, 1)
    assert names(segments, histories(samples, segments, rule="end", source="all_splits", length=1)[0]) == [
        "long"
    ]
    assert names(segments, histories(samples, segments, rule="start", source="all_splits", length=1)[0]) == [
        "short"
    ]


def test_own_split_and_unlabelled_segments(make_segments):
    rows = [("a", "v", 0.0, 1.0), ("b", "v", 1.0, 2.0), ("c", "v", 2.0, 3.0), ("target", "v", 10.0, 12.0)]
    segments = make_segments(
        rows, splits=["training", "validation", "validation", "validation"], actions=[0, 1, None, 2]
    )
    samples = anticipated(segments, tau_a=1.0, tau_o=5.0).slice(3, 1)
    assert names(segments, histories(samples, segments, rule="end", source="all_splits", length=None)[0]) == [
        "a",
        "b",
    ]
    assert names(segments, histories(samples, segments, rule="end", source="own_split", length=None)[0]) == [
        "b"
    ]


def test_a_tie_in_thirtieths_of_a_second_is_a_tie(make_segments):
    stops = [(f"s{k}", f"v{k}", (k - 40) / 30, (k - 15) / 30) for k in range(40, 400)]
    targets = [(f"t{k}", f"v{k}", k / 30, (k + 9) / 30) for k in range(40, 400)]
    segments = make_segments(stops + targets)
    samples = anticipated(segments, tau_a=0.5, tau_o=5.0).slice(len(stops))
    found = histories(samples, segments, rule="end", source="all_splits", length=None)
    assert [len(rows) for rows in found] == [1] * len(targets)


@pytest.mark.parametrize("rule", ["end", "start", "all"])
@pytest.mark.parametrize("source", ["all_splits", "own_split"])
def test_equals_a_search_through_all_pairs(make_segments, rule, source):
    rng = random.Random(3)
    rows = [
        (i, f"v{rng.randrange(5)}", start := rng.randrange(200) / 10, start + rng.randrange(1, 60) / 10)
        for i in range(300)
    ]
    segments = make_segments(rows, splits=[rng.choice(["training", "validation"]) for _ in rows])
    samples = anticipated(segments, tau_a=1.0, tau_o=5.0)
    found = histories(samples, segments, rule=rule, source=source, length=None)
    splits = segments.column("split").to_pylist()
    for i, (_, video, start, stop) in enumerate(rows):
        t = round(10 * start) - 10
        allowed = {
            "end": lambda b, e, t=t: round(10 * e) <= t,
            "start": lambda b, e, t=t: round(10 * b) < t,
            "all": lambda b, e, start=start, stop=stop: (b, e) < (start, stop),
        }[rule]
        expected = {
            j
            for j, (_, other, b, e) in enumerate(rows)
            if other == video and allowed(b, e) and (source == "all_splits" or splits[i] == splits[j])
        }
        assert set(found[i].tolist()) == expected


def test_a_history_from_the_future_is_refused(make_segments):
    segments = make_segments([("a", "v", 0.0, 9.5), ("target", "v", 10.0, 12.0), ("other", "w", 0.0, 1.0)])
    samples = anticipated(segments, tau_a=1.0, tau_o=5.0).slice(1, 1)
    check_histories(samples, segments, [np.array([0])], rule="start")
    with pytest.raises(DataError, match=r"segment a .*samples: target.*history_rule end"):
        check_histories(samples, segments, [np.array([0])], rule="end")
    for rule in ("end", "start", "all"):
        for row in (1, 2):  # the target itself; another video
            with pytest.raises(DataError, match="samples: target"):
                check_histories(samples, segments, [np.array([row])], rule=rule)


@pytest.mark.parametrize(
    ("reader", "tau_a", "empty"),
    [
        ({"kind": "epic55", "times": "rulstm_30fps"}, 1.0, {"end": [409, 76], "start": [256, 46]}),
        ({"kind": "epic55", "times": "official"}, 1.0, {"end": [413, 76], "start": [254, 46]}),
        ({"kind": "egtea"}, 0.5, {"end": [72, 27], "start": [64, 23]}),
    ],
)
def test_samples_without_a_history_in_the_real_labels(shared_data, reader, tau_a, empty):
    segments = families.build("annotations", reader, root=shared_data, dataset="real").read().segments
    samples = anticipated(segments, tau_a=tau_a, tau_o=5.0)
    splits = samples.column("split").to_pylist()
    for rule, counts in empty.items():
        found = histories(samples, segments, rule=rule, source="all_splits", length=5)
        check_histories(samples, segments, found, rule=rule)
        assert [
            sum(s == split and not len(rows) for s, rows in zip(splits, found))
            for split in ("training", "validation")
        ] == counts
