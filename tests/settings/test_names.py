"""Names are parts of paths and of rules, and those of models are words of an objective: what cannot be one is
refused by one line.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from workflow_copy import copy_workflow

from foretaste.contracts.errors import ConfigError
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.names import check_name
from foretaste.settings.preset_files import Files

ROOT = Path(__file__).parents[2]
ODD = [
    "a/b",
    "..",
    ".",
    "",
    "a b",
    "report.html",
    "summary.json",
    "a.b",
    "A",
    "seed0",
    "é",
    "a\n",
    "-a",
    "{model}",
]
PARTS = {
    "models": "{average: [teacher_lm], label: x}",
    "lms": "{init: minilm}",
    "backbones": "{grid: {fps: 1.0}, files: f/*.h5}",
}


def preset(tmp_path: Path, text: str, name: str = "mine") -> Path:
    copy_workflow(tmp_path)
    (tmp_path / "workflow" / "systems" / f"{name}.yaml").write_text(
        f"base: lm_avt_demo\n{text}\n", encoding="utf-8"
    )
    return tmp_path


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("part", PARTS)
def test_an_odd_name_in_a_preset(part, name, tmp_path):
    root = preset(
        tmp_path,
        f"{part}: {{{name!r}: {PARTS[part]}}}" if "\n" not in name else f'{part}: {{"a\\n": {PARTS[part]}}}',
    )
    with pytest.raises(ConfigError, match=r"named .*small letters, digits and _") as caught:
        Catalogue({"dataset": "kitchen", "systems": "mine"}, root)
    assert "systems/mine.yaml" in str(caught.value)


@pytest.mark.parametrize("word", ["labels", "features"])
def test_a_model_is_not_called_what_a_term_can_be_about(word, tmp_path):
    root = preset(tmp_path, f"models: {{{word}: {PARTS['models']}}}")
    wanted = f"model named '{word}'.*none of features, labels, score, seed<number>"
    with pytest.raises(ConfigError, match=wanted):
        Catalogue({"dataset": "kitchen", "systems": "mine"}, root)


@pytest.mark.parametrize(
    "name",
    ["backbones", "features", "world", "demo", "teachers", "train", "lm_avt_seeds", "seed7", "a.b", "A b"],
)
def test_a_system_is_not_called_what_lies_beside_it_nor_what_a_rule_is_called(name, tmp_path):
    """Whether it is run or not: its file makes targets."""
    root = preset(tmp_path, "", name)
    with pytest.raises(ConfigError, match=f"system named '{name}'"):
        Catalogue({"dataset": "kitchen"}, root)


@pytest.mark.parametrize("name", ["text", "lm", "views", "weights", "seed1", "My data", "a.b"])
def test_a_dataset_is_not_called_what_lies_beside_it(name, tmp_path):
    copy_workflow(tmp_path)
    (tmp_path / "workflow" / "datasets" / f"{name}.yaml").write_text("base: epic55\n")
    with pytest.raises(ConfigError, match=f"dataset named '{name}'"):
        Catalogue({"dataset": name}, tmp_path)


@pytest.mark.parametrize(("kind", "folder"), [("system", "systems"), ("dataset", "datasets")])
def test_the_names_that_there_are_are_good(kind, folder):
    for name in Files(ROOT).names(folder):
        check_name(kind, name, folder)
    for name in ("a", "seeds", "seed", "seed_1", "0", "labels_2", "teacher_features"):
        check_name("model", name, "here")
