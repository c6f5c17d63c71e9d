"""A language model of the Hugging Face hub, through its library's own cache."""

from __future__ import annotations

from pathlib import Path

from httpx2 import HTTPError  # what the hub's client raises without a connection
from huggingface_hub import HfApi, constants, snapshot_download, try_to_load_from_cache
from huggingface_hub.errors import HFValidationError

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.hugging_face import chosen_files


def download(name: str, revision: str | None) -> tuple[Path, str]:
    """The folder of ``name`` and its commit: downloaded, or with HF_HUB_OFFLINE=1 taken from the cache alone.

    revision
        A commit, tag or branch; None: the main branch as it is now.

    Raises ConfigError, with what to do, where it cannot be had.
    """
    try:
        if constants.HF_HUB_OFFLINE:
            # Of a snapshot that holds only what was chosen, the client's own look-up says that it is
            # incomplete.
            found = try_to_load_from_cache(name, "config.json", revision=revision)
            if not isinstance(found, str):
                raise FileNotFoundError("not in the hub's cache")
            folder = Path(found).parent
        else:
            there = [file.rfilename for file in HfApi().model_info(name, revision=revision).siblings or ()]
            # By branch rather than commit: the cache then knows what the branch was, and can answer offline.
            folder = Path(
                snapshot_download(name, revision=revision, allow_patterns=chosen_files(there, f"hub: {name}"))
            )
        return folder, folder.name
    except (OSError, HFValidationError, HTTPError) as error:
        named, where = (
            f"{name}@{revision}" if revision else name,
            "Hugging Face hub" + (", offline" if constants.HF_HUB_OFFLINE else ""),
        )
        said = next(iter(str(error).splitlines()), type(error).__name__)
        raise ConfigError(f"no language model {named!r} ({said})", where, *_advice(name, revision)) from error


def _advice(name: str, revision: str | None) -> tuple[str, str]:
    """What was expected and what to do; a folder of data_root is never taken for a revision."""
    expected, fetch = (
        "internet, the model in the hub's cache with HF_HUB_OFFLINE=1",
        f"on a machine with internet: hf download {name}",
    )
    if revision:
        cache = (
            f"bring its cache (HF_HOME/hub) here; or add --local-dir DATA_ROOT/weights/{name}, bring that,"
            f" and say init: weights/{name}"
        )
        return (
            f"{expected}, or a folder named as weights/<folder>",
            f"{fetch} --revision {revision}, and {cache}",
        )
    return (
        f"{expected}, or its folder in data_root",
        f"{fetch} --local-dir DATA_ROOT/weights/{name}, and bring that folder here",
    )
