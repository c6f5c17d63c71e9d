"""Typos are errors that list the choices; parents, parts by dataset and overrides resolve as documented."""

from __future__ import annotations

from pathlib import Path

import pytest
import stand_ins
from workflow_copy import copy_workflow

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.locations import Locations
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.protocol import protocol
from foretaste.pipeline.rules import plainly
from foretaste.pipeline.targets import Targets
from foretaste.settings.average_config import AverageConfig
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.preset_files import Files, merge
from foretaste.settings.result_paths import path_of
from foretaste.settings.yaml_files import read_yaml
from foretaste.text.phrases import PUBLISHED_DROPPED

ROOT = Path(__file__).parents[2]


def catalogue(**settings) -> Catalogue:
    return Catalogue({"dataset": "kitchen", **settings}, ROOT)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"datset": "kitchen"}, "unknown key 'datset'.*dataset.*did you mean 'dataset'"),
        ({"dataset": "kichen"}, "unknown dataset 'kichen'.*epic55.*did you mean 'kitchen'"),
        ({"systems": "lm_awt"}, "unknown system 'lm_awt'.*lm_avt"),
        (
            {"history_rule": "begin"},
            "unknown value 'begin'.*history_rule: one of all, end, start",
        ),
        ({"threads": {"train": 0}}, "wrong value 0: config.yaml.threads.train: a number above 0"),
        ({"processes": {"student_baselin": 2}}, "unknown training 'student_baselin'.*student_baseline"),
        ({"processes": {"teacher_bigram": 2}}, "unknown training 'teacher_bigram'"),
        ({"threads": {"trian": 2}}, "unknown stage 'trian'.*did you mean 'train'"),
        ({"threads": {"openie": 2}}, "unknown stage 'openie'.*extract_openie"),
        ({"seeds": [-3]}, "wrong value -3: config.yaml.seeds.0: a number of at least 0"),
        ({"seeds": [1, 1]}, "each once.*seeds"),
        ({"seeds": [True]}, "a seed is a whole number.*seeds"),
        ({"seeds": True}, "wrong value true: config.yaml.seeds: a list"),
        ({"seeds": 5}, r"seed 5, or 5 seeds\? Seed 5 is \[5\], three are \[0,1,2\].*config.yaml.seeds"),
        ({"seeds": "5"}, r"seed 5, or 5 seeds\?"),
        ({"seeds": 0}, r"seed 0, or 0 seeds\?"),
        ({"seeds": []}, "at least one seed"),
        ({"seeds": "(0, 1)"}, r"several are a list: \[0,1\]"),
        ({"seeds": ["0", "x"]}, "wrong value 'x': config.yaml.seeds.1: a whole number"),
        ({"systems": 5}, "wrong value 5: config.yaml.systems: a list"),
        ({"stores": "/a,s3://b"}, r"several are a list: \[/a,s3://b\].*config.yaml.stores"),
        ({"results_root": ""}, "results_root: "),
        ({"results_root": "."}, "results_root: a folder for results alone"),
        ({"results_root": "/"}, "results_root: a folder for results alone"),
        ({"systems": "lm_avt,lm_avt_small"}, r"several are a list: \[lm_avt,lm_avt_small\]"),
        ({"seeds": "0,1"}, r"several are a list: \[0,1\]"),
    ],
)
def test_a_typo_is_an_error_that_lists_the_choices(settings, message):
    with pytest.raises(ConfigError, match=message):
        catalogue(**settings)


