"""YAML as people expect it: ``on`` is a word, a key that occurs twice is an error, a file holds a mapping."""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from foretaste.contracts.errors import ConfigError


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
            if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} occurs twice", key.start_mark
                )
            if isinstance(key, yaml.ScalarNode):
                seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile("^(true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in ``path``; raises ConfigError."""
    try:
        value = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except RecursionError as error:
        raise ConfigError("nested too deeply", path, "a YAML mapping", "mend the file") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"not YAML ({error})", path, "a YAML mapping", "mend the file") from error
    if not isinstance(value, dict):
        raise ConfigError("not a mapping", path, "a YAML mapping", "mend the file")
    return value
