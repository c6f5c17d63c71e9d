"""One page with the tables of all papers: the published numbers beside ours, where a table has been run.

    foretaste tables                      to the terminal, as Markdown
    foretaste tables --out tables.md      to a file

A table is one of `tables` of a preset, run by its target: `snakemake lm_avt_table3 --config dataset=epic55`.
Ours come from `<results>/<dataset>/<system>/<table>/summary.json`; a table that was not run says how it is.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from foretaste.pipeline import artifact
from foretaste.pipeline.configured import add_config, configured
from foretaste.report.paper_table import PaperTable, columns, paper_table
from foretaste.report.summaries import read_summary
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.config import SystemConfig
from foretaste.settings.table_config import TableConfig

_HEAD = (
    "# Tables of the papers\n\nMade by `foretaste tables`. Per cent: ours, mean ± standard deviation over"
    " seeds, and *in italics* the paper's; – stands for what is not known or does not apply.\n"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("--out", type=Path, help="the page (default: the terminal)")
    add_config(parser)


def run(arguments: argparse.Namespace) -> None:
    """Write or print the page."""
    made = "\n".join([_HEAD, *page(configured(arguments.config).catalogue)])
    if arguments.out is None:
        print(made)
        return
    with artifact.whole(arguments.out) as partial:
        partial.write_text(made + "\n", encoding="utf-8")


def page(catalogue: Catalogue) -> Iterator[str]:
    """Lines of Markdown, by system: the tables that its file defines, and those that it has from the preset
    it is based on where they were run.
    """
    for system in catalogue.files.names("systems"):
        shown = []
        _, _, own = next(catalogue.files.layers("systems", system))
        for name in catalogue.files.merged("systems", system).get("tables", {}):
            preset = _preset(catalogue, system, name)
            if preset is None:
                continue
            table = preset.tables[name]
            if name in own.get("tables", {}) or _summary(catalogue, system, name, table).exists():
                shown += _section(catalogue, system, name, table)
        if shown:
            yield from (f"## {system}", "", *shown)


def _preset(catalogue: Catalogue, system: str, table: str) -> SystemConfig | None:
    """The preset on the table's dataset; None where it has, unlike the preset that it is based on, not all
    of the table's models, or is not for that dataset.
    """
    dataset = catalogue.files.merged("systems", system)["tables"][table]["dataset"]
    if not catalogue.fits(dataset, system):
        return None
    preset = catalogue.system(dataset, system)
    return preset if set(preset.tables[table].rows) <= set(preset.models) else None


def _summary(catalogue: Catalogue, system: str, name: str, table: TableConfig) -> Path:
    return Path(catalogue.results) / table.dataset / system / name / "summary.json"


def _section(catalogue: Catalogue, system: str, name: str, table: TableConfig) -> Iterator[str]:
    path = _summary(catalogue, system, name, table)
    yield f"### {name}: {table.title}"
    yield ""
    if table.notes:
        yield f"{table.notes}\n"
    if path.exists():
        yield from _run(paper_table(read_summary(path)))
    else:
        yield from _not_run(system, name, table)
    yield ""


def _run(table: PaperTable) -> Iterator[str]:
    gain = " gain | |" if table.compared else ""
    yield f"| model | seeds |{''.join(f' {column} | |' for column in table.columns)}{gain}"
    yield f"|---|---|{'---|---|' * len(table.columns)}{'---|---|' if table.compared else ''}"
    for line in table.lines:
        says = f", *{line.says}*" if line.says else ""
        cells = "".join(f" {cell.ours} | *{cell.theirs}* |" for cell in line.cells)
        theirs = f"*{line.published_gain}*" if line.published_gain else ""
        ours = f"{line.gain} ({line.limits})" if line.gain else ""
        gains = f" {ours} | {theirs} |" if table.compared else ""
        yield f"| {line.label} (`{line.model}`){says} | {line.seeds} |{cells}{gains}"
    if table.compared:
        yield f"\nGains over the baseline in {table.compared}."


def _not_run(system: str, name: str, table: TableConfig) -> Iterator[str]:
    yield f"Not run: `snakemake --cores 2 {system}_{name} --config dataset={table.dataset} data_root=DIR`\n"
    yield f"| model |{''.join(f' {column} |' for column in columns(table.columns))}"
    yield f"|---|{'---|' * len(columns(table.columns))}"
    for model, row in table.rows.items():
        numbers = [
            row.published.get(head, {}).get(metric)
            for head, metrics in table.columns.items()
            for metric in metrics
        ]
        cells = "".join(" – |" if value is None else f" *{value:g}* |" for value in numbers)
        yield f"| `{model}`{f', *{row.says}*' if row.says else ''} |{cells}"
