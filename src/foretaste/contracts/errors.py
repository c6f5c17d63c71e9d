"""Errors that a user can act on.

    ForetasteError
    ├── ConfigError   a setting or a name is wrong          (exit code 1)
    └── DataError     a file does not hold what it should   (exit code 1)

``__main__`` prints them as one line, ``error: <what>: <where>: <expected>: <what to do>``; ``-v`` adds the
traceback.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from difflib import get_close_matches

#: System errors that are about what is written. Any other that rises while an output is open is about
#: something that is read.
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)

#: What is not ours and still about what the user has: ``of_other`` tells it.
OTHERS = (OSError, UnicodeEncodeError)


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


def of_system(error: OSError) -> DataError:
    """A full disk, a forbidden file, or what a library could not read, as one of our errors."""
    what = error.strerror or str(error) or type(error).__name__
    if error.filename is None and error.errno not in NO_ROOM:
        return DataError(
            what,
            "a file or a connection that the error does not name",
            "one that works",
            "foretaste -v shows where it was used",
        )
    where = error.filename or "the output folder"
    return DataError(
        what, where, "a readable file, or space and permission to write", "free space or correct the path"
    )


def of_text(error: UnicodeEncodeError) -> DataError:
    """A name of a file that is not UTF-8 (Python holds its bytes as half characters), or an output that has
    no letter for what is said, as one of our errors.
    """
    if error.encoding == "utf-8":
        named = ascii(error.object[max(0, error.start - 120) : error.end + 40])
        return DataError("a name that is not UTF-8", named, "names in UTF-8", "rename the file (convmv)")
    what = f"no {error.object[error.start]!a} in {error.encoding}"
    return DataError(what, "standard output", "an output in UTF-8", "set a UTF-8 locale, or PYTHONUTF8=1")


def of_other(error: OSError | UnicodeEncodeError) -> DataError:
    """One of ``OTHERS`` as one of our errors."""
    return of_system(error) if isinstance(error, OSError) else of_text(error)