#: A mistake in a preset based on lm_avt_demo -> what the error must say: the key as written, and the choices
#: there.
MISTAKES = {
    "models: {student_lm: {lable: x}}": (
        "unknown key 'lable'.*models.student_lm.lable: one of backbone, calibrate.*label.*did you mean"
        " 'label'"
    ),
    "models: {student_lm: {training: {epohcs: 3}}}": (
        "models.student_lm.training.epohcs: one of accumulate.*did you mean 'epochs'"
    ),
    "models: {student_lm: {training: {optimizer: {kind: adamw, rl: 1}}}}": (
        "training.optimizer.rl: one of betas, kind, lr"
    ),
    "models: {student_lm: {training: {optimizer: {kind: adan, lr: 1}}}}": (
        "unknown kind 'adan'.*training.optimizer: one of adam, adamw, sgd: did"
    ),
    "models: {student_lm: {training: {schedule: {warmpu: 1}}}}": (
        "training.schedule.warmpu: one of after.*did you mean 'warmup'"
    ),
    "models: {student_lm: {training: {kind: lop}}}": "unknown kind 'lop'.*training: one of counting, loop",
    "models: {student_lm: {objective: [{loss: {kind: kl}, of: action, wieght: 3}]}}": (
        "objective.0.wieght: one of class_weights.*'weight'"
    ),
    "models: {student_lm: {training: {groups: [{match: '(['}]}}}": "not a regular expression.*groups.0.match",
    "models: {student_lm: {folds: 1}}": "at least 2: .*models.student_lm: a value that",
    "models: {student_lm: {backbone: null, view: {kind: clip, window: target}}}": (
        "a student that sees the action itself: .*models.student_lm: window: window: observed"
    ),
    "models: {teacher_lm_counts: {averge: [teacher_lm]}}": (
        "teacher_lm_counts.averge: one of average, label.*did you mean 'average'"
    ),
    "models: {teacher_lm_counts: {average: [teacher_lm_counts]}}": "circle: teacher_lm_counts",
    "models: {teacher_lm_counts: {average: [teacher_ml]}}": (
        "unknown model 'teacher_ml'.*did you mean 'teacher_lm'"
    ),
    "models: {teacher_lm_counts: {average: [teacher_lm, teacher_lm]}}": (
        "each model once.*models.teacher_lm_counts"
    ),
    "models: {teacher_lm_counts: {weights: fitted}}": (
        "weights: fitted, and .*teacher_counts saw all.*teacher_lm_counts: held_out or folds"
    ),
    "models: {teacher_lm_counts: {average: [teacher_counts], prior_exponent: .inf}}": (
        "wrong value inf.*teacher_lm_counts.prior_exponent: one of fitted or a finite number"
    ),
    "models: {teacher_lm: {held_out: 5}, teacher_counts: {folds: 0, held_out: 9}, teacher_lm_counts: "
    "{weights: fitted}}": ("different videos .held_out:"),
    "models: {teacher_lm_counts: {space: logits, weights: {kind: held_out}}}": (
        "weights: fitted, and .*teacher_counts saw all.*teacher_lm_counts: held_out or folds"
    ),
    "models: {teacher_lm_counts: {weights: {kind: per_sample}}}": "per_sample needs space: logits",
    "models: {teacher_lm_counts: {space: logits, prior_exponent: fitted, weights: {kind: per_sample}}}": (
        "per_sample needs a number for prior_exponent"
    ),
    "models: {teacher_lm_counts: {space: logits, weights: {kind: per_sampel}}}": "held_out, per_sample",
    "models: {teacher_lm_counts: {space: logits, weights: {kind: per_sample, gamma: 0}}}": "gamma",
    "models: {student_lm: {held_out: 5}}": "learns from another's scores.*models.student_lm",
    "lms: {mine: {innit: minilm}}": "lms.mine.innit: one of .*init.*did you mean 'init'",
    "backbones: {mine: {gird: {fps: 1.0}}}": "backbones.mine.gird: one of .*did you mean 'grid'",
    "backbones: {mine: {grid: {fsp: 1.0}}}": (
        "backbones.mine.grid.fsp: one of .*fps.*shards.*did you mean 'fps'"
    ),
    "history: {rulle: end}": "history.rulle: one of length, rule, source.*did you mean 'rule'",
    "histroy: {}": "unknown key 'histroy'.*one of backbones, comparisons, datasets, frame_stores, history",
    "comparisons: [[student_ml, student_lm]]": "unknown model 'student_ml'.*comparisons",
    "models: {student_lm: 3}": "3 instead of settings.*models.student_lm",
    "models: []": "instead of a mapping",
    "on: {kitchen: null}": "null instead of settings",
    "on: {kichen: {title: x}}": "unknown dataset 'kichen'.*did you mean 'kitchen'",
    "on: {kitchen: {lms: {}}}": "lms of one dataset",
    "on: {kitchen: {texts: {}}}": "texts of one dataset",
    "texts: {recipes: {openie: {backend: {objects: eech}}}}": "eech.*texts.recipes",
    "texts: {recipes: {phrases: {objekt: head}}}": "unknown key 'objekt'.*did you mean 'object'",
    "texts: {shards: {}}": "text named 'shards'",
    "lms: {minilm_recipes_kitchen: {text: recipees}}": "unknown text 'recipees'.*did you mean 'recipes'",
    "title: a\ntitle: b": "the key 'title' occurs twice",
    "title: 2026-13-45": "not YAML .*month must be in",
    "? [title]\n: a": "not YAML .*unhashable key",
    "history: {length: 010}": "010 is another number.*line 2",
    "history: {length: 1:30}": "1:30 is another number",
    f"history: {{length: {'9' * 5000}}}": "not YAML",
    "models: {Mine: {average: [teacher_lm], label: x}}": "small letters",
}


