"""What MkDocs is told beside the pages of this folder (mkdocs.yml: hooks): a page of every setting, from the
generated schemas, a page of every room, from its docstrings, and how blocks with a name are written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SCHEMAS = ROOT / "workflow" / "schemas"
PACKAGE = ROOT / "src" / "foretaste"

#: The files of settings, in the order of the page: schema, heading, where they stand.
FILES = {
    "config": ("config.yaml", "What one run is about."),
    "dataset": ("A dataset", "A file of `workflow/datasets`."),
    "system": ("A preset", "A file of `workflow/systems`."),
}
#: Families of components, and what one of them is.
FAMILIES = {
    "annotations": "Readers of labels (`reader:` of a dataset)",
    "tasks": "Tasks (`tasks:` of a dataset)",
    "views": "Views (`view:` of a model)",
    "models": "Networks (`network:` of a model)",
    "losses": "Losses (`loss:` of a term)",
    "adapters": "Adapters (`through:` of a term)",
    "openie": "Backends of OpenIE (`openie:` of a text)",
}
SETTINGS = {"phrases": "Phrases (`phrases:` of a text)", "world": "A generated world (`world:` of a dataset)"}


def on_config(config: Any) -> Any:
    """The generated pages at the end of the table of contents; ``config`` is MkDocs'."""
    modules = [{room: f"api/{room}.md"} for room in rooms()]
    config.nav.append({"Modules": modules})
    return config


def on_files(files: Any, config: Any) -> Any:
    """The generated pages themselves; ``files`` and ``config`` are MkDocs'."""
    from mkdocs.structure.files import File

    files.append(File.generated(config, "configuration.md", content=configuration()))
    for room in rooms():
        files.append(File.generated(config, f"api/{room}.md", content=api(room)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """A page as Material reads it: the name of a block is its title where it is a file's, and a link to a
    file that is not on the site is that file's path.
    """
    markdown = re.sub(r"^```(\w+) (\S+\.\w+)$", r'```\1 title="\2"', markdown, flags=re.M)
    markdown = re.sub(r"^```(\w+) \w+$", r"```\1", markdown, flags=re.M)
    markdown = re.sub(r"^```console$", "```sh-session", markdown, flags=re.M)
    return re.sub(r"\[([^\]]+)\]\(\.\./([^)]+)\)", r"\1 (`\2`)", markdown)


def rooms() -> list[str]:
    """The packages of foretaste."""
    return sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))


def api(room: str) -> str:
    """The page of a room: a part of mkdocstrings for each of its modules."""
    modules = sorted(path.stem for path in (PACKAGE / room).glob("[a-z]*.py"))
    return "\n\n".join([f"# {room}", *(f"::: foretaste.{room}.{module}" for module in modules)]) + "\n"


def configuration() -> str:
    """The page of all settings."""
    parts = [
        "# Configuration",
        "Every key with its type, its default and its meaning, from the settings classes. **required** "
        "stands where there is no default.",
    ]
    for name, (heading, said) in FILES.items():
        parts += [f"## {heading}", said, *_class(_read(name))]
    components = _read("components")
    for family, heading in FAMILIES.items():
        parts.append(f"## {heading}")
        for kind, member in components[family].items():
            parts += [f"### {family}: {kind}", _first_paragraph(PACKAGE / family / f"{kind}.py")]
            parts += _class(member["schema"], level=4)
    for name, schema in _read("settings").items():
        parts += [f"## {SETTINGS[name]}", *_class(schema)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _read(name: str) -> dict[str, Any]:
    return json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))


def _first_paragraph(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    return " ".join(re.match(r'"""(.*?)(?:\n\n|""")', text, re.S)[1].split())


def _class(schema: dict[str, Any], level: int = 3) -> Iterator[str]:
    """The table of a settings class, and those of the classes that its settings name."""
    classes = schema.get("$defs", {})
    yield _table(schema, classes)
    for name, inner in classes.items():
        yield f"{'#' * level} {name}"
        yield inner.get("description", "")
        yield _table(inner, classes)


def _table(schema: dict[str, Any], classes: dict[str, Any]) -> str:
    rows = [
        f"| `{name}` | {_cell(type_of(rule))} | {_cell(_default(name, rule, schema))} | "
        f"{_cell(_meaning(rule, classes))} |"
        for name, rule in schema.get("properties", {}).items()
    ]
    if not rows:
        return "No settings."
    return "\n".join(["| key | type | default | meaning |", "|---|---|---|---|", *rows])


def _meaning(rule: dict[str, Any], classes: dict[str, Any]) -> str:
    """What a key says of itself, or what the one class that it takes does."""
    named = classes.get(rule.get("$ref", "").rpartition("/")[2], {})
    return rule.get("description") or named.get("description", "")


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")


def _default(name: str, rule: dict[str, Any], schema: dict[str, Any]) -> str:
    if name in schema.get("required", ()):
        return "**required**"
    return f"`{json.dumps(rule['default'])}`" if "default" in rule else ""


#: JSON's words -> those of YAML's readers.
_WORDS = {"integer": "whole number", "number": "number", "string": "text", "boolean": "true or false"}
_BOUNDS = {
    "minimum": "at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}


def type_of(rule: dict[str, Any]) -> str:
    """What a JSON schema allows, in words."""
    if "$ref" in rule:
        return rule["$ref"].rpartition("/")[2]
    if "const" in rule:
        return f"`{rule['const']}`"
    if "enum" in rule:
        return ", ".join(f"`{value}`" for value in rule["enum"])
    for several in ("anyOf", "oneOf"):
        if several in rule:
            return " or ".join(type_of(one) for one in rule[several])
    kind = rule.get("type", "anything")
    if kind == "array":
        return _list(rule)
    if kind == "object":
        inner = rule.get("additionalProperties")
        return f"name -> {type_of(inner)}" if isinstance(inner, dict) else "mapping"
    bounds = [f"{words} {rule[key]}" for key, words in _BOUNDS.items() if key in rule]
    return " ".join([_WORDS.get(kind, kind), *bounds])


def _list(rule: dict[str, Any]) -> str:
    if "prefixItems" in rule:
        return f"[{', '.join(type_of(one) for one in rule['prefixItems'])}]"
    return f"list of {type_of(rule.get('items', {}))}"
