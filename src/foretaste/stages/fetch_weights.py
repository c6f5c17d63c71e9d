"""Fetch a language model that others start from: from its package, a folder of data_root, or the Hugging Face hub.

The result is a folder of safetensors and JSON, with a manifest: where it came from, at which revision, and the sha256 of
every file. This is the only stage that may use the network; offline it takes what the hub's cache holds. On a machine with
internet `snakemake weights` fetches all of them, and the folder can be carried to one without.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from foretaste.models.hf_folder import take_over
from foretaste.pipeline import artifact, console
from foretaste.pipeline.language_models import packaged_folder
from foretaste.pipeline.step import Step


def run(step: Step) -> dict[str, dict[str, Any]]:
    """``files`` (of a folder only) -> ``weights``; returns what was fetched, for the record."""
    facts = dict(step.config)
    folder = _folder(step, facts)
    with artifact.whole(step.outputs["weights"]) as partial:
        made = take_over(folder, partial)
        digests = {path.name: artifact.sha256(path) for path in sorted(partial.iterdir())}
        artifact.write_json(partial / "manifest.json", {"format": 1, **facts, **made, "sha256": digests})
    console.say(f"{facts['name']} {facts['revision'] or ''}: {len(digests)} files, {facts['source']}")
    return {"weights": {"revision": facts["revision"], "sha256": digests}}


def _folder(step: Step, facts: dict[str, Any]) -> Path:
    if facts["source"] == "package":
        return packaged_folder(facts["name"])
    if facts["source"] == "folder":
        return Path(step.inputs["files"][0]).parent
    from foretaste.models.hub import download  # the hub's client is needed here alone

    folder, facts["revision"] = download(facts["name"], facts["revision"])
    return folder
