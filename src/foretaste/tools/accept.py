"""Keep a result that was made by other code, libraries or settings than are planned now.

For differences that change nothing: a renamed variable, an upgrade that was looked at. What differs is
written down with your note, and everything made from the result stays as it is, too.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.artifact import write_json
from foretaste.pipeline.configured import Configured, add_config, configured
from foretaste.pipeline.records import differences, identity
from foretaste.pipeline.store import Accepted, entry_of, read_entry
from foretaste.pipeline.why import told
from foretaste.sharing.names import named_at


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", help="the path of a result")
    parser.add_argument("--note", required=True, help="why the difference changes nothing")
    add_config(parser)


def run(arguments: argparse.Namespace) -> None:
    """Accept it, and say in what it differs."""
    made = configured(arguments.config, shared=named_at, targets=[arguments.path])
    for line in accept(made, arguments.path, arguments.note):
        print(line)


def accept(made: Configured, path: str, note: str) -> list[str]:
    """Write down that what bears the name ``path`` now is taken for what is planned; returns what differs, or
    that nothing does.

    Raises ConfigError where nothing bears the name, and where its inputs are other ones: those are to be
    accepted, or made, first.
    """
    node = made.node(path)
    folder = entry_of(Path(path)) if Path(path).exists() else None
    if folder is None:
        raise ConfigError("nothing to accept", path, "a result of an earlier run", "run the workflow")
    if made.store.find(node.key) is not None:
        return [f"{path}: as planned, {node.key}"]
    stored = read_entry(folder).record
    found = list(differences(node.record, stored))
    if inputs := [field for field, *_ in found if field.startswith("inputs.")]:
        raise ConfigError(
            f"it was made from other {', '.join(inputs)}",
            path,
            "a result of the same inputs",
            f"accept what it was made from first: foretaste why {path}",
        )
    key = f"{node.stage}/{identity(node.record)}"
    facts = Accepted(
        accepted="/".join(folder.parts[-2:]), note=note, differences=[list(one) for one in found]
    )
    write_json(made.store.acceptance(key), asdict(facts))
    return [told(*one) for one in found]
