"""What a run will cost, said before it: from steps like its own, from what was measured, else nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import stand_ins

from foretaste.pipeline import cost_table, measured_costs
from foretaste.pipeline.contents import Contents
from foretaste.pipeline.forecast import BEFORE, BY_SIZE, Forecast, kin
from foretaste.pipeline.graph import Graph, Node
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.store import Cost, Estimate, Store
from foretaste.settings.catalogue import Catalogue

ROOT = Path(__file__).parents[2]


def catalogue(results: Path, **settings) -> Catalogue:
    return Catalogue({"dataset": "kitchen_micro", "results_root": str(results), **settings}, ROOT)


def steps(results: Path, **settings) -> list[Node]:
    """All steps behind the report of a run."""
    graph = Graph(Plan(catalogue(results, **settings)), Contents(results / ".sha256", may_write=False))
    return graph.walk([graph.at(f"{results}/kitchen_micro/lm_avt_micro/report.html")[0]])


@pytest.fixture(scope="module")
def planned(tmp_path_factory) -> list[Node]:
    """What steps are does not depend on where results lie."""
    return steps(tmp_path_factory.mktemp("planned"))


def make(results: Path, nodes: list[Node], **cost) -> None:
    """Put results there as if steps had been run: a file of 1,000 bytes each, and what they cost."""
    store = Store(results)
    for number, node in enumerate(nodes):
        if store.find(node.key) is None:
            made = results / f"made{number}"
            made.mkdir(parents=True)
            (made / "file").write_bytes(bytes(1000))
            read = {name: 1000 * _results(value) for name, value in node.sources.items()}
            told = {"wall_s": 9.0, "cpu_s": 10.0, "max_rss_mb": 500.0, "read_bytes": read, **cost}
            store.publish(made, node.key, dict(node.record), Cost(**told))


def said(results: Path, nodes: list[Node]) -> dict[str, list[Estimate | None]]:
    """Stage -> what is said of those of its steps that are to be made."""
    store, found = Store(results), {}
    forecast = Forecast(store)
    for node in nodes:
        if store.find(node.key) is None:
            found.setdefault(node.stage, []).append(forecast.of(node))
    return found


def test_other_seeds_and_losses_cost_what_these_did(tmp_path, planned):
    results = tmp_path / "results"
    make(results, planned, gpu_s=4.0)
    found = said(results, steps(results, seeds=[1]))
    assert {"train", "score", "evaluate", "report"} <= found.keys()
    for estimate in found["train"]:
        assert estimate == Estimate(cpu_s=10.0, gpu_s=4.0, max_rss_mb=500.0, bytes=1000, source=BEFORE)
    # A student with another objective is as dear; of one with another network nothing is known.
    other = steps(
        results, set={"student_lm.objective": [{"of": "action", "loss": {"kind": "cross_entropy"}}]}
    )
    assert [one.source for one in said(results, other)["train"]] == [BEFORE]
    wider = steps(results, set={"student_lm.network.width": 96})
    assert said(results, wider)["train"] == [None]


def _results(value) -> int:
    """How many results an input is."""
    return sum(one.key is not None for one in (value if isinstance(value, tuple) else (value,)))


@pytest.mark.parametrize(
    ("stage", "read", "factor"),
    [
        ("make_samples", {"segments": 250}, 4),
        ("make_samples", {"segments": 1000}, 1),
        ("make_samples", {"segments": 99}, None),  # more than ten times
        ("make_samples", {"segments": 10_001}, None),
        ("make_samples", {}, None),  # an older record
        ("extract_features", {"segments": 1000, "videos": 500, "checkpoint": 10**6, "video_files": 1000}, 2),
        ("pretrain", {"phrases": 1000, "lm": 1050}, 1),
        ("pretrain", {"phrases": 1000, "lm": 2000}, None),  # of another language model
    ],
)
def test_costs_grow_with_the_data(tmp_path, planned, stage, read, factor):
    """A store of others holds such a step; this run's has all that it reads, of 1,000 bytes each."""
    wanted = next(node for node in planned if node.stage == stage)
    make(tmp_path / "others", [wanted], read_bytes=read)
    before = [node for node in planned if node.stage != stage]
    make(tmp_path / "results", before)
    forecast = Forecast(Store(tmp_path / "results", (str(tmp_path / "others" / ".store"),)))
    estimate = forecast.of(wanted)
    if factor is None:
        assert estimate is None
    else:
        wanted_source = BEFORE if factor == 1 else BY_SIZE
        assert (estimate.cpu_s, estimate.bytes, estimate.source) == (
            10.0 * factor,
            1000 * factor,
            wanted_source,
        )
        assert estimate.max_rss_mb == 500.0


