"""Errors of what the Snakefile asks end the run with one line, not with a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from foretaste.contracts.errors import OTHERS, ForetasteError, of_other
from foretaste.settings.yaml_files import read_yaml


def plainly(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function``, whose errors are that line."""

    @wraps(function)
    def plain(*arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        except ForetasteError as error:
            sys.exit(f"error: {error}")
        except OTHERS as error:
            sys.exit(f"error: {of_other(error)}")

    return plain


@plainly
def check_config(*paths: str) -> None:
    """Of the files that Snakemake takes its settings from, before it does: it would take the last of two
    equal keys in silence, and show a traceback of a file that is no YAML.
    """
    for path in map(Path, paths):
        if path.is_file():
            read_yaml(path)