@pytest.mark.parametrize(("text", "message"), MISTAKES.items(), ids=list(MISTAKES))
def test_a_mistake_in_a_preset(text, message, tmp_path):
    copy_workflow(tmp_path)
    (tmp_path / "workflow" / "systems" / "mine.yaml").write_text(f"base: lm_avt_demo\n{text}\n")
    with pytest.raises(ConfigError, match=message) as caught:
        Catalogue({"dataset": "kitchen", "systems": "mine"}, tmp_path)
    assert "systems/mine.yaml" in str(caught.value) and "function-after" not in str(caught.value)


def test_seeds_from_the_command_line():
    """As Snakemake reads them, where the numbers of a list are texts."""
    from snakemake.cli import parse_config

    for text, seeds in (("[0,2]", (0, 2)), ("[5]", (5,)), ("[0, 1, 2]", (0, 1, 2))):
        assert catalogue(**parse_config([f"seeds={text}"])).run.seeds == seeds
    for text in ("5", "0,1,2", "5.0", "range(3)", "true", ""):
        with pytest.raises(ConfigError, match="seeds"):
            catalogue(**parse_config([f"seeds={text}"]))


@pytest.mark.parametrize("key", ["systems", "stores"])
def test_one_name_is_a_list_of_one_and_several_are_a_list(key):
    from snakemake.cli import parse_config

    one, two = {"systems": ("lm_avt", "lm_avt_small"), "stores": ("/a", "s3://b/c")}[key]
    for text, names in ((one, (one,)), (f"[{one},{two}]", (one, two)), (f"[{one}, {two}]", (one, two))):
        found = catalogue(**parse_config(["dataset=epic55", f"{key}={text}"])).run
        assert getattr(found, key) == names


def test_merge():
    old = {"a": {"b": 1, "c": 2}, "k": {"kind": "x", "o": 1}, "l": [1, 2], "gone": 1}
    new = {"a": {"c": 3}, "k": {"kind": "y"}, "l": [3], "gone": None}
    assert merge(old, new) == {"a": {"b": 1, "c": 3}, "k": {"kind": "y"}, "l": [3]}


@pytest.mark.parametrize("dataset", Files(ROOT).names("datasets"))
def test_every_dataset_resolves(dataset):
    files = Files(ROOT)
    settings = files.dataset(dataset)
    for system in settings.systems:
        files.system(system, dataset)


@pytest.mark.parametrize("name", ["lm_avt", "lm_avt_decoder", "lm_avt_teacher", "lm_avt_teachers"])
def test_each_dataset_has_the_template_of_its_compounds(name):
    """EPIC writes the head of a compound noun first, EGTEA last."""
    for dataset, template in (("epic55", "plain"), ("egtea_s1", "plain_in_order")):
        models = catalogue(dataset=dataset, systems=name).system(dataset, name).models.values()
        views = [model.view for model in models if getattr(model, "view", {}).get("kind") == "action_history"]
        assert views and {view["template"] for view in views} == {template}


