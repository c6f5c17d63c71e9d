"""A small dataset that has nothing wrong, and the command that examines it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import tiny_epic55
import yaml
from workflow_copy import ROOT, copy_workflow

from foretaste.__main__ import main


def make_tiny(folder: Path, **changes: Any) -> Path:
    """A checkout in ``folder`` with the dataset ``tiny`` in EPIC-55's layout and the facts that are published
    of it; returns its data_root.
    """
    copy_workflow(folder)
    shutil.copy(ROOT / "config.yaml", folder)
    data = folder / "data"
    tiny_epic55.write_labels(data, first_s=2.4)
    settings = {
        "title": "Tiny",
        "systems": "lm_avt_counts",
        "reader": {"kind": "epic55"},
        "tau_a": 1.0,
        "tau_o": 4.0,
        **changes,
    }
    describe(folder, "datasets", "tiny", settings)
    preset = yaml.safe_load((folder / "workflow/systems/lm_avt_counts.yaml").read_text())
    describe(folder, "systems", "tiny_counts", {**preset, "datasets": ["tiny"]})
    describe(folder, "datasets", "tiny", {**settings, "systems": "tiny_counts"})
    facts = {
        "segments": {"training": 20, "validation": 20},
        "videos": {"training": 2, "validation": 2},
        "classes": {"action": 6, "verb": 4, "noun": 5},
    }
    describe(folder, "published", "tiny", facts)
    return data


def describe(folder: Path, kind: str, name: str, settings: dict[str, Any]) -> None:
    """Write a file of the workflow."""
    (folder / "workflow" / kind / f"{name}.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))


def edit(path: Path, old: str, new: str) -> None:
    """Replace the first ``old`` in a file, where there must be one."""
    text = path.read_text()
    assert old in text, f"{path} holds no {old!r}"
    path.write_text(text.replace(old, new, 1))


def examined(capsys, dataset: str, *options: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code, and what each check came to, by its name."""
    capsys.readouterr()
    code = main(["doctor", dataset, "--json", *options])
    out, err = capsys.readouterr()
    assert out, err
    return code, {one["check"]: one for one in json.loads(out)["checks"]}


def told(result: dict[str, Any]) -> str:
    """Every finding of a check as text."""
    parts = ("what", "where", "expected", "to_do")
    return "\n".join(": ".join(found[part] for part in parts) for found in result["findings"])
