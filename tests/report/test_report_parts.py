"""Curves, costs, class gains, chosen samples, the diagram."""

import itertools
import json

import numpy as np
import pytest
from made_up_run import MODELS

from foretaste.contracts.errors import DataError
from foretaste.pipeline.store import FORMAT, Cost, Entry, Estimate, FileFacts
from foretaste.report import diagram
from foretaste.report.colours import colours
from foretaste.report.diagram import draw, layers, pipeline
from foretaste.report.filmstrips import choose, opinion
from foretaste.report.gains import by_frequency, class_gains, joined
from foretaste.report.sections.curves import mean_curve, read_curves
from foretaste.report.setting_line import setting_line, terms_text
from foretaste.report.timing import by_rule
from foretaste.report.written import duration, number, signed


def test_curves_are_means_of_the_label_loss_by_epoch(tmp_path):
    rows = [
        {"epoch": 1, "step": 1, "loss": 9.0, "parts": {"action.cross_entropy": 3.0, "other": 6.0}},
        {"epoch": 1, "step": 2, "loss": 9.0, "parts": {"action.cross_entropy": 2.0, "other": 7.0}},
        {"epoch": 1, "step": 2, "monitor": "validation", "action_loss": 2.5, "action_top1": 20.0},
        {"epoch": 2, "step": 3, "loss": 9.0, "parts": {"action.cross_entropy": None}},
        {"epoch": 2, "step": 4, "loss": 9.0, "parts": {"action.cross_entropy": 1.0}},
    ]
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert read_curves(log, "action") == {
        "training loss": ((1.0, 2.5), (2.0, 1.0)),
        "validation loss": ((1.0, 2.5),),
        "validation top1": ((1.0, 20.0),),
    }
    log.write_text(log.read_text() + "{broken\n")
    with pytest.raises(DataError, match=r"log.jsonl: line 6"):
        read_curves(log, "action")
    assert mean_curve([((1.0, 2.0), (2.0, 4.0)), ((1.0, 4.0),)]) == ((1.0, 3.0),)


def test_costs_add_up_by_stage():
    said = Estimate(cpu_s=19.0, gpu_s=25.0, max_rss_mb=800.0, bytes=90, source="before")
    rate = Estimate(cpu_s=1.0, source="bench/results/openie.json")
    results = [
        made(
            "train",
            100,
            wall_s=10.5,
            cpu_s=20.25,
            max_rss_mb=900.2,
            gpu_s=30.0,
            gpu_utilisation=90.0,
            planned=said,
        ),
        made("score", 7, wall_s=1.5, cpu_s=1.25, max_rss_mb=300.5),
        made(
            "train",
            50,
            wall_s=1.5,
            cpu_s=0.5,
            max_rss_mb=100.0,
            gpu_s=10.0,
            gpu_utilisation=50.0,
            planned=rate,
        ),
        made("train", 50, wall_s=0.0, cpu_s=0.0, max_rss_mb=50.0),
        Entry(format=FORMAT, record={"stage": "taken over"}, files={}),
    ]
    assert by_rule(results) == [
        {
            "rule": "train",
            "jobs": 3,
            "wall_s": 12.0,
            "cpu_s": 20.75,
            "gpu_s": 40.0,
            "gpu_utilisation": 80.0,
            "max_rss_mb": 900.2,
            "bytes": 200,
            "planned": {"jobs": 2, "cpu_s": 20.0, "gpu_s": 25.0, "max_rss_mb": 800.0, "bytes": 90},
        },
        {
            "rule": "score",
            "jobs": 1,
            "wall_s": 1.5,
            "cpu_s": 1.25,
            "gpu_s": 0.0,
            "gpu_utilisation": None,
            "max_rss_mb": 300.5,
            "bytes": 7,
            "planned": None,
        },
    ]


def made(stage: str, size: int, **cost) -> Entry:
    files = {"checkpoint": FileFacts(size=size, sha256="0" * 64)}
    return Entry(format=FORMAT, record={"stage": stage}, files=files, cost=Cost(**cost))


