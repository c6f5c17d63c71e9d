"""What the rules find, as tests write it: "verb + head" of every extraction in order."""

from __future__ import annotations

from foretaste.openie.rules import Config, Rules

RULES = Rules(Config())


def found(sentence: str, rules: Rules = RULES) -> list[str]:
    return [f"{e.verb}: {e.object_head}" if e.object_head else e.verb for e in rules.extract(sentence)]
