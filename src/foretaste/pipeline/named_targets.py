"""The targets that have names: what each stands for, in a line, and what one may have been that is none."""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from foretaste.contracts.errors import ConfigError, unknown
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.result_paths import PATHS, steps_of

#: Systems with a target of their own, on these datasets: worlds 0 to 4, pooled.
POOLED = {
    "multimodal_demo": "kitchen_compositional_worlds",
    "multimodal_labels": "kitchen_compositional_worlds",
    "lanvikd_demo": "kitchen_compositional_worlds",
}

_RULE = re.compile(r"((?:^# .*\n)+)rule (\w+):", re.M)


def named_targets(catalogue: Catalogue) -> dict[str, str]:
    """Name -> what it makes, in one line: those of the Snakefile, then the systems that are made for the
    run's dataset.
    """
    snakefile = (catalogue.files.root / "Snakefile").read_text(encoding="utf-8")
    found = {name: _sentence(comment) for comment, name in _RULE.findall(snakefile)}
    dataset = catalogue.run.dataset
    titles = {
        name: catalogue.files.merged("systems", name).get("title", name)
        for name in catalogue.files.names("systems")
    }
    found |= {f"{name}_worlds": f"{titles[name]}: worlds 0 to 4, pooled" for name in POOLED}
    for name, title in titles.items():
        if catalogue.fits(dataset, name):
            found |= {name: title, f"{name}_seeds": f"{title}: all its seeds"}
            found |= {f"{name}_{table}": line for table, line in _tables(catalogue, name)}
    return found


def _tables(catalogue: Catalogue, system: str) -> Iterator[tuple[str, str]]:
    """Name and title of the tables of a system that are of the run's dataset, and whose models it has."""
    files, dataset = catalogue.files, catalogue.run.dataset
    preset = files.merged("systems", system, dataset)
    for name, table in preset.get("tables", {}).items():
        of_this = table["dataset"] in files.chain("datasets", dataset)
        if of_this and table["rows"].keys() <= preset["models"].keys():
            yield name, table["title"]


def elsewhere(catalogue: Catalogue) -> dict[str, str]:
    """System -> the datasets that it is made for, of those that are not made for the run's."""
    files = catalogue.files
    return {
        name: ", ".join(files.merged("systems", name).get("datasets", ())) or "datasets that name it"
        for name in files.names("systems")
        if not catalogue.fits(catalogue.run.dataset, name)
    }


def check_targets(words: Sequence[str], names: Collection[str], catalogue: Catalogue) -> None:
    """Raise ConfigError for a target, among the ``words`` of Snakemake's command line, that no rule has the
    name of (``names``) and no step makes: with the nearest that there is.
    """
    doubtful = [word for word in words if not _is_known(word, names, catalogue)]
    if not doubtful:  # Snakemake's parser takes most of a second
        return
    for word in _targets(words):
        if word in doubtful:
            raise _unknown(word, catalogue)


def _is_known(word: str, names: Collection[str], catalogue: Catalogue) -> bool:
    """Whether a word is an option, its number or setting, a name, or a path: a result's, a receipt's, one
    under a view's name, or of anything that is there.
    """
    inner = os.path.relpath(word, catalogue.results) if word else ""
    return (
        word in names
        or word.startswith("-")
        or word.isdigit()
        or "=" in word
        or any(steps_of(inner))
        or inner.startswith((".runs/", "views/"))
        or Path(word).exists()
    )


def _targets(words: Sequence[str]) -> list[str]:
    """The targets on Snakemake's command line, as its own parser sees them."""
    from snakemake.cli import parse_args  # it is there where a workflow runs

    with contextlib.redirect_stderr(io.StringIO()):  # it tells of its profile anew
        return [str(target) for target in parse_args(list(words))[1].targets or ()]


def _unknown(word: str, catalogue: Catalogue) -> ConfigError:
    if "/" not in word:
        return unknown("target", word, named_targets(catalogue), "command line")
    inner = os.path.relpath(word, catalogue.results)
    near = [] if inner.startswith("..") else get_close_matches(inner, _shaped(inner), n=1)
    hint = f"did you mean {catalogue.results}/{near[0]}?" if near else "correct the path"
    return ConfigError(
        f"no result of the workflow {word!r}",
        "command line",
        f"a path inside {catalogue.results}/, as docs/formats.md lists them, or one of foretaste targets",
        hint,
    )


def _shaped(inner: str) -> set[str]:
    """Paths of results that have as many parts, with the names of ``inner`` in them."""
    parts = inner.split("/")
    found = set()
    for outputs in PATHS.values():
        for pattern in outputs.values():
            wanted = re.sub(r"\{scope\}", "", pattern).rstrip("/").split("/")
            if len(wanted) == len(parts):
                found.add("/".join(_filled(one, part) for one, part in zip(wanted, parts)))
    return found


def _filled(pattern: str, part: str) -> str:
    """``part`` where it is as ``pattern``, or may be any name; else the pattern's own words."""
    shape = re.sub(r"\\\{\w+\\\}", "([^/]+)", re.escape(pattern))
    return part if re.fullmatch(shape, part) else pattern


def _sentence(comment: str) -> str:
    return " ".join(line.removeprefix("# ") for line in comment.splitlines())