def test_teachers_that_see_different_histories(tmp_path):
    copy_workflow(tmp_path)
    mine = tmp_path / "workflow" / "systems" / "mine.yaml"
    mine.write_text("base: lm_avt\nmodels: {teacher_counts: {view: {length: 9}}}")
    found = protocol(
        Catalogue({"dataset": "epic55", "systems": "mine"}, tmp_path), "epic55", "mine", "teacher_lm_counts"
    )
    assert (found["history_rule"], found["history_length"]) == ("start", [9, 5])
    mine.write_text("base: lm_avt\nmodels: {teacher_counts: {view: {rule: all}}}")
    with pytest.raises(ConfigError, match=r"rules all and start.*mine\.yaml: models\.teacher_lm_counts"):
        protocol(
            Catalogue({"dataset": "epic55", "systems": "mine"}, tmp_path),
            "epic55",
            "mine",
            "teacher_lm_counts",
        )


def test_history_overrides_reach_the_views_and_the_protocol():
    changed = catalogue(dataset="epic55", history_rule="end")
    system = changed.systems[0]
    assert protocol(changed, "epic55", system, "teacher_counts")["history_rule"] == "end"
    assert (
        protocol(catalogue(dataset="epic55"), "epic55", system, "teacher_counts")["history_rule"] == "start"
    )


def test_what_differs_by_dataset(tmp_path):
    """``on`` is a word here, as in YAML 1.2, and no boolean."""
    for kind in ("datasets", "systems"):
        (tmp_path / "workflow" / kind).mkdir(parents=True)
    for name, text in (("plain", "title: t"), ("one", "title: t"), ("two", "base: one")):
        (tmp_path / "workflow" / "datasets" / f"{name}.yaml").write_text(text)
    (tmp_path / "workflow" / "systems" / "parent.yaml").write_text(
        "title: all\nmodels: {a: {}, yes: {x: false}}\non: {one: {title: on one, models: {a: {x: 2}}}}"
    )
    (tmp_path / "workflow" / "systems" / "child.yaml").write_text(
        "base: parent\nmodels: {b: {x: 3}}\non: {two: {models: {a: {x: 4}}}}"
    )
    files = Files(tmp_path)
    assert files.merged("systems", "parent", "plain") == {
        "title": "all",
        "models": {"a": {}, "yes": {"x": False}},
    }
    assert files.merged("systems", "parent", "two") == {
        "title": "on one",
        "models": {"a": {"x": 2}, "yes": {"x": False}},
    }
    assert files.merged("systems", "child", "one") == {
        "title": "on one",
        "models": {"a": {"x": 2}, "b": {"x": 3}, "yes": {"x": False}},
    }
    assert files.merged("systems", "child", "two") == {
        "title": "on one",
        "models": {"a": {"x": 4}, "b": {"x": 3}, "yes": {"x": False}},
    }


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


def test_the_run_lays_its_own_settings_over_every_text():
    with pytest.raises(ConfigError, match="a component without a kind"):
        catalogue(dataset="egtea_s1", openie={"backend": {"archive": "/a/b.tar.gz"}})
    parser = {"kind": "allennlp", "archive": "/a/b.tar.gz"}
    changed = catalogue(dataset="egtea_s1", openie={"shards": 3, "backend": parser})
    assert changed.text("recipes").openie.backend == parser and changed.text("published").openie.shards == 3
    assert changed.text("published").openie.backend == {
        **parser,
        "spacy_model": "en_core_web_sm",
        "as_published": True,
    }
    rules = catalogue(
        dataset="egtea_s1",
        openie={"backend": {"kind": "rules", "as_published": True}},
        phrases={"need_object": False},
    )
    assert rules.text("published").openie.backend == {"kind": "rules", "as_published": True}
    assert (
        rules.text("published").phrases["object"] == "phrase"
        and not rules.text("recipes").phrases["need_object"]
    )


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


def test_on_is_a_word(tmp_path):
    """YAML 1.1 reads `on:` as true; here it says what differs by dataset."""
    for kind, name, text in (
        ("datasets", "d", "title: x\nsystems: s\nreader: {kind: egtea}\ntau_a: 1.0\ntau_o: 5.0\n"),
        ("systems", "s", "title: x\non: {d: {title: y}}\n"),
    ):
        (tmp_path / "workflow" / kind).mkdir(parents=True)
        (tmp_path / "workflow" / kind / f"{name}.yaml").write_text(text)
    files = Files(tmp_path)
    assert files.merged("systems", "s") == {"title": "x"}
    assert files.merged("systems", "s", "d") == {"title": "y"}


