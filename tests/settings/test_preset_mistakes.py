"""A mistake in a preset, a dataset or config.yaml is one error line before anything runs: what, where, and
the choices. A row is an edit of files that are right, and the words that the error must hold.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from workflow_copy import copy_workflow

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.plan import Plan
from foretaste.settings.catalogue import Catalogue

ROOT = Path(__file__).parents[2]

CE = "loss: {kind: cross_entropy}"
KL = "loss: {kind: kl, temperature: 2.0, t_squared: true}"
TOP = "loss: {kind: topk_kl, k: 5, temperature: 2.0, t_squared: true, renormalise: both}"
L1, MSE = "loss: {kind: smooth_l1}", "loss: {kind: feature_mse}"
LINEAR = "through: {kind: linear}"

#: A term of the objective of student_lm, which is an AVT, beside its own -> what the error says of it.
TERMS = {
    f"{CE}, of: action, to: teacher_lm": "cross_entropy to teacher_lm, which gives logits.*kl or smooth_l1",
    f"{CE}, of: next_features, to: features": "cross_entropy to features, which gives vectors",
    f"{KL}, of: action": "kl to labels, which gives labels.*a target of logits.*or use cross_entropy",
    f"{TOP}, of: action, to: labels": "topk_kl to labels",
    f"{L1}, of: action": "smooth_l1 to labels.*a target of logits or vectors",
    f"{MSE}, of: action": "feature_mse to labels",
    f"{KL}, of: next_features, to: features": "kl to features, which gives vectors.*a target of logits",
    f"{KL}, of: maps.future, to: teacher_lm.embedding, {LINEAR}": "kl to teacher_lm.embedding, which gives",
    f"{CE}, of: actoin": r"unknown head 'actoin'.*objective\.1\.of: one of action: did you mean 'action'",
    f"{CE}, of: verb": r"unknown head 'verb'.*one of action",
    f"{CE}, of: past_action": r"unknown head 'past_action'.*one of action",
    f"{CE}, of: embedding": r"unknown head 'embedding'.*one of action",
    f"{KL}, of: actoin, to: teacher_lm": r"unknown output of the network 'actoin'.*did you mean 'action'",
    f"{L1}, of: embedding, to: teacher_lm": "unknown output of the network 'embedding'.*maps.future",
    f"{L1}, of: maps.mixed9, to: teacher_lm.embedding, {LINEAR}": "'maps.mixed9'.*maps.future, maps.hidden",
    f"{L1}, of: maps.future, to: teacher_lm.embeding, {LINEAR}": "did you mean 'embedding'",
    f"{L1}, of: maps.future, to: teacher_counts.embedding, {LINEAR}": "output of teacher_counts 'embedding'",
    f"{L1}, of: maps.future, to: teacher_lm_counts.embedding, {LINEAR}": "teacher_lm_counts 'embedding'",
    f"{L1}, of: maps.future, to: student_baseline.maps.future": "student_baseline, which are not kept",
    f"{L1}, of: maps.future, to: student_baseline.maps.nope": "output of student_baseline 'maps.nope'",
    f"{KL}, of: action, to: teacher_lm.verb": "action compared with verb of teacher_lm.*an adapter between",
    f"{L1}, of: maps.future, to: teacher_lm.action": "maps.future compared with action of teacher_lm",
    f"{MSE}, of: action, to: features": "unknown output with the target features 'action'.*next_features",
    f"{CE}, of: action, over: unlabelled": "over: unlabelled, whose labels nobody has",
    f"{KL}, of: action, to: teacher_lm, reduction: positions": "reduction: positions are for terms to labels",
    f"{KL}, of: action, to: teacher_lm, class_weights: balanced": "class_weights .* are for terms to labels",
    f"{CE}, of: action, reduction: positions, class_weights: balanced": "positions has no class_weights",
    f"{CE}, of: action, class_weights: 0.5": "two terms action.cross_entropy: each loss",
}

#: A preset based on lm_avt_demo -> what the error says of it.
PRESETS = {
    "models: {student_lm: {labels: {share: 0.5}}, b: {label: b, average: [student_lm], space: logits, "
    "weights: {kind: per_sample}}}": r"per_sample of models .* share of the labels \(0.5\).*models.b",
    "task: recognition\nhistory: {rule: all}\nmodels: {teacher_words: {role: teacher, label: x, lm: minilm, "
    "view: {kind: narration}, network: {kind: text_encoder}, labels: {share: 0.5}, training: {kind: "
    f"counting}}, objective: [{{{CE}, of: action}}]}}}}": "a narration tells the label.*teacher_words.labels",
    "models: {student_lm: {labels: {share: 0.5}}, b: {label: b, average: [student_lm, student_baseline]}}": (
        r"student_lm \(labels: share 0.5, seed 0\) and student_baseline \(all labels\).*models.b"
        r".*give each the same .*may be null: models: {b: null}"
    ),
    "models: {student_lm: {maps: [nope]}}": "unknown map 'nope'.*student_lm.maps: one of future, hidden",
    "models: {teacher_lm: {maps: [hidden]}}": "map 'hidden': .*teacher_lm.maps: nothing, for there is none",
    "models: {student_lm: {network: {classify: [actoin]}}}": "unknown head 'actoin'.*student_lm.network",
    "models: {teacher_lm: {network: {classify: [verb]}}}": "unknown head 'action'.*objective.0.of: one of ve",
    "models: {student_lm: {objective: [{loss: {kind: cross_entropy}, of: action, weight: 0}]}}": (
        "needs a term of weight above 0.*models.student_lm.objective"
    ),
    "models: {teacher_lm: {extra: [recognition]}}": (
        "recognition, whose samples have labels.*teacher_lm.extra: one of pairs"
    ),
    "models: {teacher_lm: {extra: [pairss]}}": "unknown task 'pairss'.*extra.*did you mean 'pairs'",
    "models: {teacher_lm: {extra: [pairs, pairs]}}": "pairs occurs twice.*models.teacher_lm.extra",
    "task: pairs": "pairs, whose samples have no labels.*task: one of anticipation, early, recognition",
    "task: recogniton": "unknown task 'recogniton'.*did you mean 'recognition'",
    "task: recognition": "a history under the rule start and the task recognition.*rule: all",
    "task: recognition\nhistory: {rule: all}\nmodels: {teacher_clip: {role: teacher, label: x, view: {"
    "kind: clip, window: target}, network: {kind: frame_classifier}, training: {kind: counting}}}": (
        "window: target under the task recognition.*teacher_clip: window: observed"
    ),
    "models: {student_lm: {live: [teacher_lm, teacher_lm]}}": "teacher_lm occurs twice.*student_lm.live",
    "models: {student_lm: {maps: [hidden, hidden]}}": "hidden occurs twice.*student_lm.maps",
    "comparisons: [[student_lm, teacher_lm], [student_lm, teacher_lm]]": "occurs twice.*comparisons",
    "comparisons: [[student_lm, student_lm]]": "student_lm compared with itself.*comparisons",
    "datasets: [kitchen, kitchen]": "kitchen occurs twice.*datasets",
    "models: {student_lm: {training: {batch: 4, accumulate: 8}}}": "8 parts of a batch of 4.*lm.training",
    "models: {student_lm: {training: {epochs: 4, schedule: {warmup: 5}}}}": (
        "a warmup of 5 epochs in a training of 4.*has room for.*models.student_lm.training"
    ),
    "models: {student_lm: {training: {epochs: 4, schedule: {kind: step, drops: [3, 4]}}}}": (
        "a drop after 4 epochs in a training of 4.*models.student_lm.training"
    ),
    "backbones: {frames: {objective: [{loss: {kind: cross_entropy}, of: actoin}]}}": (
        r"unknown head 'actoin'.*backbones\.frames\.objective\.0\.of: one of action, noun, verb"
    ),
    f"backbones: {{frames: {{objective: [{{{KL}, of: action, to: teacher_lm}}]}}}}": (
        r"to: teacher_lm: .*backbones\.frames\.objective\.0: to: labels, for nothing teaches it"
    ),
    "lms: {minilm_recipes_kitchen: {objective: [{loss: {kind: cross_entropy}, of: tokne}]}}": (
        r"unknown head 'tokne'.*lms\.minilm_recipes_kitchen\.objective\.0\.of: one of token"
    ),
}


#: What is laid over the dataset kitchen -> what the error says of it.
DATASETS = {
    "tasks: {recogniton: {}}": "unknown task 'recogniton'.*mine.yaml: tasks: one of .*'recognition'",
    "tasks: {pairs: {cuont: 5}}": r"unknown key 'cuont'.*mine.yaml: tasks.pairs.*count.*did you mean 'count'",
    "tasks: {pairs: {count: few}}": "few.*tasks.pairs.count",
    "tasks: {anticipation: {count: 5}}": r"unknown key 'count'.*tasks.anticipation",
    "systems: [lm_avt_demo, lm_avt_demo]": "lm_avt_demo occurs twice.*systems",
    "pool: [kitchen, kitchen]": "kitchen occurs twice.*pool",
    "pool: [kitchen, kitchne]": "unknown dataset 'kitchne'.*did you mean 'kitchen'",
    "pool: [kitchen_worlds]": "kitchen_worlds, which pools others itself: .*pool: datasets that are trained",
    "pool: [kitchen, kitchen_w1]\nwithheld_pairs: 4": (
        "withheld_pairs: 4 beside pool.*withheld_pairs as kitchen or kitchen_w1 has it.*set it in each"
    ),
    "pool: [kitchen, mine]": "mine, which is this dataset itself: .*pool: .*leave it out",
    "pool: [kitchen, kitchen_w1]\ntail: 0.2": "tail: 0.2 beside pool.*set it in each dataset",
    "pool: [kitchen, kitchen_w1]\ntau_a: 2.5": "tau_a: 2.5 beside pool",
    "pool: [kitchen_w1, kitchen_w2]\nevaluated: test": "evaluated: 'test' beside pool",
}

#: Settings of config.yaml on the generated kitchen -> what the error says of them.
RUNS = [
    ({"processes": {"student_lm": 65}}, "65 processes for student_lm: .*processes.student_lm: at most 64"),
    ({"processes": {"minilm_recipes_kitchen": 33}}, "at most 32"),
    ({"processes": {"frames": 65}}, "at most 64"),
    ({"processes": {"minilm": 2}}, "unknown training 'minilm'"),
    ({"processes": {"minilm_recipes": 2}}, "unknown training 'minilm_recipes'"),
    ({"processes": {"teacher_counts": 2}}, "unknown training 'teacher_counts'"),
    ({"systems": ["lm_avt_demo", "lm_avt_demo"]}, "lm_avt_demo occurs twice.*systems"),
    ({"results_root": "data", "data_root": "data"}, "results in data, data in data: .*results_root"),
    ({"results_root": "data", "data_root": "data"}, "a folder for results that holds no data"),
    ({"results_root": "here", "data_root": "here/data"}, "a folder for results that holds no data"),
    ({"history_rule": "start", "systems": "recognised"}, "a history under the rule start"),
]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    return copy_workflow(tmp_path_factory.mktemp("checkout"))


def preset(checkout: Path, text: str, **settings) -> str:
    """What is said of a preset of one's own on the generated kitchen."""
    (checkout / "workflow" / "systems" / "mine.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        Catalogue({"dataset": "kitchen", "systems": "mine", **settings}, checkout)
    return said(caught.value)


def said(error: ConfigError) -> str:
    """The line of an error, which is one, has four parts and speaks of nothing that we use."""
    assert len(error.args) == 4 and all(str(part).strip() for part in error.args)
    return str(error)


@pytest.mark.parametrize(("term", "message"), TERMS.items(), ids=list(TERMS))
def test_a_term_that_cannot_be(term, message, checkout):
    objective = f"[{{{CE}, of: action}}, {{{term}}}]"
    line = preset(checkout, f"base: lm_avt_demo\nmodels: {{student_lm: {{objective: {objective}}}}}\n")
    assert re.search(message, line) and "systems/mine.yaml" in line, line


@pytest.mark.parametrize(("text", "message"), PRESETS.items(), ids=list(PRESETS))
def test_a_preset_that_cannot_be(text, message, checkout):
    line = preset(checkout, f"base: lm_avt_demo\n{text}\n")
    assert re.search(message, line) and "systems/mine.yaml" in line, line


@pytest.mark.parametrize(("text", "message"), DATASETS.items(), ids=list(DATASETS))
def test_a_dataset_that_cannot_be(text, message, checkout):
    path = checkout / "workflow" / "datasets" / "mine.yaml"
    path.write_text(f"base: kitchen\n{text}\n", encoding="utf-8")
    try:
        with pytest.raises(ConfigError) as caught:
            Catalogue({"dataset": "mine"}, checkout)
    finally:
        path.unlink()
    line = said(caught.value)
    assert re.search(message, line) and "datasets/mine.yaml" in line, line


@pytest.mark.parametrize(
    "text",
    [
        "base: kitchen\npool: [kitchen_w1, kitchen_w2]",
        "base: kitchen_worlds\npool: [kitchen_w1, kitchen_w3]",
        "base: kitchen\npool: [kitchen_compositional, kitchen_compositional_w1]\ntail: 0.2",
        "base: egtea_s1\ntitle: Two splits\npool: [egtea_s2, egtea_s3]\nsystems: lm_avt",
        "title: Mine\nreader: {kind: epic55, official: ., rulstm: .}\nsystems: lm_avt_own\n"
        "pool: [kitchen_w1, kitchen_w2]",
    ],
)
def test_a_pool_inherits_what_it_likes(text, checkout):
    path = checkout / "workflow" / "datasets" / "mine.yaml"
    path.write_text(f"{text}\n", encoding="utf-8")
    try:
        assert Catalogue({"dataset": "mine"}, checkout).dataset("mine").pool
    finally:
        path.unlink()


@pytest.mark.parametrize(("settings", "message"), RUNS, ids=[str(settings) for settings, _ in RUNS])
def test_a_run_that_cannot_be(settings, message, checkout):
    path = checkout / "workflow" / "systems" / "recognised.yaml"
    path.write_text("base: lm_avt_demo\ntask: recognition\nhistory: {rule: all}\n", encoding="utf-8")
    (checkout / "workflow" / "systems" / "mine.yaml").unlink(missing_ok=True)
    with pytest.raises(ConfigError) as caught:
        Catalogue({"dataset": "kitchen", **settings}, checkout)
    line = said(caught.value)
    assert re.search(message, line), line


def test_only_what_a_run_trains_is_offered(checkout):
    with pytest.raises(ConfigError) as caught:
        Catalogue({"dataset": "kitchen", "processes": {"minilm_recipes": 2}}, checkout)
    offered = caught.value.args[2].removeprefix("one of ").split(", ")
    assert {"frames", "minilm_recipes_kitchen", "score", "student_lm", "teacher_lm"} <= set(offered)
    assert set(offered).isdisjoint({"minilm", "minilm_recipes", "teacher_counts", "teacher_lm_counts"})
    Catalogue({"dataset": "kitchen", "processes": {"student_lm": 64, "score": 500}}, checkout)


def test_a_preset_of_one_s_own_has_no_paper_and_own_means_no_weights_from_outside(checkout):
    text = "base: lm_avt_demo\npaper: null\n"
    (checkout / "workflow" / "systems" / "mine.yaml").write_text(text, encoding="utf-8")
    found = Catalogue({"dataset": "kitchen", "systems": "mine"}, checkout)
    assert Plan(found).report("kitchen", "mine", "").config["paper"] is None
    plain, other = (
        found.files.merged("systems", "lm_avt_own", name)["models"] for name in ("epic55", "egtea_s1")
    )
    assert plain == other and "weights" not in str(other)


def test_terms_that_can_be(checkout):
    terms = [
        f"{CE}, of: action",
        f"{CE}, of: past_action",
        f"{KL}, of: action, to: teacher_lm",
        f"{L1}, of: action, to: teacher_lm_counts",
        f"{MSE}, of: next_features, to: features",
        f"{L1}, of: maps.future, to: teacher_lm.embedding, {LINEAR}",
        f"{KL}, of: maps.future, to: teacher_lm.verb, {LINEAR}",
        f"{L1}, of: maps.hidden, to: student_baseline.maps.hidden",
        f"{MSE}, of: next_features, to: student_smoothed.next_features",
    ]
    objective = ", ".join(f"{{{term}}}" for term in terms)
    student = f"{{network: {{past: true}}, live: [student_smoothed], objective: [{objective}]}}"
    text = f"base: lm_avt_demo\nmodels: {{student_baseline: {{maps: [hidden]}}, student_lm: {student}}}\n"
    (checkout / "workflow" / "systems" / "mine.yaml").write_text(text, encoding="utf-8")
    catalogue = Catalogue({"dataset": "kitchen", "systems": "mine"}, checkout)
    assert len(catalogue.model("kitchen", "mine", "student_lm").objective) == len(terms)
