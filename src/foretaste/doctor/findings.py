"""What a check says of a dataset."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from foretaste.contracts.errors import ForetasteError
from foretaste.contracts.issues import Issue

#: What a check comes to; of its findings the worst decides.
Level = Literal["PASS", "WARN", "FAIL", "SKIP"]


class NothingToCheckError(Exception):
    """There is nothing that a check could look at; the message says what is missing."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong: an error's four parts, and how bad it is."""

    level: Literal["WARN", "FAIL"]
    what: str
    where: str
    expected: str
    to_do: str


@dataclass
class Findings:
    """What one check has found so far."""

    found: list[Finding] = field(default_factory=list)

    def fail(self, what: str, where: object, expected: str, to_do: str) -> None:
        """A run would stop at it, or its numbers would be wrong."""
        self._add(Finding(level="FAIL", what=what, where=str(where), expected=expected, to_do=to_do))

    def warn(self, what: str, where: object, expected: str, to_do: str) -> None:
        """It may be meant so."""
        self._add(Finding(level="WARN", what=what, where=str(where), expected=expected, to_do=to_do))

    def _add(self, one: Finding) -> None:
        """Once: several models may start from one file."""
        if one not in self.found:
            self.found.append(one)

    def error(self, error: ForetasteError) -> None:
        """What a stage would stop at."""
        self.fail(*(" ".join(str(part).split()) for part in error.args))

    def issues(self, issues: Iterable[Issue], expected: str, to_do: str) -> None:
        """The bad inputs that a stage would list; what was only cleaned is none."""
        for issue in issues:
            if issue.action != "skipped":
                continue
            what, _, wanted = issue.reason.partition(", expected ")
            where = ", ".join(part for part in (issue.file, issue.row, issue.key) if part)
            self.fail(what, where, wanted or expected, to_do)


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a check came to.

    said
        What was looked at; of a check that was not made, why.
    """

    check: str
    level: Level
    said: str
    findings: tuple[Finding, ...] = ()
