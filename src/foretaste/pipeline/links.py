"""Names of results: links, one a file, from the paths that people use to the files of the store.

A name stands for one result at a time. Links to folders there are none: whoever deletes by path would reach
through one into the store.
"""

from __future__ import annotations

import filecmp
import os
from collections.abc import Iterable
from pathlib import Path

from foretaste.pipeline.store import RECORD, Store

#: Link -> what it is to lead to; None: it is to go.
Changes = dict[Path, str | None]


def changes(store: Store, key: str, output: str, name: str) -> Changes:
    """What is to change for ``name`` to stand for an output of the result ``key``; nothing where it is right,
    or where there is no such result yet.
    """
    entry = store.find(key)
    if entry is None:
        return {}
    made, named = entry / output, Path(name)
    files = [path for path in made.rglob("*") if path.is_file()] if made.is_dir() else [made]
    wanted = {named / path.relative_to(made) if made.is_dir() else named: path for path in files}
    wanted[record_name(named)] = entry / RECORD
    links: Changes = {link: _text(store, link, path) for link, path in wanted.items()}
    for link in _links(named):
        links.setdefault(link, None)
    return {link: text for link, text in links.items() if _leads(link) != text}


def give_names(store: Store, names: Iterable[tuple[str, str, str]]) -> list[Path]:
    """Make every (key, output, name) true, all under one lock; returns the files that were somebody's own and
    now lie aside, with ~ behind their names.
    """
    aside = []
    with store.alone("names"):
        for key, output, name in names:
            for link, text in changes(store, key, output, name).items():
                if _put_aside(link, text):
                    aside.append(link)
                _set(link, text)
    return aside


def record_name(named: Path) -> Path:
    """The name of the record of what ``named`` stands for."""
    return named.with_name(f"{named.name}.provenance.json")


def _text(store: Store, link: Path, path: Path) -> str:
    # A relative link stays right in a copy of the whole tree; another store lies where it lies.
    inside = path.is_relative_to(store.own)
    return os.path.relpath(path, link.parent) if inside else os.path.abspath(path)


def _links(named: Path) -> list[Path]:
    """The links that there are of a name: itself, or those in its folder."""
    return [path for path in (named, *named.rglob("*")) if path.is_symlink()]


def _leads(link: Path) -> str | None:
    return os.readlink(link) if link.is_symlink() else None


def _put_aside(link: Path, text: str | None) -> bool:
    """Whether somebody's own file was moved out of the way; one that equals what it makes room for is
    replaced.
    """
    if link.is_symlink() or not os.path.lexists(link):
        return False
    target = None if text is None else Path(os.path.normpath(link.parent / text))
    if (
        target is not None
        and link.is_file()
        and target.is_file()
        and filecmp.cmp(link, target, shallow=False)
    ):
        return False
    os.replace(link, f"{link}~")
    return True


def _set(link: Path, text: str | None) -> None:
    if text is None:
        link.unlink(missing_ok=True)
        return
    link.parent.mkdir(parents=True, exist_ok=True)
    new = link.with_name(f".{link.name}.new")
    new.unlink(missing_ok=True)  # of one that was killed here; nobody else gives names meanwhile
    new.symlink_to(text)
    os.replace(new, link)
