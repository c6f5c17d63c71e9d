"""Paths as people write them in config.yaml, and what must hold of a file that a run is given."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.settings.frame_folders import holds_frames


def expanded(path: str) -> str:
    """``path`` with ``~``, ``~name``, ``$NAME`` and ``${NAME}`` written out, without doubled or trailing
    slashes.

    Raises ValueError for a variable that is not set and for a home that is not known.
    """
    named = os.path.expandvars(path)
    if left := re.search(r"\$\w+|\$\{[^}]*\}", named):
        raise ValueError(f"the variable {left[0]} is not set: set it, or write the path out")
    whole = os.path.expanduser(named)
    if whole.startswith("~"):
        raise ValueError(f"whose home is {whole.split('/')[0]}: write the path out")
    if not whole:
        raise ValueError("an empty path")
    return os.path.normpath(whole)


def place(path: str, where: str) -> str:
    """``path`` as ``expanded`` writes it; raises ConfigError."""
    try:
        return expanded(path)
    except ValueError as error:
        raise ConfigError(str(error), where, "a path", "correct the setting") from error


def inside_data_root(path: str) -> str:
    """``path``, unless it leads out of data_root; raises ValueError."""
    if Path(path).is_absolute() or ".." in Path(path).parts or path.startswith("~"):
        raise ValueError("a path inside data_root: link the folder there")
    return path


def check_folder(path: str, where: str) -> None:
    """Raise ConfigError if ``path`` cannot become a folder of its own: it is a file or leads through one, or
    is the root, the working folder or one that holds it, where results would lie among other things.
    """
    if Path(path).resolve() in (Path.cwd(), *Path.cwd().parents):
        raise ConfigError(
            f"the folder {path}", where, "a folder for results alone", "name one, such as results"
        )
    for part in (Path(path), *Path(path).parents):
        if os.path.lexists(part) and not part.is_dir():
            raise ConfigError(
                f"{part} is no folder",
                where,
                "a folder, or a path that can become one",
                "correct the setting",
            )


def check_holds_no_data(results: str, data: str) -> None:
    """Raise ConfigError where results and data are one folder, or data lie among results.

    A folder for results inside the one that holds the data is common and does no harm.
    """
    written, read = Path(results).resolve(), Path(data).resolve()
    if written == read or written in read.parents:
        raise ConfigError(
            f"results in {results}, data in {data}",
            "config.yaml: results_root and data_root",
            "a folder for results that holds no data, for data are only read",
            "name another folder for the results",
        )


def check_stores(stores: Iterable[str]) -> None:
    """Raise ConfigError for a folder where results are to be looked for and that is not there."""
    for store in stores:
        if not os.path.isdir(store):
            raise ConfigError(
                f"no folder {store}",
                "config.yaml: stores",
                "a folder of results, or a URL",
                "correct the path, mount what is to be there, or leave it out",
            )


def check_given(paths: Iterable[str]) -> None:
    """Raise DataError for the first of the files, none of which a step makes, that is not there."""
    for path in paths:
        if "{" in path or "}" in path:
            raise DataError(
                "{ or } in the name of a file",
                path,
                "a name without them: to Snakemake they are wildcards",
                "rename or link it",
            )
        if os.path.isdir(path) and not holds_frames(Path(path)):
            raise DataError("a folder where a file should be", path, "a file", "name the file in it")
        if not os.path.exists(path):
            raise DataError(
                "missing file",
                path,
                "a file that the run is given",
                "put it there, or correct data_root or the setting that names it",
            )
