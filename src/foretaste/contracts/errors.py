"""Errors that a user can act on.

    ForetasteError
    ├── ConfigError   a setting or a name is wrong          (exit code 1)
    └── DataError     a file does not hold what it should   (exit code 1)

``__main__`` prints them as one line, ``error: <what>: <where>: <expected>: <what to do>``; ``-v`` adds the traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class ForetasteError(Exception):
    """What went wrong, where, what was expected, and what to do about it."""

    def __init__(self, what: str, where: object, expected: str, to_do: str):
        super().__init__(what, where, expected, to_do)

    def __str__(self) -> str:
        return ": ".join(" ".join(str(part).split()) for part in self.args)


class ConfigError(ForetasteError):
    """A setting, a name or a command-line value is wrong."""


class DataError(ForetasteError):
    """A file is missing, damaged or not as documented."""


def unknown(kind: str, name: str, choices: Iterable[str], where: object) -> ConfigError:
    """The error for a name that is not among ``choices``: lists them and offers the nearest."""
    choices = sorted(choices)
    near = get_close_matches(name, choices, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "use one of these names"
    return ConfigError(f"unknown {kind} {name!r}", where, f"one of {', '.join(choices)}", hint)
