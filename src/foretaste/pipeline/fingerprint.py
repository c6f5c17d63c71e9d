"""What code a step depends on: a hash of the normalised syntax trees of everything its stage imports.

Snakemake sees edits of rules, not of imported modules. A stage's closure is found without importing anything:
its static imports within the package, and of the families only the members that the step's own configuration
names by ``kind``. Comments, docstrings and formatting do not count.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from foretaste.pipeline.families import PACKAGE, members

#: Modules whose edits change no result: what is shown, how errors read, how settings are checked (their
#: values are in every spec), and how files are put in place.
INERT = frozenset(
    {
        "contracts.errors",
        "contracts.foreign_files",
        "contracts.json_files",
        "pipeline.artifact",
        "pipeline.config",
        "pipeline.console",
        "pipeline.described",
        "pipeline.families",
        "pipeline.fingerprint",
        "pipeline.language_models",
        "pipeline.model_config",
        "pipeline.options",
        "pipeline.catalogue",
        "pipeline.components",
        "pipeline.plan",
        "pipeline.provenance",
        "pipeline.report_plan",
        "pipeline.rules",
        "pipeline.running",
        "pipeline.specs",
        "pipeline.step",
    }
)

#: Modules that another runs as a program of its own rather than imports.
PROGRAMS = {"text.openie_allennlp": ("text.allennlp_worker",)}

FAMILIES = ("annotations", "losses", "models", "text", "views")


def fingerprint(stage: str, config: Any) -> str:
    """The digest of the code that ``stage`` runs when its step's configuration is ``config``."""
    digest = hashlib.sha256()
    for module in sorted(closure(stage, config)):
        digest.update(f"{module}={_code_digest(module)}\n".encode())
    return digest.hexdigest()[:16]


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
def _tree(module: str) -> ast.Module:
    return ast.parse((PACKAGE / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))


@cache
def _imports(module: str) -> tuple[str, ...]:
    names = []
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    ours = {name.removeprefix("foretaste.") for name in names if name.startswith("foretaste.")}
    return tuple(sorted(name for name in ours if (PACKAGE / f"{name.replace('.', '/')}.py").is_file()))


@cache
def _code_digest(module: str) -> str:
    tree = _tree(module)
    for node in ast.walk(tree):  # in place: documentation holds no imports
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [inner for inner in node.body if not _is_text(inner)] or [ast.Pass()]
    digest = hashlib.sha256(ast.dump(tree, annotate_fields=False).encode())
    path = PACKAGE / f"{module.replace('.', '/')}.py"
    for beside in sorted(path.parent.glob(f"{path.stem}.*")):
        if beside.suffix != ".py":  # page.py reads page.html.jinja
            digest.update(beside.read_bytes())
    return digest.hexdigest()


def _is_text(node: ast.stmt) -> bool:
    """A docstring, or a string under a setting: documentation either way."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
