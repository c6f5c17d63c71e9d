"""A language model of the Hugging Face hub, through its library's own cache."""

from __future__ import annotations

from pathlib import Path

from huggingface_hub import HfApi, constants, snapshot_download, try_to_load_from_cache
from huggingface_hub.errors import HfHubHTTPError, HFValidationError

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.hugging_face import chosen_files

#: Every error of a connection, whatever library the hub's client rests on.
_NO_CONNECTION = HfHubHTTPError.__mro__[1]


def download(name: str, revision: str | None) -> tuple[Path, str]:
    """The folder of ``name`` and its commit: downloaded, or with HF_HUB_OFFLINE=1 taken from the cache alone.

    revision
        A commit, tag or branch; None: the main branch as it is now.

    Raises ConfigError, with what to do, where it cannot be had.
    """
    try:
        if constants.HF_HUB_OFFLINE:
            # Of a snapshot that holds only what was chosen, the client's own look-up says that it is incomplete.
            found = try_to_load_from_cache(name, "config.json", revision=revision)
            if not isinstance(found, str):
                raise FileNotFoundError("not in the hub's cache")
            folder = Path(found).parent
        else:
            there = [file.rfilename for file in HfApi().model_info(name, revision=revision).siblings or ()]
            # By branch rather than commit: the cache then knows what the branch was, and can answer offline.
            folder = Path(snapshot_download(name, revision=revision, allow_patterns=chosen_files(there, f"hub: {name}")))
        return folder, folder.name
    except (OSError, HFValidationError, _NO_CONNECTION) as error:
        raise ConfigError(
            f"no language model {name!r} ({next(iter(str(error).splitlines()), type(error).__name__)})", "Hugging Face hub" + (", offline" if constants.HF_HUB_OFFLINE else ""),
            "internet, the model in the hub's cache with HF_HUB_OFFLINE=1, or its folder in data_root",
            f"on a machine with internet: hf download {name} --local-dir DATA_ROOT/weights/{name}, and bring that folder here",
        ) from error  # fmt: skip
