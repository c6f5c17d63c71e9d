"""Annotations in a file a class: ``<class><ending>``, each with the rows of its class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from foretaste.annotations.rows import Found
from foretaste.contracts.issues import Issue


@dataclass(frozen=True)
class ClassFiles:
    """The files of one folder.

    folder
        Relative to data_root.
    ending
        What their names end in.
    classes
        The classes of the dataset, in the order of their ids; each must have its file.
    passed_over
        What is no class, and whose file is not read.
    """

    folder: str
    ending: str
    classes: Sequence[str]
    passed_over: Sequence[str] = ()

    def paths(self, root: Path) -> list[Path]:
        """The file of every class, then whatever else lies there under a name that ends so."""
        return [root / self.folder / f"{name}{self.ending}" for name in (*self.classes, *self._others(root))]

    def of_classes(self, root: Path, found: Found) -> Iterator[tuple[int, Path]]:
        """The id and file of every class. Files of classes that there are not become issues."""
        for name in self._others(root):
            near = get_close_matches(name, self.classes, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            reason = f"class {name!r}, expected one of the {len(self.classes)} classes{hint}"
            file = found.name(root / self.folder / f"{name}{self.ending}")
            found.issues.append(Issue(file=file, reason=reason))
        for label, name in enumerate(self.classes):
            yield label, root / self.folder / f"{name}{self.ending}"

    def _others(self, root: Path) -> list[str]:
        there = (path.name for path in (root / self.folder).glob("*") if path.name.endswith(self.ending))
        names = {name.removesuffix(self.ending) for name in there}
        return sorted(names - {*self.classes, *self.passed_over})
