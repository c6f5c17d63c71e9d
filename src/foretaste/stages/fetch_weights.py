"""Fetch a language model, or a network of pictures or clips, that others start from: from its package, a
folder of data_root, or the Hugging Face hub.

The result is a folder of safetensors and JSON, with a manifest: where it came from, at which revision, and
the sha256 of every file. It is opened as later stages will open it, so that what is not a model (a Git-LFS
pointer, weights of another network, a tokenizer of another vocabulary) stops here and not after the corpus
was read. This is the only stage that may use the network; offline it takes what the hub's cache holds. On a
machine with internet `snakemake weights` fetches all of them, and the folder can be carried to one without.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from foretaste.contracts.errors import DataError, ForetasteError
from foretaste.models.hf_folder import take_over
from foretaste.pipeline import artifact, console
from foretaste.pipeline.step import Step
from foretaste.settings.language_models import packaged_folder
from foretaste.text.tokenizer import Tokenizer, positions


def run(step: Step) -> dict[str, dict[str, Any]]:
    """``files`` (of a folder only) -> ``weights``; returns what was fetched, for the record."""
    facts = step.config
    folder = _folder(step, facts)
    with artifact.whole(step.outputs["weights"]) as partial:
        with _naming(folder, partial):
            reads_text = not _sees(folder)
            made = take_over(folder, partial, reads_text)
            _check_opens(partial, reads_text)
        digests = {path.name: artifact.sha256(path) for path in sorted(partial.iterdir())}
        artifact.write_json(partial / "manifest.json", {"format": 1, **facts, **made, "sha256": digests})
    console.say(f"{facts['name']} {facts['revision'] or ''}: {len(digests)} files, {facts['source']}")
    return {"weights": {"revision": facts["revision"], "sha256": digests}}


@contextmanager
def _naming(source: Path, copy: Path) -> Iterator[None]:
    """Errors name the file of ``source``: the copy is gone when they are read."""
    try:
        yield
    except ForetasteError as error:
        what, where, *rest = error.args
        raise type(error)(what, str(where).replace(str(copy), str(source)), *rest) from error


def _sees(folder: Path) -> bool:
    """Whether it is a network of pictures or clips."""
    from foretaste.models.pretrained import read_config, sees  # transformers takes seconds to import

    return sees(read_config(folder))


def _check_opens(folder: Path, reads_text: bool) -> None:
    """DataError or ConfigError where a training that starts from ``folder`` would stop."""
    if not reads_text:
        from foretaste.models.vision_folder import open_network

        open_network(folder, "mean")
        return
    from foretaste.models.pretrained import check_opens, kind_of

    config = check_opens(folder)
    tokenizer = Tokenizer(folder, masked=kind_of(config, folder) == "masked")
    positions(folder)
    rows = config.get_text_config().vocab_size
    if tokenizer.size > rows:
        raise DataError(
            f"a tokenizer of {tokenizer.size} entries and a network that knows {rows}",
            folder,
            "files of one model",
            "fetch it again",
        )


def _folder(step: Step, facts: dict[str, Any]) -> Path:
    if facts["source"] == "package":
        return packaged_folder(facts["name"])
    if facts["source"] == "folder":
        return Path(step.inputs["files"][0]).parent
    from foretaste.settings.hub import download  # the hub's client is needed here alone

    return download(facts["name"], facts["revision"])
