"""Say whether a result is the one that is planned and, if not, why: the record of what bears its name now
against the planned one, field by field, and the same of every result before it that is to be made.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from foretaste.pipeline.configured import Configured, add_config, configured
from foretaste.pipeline.graph import Node
from foretaste.pipeline.records import differences, identity
from foretaste.pipeline.why import stored_entry, told
from foretaste.sharing.names import named_at


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", help="the path of a result")
    add_config(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print it."""
    made = configured(arguments.config, shared=named_at, targets=[arguments.path])
    print("\n".join(why(made, arguments.path)))


def why(made: Configured, path: str) -> Iterator[str]:
    """A line a result, and one a difference."""
    node = made.node(path)
    missing = [one for one in made.graph.walk([node]) if made.store.find(one.key) is None]
    if not missing:
        yield f"{path}: as planned, {node.key}{_accepted(made, node)}"
        return
    for one in missing:
        name = next(iter(one.names.values()))
        stored = stored_entry(one.names)
        if stored is None:
            yield f"{name}: to be made, for there is none yet ({one.key})"
            continue
        yield f"{name}: to be made, for what bears its name was made of something else ({one.key})"
        for field, planned, was in differences(one.record, stored.record):
            yield f"  {told(field, planned, was)}"


def _accepted(made: Configured, node: Node) -> str:
    planned = f"{node.stage}/{identity(node.record)}"
    return (
        ""
        if planned == node.key
        else f", accepted in the place of {planned} ({made.store.acceptance(planned)})"
    )
