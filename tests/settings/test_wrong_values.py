"""Whatever stands where a setting belongs, the error is ours: one line with the key's full path and what may
stand there, and no word of the libraries that found it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from foretaste.contracts.errors import ConfigError
from foretaste.settings.components import check_component, schemas
from foretaste.settings.config import DatasetConfig, SystemConfig, validated
from foretaste.settings.preset_files import Files
from foretaste.settings.run_config import RunConfig

ROOT = Path(__file__).parents[2]

#: Words of pydantic and jsonschema, and names of classes.
THEIRS = re.compile(
    r"Input should|type=|Extra inputs|validation error|\bTag\b|discriminator|\bunion\b|Field required"
    r"|literal\[|Config\b|dictionary|tuple|instance|is not of type|not valid under|is a required"
    r"|should be non-empty|expected_tags|after validation|unable to|workflow/schemas"
)

#: What may stand in the place of a right value.
WRONG = ["x y", "", None, [], ["x y"], {}, {"zz": 1}, -1, -1.5, 1.5, True, [[1]], float("inf")]

OPTIMIZER = {"kind": "adamw", "lr": 0.1, "betas": [0.9, 0.99]}
LOOP = {
    "kind": "loop", "epochs": 1, "batch": 2, "optimizer": OPTIMIZER,
    "schedule": {"kind": "cosine", "warmup": 0.1},
    "groups": [{"match": "x", "lr": 0.0}], "clip_norm": 1.0, "precision": "fp32", "tf32": False, "workers": 0,
}  # fmt: skip
TERM = {"loss": {"kind": "cross_entropy"}, "of": "action", "weight": 1.0, "over": "all", "class_weights": 0.5}
MODEL = {
    "role": "student", "label": "x", "view": {"kind": "features"}, "network": {"kind": "avt"},
    "objective": [TERM], "training": LOOP, "folds": 0, "calibrate": False, "extra": ["pairs"],
}  # fmt: skip
SYSTEM = {
    "title": "x", "primary_metric": "top1", "history": {"rule": "end", "length": 5},
    "comparisons": [["a", "b"]], "lms": {"lm": {"init": "minilm"}},
    "backbones": {"bb": {"grid": {"fps": 1.0}, "files": "x.h5"}},
    "texts": {"recipes": {"openie": {"backend": {"kind": "rules"}, "shards": 1}}}, "teacher_seeds": 1,
    "models": {
        "a": MODEL,
        "b": {"label": "x", "average": ["a"], "weights": [1.0], "prior_exponent": 0.5, "seeds": [0]},
        "c": {**MODEL, "objective": [], "training": {"kind": "counting", "source": "samples"}},
    },
}  # fmt: skip
DATASET = {
    "title": "x", "systems": ["a"], "reader": {"kind": "csv", "file": "x.csv"}, "tau_a": 1.0, "tau_o": 1.0,
    "evaluated": "test", "videos": {"rgb": {"folder": "x"}}, "pool": ["a"], "tasks": {"pairs": {"count": 5}},
}  # fmt: skip
RUN = {
    "dataset": "x", "systems": ["a"], "seeds": [0], "history_rule": "end", "on_bad_input": "skip",
    "processes": {"score": 2}, "threads": {"train": 2}, "data_root": "data", "recipes": "x",
}  # fmt: skip


def places(value: Any, path: tuple = ()) -> Iterator[tuple]:
    """Where something stands in settings."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in parts:
        yield (*path, key)
        yield from places(inner, (*path, key))


def changed(value: Any, path: tuple, new: Any) -> Any:
    """``value`` with ``new`` at ``path``."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


def misspelt(value: Any, path: tuple) -> Any:
    """``value`` with the last key of ``path`` written wrong."""
    if len(path) > 1:
        return changed(value, path[:1], misspelt(value[path[0]], path[1:]))
    return {f"{key}z" if key == path[0] else key: inner for key, inner in value.items()}


def cases(settings: dict[str, Any]) -> Iterator[tuple[tuple, Any]]:
    """Settings with one mistake each, and where it is."""
    for path in places(settings):
        for wrong in WRONG:
            yield path, changed(settings, path, wrong)
        if isinstance(path[-1], str):
            yield path, misspelt(settings, path)


def complaint(check, *arguments) -> str | None:
    try:
        check(*arguments)
    except ConfigError as error:
        assert len(error.args) == 4 and all(str(part).strip() for part in error.args)
        return str(error)
    return None


def assert_ours(line: str, path: tuple) -> None:
    """The key, or what it stands in, is named by its full path; a missing or unknown one by its name."""
    assert not THEIRS.search(line), line
    assert "\n" not in line
    whole = ".".join(["here", *map(str, path)])
    parts = {whole[:end] for end in range(len(whole) + 1)}
    named = re.search(r"(?<![\w.])here[\w.]*", line)
    assert named is not None, line
    named = named[0].rstrip(".")
    assert named in parts or named.startswith(whole), f"{line} (at {whole})"


@pytest.mark.parametrize(
    ("model", "settings", "refused"),
    [(SystemConfig, SYSTEM, 800), (DatasetConfig, DATASET, 120), (RunConfig, RUN, 100)],
    ids=["preset", "dataset", "run"],
)
def test_settings(model, settings, refused):
    validated(model, settings, "here")
    lines = 0
    for path, wrong in cases(settings):
        line = complaint(validated, model, wrong, "here")
        if line is not None:
            lines += 1
            assert_ours(line, path)
    assert lines >= refused


@cache
def known() -> dict[str, Any]:
    return schemas(ROOT / "workflow" / "schemas" / "components.json")


def components() -> dict[str, tuple[str, dict[str, Any]]]:
    """Each component of the presets and datasets once, with its settings."""
    files = Files(ROOT)
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for system in files.names("systems"):
        for model in files.merged("systems", system)["models"].values():
            terms = [("losses", term["loss"]) for term in model.get("objective", ())]
            own = [("views", model.get("view")), ("models", model.get("network")), *terms]
            found |= {f"{family} {spec['kind']}": (family, spec) for family, spec in own if spec}
    for dataset in files.names("datasets"):
        reader = files.merged("datasets", dataset)["reader"]
        found[f"annotations {reader['kind']}"] = ("annotations", reader)
    return found


@pytest.mark.parametrize(("family", "spec"), components().values(), ids=list(components()))
def test_components(family, spec):
    check_component(spec, family, "here", known())
    lines = 0
    for path, wrong in cases(spec):
        line = complaint(check_component, wrong, family, "here", known())
        if line is not None:
            lines += 1
            assert_ours(line, path)
    assert lines >= 2
