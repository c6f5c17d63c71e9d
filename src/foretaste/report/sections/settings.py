"""The settings that decide results, arm by arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from foretaste.report.finished_runs import FinishedRuns
from foretaste.report.setting_line import terms_text

TITLE = "Settings"


@dataclass(frozen=True)
class Settings:
    """``names`` of settings, and (label of an arm, its values in that order). What was laid over the presets
    stands in the summary.
    """

    names: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Any]]]


def build(runs: FinishedRuns) -> Settings:
    """The protocol of every arm, as columns of settings; those that apply to none are left out."""
    protocols = [
        (arm["label"], {**arm["protocol"], "terms": terms_text(arm["protocol"])})
        for arm in runs.arms.values()
    ]
    names = [name for name in protocols[0][1] if any(one[name] is not None for _, one in protocols)]
    return Settings(names, [(label, [one[name] for name in names]) for label, one in protocols])