def test_gains_of_classes_join_worlds_by_name():
    names, labels = ("cut", "wash", "pour"), np.array([0, 0, 2])
    one = class_gains(
        names, labels, np.array([[1, 1, 0], [1, 0, 0]]), np.array([[0, 1, 1], [0, 0, 0]]), np.array([5, 3, 1])
    )
    assert [(g.name, g.samples, g.a, g.b, g.training) for g in one] == [
        ("cut", 2, 75.0, 25.0, 5),
        ("pour", 1, 0.0, 50.0, 1),
    ]
    other = class_gains(("pour",), np.array([0]), np.array([[1], [1]]), np.array([[0], [0]]), np.array([9]))
    both = joined([one, other])
    assert [(g.name, g.samples, g.gain, g.training) for g in both] == [
        ("cut", 2, 50.0, 5),
        ("pour", 2, 25.0, 10),
    ]
    assert by_frequency(
        joined(
            [
                one,
                other,
                class_gains(names, np.array([1]), np.ones((1, 1)), np.zeros((1, 1)), np.array([5, 1, 1])),
            ]
        )
    ) == [
        ("rare", 1, 1, 1, 100.0),
        ("middle", 1, 5, 5, 50.0),
        ("frequent", 1, 10, 10, 25.0),
    ]


def test_samples_are_chosen_by_hash_within_their_group():
    ids = [f"s{i}" for i in range(60)]
    a, b = np.arange(60) % 3 != 0, np.arange(60) % 3 != 1
    chosen = choose(ids, a, b)
    assert [why for _, why in chosen] == ["gained"] * 4 + ["lost"] * 4 + ["drawn"] * 4
    assert all(a[i] and not b[i] for i, why in chosen if why == "gained")
    assert all(b[i] and not a[i] for i, why in chosen if why == "lost")
    assert len({i for i, _ in chosen}) == 12
    # Where nothing is lost the rest is drawn from all; the order of the rows does not matter.
    assert [why for _, why in choose(ids, a, a)] == ["drawn"] * 12
    turned = choose(ids[::-1], a[::-1], b[::-1])
    assert [ids[::-1][i] for i, _ in turned] == [ids[i] for i, _ in chosen]


def test_an_opinion_lists_five_and_ranks_the_truth():
    found = opinion("m", np.log(np.array([0.1, 0.3, 0.2, 0.2, 0.1, 0.07, 0.03])), 6, "abcdefg")
    assert [(g.name, round(g.probability, 6), g.right) for g in found.guesses] == [
        ("b", 0.3, False),
        ("c", 0.2, False),
        ("d", 0.2, False),
        ("a", 0.1, False),
        ("e", 0.1, False),
    ]
    assert found.rank == 7


def test_the_diagram_is_of_the_models_that_there_are():
    graph = pipeline(MODELS, ["minilm_recipes"])
    depth = layers(graph)
    assert all(depth[a] < depth[b] for a, b in graph.edges)
    stages = {node.name: node.stage for node in graph.nodes}
    assert (stages["lm/minilm_recipes"], stages["teacher_lm_counts"], stages["features/frames"]) == (
        "pretrain",
        "average",
        "extract_features",
    )
    assert ("teacher_recipe_lm", "student_recipe_lm") in graph.edges
    assert ("lm/minilm_recipes", "teacher_recipe_lm") in graph.edges
    assert not any(a == "lm/minilm" for a, _ in graph.edges)
    # Without video and recipes their lanes are gone.
    bare = pipeline({"teacher_counts": MODELS["teacher_counts"]}, [])
    assert {node.name for node in bare.nodes} == {"segments", "samples", "teacher_counts", "report"}
    svg = str(draw(graph, colours(MODELS)))
    assert svg.count('class="node') == len(graph.nodes)
    assert svg.count('class="edge"') == len(graph.edges)


def test_boxes_of_the_diagram_do_not_overlap():
    graph = pipeline(MODELS, ["minilm_recipes"])
    columns = {}
    for node in sorted(graph.nodes, key=lambda n: diagram._LANES.index(n.kind)):
        columns.setdefault(layers(graph)[node.name], []).append(node)
    height = max(map(len, columns.values())) * (diagram._H + diagram._GAP_Y)
    for nodes in columns.values():
        tops = diagram._heights(nodes, height)
        assert all(b - a >= diagram._H for a, b in itertools.pairwise(tops))
        assert tops[0] >= 0 and tops[-1] + diagram._H <= height


