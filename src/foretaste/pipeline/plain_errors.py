"""Errors of what the Snakefile asks end the run with one line, not with a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

from foretaste.contracts.errors import OTHERS, ForetasteError, of_other


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
