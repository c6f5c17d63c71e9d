"""What the presets of the papers and of small students promise: their settings, and what they share."""

from __future__ import annotations

import pytest
import stand_ins
from shipped_catalogue import catalogue

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.plan import Plan
from foretaste.settings.average_config import AverageConfig
from foretaste.settings.result_paths import path_of
from foretaste.text.phrases import PUBLISHED_DROPPED


def test_the_published_preset_differs_by_dataset():
    preset = {
        dataset: catalogue(dataset=dataset, systems="lm_avt_published").system(dataset, "lm_avt_published")
        for dataset in ("epic55", "egtea_s1")
    }
    teachers = {dataset: system.models["teacher_recipe_lm"] for dataset, system in preset.items()}
    assert {d: (t.training.epochs, t.training.batch, t.objective[0].weight) for d, t in teachers.items()} == {
        "epic55": (8, 16, 0.7),
        "egtea_s1": (4, 14, 0.8),
    }
    assert [term.class_weights for term in teachers["egtea_s1"].objective] == ["balanced"] * 3
    assert [term.class_weights for term in teachers["epic55"].objective] == ["none"] * 3
    assert {d: (s.primary_metric, s.history.length) for d, s in preset.items()} == {
        "epic55": ("many_shot_recall5_and", 5),
        "egtea_s1": ("top1", 15),
    }


def test_small_students_are_those_that_read_features():
    assert catalogue(dataset="epic100").fits("epic100", "lm_avt_small")
    with pytest.raises(ConfigError, match="lm_avt_small is not made for the dataset egtea_s1"):
        catalogue(dataset="egtea_s1", systems="lm_avt_small")


PUBLISHED = ["lm_avt", "lm_avt_published", "lm_avt_published_text", "lm_avt_published_lms"]


@pytest.mark.parametrize(("dataset", "baseline"), [("epic55", "lm_avt"), ("egtea_s1", "lm_avt_published")])
def test_the_published_presets_do_not_train_anything_twice(tmp_path, dataset, baseline):
    """On EGTEA their students have a schedule of their own."""
    graph = stand_ins.graph(stand_ins.write(tmp_path, dataset), dataset, PUBLISHED)

    def trained(system: str, model: str) -> str:
        return key_of(graph, dataset, system, model)

    for system in ("lm_avt_published", "lm_avt_published_text"):
        assert trained(system, "student_baseline") == trained(baseline, "student_baseline")
    assert (dataset == "epic55") == (
        trained("lm_avt", "student_baseline") == trained("lm_avt_published", "student_baseline")
    )
    teachers = [trained(system, "teacher_recipe_lm") for system in PUBLISHED[1:]]
    assert teachers[0] == teachers[2] != teachers[1]


def key_of(graph, dataset: str, system: str, model: str, stage: str = "train") -> str:
    """What a step of a model is known by: where two are equal it is done once."""
    return graph.step(stage, {"dataset": dataset, "system": system, "seed": "0", "model": model}).key


def test_the_published_presets_stay_in_fp32():
    for dataset in ("epic55", "egtea_s1"):
        known = catalogue(dataset=dataset, systems=PUBLISHED)
        tf32 = {
            system: {
                model.training.tf32
                for name, model in known.system(dataset, system).models.items()
                if name.startswith("student")
            }
            for system in PUBLISHED
        }
        assert tf32 == {name: {name == "lm_avt" and dataset == "egtea_s1"} for name in PUBLISHED}


@pytest.mark.parametrize("dataset", ["epic55", "egtea_s1"])
@pytest.mark.parametrize("kind", ["teacher", "student"])
def test_the_five_language_models_are_treated_alike(dataset, kind):
    system = catalogue(dataset=dataset, systems=PUBLISHED).system(dataset, "lm_avt_published_lms")
    said = set()
    for name in ("lm", "bert", "roberta", "distilbert", "electra"):
        settings = system.models[f"{kind}_recipe_{name}"].model_dump_json(exclude={"label", "lm"})
        said.add(settings.replace(f"teacher_recipe_{name}", "teacher"))
    assert len(said) == 1


def test_the_paper_in_words_and_in_code():
    known = catalogue(dataset="egtea_s1", systems=PUBLISHED)
    code, text = (known.named("lms", name) for name in ("albert_recipes", "albert_recipes_text"))
    optimizers = [(lm.training.optimizer.lr, lm.training.optimizer.weight_decay) for lm in (code, text)]
    assert optimizers == [(5e-5, 0.0), (1e-5, 1e-7)]
    assert [(lm.training.steps, lm.training.batch) for lm in (code, text)] == [(200_000, 12), (200_000, 16)]
    assert (code.view, code.network, code.text) == (text.view, text.network, text.text)
    others = [known.named("lms", f"{lm}_recipes") for lm in ("bert", "roberta", "distilbert", "electra")]
    assert [lm.training.batch for lm in others] == [12, 15, 12, 12] and {lm.text for lm in others} == {
        "published"
    }
    backend = known.text("published").openie.backend
    assert backend["kind"] == "allennlp" and backend["as_published"]
    assert tuple(known.text("published").phrases["dropped_verbs"]) == PUBLISHED_DROPPED


TEXTS = ("layer1", "layer1/published")


def test_texts_of_one_corpus_lie_apart_and_read_the_same_sentences():
    plan = Plan(catalogue(dataset="egtea_s1", systems=PUBLISHED, recipes="/x/layer1.json", data_root="D"))
    plain, published = (plan.describe("extract_openie", {"text": text, "shard": "0"}) for text in TEXTS)
    assert (
        plain.inputs["sentences"] == published.inputs["sentences"] == "results/text/layer1/sentences.parquet"
    )
    made = [path_of("extract_openie", "extractions", text=text, shard="0") for text in TEXTS]
    assert made == ["text/layer1/shards/0.parquet", "text/layer1/published/shards/0.parquet"]
    assert published.inputs["archive"] == "D/weights/openie-model.2020.03.26.tar.gz"
    read = {
        lm: plan.describe("pretrain", {"corpus": "layer1", "lm": lm}).inputs["phrases"]
        for lm in ("minilm_recipes", "bert_recipes")
    }
    assert read == {
        "minilm_recipes": "results/text/layer1/phrases.parquet",
        "bert_recipes": "results/text/layer1/published/phrases.parquet",
    }


@pytest.mark.parametrize("dataset", ["epic55", "epic100"])
def test_small_students_learn_from_the_teachers_of_lm_avt(tmp_path, dataset):
    """None of their teachers is trained, averaged or scored again; width and layers are what the preset
    promises.
    """
    graph = stand_ins.graph(stand_ins.write(tmp_path, dataset), dataset, ["lm_avt", "lm_avt_small"])
    both = graph.plan.catalogue
    students = set()
    for name, model in both.system(dataset, "lm_avt_small").models.items():
        stage = "average" if isinstance(model, AverageConfig) else "score"
        one, other = (key_of(graph, dataset, system, name, stage) for system in ("lm_avt", "lm_avt_small"))
        students |= {name} if one != other else set()
    assert students == {name for name in both.system(dataset, "lm_avt_small").models if name[:7] == "student"}
    for name in students:
        small, published = (both.model(dataset, system, name) for system in ("lm_avt_small", "lm_avt"))
        assert (small.network["width"], small.network["layers"]) == (128, 2)
        assert (small.view, small.objective, small.backbone) == (
            published.view,
            published.objective,
            published.backbone,
        )
