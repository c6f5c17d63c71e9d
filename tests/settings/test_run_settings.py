"""What config.yaml and the command line say of a run: a typo is an error that lists the choices."""

from __future__ import annotations

import pytest
from shipped_catalogue import catalogue

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.locations import Locations
from foretaste.pipeline.protocol import protocol


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


def test_history_overrides_reach_the_views_and_the_protocol():
    changed = catalogue(dataset="epic55", history_rule="end")
    system = changed.systems[0]
    assert protocol(changed, "epic55", system, "teacher_counts")["history_rule"] == "end"
    assert (
        protocol(catalogue(dataset="epic55"), "epic55", system, "teacher_counts")["history_rule"] == "start"
    )


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


def test_recipes_may_not_be_named_like_a_dataset():
    with pytest.raises(ConfigError, match=r"recipes named 'kitchen.json'.*rename"):
        Locations(catalogue(dataset="epic55", recipes="/x/kitchen.json")).corpus("epic55")
    assert Locations(catalogue(dataset="epic55", recipes="/x/layer1.json.gz")).corpus("epic55") == "layer1"
