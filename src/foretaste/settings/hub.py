"""Language models of the Hugging Face hub, through its library's own cache. Never imports torch.

What a branch or a tag stands for is decided when a run is planned, and remembered by that cache: it is asked
first, and the hub only for what the cache has never met. So a model that its owners change meanwhile makes
nothing stale; ``hf download <name>`` moves on to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from httpx2 import HTTPError  # what the hub's client raises without a connection
from huggingface_hub import HfApi, constants, hf_hub_download, snapshot_download, try_to_load_from_cache
from huggingface_hub.errors import HfHubHTTPError, HFValidationError

from foretaste.contracts.errors import ConfigError
from foretaste.settings.hugging_face import chosen_files

#: A file that every model has.
_CONFIG = "config.json"


def commit_of(name: str, revision: str | None) -> str:
    """The commit of the model ``name`` at a commit, tag or branch; None: the main branch.

    Raises ConfigError, with what to do, where neither the cache nor the hub can tell.
    """
    if revision is not None and re.fullmatch("[0-9a-f]{40}", revision):
        return revision
    found = try_to_load_from_cache(name, _CONFIG, revision=revision)
    if not isinstance(found, str):
        with _told(name, revision):
            _ask(name, revision)
            found = hf_hub_download(name, _CONFIG, revision=revision)
    return Path(found).parent.name


def download(name: str, commit: str) -> Path:
    """The folder of the model ``name`` at a commit: downloaded, or with HF_HUB_OFFLINE=1 taken from the cache
    alone.

    Raises ConfigError, with what to do, where it cannot be had.
    """
    with _told(name, commit):
        if not constants.HF_HUB_OFFLINE:
            there = [file.rfilename for file in HfApi().model_info(name, revision=commit).siblings or ()]
            chosen = chosen_files(there, f"hub: {name}")
            return Path(snapshot_download(name, revision=commit, allow_patterns=chosen))
        # Of a snapshot that holds only what was chosen, the client's own look-up says that it is incomplete.
        found = try_to_load_from_cache(name, _CONFIG, revision=commit)
        if not isinstance(found, str):
            raise FileNotFoundError("not in the hub's cache")
        return Path(found).parent


def _ask(name: str, revision: str | None) -> None:
    """Ask the hub something small: without a network the client gives up at once, where for a download it
    tries for 23 seconds. What the hub answers, a refusal too, is for the download to tell, which tries again.
    """
    if not constants.HF_HUB_OFFLINE:
        with suppress(HfHubHTTPError):
            HfApi().model_info(name, revision=revision, timeout=constants.HF_HUB_ETAG_TIMEOUT, expand=["sha"])


@contextmanager
def _told(name: str, revision: str | None) -> Iterator[None]:
    """What the client says that cannot have a model, as one of our errors."""
    try:
        yield
    except (OSError, HFValidationError, HTTPError) as error:
        named = f"{name}@{revision}" if revision else name
        where = "Hugging Face hub" + (", offline" if constants.HF_HUB_OFFLINE else "")
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
