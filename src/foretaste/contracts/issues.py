"""Bad inputs: collected while a stage reads, then either all of them stop it, or each becomes a row of its issues table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from foretaste.contracts.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Issue:
    """One bad input: in which file (and row or key), and why it cannot be used."""

    file: str
    reason: str
    row: str | None = None
    key: str | None = None

    def __str__(self) -> str:
        place = ", ".join(str(part) for part in (self.file, self.row, self.key) if part)
        return f"{place}: {self.reason}"


def settle(issues: Sequence[Issue], stage: str, on_bad_input: Literal["fail", "skip"]) -> dict[str, list]:
    """The columns of the ISSUES table of ``stage``, each issue marked as skipped.

    With ``fail`` and any issue: a DataError that lists every one of them.
    """
    if issues and on_bad_input == "fail":
        raise DataError(
            f"{len(issues)} bad input{'s' * (len(issues) > 1)}", "; ".join(str(issue) for issue in issues), f"inputs that {stage} can use",
            "mend or remove them, or set on_bad_input: skip",
        )  # fmt: skip
    return {
        "stage": [stage] * len(issues),
        "file": [issue.file for issue in issues],
        "row": [issue.row for issue in issues],
        "key": [issue.key for issue in issues],
        "reason": [issue.reason for issue in issues],
        "action": ["skipped"] * len(issues),
    }
