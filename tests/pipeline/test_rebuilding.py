"""The command that a report shows is read by Snakemake as the settings that it was planned with."""

import shlex

from snakemake.cli import parse_config

from foretaste.pipeline.rebuilding import command
from foretaste.settings.run_config import RunConfig


def test_the_command_gives_the_settings_again():
    run = RunConfig(
        dataset="tea", seeds=[0, 2], history_rule="end", on_bad_input="skip", openie={"shards": 4},
        set={"student_*.training.epochs": 3, "history.length": None}, threads={"evaluate": 2},
        results_root="elsewhere", data_root="/data/mine",
    )  # fmt: skip
    words = shlex.split(command(run, "tea", "tea/mine/report.html", ["data_root"]))
    assert words[:4] == ["snakemake", "--cores", "2", "results/tea/mine/report.html"]
    given = parse_config(words[words.index("--config") + 1 :])
    assert given["data_root"] == "DATA_ROOT" and "results_root" not in given
    again = RunConfig(**given)
    for name in ("dataset", "seeds", "history_rule", "on_bad_input", "set", "threads"):
        assert getattr(again, name) == getattr(run, name), name
    assert again.openie == {"shards": "4"}, "which the text's settings read as a number"


def test_no_place_is_told():
    openie = {"backend": {"kind": "allennlp", "archive": "/home/me/openie.tar.gz"}}
    made = command(RunConfig(dataset="tea", openie=openie), "tea", "tea/mine/report.html", [])
    assert "/home" not in made and '"PATH"' in made
