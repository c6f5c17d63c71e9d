"""What a step is follows from its settings, its code and what it reads: an edit changes exactly the steps
that it touches and those after them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from foretaste.pipeline import fingerprint
from foretaste.pipeline.contents import Contents
from foretaste.pipeline.graph import Choice, Graph, as_planned
from foretaste.pipeline.plan import Plan
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.result_paths import PATHS, path_of, steps_of

ROOT = Path(__file__).parents[2]
RESULTS = "/nowhere/results"
HOME = f"{RESULTS}/kitchen_micro/lm_avt_micro"


def graph(**settings) -> Graph:
    run = {"dataset": "kitchen_micro", "results_root": RESULTS, **settings}
    contents = Contents(Path(RESULTS, ".sha256"), may_write=False)
    return Graph(Plan(Catalogue(run, ROOT)), contents)


def nodes(made: Graph) -> dict:
    """Short name -> step, of everything behind the report."""
    last, _ = made.at(f"{HOME}/report.html")
    return {short(node): node for node in made.walk([last])}


def short(node) -> str:
    """``train teacher_lm``, ``report``, ``make_kitchen videos``."""
    *_, folder, last = next(iter(node.names.values())).split("/")
    return {"make_kitchen": f"make_kitchen {last}"}.get(
        node.stage, f"{node.stage} {folder}" if "seed0" in next(iter(node.names.values())) else node.stage
    )


@pytest.fixture(scope="module")
def planned():
    return nodes(graph())


def of(models, *stages):
    return {f"{stage} {model}" for model in models for stage in stages}


DISTILLED = {"student_lm", "student_recipe_lm"}
STUDENTS = DISTILLED | {"student_baseline", "student_smoothed"}
READERS = {"teacher_lm", "teacher_recipe_lm"}
COUNTS = {"teacher_unigram", "teacher_bigram", "teacher_trigram", "teacher_counts"}
AVERAGES = {"teacher_lm_counts", "teacher_lm_counts_prior"}
MODELS = STUDENTS | READERS | COUNTS | AVERAGES
MADE = ("train", "score")
KITCHEN = {"make_kitchen recipes", "make_kitchen annotations", "make_kitchen videos"}

#: Module -> the steps that run it (stages of one name count once).
MODULES = {
    "losses.kl": of(DISTILLED, "train"),
    "losses.topk_kl": set(),
    "losses.cross_entropy": {"train_backbone", "pretrain", *of(STUDENTS | READERS, "train")},
    "models.avt": of(STUDENTS, *MADE),
    "models.counts": of(COUNTS, *MADE),
    "models.text_encoder": of(READERS, *MADE),
    "views.action_history": of(READERS, *MADE),
    "views.action_ids": of(COUNTS, *MADE),
    "views.features": {"make_samples", *of(STUDENTS, *MADE)},
    "views.masked_text": {"pretrain"},
    "annotations.epic55": {"read_annotations"},
    "annotations.epic100": set(),
    "annotations.history": {"report", *of(READERS | COUNTS, *MADE)},
    "kitchen.scene": KITCHEN,
    "openie.rules": {"extract_openie"},
    "text.phrases": {"make_phrases"},
    "text.masking": {"pretrain", *of(READERS, *MADE)},
    "training.counting": of(STUDENTS | READERS | COUNTS, "train"),
    "scores.average": of(AVERAGES, "average"),
    "scores.mean": {
        "report",
        *of(AVERAGES, "average"),
        *of(MODELS, "evaluate"),
        *of(STUDENTS | READERS | COUNTS, *MADE),
    },
    "evaluation.metrics": {"report", *of(AVERAGES, "average"), *of(MODELS, "evaluate")},
    "report.figures": {"report"},
    "features.extract": {"extract_features"},
    "video.decode": {"probe_videos", "train_backbone", "extract_features", "report"},
    "tasks.anticipation": {"make_samples", "extract_features"},
    "settings.catalogue": set(),
    "pipeline.console": set(),
}

#: Settings (of config.yaml, or ``set``) -> the steps that they are settings of.
SEEN_HISTORY = {"report", *of(READERS | COUNTS, *MADE, "evaluate"), *of(AVERAGES, "average", "evaluate")}
TAUGHT = of(DISTILLED, "score", "evaluate")
SETTINGS = {
    "student_lm.training.epochs=9": {"train student_lm"},
    "student_lm.training.checkpoint_minutes=3": {"train student_lm"},
    "student_lm.label=X": {"report"},
    "student_baseline.network.dropout=0.3": of({"student_baseline"}, *MADE),
    "teacher_lm.training.batch=7": {"train teacher_lm"},
    "teacher_bigram.network.tables=[trigram]": of({"teacher_bigram"}, *MADE),
    "teacher_lm_counts_prior.prior_exponent=0.5": of({"teacher_lm_counts_prior"}, "average", "evaluate"),
    "lms.minilm_recipes_micro.training.batch=9": {"pretrain"},
    "texts.recipes.openie.backend.objects=first": {"extract_openie"},
    "backbones.frames_micro.training.batch=9": {"train_backbone"},
    "backbones.frames_micro.grid.fps=2.0": {"extract_features"},
    "history.length=3": SEEN_HISTORY | TAUGHT,
    "primary_metric=top5": {"report", *of(AVERAGES, "average")},
    "title=X": {"report"},
    "comparisons=[]": {"report"},
    "student_lm.objective=[{loss: {kind: cross_entropy}, of: action}]": {
        "report", *of({"student_lm"}, "train", "score", "evaluate")
    },
    {"history_rule": "end"}.__repr__(): SEEN_HISTORY | TAUGHT,
    {"history_from": "own_split"}.__repr__(): SEEN_HISTORY | TAUGHT,
    {"threads": {"evaluate": 2}}.__repr__(): of(MODELS, "evaluate"),
    {"processes": {"student_lm": 2}}.__repr__(): {"train student_lm"},
    {"on_bad_input": "skip"}.__repr__(): {
        "read_recipes", "read_annotations", "probe_videos", "extract_features", "make_samples"
    },
}  # fmt: skip


def changed(planned: dict, other: dict) -> tuple[set[str], set[str]]:
    """Of the steps of both: those whose own part of the record differs, and those with another key."""
    both = planned.keys() & other.keys()
    own = {name for name in both if _own(planned[name]) != _own(other[name])}
    return own, {name for name in both if planned[name].key != other[name].key}


def _own(node) -> dict:
    return {name: value for name, value in node.record.items() if name != "inputs"}


def after(planned: dict, names: set[str]) -> set[str]:
    """The steps ``names`` and all that read from them, directly or not."""
    keys = {planned[name].key for name in names}
    for node in planned.values():  # in the order in which they read from each other
        if any(other.key in keys for other in node.before):
            keys.add(node.key)
    return {name for name, node in planned.items() if node.key in keys}


@pytest.mark.parametrize("module", MODULES)
def test_an_edit_of_a_module_changes_what_runs_it_and_what_comes_after(planned, module, monkeypatch):
    real = fingerprint._code_digest
    monkeypatch.setattr(fingerprint, "_code_digest", lambda name: "f" * 64 if name == module else real(name))
    own, keys = changed(planned, nodes(graph()))
    assert own == MODULES[module] and keys == after(planned, own)


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_changes_what_it_is_a_setting_of_and_what_comes_after(planned, setting):
    settings = eval(setting) if setting.startswith("{") else {"set": setting}  # (a literal of this file)
    other = nodes(graph(**settings))
    own, keys = changed(planned, other)
    assert own == SETTINGS[setting] | {"report"}, "a report tells what was set, and how to make it again"
    assert keys >= after(planned, own) & other.keys()


def test_names_are_no_part_of_what_is_trained(planned):
    """Nor do dataset, system, model or seed stand in the record where they change nothing."""
    for name in ("train student_lm", "score student_lm", "average teacher_lm_counts"):
        text = repr(planned[name].record)
        for word in ("kitchen_micro", "lm_avt", "student_lm", "teacher_lm", "frames_micro"):
            assert word not in text, f"{word} in the record of {name}"


def test_a_model_that_two_systems_share_is_one_result():
    made = graph(systems=["lm_avt_micro", "lm_avt_demo"])
    of_micro, of_demo = (
        made.at(f"{RESULTS}/kitchen_micro/{system}/seed0/teacher_unigram/checkpoint")[0]
        for system in ("lm_avt_micro", "lm_avt_demo")
    )
    assert of_micro.key == of_demo.key and of_micro.names != of_demo.names


@pytest.mark.parametrize("stage", PATHS)
def test_a_path_leads_to_the_step_that_makes_it(stage):
    names = {
        "dataset": "d", "system": "s", "seed": "3", "model": "m", "corpus": "C-1", "text": "c/t",
        "shard": "7", "lm": "l", "backbone": "b", "task": "pairs",
        "weights": "w", "part": "videos", "scope": "/seeds", "frame_store": "f", "modality": "flow",
    }  # fmt: skip
    for output, pattern in PATHS[stage].items():
        own = {name: value for name, value in names.items() if f"{{{name}}}" in pattern}
        path = path_of(stage, output, **own)
        found = [one for one in steps_of(path) if one[0] not in ("score", "average") or one[0] == stage]
        assert found == [(stage, output, own)]
        inside = [one[:2] for one in steps_of(f"{path}/manifest.json")]
        assert ((stage, output) in inside) == pattern.endswith("/")


def test_an_accepted_result_stands_for_the_planned_one(planned):
    kept = planned["train student_lm"].key

    def chosen(stage, names, record):
        mine = stage == "train" and names["model"] == "student_lm"
        return Choice(kept) if mine else as_planned(stage, names, record)

    edited = graph(set="student_lm.training.epochs=9")
    other = Graph(edited.plan, edited.contents, chosen)
    assert changed(planned, nodes(other))[1] == {"report"}, "which tells what was set"