def test_students_have_the_colours_of_their_teachers():
    found = colours(MODELS)
    assert (
        found["student_recipe_lm"] == found["teacher_recipe_lm"] != found["student_lm"] == found["teacher_lm"]
    )
    assert (found["student_baseline"], found["student_smoothed"]) == ("var(--plain1)", "var(--plain2)")


def test_numbers_as_people_read_them():
    assert (number(None), number(-1.25), signed(0.04), signed(-3.0), number(1234.4, 0)) == (
        "–",
        "−1.2",
        "+0.0",
        "−3.0",
        "1234",
    )
    assert (duration(None), duration(5.04), duration(125), duration(7260)) == (
        "–",
        "5.0 s",
        "2 min 05 s",
        "2 h 01 min",
    )
    history = {
        "history_rule": "start",
        "history_from": "own_split",
        "history_length": None,
        "prior_exponent": [0.2, 0.3],
    }
    distilled = {"temperature": 5.0, "top_k": 50, "reduction": "elements", "t_squared": True}
    said = "history start, own split, all · T 5, T² restored, top 50, elements mean · prior exponent 0.2, 0.3"
    assert setting_line({**history, **distilled}) == said, "a summary of format 1"
    labels = {
        "of": "action",
        "to": "labels",
        "loss": "cross_entropy",
        "weight": 1.0,
        "reduction": "batch",
        "temperature": None,
    }
    term = {"of": "action", "to": "t", "loss": "topk_kl", "weight": 20.0, **distilled}
    assert setting_line({**history, "terms": [labels, term]}) == said
    embedding = {**labels, "of": "embedding", "to": "t", "loss": "smooth_l1"}
    both = {"terms": [term, embedding]}
    assert (
        setting_line(both) == "action to t: T 5, T² restored, top 50, elements mean, weight 20 · "
        "embedding to t: smooth_l1, batch mean, weight 1"
    )
    alike = {"terms": [term, {**term, "of": "verb"}, {**term, "of": "noun", "temperature": 2.0}]}
    assert setting_line(alike) == (
        "action, verb to t: T 5, T² restored, top 50, elements mean · "
        "noun to t: T 2, T² restored, top 50, elements mean"
    )
    everywhere = {"terms": [term, {**term, "of": "verb", "over": "all"}]}
    assert setting_line(everywhere).endswith(
        " · verb to t: T 5, T² restored, top 50, elements mean over all samples, labelled or not"
    )
    assert terms_text(both).startswith(
        "20 topk_kl(action, t): temperature 5.0, top_k 50, reduction elements, t_squared True; 1 smooth_l1("
    )
    assert (setting_line({"terms": []}), terms_text({"terms": []}), terms_text({"terms": None})) == (
        "",
        None,
        None,
    )
    assert (
        setting_line(
            {"prior_exponent": 0.0, "ensemble_weights": "equal", "ensemble_seeds": None, "fitted_on": None}
        )
        == ""
    )
    fitted = {
        "ensemble_weights": [{"a": 0.6, "b": 0.4}, {"a": 0.700214, "b": 0.299786}],
        "ensemble_seeds": [0, 1],
        "fitted_on": "held-out training rows",
    }
    assert (
        setting_line(fitted)
        == "seeds 0, 1 together · weights 0.6 a + 0.4 b, 0.7 a + 0.3 b · fitted on held-out training rows"
    )
    by_head = {"a": {"verb": 0.6, "noun": 0.1}, "b": {"verb": 0.4, "noun": 0.9}}
    assert setting_line({"ensemble_weights": by_head}) == (
        "weights 0.6 of verb/0.1 of noun a + 0.4 of verb/0.9 of noun b"
    )
    by_label = "by each training row's label (gamma 1), equal in other splits"
    assert setting_line({"ensemble_weights": by_label}) == f"weights {by_label}"
