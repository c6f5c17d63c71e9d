"""The datasheets of a score cache: what a person who is handed the folder, or a program, needs to know, made
from the manifest.

The manifest holds their sha256, so what they say of licence and terms is part of the identity, which they
cannot name themselves.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from foretaste.scores import croissant
from foretaste.scores.format import SCORED

NOT_STATED = "not stated"


def render(manifest: Mapping[str, Any]) -> str:
    """README.md of the cache, in Markdown, from a manifest without ``identity`` and ``datasheets``."""
    heads = ", ".join(f"{head} ({count} classes)" for head, count in manifest["heads"].items())
    width = f"{manifest['embedding']} wide" if manifest["embedding"] else "none"
    of = f" of `{manifest['model']}`" if manifest["model"] else ""
    lines = [
        f"# Scores{of}", "",
        f"Format {manifest['format']}. The identity in `manifest.json` covers every byte of the folder.", "",
        f"Heads: {heads}. Embedding: {width}.", "",
        "| split | samples | distinct inputs | views | scored |", "|---|---|---|---|---|",
        *(_row(name, split) for name, split in manifest["splits"].items()), "",
        *_use(manifest["facts"]),
        *_imported(manifest["facts"]),
        *_json("What the scores depend on", manifest["record"]),
        *_json("Settings and facts", manifest["facts"]),
        *_reading(next(iter(manifest["splits"])), next(iter(manifest["heads"]))),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


#: File -> what writes its text.
DATASHEETS = {"README.md": render, "croissant.json": croissant.render}


def stated(facts: Mapping[str, Any]) -> dict[str, str]:
    """``licence`` and ``terms`` of the data set that was scored, in words."""
    given = facts.get("data") or {}
    return {name: given.get(name) or NOT_STATED for name in ("licence", "terms")}


def _row(name: str, split: Mapping[str, Any]) -> str:
    how = f"{split['scored']}: {SCORED[split['scored']]}"
    return f"| {name} | {split['samples']} | {split['rows']} | {', '.join(split['views'])} | {how} |"


def _use(facts: Mapping[str, Any]) -> list[str]:
    said = stated(facts)
    return [
        "## Use", "",
        f"- Licence of the data set that was scored: {said['licence']}.",
        f"- Terms of its use: {said['terms']}.", "",
        "As the settings of the data set say. Scores tell of all that the model learnt from, too: weights",
        "that it started from and texts that it read have licences of their own, which nobody looked up.", "",
    ]  # fmt: skip


def _imported(facts: Mapping[str, Any]) -> list[str]:
    if not (files := facts.get("imported")):
        return []
    return [
        "## Where they come from", "",
        "They were imported: how they were made is known to whoever made these files.", "",
        *(f"- {one['split']}: `{one['file']}`, sha256 `{one['sha256']}`" for one in files), "",
    ]  # fmt: skip


def _json(title: str, content: Any) -> list[str]:
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False)
    return [f"## {title}", "", "```json", text, "```", ""]


def _reading(split: str, head: str) -> list[str]:
    return [
        "## Reading and checking", "",
        "```python",
        "import foretaste", "",
        'scores = foretaste.open_scores("DIR")',
        f'logits = scores.logits("{split}", "{head}")  # (samples, classes) float32',
        "```", "",
        "```",
        "foretaste scores verify DIR",
        "```", "",
        "Rows hold fp16 (logit - row maximum) beside the fp32 maximum and logsumexp of every head, so any",
        "temperature, top-K list, tail mass or mean of models can be derived. Class names, in the order of",
        "the columns, are in `classes.json`; `croissant.json` describes the files for programs (MLCommons",
        "Croissant 1.0).",
    ]  # fmt: skip
