"""Write the JSON schemas of config.yaml, of datasets, of presets and of all components (workflow/schemas).

They are generated from the settings classes: editors complete and check the YAML files with them, and the
workflow checks presets with them before any job starts. Without --fix the command only says whether they are
in step with the code.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

from foretaste.contracts.errors import ConfigError, DataError, unknown
from foretaste.kitchen.config import WorldConfig
from foretaste.pipeline.fingerprint import FAMILIES
from foretaste.settings import families
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.config import DatasetConfig, SystemConfig
from foretaste.settings.preset_files import whole_workflow
from foretaste.settings.run_config import RunConfig
from foretaste.text.phrases import PhraseOptions

#: What the file of a member says beside its settings, for the checks of presets.
DECLARED = {
    "annotations": ("HEADS",),
    "losses": ("TARGETS",),
    "models": ("GIVES",),
    "tasks": ("AHEAD", "LABELLED", "VIDEOS"),
    "views": ("SHOWS",),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fix", action="store_true", help="write the files that are out of step")
    usual = whole_workflow(Path()) / "workflow" / "schemas"
    parser.add_argument("--folder", type=Path, default=usual, help="where they lie (default: %(default)s)")


def run(arguments: argparse.Namespace) -> None:
    """Compare, and with ``--fix`` write; raises DataError where a file is out of step."""
    for name, schema in generate().items():
        path = arguments.folder / f"{name}.json"
        text = json.dumps(_on_one_line(schema), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if not arguments.fix:
            raise DataError(
                "schema out of step with the code",
                path,
                "what the settings classes say",
                "run foretaste schemas --fix",
            )
        path.write_text(text, encoding="utf-8")


def generate() -> dict[str, Any]:
    """The schemas by file name."""
    components = {
        family: {kind: _component(family, kind) for kind in families.members(family)} for family in FAMILIES
    }
    return {
        "config": RunConfig.model_json_schema(),
        "dataset": DatasetConfig.model_json_schema(),
        "system": SystemConfig.model_json_schema(),
        "components": components,
        "settings": {"phrases": PhraseOptions.model_json_schema(), "world": WorldConfig.model_json_schema()},
    }


def _component(family: str, kind: str) -> dict[str, Any]:
    member = families.load(family, kind)
    parts = {name: asdict(part) for name, part in families.part_settings(member.Config).items()}
    said = {name.lower(): _declared(member, name) for name in DECLARED.get(family, ())}
    if family == "views" and said["shows"] not in Catalogue.SHOWN:
        raise unknown("SHOWS", said["shows"], Catalogue.SHOWN, member.__file__)
    return {"parts": parts, "schema": member.Config.model_json_schema(), **said}


def _declared(member: ModuleType, name: str) -> Any:
    if not hasattr(member, name):
        raise ConfigError(f"no {name}", member.__file__, f"{name} = ..., as its neighbours say it", "add it")
    return getattr(member, name)


def _on_one_line(schema: Any) -> Any:
    """The schema with every description on one line, however its docstring is broken."""
    if isinstance(schema, dict):
        found = {key: _on_one_line(value) for key, value in schema.items()}
        if isinstance(found.get("description"), str):
            found["description"] = " ".join(found["description"].split())
        return found
    return [_on_one_line(value) for value in schema] if isinstance(schema, list) else schema
