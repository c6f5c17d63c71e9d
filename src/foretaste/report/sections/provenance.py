"""Where the numbers come from: every score file, and the libraries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from foretaste.pipeline.records import LIBRARIES
from foretaste.report.finished_runs import FinishedRuns
from foretaste.scores.reader import open_scores

TITLE = "Provenance"


@dataclass(frozen=True, kw_only=True)
class ScoreFile:
    """``label`` of the model; ``training``: how the training rows were scored; ``code``: its fingerprint;
    ``reuse``: the name under which it was shared, where it was not made here.
    """

    world: str
    label: str
    seed: int
    identity: str
    training: str | None
    code: str | None
    reuse: str | None


@dataclass(frozen=True)
class Provenance:
    """Every score file; name -> version of the libraries that can change results."""

    files: Sequence[ScoreFile]
    libraries: Mapping[str, str]


def build(runs: FinishedRuns) -> Provenance:
    """From the manifests of the scores, and what is installed."""
    files = []
    for (world, model, seed), path in runs.scores.items():
        manifest = open_scores(path).manifest
        files.append(
            ScoreFile(
                world=world,
                label=runs.label(model),
                seed=seed,
                identity=manifest["identity"],
                training=manifest["splits"].get("training", {}).get("scored"),
                code=manifest["record"]["code"],
                reuse=runs.models[model]["reuse"],
            )
        )
    return Provenance(files, {name: version(name) for name in _libraries()})


def _libraries() -> list[str]:
    return sorted({name for names in LIBRARIES.values() for name in names})
