"""``foretaste store ls | verify | publish | fetch --at PLACE``."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.pipeline import console, upkeep
from foretaste.pipeline.store import Store
from foretaste.sharing.names import give_name, key_of, names_at
from foretaste.sharing.opening import open_place
from foretaste.sharing.place import Place
from foretaste.sharing.remote import Remote, fetch, keys_at, publish, remote, verify


def run(arguments: argparse.Namespace, store: Store) -> int:
    """One of them; 1 where something is wrong at the place. ConfigError for a folder that is not there,
    unless something is published to it.
    """
    if arguments.verb != "publish" and "://" not in arguments.at and not os.path.isdir(arguments.at):
        told = ("a folder that results were published to, or a URL", "correct the path, or mount it")
        raise ConfigError(f"no folder {arguments.at!r}", "--at", *told)
    place = open_place(arguments.at)
    return {"ls": _ls, "verify": _verify, "publish": _publish, "fetch": _fetch}[arguments.verb](
        arguments, store, place
    )


def _ls(arguments: argparse.Namespace, store: Store, place: Place) -> int:
    wrong = 0
    for name, version in sorted(names_at(place).items()):
        try:
            print(f"{name}@{version}  {key_of(place, f'{name}@{version}')}")
        except DataError as error:  # of one name: others are as they are
            wrong += 1
            print(f"{name}@{version}  {error}")
    keys = keys_at(place)
    for key in keys:
        print(f"{key}  {'here' if store.find(key) else '-'}")
    print(f"{len(keys)} results at {place.where}")
    return 1 if wrong else 0


def _verify(arguments: argparse.Namespace, store: Store, place: Place) -> int:
    keys, wrong = keys_at(place), 0
    for key in console.track(keys, "verifying"):
        for fault in _faults(place, key):
            wrong += 1
            print(f"{key}: {fault}")
    print(f"{len(keys)} results, {wrong} faults at {place.where}")
    return 1 if wrong else 0


def _faults(place: Place, key: str) -> Iterator[str]:
    """What is wrong with one result; a record that is none is a fault like any other."""
    try:
        yield from verify(remote(place, key))
    except DataError as error:
        yield str(error)


def _publish(arguments: argparse.Namespace, store: Store, place: Place) -> int:
    for wanted in arguments.wanted:
        key = upkeep.key_of(store, wanted)
        there = set(keys_at(place))
        for one in upkeep.with_inputs(store, key) if arguments.with_inputs else [key]:
            if arguments.dry_run:
                print(f"{one}  {'is there' if one in there else 'would be sent'}")
            else:
                sent = publish(store, one, place, by_bytes=arguments.verify)
                print(f"{one}  {sent / 1e6:.1f} MB sent")
        if arguments.name and not arguments.dry_run:
            print(give_name(place, arguments.name, key))
    return 0


def _fetch(arguments: argparse.Namespace, store: Store, place: Place) -> int:
    for wanted in arguments.wanted:
        found = remote(place, key_of(place, wanted))
        if arguments.dry_run:
            print(_would(found, store))
            continue
        fetch(found, store, round(arguments.limit * 1e9))
        print(f"{found.key}  {found.bytes / 1e6:.1f} MB, verified")
    return 0


def _would(found: Remote, store: Store) -> str:
    state = "is here" if store.find(found.key) else "would be brought"
    return f"{found.key}  {len(found.entry.files)} files, {found.bytes / 1e6:.1f} MB  {state}"
