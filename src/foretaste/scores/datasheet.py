"""The datasheet of a score cache: what a person who is handed the folder needs to know, made from the
manifest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_SCORED = {
    "in-sample": "by a model trained on these very rows (targets may be memorised)",
    "out-of-fold": "each row by a model trained without the row's video",
    "held-out": "by a model that was not trained on this split",
}


def _name(manifest: Mapping[str, Any]) -> str:
    return manifest["model"] or manifest["identity"][:12]


def render(manifest: Mapping[str, Any]) -> str:
    """README.md of the cache, in Markdown."""
    heads = ", ".join(f"{head} ({count} classes)" for head, count in manifest["heads"].items())
    width = f"{manifest['embedding']} wide" if manifest["embedding"] else "none"
    lines = [
        f"# Scores of `{_name(manifest)}`", "",
        f"Format {manifest['format']}, identity `{manifest['identity']}`.", "",
        f"Heads: {heads}. Embedding: {width}.", "",
        "| split | samples | distinct inputs | views | scored |", "|---|---|---|---|---|",
    ]  # fmt: skip
    for name, split in manifest["splits"].items():
        views = ", ".join(split["views"])
        lines.append(
            f"| {name} | {split['samples']} | {split['rows']} | {views} | {split['scored']}:"
            f" {_SCORED[split['scored']]} |"
        )
    for title, content in (
        ("What the scores depend on", manifest["record"]),
        ("Settings and facts", manifest["facts"]),
    ):
        lines += [
            "",
            f"## {title}",
            "",
            "```json",
            json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False),
            "```",
        ]
    lines += [
        "",
        "## Reading and checking",
        "",
        "```python",
        "import foretaste",
        "",
        f'scores = foretaste.open_scores("{_name(manifest)}/scores")',
        (
            f'logits = scores.logits("{next(iter(manifest["splits"]))}", "{next(iter(manifest["heads"]))}") '
            " # (samples, classes) float32"
        ),
        "```",
        "",
        "```",
        "foretaste scores verify DIR",
        "```",
        "",
        (
            "Rows hold fp16 (logit - row maximum) beside the fp32 maximum and logsumexp of every head, so any"
            " temperature, top-K list,"
        ),
        (
            "tail mass or mean of models can be derived. Class names, in the order of the columns, are in"
            " `classes.json`."
        ),
    ]
    return "\n".join(lines) + "\n"