def test_the_measured_rates_are_those_of_the_benchmarks():
    results = ROOT / "bench" / "results"
    recipes = json.loads((results / "recipes.json").read_text())
    per_s = json.loads((results / "openie.json").read_text())["sentences_per_s"]
    ours = recipes["readers"]["foretaste"]
    assert ours["mb_per_s"] == pytest.approx(measured_costs.RECIPES_MB_PER_S, rel=1e-3)
    per_mb = ours["instructions"] / recipes["size_mb"]
    assert per_mb == pytest.approx(measured_costs.INSTRUCTIONS_PER_MB, rel=1e-3)
    measured = {"rules": per_s["rules"], "allennlp": per_s["allennlp backend, batched"]}
    assert measured == pytest.approx(measured_costs.OPENIE_PER_S, rel=1e-3)


def test_recipes_cost_by_their_size_where_nothing_was_run(tmp_path):
    data = stand_ins.write(tmp_path / "data", "epic55")
    with open(data / "layer1.json", "wb") as file:
        file.truncate(
            1_300_000_000
        )  # Recipe1M's; its holes take no room, and its content does not count here
    graph = stand_ins.graph(data, "epic55", ["lm_avt"], results_root=str(tmp_path / "results"))
    graph.contents.of = lambda path: "0" * 64
    nodes = graph.walk([graph.at(f"{tmp_path}/results/epic55/lm_avt/teachers/report.html")[0]])
    found = said(tmp_path / "results", nodes)
    assert found["read_recipes"] == [Estimate(cpu_s=7.42, source="bench/results/recipes.json")]
    assert sum(one.cpu_s for one in found["extract_openie"]) == pytest.approx(168.9, rel=0.01)
    assert set(found["train"]) == {None}


def test_the_table_says_where_its_figures_come_from(tmp_path):
    planned = [
        ("train", Estimate(cpu_s=3600.0, gpu_s=1800.0, max_rss_mb=2500.0, bytes=3_000_000, source=BEFORE)),
        ("train", Estimate(cpu_s=1800.0, gpu_s=900.0, max_rss_mb=1500.0, bytes=1_000_000, source=BY_SIZE)),
        ("read_recipes", Estimate(cpu_s=8.0, source="bench/results/recipes.json")),
        ("score", None),
        ("score", None),
    ]
    run = Catalogue({"dataset": "epic55", "systems": ["lm_avt_teachers"]}, ROOT)
    empty, head, *rest = cost_table.lines(planned, run)
    assert not empty and " ".join(head.split()) == "planned jobs CPU time GPU time disk memory from"
    assert rest[0].split()[:6] == ["train", "2", "1:30:00", "45:00", "4", "MB"]
    assert rest[0].endswith("2.5 GB  before (1), before, by size (1)")
    assert rest[1].split() == ["read_recipes", "1", "0:08", *["unknown"] * 3, "bench/results/recipes.json"]
    assert rest[2].startswith("all") and "1:30:08" in rest[2]
    assert "in no sum, for nothing like them was run or measured: score (2)" in rest
    assert rest[-1].startswith("workflow/systems/lm_avt_teachers.yaml: EPIC-55: per seed 5 trainings")
    assert list(cost_table.lines([], run)) == []


def test_what_is_no_whole_record_is_none(tmp_path, planned):
    folder = tmp_path / "results" / ".store" / "train"
    for number in range(3):
        (folder / f"{number:020x}").mkdir(parents=True)
        (folder / f"{number:020x}" / "record.json").write_text("{broken" if number else "{}")
    assert set(said(tmp_path / "results", planned)["train"]) == {None}


def test_the_command_that_rebuilds_a_report_makes_no_other_step_of_it():
    record = {"stage": "report", "config": {"title": "a", "primary": 1}, "threads": 1, "processes": 1}
    told = [{**record, "config": {**record["config"], "command": seed}} for seed in ("seeds=0", "seeds=1")]
    assert kin(told[0]) == kin(told[1]) != kin({**record, "config": {"primary": 2}})
