"""Write docs/performance.md from bench/results/*.json.

    python bench/performance_page.py [--check]

Every number on the page was written by the script that its section names; times are medians, ratios are against a peer measured in the
same run on the same machine.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BENCH = Path(__file__).parent
PAGE = BENCH.parent / "docs" / "performance.md"
HEAD = """# Performance

Made by `python bench/performance_page.py` from `bench/results/*.json`; `make bench` measures them again. The machines that these were measured
on are shared, so read ratios, not seconds: each ratio is against a peer measured in turns with ours.
"""


def rows(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Nested results as (dotted name, value)."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from rows(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        yield name, ", ".join(str(inner) for inner in value)
    else:
        yield name, f"{value:g}" if isinstance(value, float) else str(value)


def section(result: Path) -> str:
    """One script's numbers under the first paragraph of its docstring."""
    script = BENCH / f"{result.stem}.py"
    about = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))).partition("\n\n")[0].replace("\n", " ")
    lines = [f"## {result.stem}", "", about, "", f"`python bench/{script.name}`", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in rows(json.loads(result.read_text(encoding="utf-8")))]
    return "\n".join(lines) + "\n"


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(section(result) for result in sorted((BENCH / "results").glob("*.json")))])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only say whether the page is in step")
    if parser.parse_args().check:
        return int(PAGE.read_text(encoding="utf-8") != page())
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
