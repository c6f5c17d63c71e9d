"""All checks of a dataset, one after the other: each says what it looked at and what it found, and none stops
at the first fault. A check is one module of ``doctor.checks`` with ``look``; here is their order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from importlib import import_module

from foretaste.contracts.errors import ForetasteError, of_system
from foretaste.doctor.examined import Examined
from foretaste.doctor.findings import Finding, Findings, NothingToCheckError, Result

#: Modules of ``doctor.checks``. What later checks look at, earlier ones have looked at before: a fault is
#: told once, where it arises.
CHECKS = (
    "files", "checksums", "rows", "counts", "splits", "classes", "clocks", "videos", "video_times", "samples",
    "features", "weights", "scores", "recipes", "plan", "room",
)  # fmt: skip


def examine(dataset: Examined, only: Collection[str]) -> Iterator[Result]:
    """The result of each check that is among ``only``, as soon as it is there."""
    told: dict[str, str] = {}
    for name in CHECKS:
        if name in only:
            yield _result(name, dataset, told)


def _result(name: str, dataset: Examined, told: dict[str, str]) -> Result:
    """``told``: what was found before -> the check that found it; such an error is none of this check."""
    found = Findings()
    try:
        # Some need torch, which takes seconds to import.
        said = import_module(f"foretaste.doctor.checks.{name}").look(dataset, found)
    except NothingToCheckError as reason:
        return Result(check=name, level="SKIP", said=str(reason), findings=tuple(found.found))
    except (ForetasteError, OSError) as error:
        known = of_system(error) if isinstance(error, OSError) else error
        if (earlier := told.get(str(known))) is not None:
            return Result(check=name, level="SKIP", said=f"it needs what the check {earlier} found at fault")
        found.error(known)
        said = "stopped at an error"
        told[str(known)] = name
    for one in found.found:
        told.setdefault(_line(one), name)
    levels = {one.level for one in found.found}
    level = "FAIL" if "FAIL" in levels else "WARN" if levels else "PASS"
    return Result(check=name, level=level, said=said, findings=tuple(found.found))


def _line(found: Finding) -> str:
    """A finding as the error that a stage would raise."""
    return f"{found.what}: {found.where}: {found.expected}: {found.to_do}"
