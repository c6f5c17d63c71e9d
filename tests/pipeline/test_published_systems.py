"""Every step of the presets at the papers' scale, on every dataset that they are made for, is planned before
anything is there but the raw files.
"""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest
from workflow_copy import copy_workflow

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.contents import Contents
from foretaste.pipeline.graph import Graph
from foretaste.pipeline.plan import Plan
from foretaste.settings import families
from foretaste.settings.average_config import AverageConfig
from foretaste.settings.catalogue import Catalogue, asked_for

DATASETS = ("ssv2", "something_else", "epic100")
VIDEOS = {
    "ssv2": "ssv2/videos/1.webm",
    "something_else": "ssv2/videos/1.webm",
    "epic100": "epic100/videos/P01.MP4",
}
WEIGHTS = "weights/swin_tiny_patch244_window877_kinetics400_1k.pth"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return copy_workflow(tmp_path_factory.mktemp("checkout"))


def write_raw_files(data: Path, catalogue: Catalogue, dataset: str) -> None:
    """Files of the names that are read; planning does not open them."""
    settings = catalogue.dataset(dataset)
    reader = dict(settings.reader)
    member = families.load("annotations", reader.pop("kind"))
    names = [VIDEOS[dataset], WEIGHTS, settings.boxes]
    for path in [*member.files(member.Config(**reader), data), *(data / name for name in names)]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"raw")


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("system", ["multimodal", "lanvikd"])
def test_every_step_is_planned(folder, tmp_path, system, dataset):
    data, results = tmp_path / "data", tmp_path / "results"
    places = {"data_root": str(data), "results_root": str(results)}
    # The hub is not asked: the language model is the packaged one.
    packaged = {"lms.minilm_l12.init": "minilm"} if system == "lanvikd" else {}
    settings = {"dataset": dataset, "systems": system, "set": packaged, **places}
    catalogue = Catalogue(settings, folder)
    write_raw_files(data, catalogue, dataset)
    graph = Graph(Plan(catalogue), Contents(results / ".sha256", may_write=False))
    node, _ = graph.at(f"{results}/{dataset}/{system}/report.html")
    steps = graph.walk([node])
    models = catalogue.system(dataset, system).models
    trained = {name for name, model in models.items() if not isinstance(model, AverageConfig)}
    count = Counter(one.stage for one in steps)
    assert (count["train"], count["average"]) == (len(trained), len(models) - len(trained))
    assert count["evaluate"] == len(models)
    assert count["store_frames"] == {"multimodal": 32, "lanvikd": 16}[system]
    assert ("boxes" in node.sources) == (system == "multimodal")
    (samples,) = (one for one in steps if one.stage == "make_samples")
    assert samples.record["config"]["task"]["kind"] == "recognition"


@pytest.mark.parametrize("dataset", [*DATASETS, "kitchen_compositional"])
def test_scores_of_detectors_are_shown_and_exact_boxes_have_none(folder, dataset):
    """The network of 2023 always knows them; boxes of the generated kitchen are no detector's."""
    kitchen = dataset.startswith("kitchen")
    for system in ("multimodal_demo", "multimodal_labels") if kitchen else ("multimodal",):
        models = Catalogue({"dataset": dataset, "systems": system}, folder).system(dataset, system).models
        assert models["teacher_boxes"].view["scores"] is not kitchen
        if "student_omnivore" in models:
            assert "scores" not in models["student_omnivore"].view["views"]["boxes"]


@pytest.mark.parametrize("dataset", DATASETS)
def test_students_differ_in_what_they_learn_from_alone(folder, dataset):
    for system, other in (("multimodal", {"student_omnivore"}), ("lanvikd", set())):
        models = Catalogue({"dataset": dataset, "systems": system}, folder).system(dataset, system).models
        students = {name: model for name, model in models.items() if model.role == "student"}
        baseline = students.pop("student_baseline")
        for name in students.keys() - other:
            for part in ("frame_store", "view", "network", "training"):
                assert getattr(students[name], part) == getattr(baseline, part), f"{system}.{name}: {part}"


def test_the_weights_of_lanvikds_terms_are_those_of_its_lambda_and_mu(folder):
    for dataset in DATASETS:
        models = (
            Catalogue({"dataset": dataset, "systems": "lanvikd"}, folder).system(dataset, "lanvikd").models
        )
        for name, share, mu in (("kl", 0.4, 0), ("kl_embedding", 0.4, 50), ("kl08", 0.8, 0)):
            terms = models[f"student_{name}"].objective
            by = {
                kind: [term for term in terms if term.loss["kind"] == kind]
                for kind in ("cross_entropy", "kl")
            }
            assert sum(term.weight for term in by["cross_entropy"]) == pytest.approx(1 - share)
            assert sum(term.weight for term in by["kl"]) == pytest.approx(share)
            embedding = [term for term in terms if term.of == "embedding"]
            assert [term.weight for term in embedding] == ([mu] if mu else [])
            assert all(term.loss["temperature"] == 3.0 and term.loss["t_squared"] for term in by["kl"])


def test_a_target_names_the_system_whose_models_are_run(folder):
    names = ["lm_avt_demo", "multimodal_demo", "lanvikd_demo"]
    assert asked_for(["-n", "multimodal_demo", "--config", "seeds=[0]"], names) == ("multimodal_demo",)
    assert asked_for(["lanvikd_demo_worlds"], names) == ("lanvikd_demo",)
    assert asked_for(["lanvikd_demo_seeds", "demo"], names) == ("lanvikd_demo",)
    path = "results/kitchen/multimodal_demo/seed0/student_mean/metrics.json"
    assert asked_for([path], names) == ("multimodal_demo",)
    assert asked_for(["demo", "all"], names) == ()
    run = {"dataset": "kitchen"}
    assert Catalogue(run, folder).systems == ("lm_avt_demo",)
    asked = Catalogue(run, folder, ["multimodal_demo_worlds"])
    assert asked.systems == ("multimodal_demo",) and asked.systems_of("kitchen_w3") == ("multimodal_demo",)
    assert Catalogue({**run, "systems": "lanvikd_demo"}, folder, ["multimodal_demo"]).systems == (
        "lanvikd_demo",
    )


def test_a_store_of_smaller_pictures_than_the_omnivore_asks_for_is_named(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "checkout")
    (tmp_path / "checkout/workflow/systems/small.yaml").write_text(
        "base: multimodal_demo\ntitle: x\nframe_stores: {multimodal_kitchen: {side: 60}}\n"
    )
    with pytest.raises(ConfigError, match=r"pictures of 64 pixels a side, stored with 60"):
        Catalogue({"dataset": "kitchen", "systems": "small"}, tmp_path / "checkout")
