"""Write docs/performance.md from bench/results/*.json.

    python bench/performance_page.py [--check]

Every number on the page was written by the script that its section names; times are medians, ratios are
against a peer measured in the same run on the same machine.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

BENCH = Path(__file__).parent
PAGE = BENCH.parent / "docs" / "performance.md"
HEAD = """# Performance

Made by `python bench/performance_page.py` from `bench/results/*.json`; `make bench` measures them again. The
machines that these were measured on are shared, so read ratios, not seconds: each ratio is against a peer
measured in turns with ours.
"""

#: What stands for the figures of a GPU until there are any.
UNTESTED = (
    "Untested: neither this script nor the tests that need a GPU (`python -m pytest -m gpu`)\n"
    "have run on one yet.\n"
)


def tables(results: Mapping[str, Any], title: str = "") -> Iterator[str]:
    """Results as tables: plain figures as name and value; mappings of the same keys side by side, a row each;
    others each for itself.
    """
    plain = {name: value for name, value in results.items() if not isinstance(value, dict)}
    nested = {name: value for name, value in results.items() if isinstance(value, dict)}
    if plain:
        yield table([title, ""], [[name, value] for name, value in plain.items()])
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, inner in nested.items():
        flat = not any(isinstance(value, dict) for value in inner.values())
        groups.setdefault(tuple(inner) if flat else (name,), []).append(name)
    for keys, names in groups.items():
        if len(names) > 1:
            yield table([title, *keys], [[name, *nested[name].values()] for name in names])
        else:
            yield from tables(nested[names[0]], f"{title}, {names[0]}".removeprefix(", "))


def table(head: Sequence[str], body: Iterable[Sequence[Any]]) -> str:
    """A table of Markdown; names lose their underscores."""
    rows = [[name.replace("_", " "), *map(wording, values)] for name, *values in body]
    titles = [name.replace("_", " ") for name in head]
    return "".join("| " + " | ".join(row) + " |\n" for row in [titles, ["---"] * len(head), *rows])


def wording(cell: Any) -> str:
    """One value of a table."""
    if isinstance(cell, list):
        return ", ".join(map(wording, cell))
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 1000 else f"{cell:.4g}"
    return str(cell)


def section(name: str) -> str:
    """One script's numbers under the first paragraph of its docstring."""
    script, result = BENCH / f"{name}.py", BENCH / "results" / f"{name}.json"
    about = (
        ast.get_docstring(ast.parse(script.read_text(encoding="utf-8")))
        .partition("\n\n")[0]
        .replace("\n", " ")
    )
    found = tables(json.loads(result.read_text(encoding="utf-8"))) if result.exists() else [UNTESTED]
    return "\n".join([f"## {name}", "", f"{about} `python bench/{script.name}`", "", *found])


def page() -> str:
    """The whole page."""
    measured = {result.stem for result in (BENCH / "results").glob("*.json")}
    return "\n".join([HEAD, *(section(name) for name in sorted({*measured, "gpu"}))])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is not in step")
    if not parser.parse_args().check:
        PAGE.write_text(page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page():
        sys.exit(f"{PAGE} is not what {BENCH / 'results'} says: run python bench/performance_page.py")


if __name__ == "__main__":
    main()
