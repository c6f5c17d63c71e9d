"""What things may be called: names are parts of paths, of Snakemake's rules and, of models, words of an
objective.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from foretaste.contracts.errors import ConfigError

#: Names that mean something else where the thing is named: a term's ``to`` may be labels, features or a
#: model; ``processes: {score: n}`` of config.yaml means every scoring; the others lie in the same folder.
RESERVED = {
    "model": frozenset({"labels", "features", "score"}),
    "language model": frozenset({"score"}),
    "backbone": frozenset({"score"}),
    "frame store": frozenset(),
    "text": frozenset({"shards", "issues"}),
    "dataset": frozenset({"text", "lm", "views", "weights"}),
    "system": frozenset({"backbones", "features", "frames", "issues", "samples", "scores", "world"}),
}

_SEED = re.compile(r"seed\d+")


def check_name(kind: str, name: str, where: object, taken: Collection[str] = ()) -> None:
    """Raise ConfigError unless ``name`` may be the name of a ``kind``; ``taken``: what else is called by that
    name here.
    """
    good = "small letters, digits and _"
    if not re.fullmatch("[a-z0-9_]+", name):
        raise ConfigError(f"{kind} named {name!r}", where, good, "rename it")
    if name in RESERVED[kind] or name in taken or _SEED.fullmatch(name):
        words = ", ".join(sorted({*RESERVED[kind], *taken}))
        raise ConfigError(
            f"{kind} named {name!r}",
            where,
            f"{good}, but none of {f'{words}, ' if words else ''}seed<number>",
            "rename it",
        )
