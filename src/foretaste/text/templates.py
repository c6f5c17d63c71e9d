"""Actions as text: one phrase an action, and a history of phrases as the line that a language model reads.

``egtea`` and ``epic55`` are the published templates (Ghosh et al. 2022), to the character: ``<v>`` and
``<a>`` are plain text, not entries of a vocabulary. ``plain`` is English: "take pan, open fridge".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from foretaste.contracts.errors import unknown


@dataclass(frozen=True, kw_only=True)
class Template:
    """How an action is worded and how actions are joined.

    phrase
        (verb, noun) as the dataset names them -> text.
    between
        What stands between a verb and its object.
    join
        What stands between two phrases.
    """

    phrase: Callable[[str, str], str]
    between: str
    join: str


def words(name: str) -> list[str]:
    """The words of a class name, in the order written: "Fold/Roll" -> fold, roll; "pick-up" -> pick, up."""
    return re.findall(r"[^\s:/_\-]+", name.lower())


def _head_first(noun: str) -> str:
    """EPIC writes the head of a compound first: "board:chopping" -> "chopping board"."""
    return " ".join(reversed(noun.split(":")))


def _plain(verb: str, noun: str) -> str:
    return " ".join(words(verb) + words(_head_first(noun)))


def _plain_in_order(verb: str, noun: str) -> str:
    return " ".join(words(verb) + words(noun))


def _egtea(verb: str, noun: str) -> str:
    return f"{verb}_{noun}".strip().lower().replace("_", " <v> ").replace("/", " or ").replace(":", " ")


def _epic55(verb: str, noun: str) -> str:
    # The published code reads " take_pan" from a CSV with a space after the comma and keeps it; joins then
    # hold two spaces.
    return f" {verb.strip()} <v> {_head_first(noun)}"


#: ``plain`` takes the head of a compound noun first, as EPIC does; ``plain_in_order`` leaves compounds as
#: they are (EGTEA).
TEMPLATES = {
    "plain": Template(phrase=_plain, between=" ", join=", "),
    "plain_in_order": Template(phrase=_plain_in_order, between=" ", join=", "),
    "egtea": Template(phrase=_egtea, between=" <v> ", join=" <a> "),
    "epic55": Template(phrase=_epic55, between=" <v> ", join=" <a> "),
}


def template(name: str) -> Template:
    """The template called ``name``; an unknown one lists the choices."""
    if name not in TEMPLATES:
        raise unknown("template", name, TEMPLATES, "view")
    return TEMPLATES[name]
