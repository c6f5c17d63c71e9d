"""Types of settings that several parts of the configuration share."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from foretaste.settings.places import expanded, inside_data_root


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a seed is a whole number")
    return value


#: On Snakemake's command line the numbers of a list are texts.
Seed = Annotated[int, BeforeValidator(_number), Field(ge=0)]


def as_tuple(value: Any) -> Any:
    """One name as a list of one; raises ValueError for several in one text."""
    if isinstance(value, str) and "," in value:
        parts = [part.strip() for part in value.strip("()[] ").split(",")]
        raise ValueError(f"several are a list: [{','.join(parts)}]")
    return (value,) if isinstance(value, str) else value


def seeds_in(value: Any) -> Any:
    """``value``, a list of seeds; raises ValueError for one number, which may be a seed or how many."""
    number = str(value).strip()
    if number.isdecimal():
        raise ValueError(f"seed {number}, or {number} seeds? Seed {number} is [{number}], three are [0,1,2]")
    return as_tuple(value)


def distinct(seeds: tuple[Seed, ...]) -> tuple[int, ...]:
    """``seeds``; raises ValueError for none, and for one that occurs twice."""
    if len(set(seeds)) != len(seeds) or not seeds:
        raise ValueError("at least one seed, and each once")
    return seeds


def spelt(pattern: str, words: str) -> AfterValidator:
    """A check of a text that says in ``words`` how it is spelt."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(words)
        return text

    return AfterValidator(check)


#: A path of config.yaml: ``~`` and ``$NAME`` are written out.
Place = Annotated[str, AfterValidator(expanded)]

#: A path, or a pattern of paths, relative to data_root.
DataPath = Annotated[str, AfterValidator(inside_data_root)]
