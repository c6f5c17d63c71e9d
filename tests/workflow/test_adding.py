"""docs/adding.md to the letter, in a checkout without results or data: section by section its files are
written and its commands run. What each section changed must be what it added, and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import Checkout

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "adding.md"

#: What runs write, which is no part of the repository.
WRITTEN = {"results", "logs", ".snakemake", "__pycache__", ".pytest_cache", ".ruff_cache"}

SCHEMAS = "workflow/schemas/components.json"

#: Heading -> the files of the repository that architecture.md says such an addition touches.
ADDED = {
    "A dataset": ["src/foretaste/annotations/timeline.py", "workflow/datasets/workshop.yaml"],
    "A loss": ["src/foretaste/losses/reverse_kl.py"],
    "A view": ["src/foretaste/views/recency.py"],
    "A network": ["src/foretaste/models/perceptron.py"],
    "A preset": ["workflow/systems/two_teachers.yaml"],
}

#: Commands -> whether they make settings of components known.
MAKE_KNOWN = {"dataset": True, "components": True, "preset": False, "checks": False}

STUDENT = "results/workshop/two_teachers/seed0/student_taught"


@dataclass(frozen=True)
class Part:
    """What the page says in one go: files to write, by name, and the commands to run then."""

    name: str
    files: dict[str, str]
    commands: list[list[str]]


def blocks(text: str) -> list[tuple[str, str, str]]:
    """The blocks that name a file or a part: language, name, content."""
    return re.findall(r"^```(\w+) (\S+)\n(.*?)^```", text, re.M | re.S)


def parts() -> Iterator[Part]:
    """The page's parts in order; one ends with its commands."""
    files: dict[str, str] = {}
    for language, name, content in blocks(PAGE.read_text(encoding="utf-8")):
        if language == "sh":
            yield Part(name, files, [shlex.split(line) for line in content.splitlines()])
            files = {}
        else:
            files[name] = content
    assert not files, f"no command follows {', '.join(files)}"


def listing(folder: Path) -> dict[str, str]:
    """Every file of a checkout -> the sha256 of its bytes."""
    names = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    kept = (name for name in names if WRITTEN.isdisjoint(name.parts))
    return {str(name): hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in kept}


@dataclass(frozen=True)
class Followed:
    """A checkout after the whole page.

    written, changed
        Part -> the files that the page names there; those that are new or other afterwards.
    printed
        Part -> what its last command printed.
    """

    checkout: Checkout
    written: dict[str, set[str]]
    changed: dict[str, set[str]]
    printed: dict[str, str]


@pytest.fixture(scope="module")
def followed(own) -> Followed:
    shutil.copytree(ROOT / "tests", own.folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", own.folder)
    found = Followed(own, {}, {}, {})
    for part in parts():
        before = listing(own.folder)
        for name, content in part.files.items():
            path = own.folder / name
            assert not path.exists(), f"{name} is there already"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        for command in part.commands:
            found.printed[part.name] = own.run(*command).stdout
        after = listing(own.folder)
        names = before.keys() | after.keys()
        found.written[part.name] = set(part.files)
        found.changed[part.name] = {name for name in names if before.get(name) != after.get(name)}
    return found


def test_the_page_asks_for_no_more_files_than_an_addition_touches():
    page = PAGE.read_text(encoding="utf-8")
    added = {}
    for section in page.split("\n## ")[1:]:
        named = [name for language, name, _ in blocks(section) if language != "sh"]
        added[section.partition("\n")[0]] = [name for name in named if not name.startswith("data/")]
    assert {heading: files for heading, files in added.items() if files} == ADDED


@pytest.mark.slow
def test_each_addition_changes_its_own_files_and_what_is_generated(followed):
    schemas = {part: {SCHEMAS} if known else set() for part, known in MAKE_KNOWN.items()}
    assert followed.changed == {part: followed.written[part] | schemas[part] for part in MAKE_KNOWN}
    before, after = (json.loads((root / SCHEMAS).read_text()) for root in (ROOT, followed.checkout.folder))
    new = {(family, kind) for family in after for kind in after[family].keys() - before[family].keys()}
    assert new == {
        ("annotations", "timeline"),
        ("losses", "reverse_kl"),
        ("models", "perceptron"),
        ("views", "recency"),
    }
    for family, kind in new:
        del after[family][kind]
    assert after == before


@pytest.mark.slow
def test_the_student_of_two_teachers_has_metrics_that_one_can_believe(followed):
    metrics = json.loads(followed.printed["preset"])
    lines = (followed.checkout.folder / "data/workshop/validation.txt").read_text().splitlines()
    activities = sum(len(re.findall(r"[a-z]+", line.partition(":")[2])) for line in lines)
    assert (metrics["dataset"], metrics["model"], metrics["samples"]) == (
        "workshop",
        "student_taught",
        activities,
    )
    measured = [value for value in metrics["activity"].values() if value is not None]
    assert measured and all(math.isfinite(value) for value in measured)
    # Eight activities; the commonest is a fifth of them, and what follows what leaves little to guess.
    assert 60 <= metrics["activity"]["top1"] < 100
    terms = metrics["protocol"]["terms"]
    assert [(term["loss"], term["to"], term["weight"], term["temperature"]) for term in terms] == [
        ("cross_entropy", "labels", 1.0, None),
        ("kl", "teacher_last", 1.0, 2.0),
        ("reverse_kl", "teacher_distances", 0.5, 1.0),
    ]
    assert metrics["protocol"]["history_rule"] == "start"


@pytest.mark.slow
def test_every_step_is_taken_on_both_terms_and_brings_the_student_nearer(followed):
    log = (followed.checkout.folder / STUDENT / "log.jsonl").read_text().splitlines()
    steps = [line for line in map(json.loads, log) if "parts" in line]
    weights = {
        "activity.cross_entropy": 1.0,
        "activity.kl.target_1": 1.0,
        "activity.reverse_kl.target_2": 0.5,
    }
    for step in steps:
        assert step["parts"].keys() == weights.keys() and min(step["parts"].values()) >= 0
        total = sum(weight * step["parts"][term] for term, weight in weights.items())
        assert step["loss"] == pytest.approx(total, rel=1e-5)
    assert all(steps[-1]["parts"][term] < steps[0]["parts"][term] / 2 for term in weights)


@pytest.mark.slow
def test_a_view_that_shows_what_is_not_over_yet_is_stopped(followed):
    """An action that goes on at the end of the window has a stop that nobody knows then."""
    checkout = followed.checkout
    view = "src/foretaste/views/recency.py"
    good = (checkout.folder / view).read_text()
    checkout.edit(view, '"stop_s" if config.rule == "end" else "start_s"', '"stop_s"')
    try:
        failed = checkout.snakemake(
            f"{STUDENT}/checkpoint/manifest.json", "--config", "dataset=workshop", check=False
        )
    finally:
        (checkout.folder / view).write_text(good)
    assert failed.returncode
    assert re.search(
        r"the view shows [\d.]+ s: samples: \w+: nothing after [\d.]+ s \(window_stop_s\)", failed.stdout
    )
