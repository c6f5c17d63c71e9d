"""YAML as people expect it: ``on`` is a word, a key that occurs twice is an error, and so is a number that
versions of YAML read as different ones; a file holds a mapping.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from foretaste.contracts.errors import ConfigError
from foretaste.contracts.foreign_files import UNREADABLE, first_line

#: Numbers of YAML 1.1 that others read as another number or as a text: 010 (8), 1:30 (90), 1_000, 0b11.
_ODD_NUMBER = re.compile(r"[-+]?(0[0-9_]+|0b.*|.*[:_].*)")


class _Loader(yaml.SafeLoader):
    """YAML 1.2's booleans: ``true`` and ``false``. In YAML 1.1 the key ``on`` is one as well."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """As SafeLoader, which lets the last of several equal keys win in silence."""
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):  # which no mapping of Python can hold
                continue
            if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} occurs twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)

    def construct_number(self, node: yaml.ScalarNode) -> float:
        """As SafeLoader, where all versions of YAML agree."""
        if _ODD_NUMBER.fullmatch(node.value):
            told = f"{node.value} is another number, or a text, to other versions of YAML: plain or in quotes"
            raise yaml.constructor.ConstructorError(None, None, told, node.start_mark)
        whole = node.tag == "tag:yaml.org,2002:int"
        return self.construct_yaml_int(node) if whole else self.construct_yaml_float(node)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile("^(true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


for _tag in ("int", "float"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", _Loader.construct_number)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in ``path``; raises ConfigError."""
    try:
        value = yaml_value(path.read_text(encoding="utf-8"))
    except ValueError as error:  # of UTF-8, too
        raise ConfigError(f"not YAML ({error})", path, "a YAML mapping", "mend the file") from error
    if not isinstance(value, dict):
        raise ConfigError("not a mapping", path, "a YAML mapping", "mend the file")
    return value


def yaml_value(text: str) -> Any:
    """What a text says; ValueError for what is no YAML.

    The library is not made for all texts: of a month 13, a number without digits or a list that is a key it
    raises whatever comes.
    """
    try:
        return yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except UNREADABLE as error:
        raise ValueError(first_line(error)) from error
