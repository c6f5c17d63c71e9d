"""Where the numbers come from: every result, every score file, the libraries, and the command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from foretaste.pipeline.records import LIBRARIES, digest
from foretaste.pipeline.store import read_entry
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


@dataclass(frozen=True, kw_only=True)
class Result:
    """One result behind the report; ``code``: a digest of all modules that made it; ``fetched``: the revision
    of what came from elsewhere; ``sha256`` of its files.
    """

    stage: str
    identity: str
    code: str
    files: int
    sha256: str
    fetched: str | None


@dataclass(frozen=True)
class Provenance:
    """Every score file, every result by stage and identity; name -> version of the libraries that can change
    results; ``command`` makes the report again.
    """

    command: str
    files: Sequence[ScoreFile]
    results: Sequence[Result]
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
    own = {"foretaste": version("foretaste"), **{name: version(name) for name in _libraries()}}
    return Provenance(runs.settings["command"], files, _results(runs), own)


def _results(runs: FinishedRuns) -> list[Result]:
    """The results whose records the report was given, stage by stage in the order of first appearance."""
    found: dict[str, list[Result]] = {}
    for folder in map(Path, runs.settings.get("costs", ())):
        entry = read_entry(folder)
        revisions = {str(one["revision"]) for one in entry.fetched.values() if one.get("revision")}
        made = Result(
            stage=entry.record["stage"],
            identity=folder.name,
            code=digest(entry.record.get("code")),
            files=len(entry.files),
            sha256=digest({name: facts.sha256 for name, facts in entry.files.items()}),
            fetched=", ".join(sorted(revisions)) or None,
        )
        found.setdefault(made.stage, []).append(made)
    return [result for own in found.values() for result in own]


def _libraries() -> list[str]:
    return sorted({name for names in LIBRARIES.values() for name in names})
