"""What a stage met in its inputs, collected while it reads.

Bad inputs either all stop it, or each becomes a row of its issues table. What was cleaned is a row and stops
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from foretaste.contracts.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Issue:
    """In which file (and row or key), and why it cannot be used; or, where it could be, what was cleaned."""

    file: str
    reason: str
    row: str | None = None
    key: str | None = None
    action: Literal["skipped", "cleaned"] = "skipped"

    def __str__(self) -> str:
        place = ", ".join(str(part) for part in (self.file, self.row, self.key) if part)
        return f"{place}: {self.reason}"


def settle(
    issues: Sequence[Issue],
    stage: str,
    on_bad_input: Literal["fail", "skip"],
    to_do: str = "mend or remove them, or set on_bad_input: skip",
) -> dict[str, list]:
    """The columns of the ISSUES table of ``stage``.

    With ``fail`` and any bad input: a DataError that lists every one of them, and says what ``to_do``.
    """
    bad = [str(issue) for issue in issues if issue.action == "skipped"]
    if bad and on_bad_input == "fail":
        raise DataError(
            f"{len(bad)} bad input{'s' * (len(bad) > 1)}",
            "; ".join(bad),
            f"inputs that {stage} can use",
            to_do,
        )
    return {
        "stage": [stage] * len(issues),
        "file": [issue.file for issue in issues],
        "row": [issue.row for issue in issues],
        "key": [issue.key for issue in issues],
        "reason": [issue.reason for issue in issues],
        "action": [issue.action for issue in issues],
    }