def test_yaml_that_nests_too_deeply_is_one_error(tmp_path):
    (tmp_path / "x.yaml").write_text("[" * 3000)
    with pytest.raises(ConfigError, match=r"nested too deeply.*x\.yaml"):
        read_yaml(tmp_path / "x.yaml")


def test_recipes_may_not_be_named_like_a_dataset():
    with pytest.raises(ConfigError, match=r"recipes named 'kitchen.json'.*rename"):
        Locations(catalogue(dataset="epic55", recipes="/x/kitchen.json")).corpus("epic55")
    assert Locations(catalogue(dataset="epic55", recipes="/x/layer1.json.gz")).corpus("epic55") == "layer1"


FITTING = [
    ("kitchen", "lm_avt_study"),
    ("kitchen_micro", "lm_avt_demo"),
    ("epic55", "lm_avt_teachers"),
    ("epic55", "lm_avt_own"),
    ("kitchen", "lm_avt"),
]


@pytest.mark.parametrize(("dataset", "system"), FITTING)
def test_a_system_fits_the_datasets_that_it_is_made_for(dataset, system):
    assert catalogue(dataset=dataset, systems=system).systems == (system,)


def test_a_system_that_does_not_fit_is_an_error_that_lists_those_that_do():
    with pytest.raises(
        ConfigError,
        match=(
            r"lm_avt_demo is not made for the dataset epic55.*one of lm_avt, lm_avt_counts,.*lm_avt_teachers"
        ),
    ):
        catalogue(dataset="epic55", systems=["lm_avt", "lm_avt_demo"])
    plan = Plan(catalogue(dataset="epic55"))
    for target in (
        Targets(plan.catalogue).reports("epic55", ["lm_avt_demo"]),
        Targets(plan.catalogue).features("epic55", ["lm_avt_demo"]),
    ):
        with pytest.raises(SystemExit, match="error: the system lm_avt_demo is not made for"):
            plainly(target)({})
    for system in ("lm_avt_counts", "lm_avt_published"):
        with pytest.raises(
            ConfigError, match=rf"{system} is not made for the dataset kitchen.*lm_avt_demo, .*lm_avt_study"
        ):
            catalogue(systems=system)
    with pytest.raises(ConfigError, match="is not made for the dataset egtea_s1"):
        plan.describe(
            "evaluate", {"dataset": "egtea_s1", "system": "lm_avt_micro", "seed": "0", "model": "teacher_lm"}
        )


def test_a_preset_of_another_family_does_not_fit(tmp_path):
    copy_workflow(tmp_path)
    preset = tmp_path / "workflow" / "systems" / "other.yaml"
    text = (ROOT / "workflow" / "systems" / "lm_avt.yaml").read_text()
    preset.write_text(text)
    with pytest.raises(ConfigError, match="other is not made for the dataset epic55"):
        Catalogue({"dataset": "epic55", "systems": "other"}, tmp_path)
    preset.write_text(text + "\ndatasets: [epic55]\n")
    assert Catalogue({"dataset": "epic55", "systems": "other"}, tmp_path).systems == ("other",)
    preset.write_text(text + "\ndatasets: [epic55, epic56]\n")
    with pytest.raises(ConfigError, match=r"unknown dataset 'epic56'.*other.yaml: datasets"):
        Catalogue({"dataset": "epic55", "systems": "other"}, tmp_path)


def test_a_dataset_may_name_several_systems(tmp_path):
    copy_workflow(tmp_path)
    dataset = tmp_path / "workflow" / "datasets" / "epic55.yaml"
    dataset.write_text(dataset.read_text().replace("systems: lm_avt", "systems: [lm_avt, lm_avt_counts]"))
    made = Catalogue({"dataset": "epic55"}, tmp_path)
    assert made.systems == ("lm_avt", "lm_avt_counts")
    assert Targets(made).reports("epic55", made.systems, "teachers")({}) == [
        "results/epic55/lm_avt/teachers/report.html",
        "results/epic55/lm_avt_counts/teachers/report.html",
    ]
    dataset.write_text(dataset.read_text().replace("systems: [lm_avt, lm_avt_counts]", "systems: []"))
    with pytest.raises(ConfigError, match=r"wrong value \[\]: .*systems: at least 1 of them"):
        Catalogue({"dataset": "epic55"}, tmp_path)
