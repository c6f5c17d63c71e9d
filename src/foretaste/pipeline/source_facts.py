"""What a module imports, and a digest of its code: what the fingerprint of a step is made of.

Reading the syntax trees of a hundred modules takes most of a dry run. What was found is therefore remembered
beside Python's own byte code, by module, and used again only for a source with the same sha256.
"""

from __future__ import annotations

import ast
import hashlib
import json
import sys
from contextlib import suppress
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path

from foretaste.pipeline.artifact import remember_json

#: How syntax trees read depends on Python; another version of it, or of this module's rules, starts afresh.
FILE = f"fingerprints-1.{sys.implementation.cache_tag}.json"


@dataclass(frozen=True)
class Facts:
    """source: sha256 of the file; code: digest of its syntax tree without comments and documentation; names:
    everything that it imports.
    """

    source: str
    code: str
    names: tuple[str, ...]


class SourceFacts:
    """The facts of all modules of one package folder that were asked for."""

    def __init__(self, package: Path):
        self.package = package
        self._file = package / "__pycache__" / FILE
        self._known = self._remembered()
        self._new = False

    def __getitem__(self, module: str) -> Facts:
        """Of a module, by its dotted name within the package."""
        source = (self.package / f"{module.replace('.', '/')}.py").read_bytes()
        digest = hashlib.sha256(source).hexdigest()
        if module not in self._known or self._known[module].source != digest:
            self._known[module] = _read(source, digest)
            self._new = True
        return self._known[module]

    def keep(self) -> None:
        """Remember what is new for the next process; a package that cannot be written to is read again."""
        if self._new:
            with suppress(OSError):
                remember_json(self._file, {module: astuple(facts) for module, facts in self._known.items()})
            self._new = False

    def _remembered(self) -> dict[str, Facts]:
        try:
            stored = json.loads(self._file.read_text(encoding="utf-8"))
            return {
                module: Facts(source, code, tuple(names)) for module, (source, code, names) in stored.items()
            }
        except (OSError, ValueError, TypeError, AttributeError):
            return {}  # not there yet, or not what we wrote: found anew


@cache
def source_facts(package: Path) -> SourceFacts:
    """The facts of a package, read once a process."""
    return SourceFacts(package)


def _read(source: bytes, digest: str) -> Facts:
    tree = ast.parse(source)
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [inner for inner in node.body if not _is_text(inner)] or [ast.Pass()]
    code = hashlib.sha256(ast.dump(tree, annotate_fields=False).encode()).hexdigest()
    return Facts(digest, code, tuple(sorted(names)))


def _is_text(node: ast.stmt) -> bool:
    """A docstring, or a string under a setting: documentation either way."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
