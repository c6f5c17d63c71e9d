"""Names of shared results: ``<name>@<version>``, each a small file that holds a key and never changes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from foretaste.contracts.errors import DataError
from foretaste.pipeline.store import KEY
from foretaste.sharing.opening import open_place
from foretaste.sharing.place import Place
from foretaste.sharing.remote import remote

_FOLDER, _NAME, _VERSION = "names", r"[a-z0-9][a-z0-9._-]*", r"[1-9][0-9]{0,8}"


def names_at(place: Place) -> dict[str, int]:
    """name -> its newest version; versions count from 1."""
    found: dict[str, int] = {}
    for path in place.sizes(_FOLDER):
        named = re.fullmatch(rf"{_FOLDER}/({_NAME})@({_VERSION})", path)
        if named:
            found[named[1]] = max(found.get(named[1], 0), int(named[2]))
    return found


def key_of(place: Place, wanted: str) -> str:
    """The key of ``<stage>/<identity>``, ``<name>@<version>`` or ``<name>``, its newest; DataError for an
    unknown one.
    """
    if KEY.fullmatch(wanted):
        return wanted
    names = names_at(place)
    name, at, version = wanted.partition("@")
    path = f"{_FOLDER}/{name}@{version if at else names.get(name, 0)}"
    text = place.read(path, 100) if re.fullmatch(rf"{_FOLDER}/{_NAME}@{_VERSION}", path) else None
    if text is None:
        known = ", ".join(f"{one}@{newest}" for one, newest in sorted(names.items())) or "no name yet"
        raise DataError(f"no result named {wanted!r}", place.where, f"one of {known}", "correct the name")
    key = text.decode("ascii", "replace").strip()
    if not KEY.fullmatch(key):
        raise DataError(f"{key!r}, which is no key", f"{place.where}/{path}", "<stage>/<identity>", "mend it")
    return key


def named_at(urls: Sequence[str], name: str) -> tuple[str, Mapping[str, Any]]:
    """(key, record) of the result that has a name at the first of some places that know it; DataError where
    none does.
    """
    for url in urls:
        place = open_place(url)
        if name.partition("@")[0] in names_at(place):
            key = key_of(place, name)
            return key, remote(place, key).entry.record
    raise DataError(
        f"no result named {name!r}",
        ", ".join(urls) or "stores of config.yaml",
        "a name at one of the run's stores",
        "correct it, or set stores=[PLACE]",
    )


def give_name(place: Place, name: str, key: str) -> str:
    """Make ``key`` the newest version of a name, unless it is; returns ``<name>@<version>``. Of two who give
    the same name at once each has a version of its own.
    """
    if not re.fullmatch(_NAME, name):
        raise DataError(
            f"the name {name!r}", place.where, "small letters, digits, . _ and -", "choose another"
        )
    while True:
        version = names_at(place).get(name, 0)
        if version and key_of(place, f"{name}@{version}") == key:
            return f"{name}@{version}"
        if place.add(f"{_FOLDER}/{name}@{version + 1}", f"{key}\n".encode("ascii")):
            return f"{name}@{version + 1}"
