"""What code a step depends on: a hash of the normalised syntax trees of everything its stage imports.

Snakemake sees edits of rules, not of imported modules. A stage's closure is found without importing anything:
its static imports within the package, and of the families only the members that the step's own configuration
names by ``kind``. Comments, docstrings and formatting do not count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from foretaste.pipeline.records import digest
from foretaste.pipeline.source_facts import Facts, source_facts
from foretaste.settings.families import PACKAGE, members

#: Modules whose edits change no result: what is shown, how errors read, how settings are checked (their
#: values are in every spec), and how files are put in place.
INERT = frozenset(
    {
        "contracts.errors",
        "contracts.foreign_files",
        "contracts.json_files",
        "pipeline.artifact",
        "pipeline.choosing",
        "pipeline.console",
        "pipeline.fingerprint",
        "pipeline.graph",
        "pipeline.interruption",
        "pipeline.links",
        "pipeline.locations",
        "pipeline.planned",
        "pipeline.ranks",
        "pipeline.records",
        "pipeline.sizes",
        "pipeline.source_facts",
        "pipeline.step",
        "pipeline.store",
        "settings.catalogue",
        "settings.components",
        "settings.config",
        "settings.families",
        "settings.language_models",
        "settings.model_config",
        "settings.options",
        "settings.resources",
        "settings.result_paths",
        "settings.run_config",
        "settings.setting_types",
        "settings.training_config",
    }
)

#: Modules that another runs as a program of its own rather than imports.
PROGRAMS = {"openie.allennlp": ("openie.allennlp_worker",)}

FAMILIES = ("adapters", "annotations", "losses", "models", "openie", "tasks", "views")


def code_of(stage: str, config: Any) -> dict[str, str]:
    """Module -> digest, of the code that ``stage`` runs when its step's configuration is ``config``."""
    found = {module: _code_digest(module)[:12] for module in sorted(closure(stage, config))}
    source_facts(PACKAGE).keep()
    return found


def fingerprint(stage: str, config: Any) -> str:
    """One digest of that code."""
    return digest(code_of(stage, config))[:16]


def imported(modules: Iterable[str]) -> list[str]:
    """Everything that ``modules`` of this package import."""
    return sorted({name for module in modules for name in _facts(module).names})


def closure(stage: str, config: Any) -> set[str]:
    """The modules, named within the package, that a step runs."""
    waiting = [
        f"stages.{stage}",
        *(
            f"{family}.{kind}"
            for kind in set(_kinds(config))
            for family in FAMILIES
            if kind in members(family)
        ),
    ]
    found: set[str] = set()
    while waiting:
        module = waiting.pop()
        if module not in found and module not in INERT:
            found.add(module)
            waiting.extend((*_imports(module), *PROGRAMS.get(module, ())))
    return found


def _kinds(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("kind"), str):
            yield value["kind"]
        value = value.values()
    if isinstance(value, Iterable) and not isinstance(value, str):
        for inner in value:
            yield from _kinds(inner)


@cache
def _imports(module: str) -> tuple[str, ...]:
    """The modules of this package that it imports."""
    ours = {name.removeprefix("foretaste.") for name in _facts(module).names if name.startswith("foretaste.")}
    return tuple(sorted(name for name in ours if _path(name).is_file()))


@cache
def _code_digest(module: str) -> str:
    """Of its code, and of files that lie beside it under its name (a section's template)."""
    found = hashlib.sha256(_facts(module).code.encode())
    path = _path(module)
    for beside in sorted(path.parent.glob(f"{path.stem}.*")):
        if beside.suffix != ".py":
            found.update(beside.read_bytes())
    return found.hexdigest()


@cache
def _facts(module: str) -> Facts:
    return source_facts(PACKAGE)[module]


def _path(module: str) -> Path:
    return PACKAGE / f"{module.replace('.', '/')}.py"
