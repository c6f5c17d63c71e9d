"""``report.html``: one self-contained page about a system. Nothing is loaded from elsewhere; light and dark
follow the reader.

The page is an opening and a list of sections. A section is one module of ``report.sections`` with the
template that lies beside it under its name. The module has a ``TITLE`` (for the list at the page's top) and
``build``, which returns a small dataclass, or None where there is nothing to show. The template is given the
fields of that dataclass, and ``summary``: what ``summary.json`` holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from foretaste.pipeline.sizes import in_bytes
from foretaste.report import written
from foretaste.report.finished_runs import FinishedRuns
from foretaste.report.sections import (
    agreement,
    arms,
    attention,
    calibration,
    classes,
    confusion,
    cost,
    curves,
    issues,
    known,
    language_models,
    opening,
    pairs,
    paper_table,
    pipeline,
    provenance,
    samples,
    settings,
    sweeps,
    targets,
    windows,
)

#: The sections in the order of the page.
SECTIONS = (
    paper_table, arms, sweeps, pipeline, settings, targets, agreement, known, curves, language_models,
    classes, confusion, pairs, calibration, windows, samples, attention, issues, provenance, cost,
)  # fmt: skip

_FILTERS = (
    written.number, written.signed, written.duration, written.words, written.arrows, written.tick, in_bytes,
)  # fmt: skip


@dataclass(frozen=True)
class Rendered:
    """A finished section: its anchor, its title, and what stands in it."""

    id: str
    title: str
    html: Markup


def render(runs: FinishedRuns) -> str:
    """The page as HTML."""
    templates = environment()
    templates.globals["summary"] = runs.summary
    built = [(module, module.build(runs)) for module in SECTIONS]
    shown = [
        Rendered(_name(module).replace("_", "-"), module.TITLE, _html(templates, module, content))
        for module, content in built
        if content is not None
    ]
    first = _html(templates, opening, opening.build(runs))
    return templates.get_template("page.html.jinja").render(opening=first, sections=shown)


def environment() -> Environment:
    """The templates of a page, which may use the filters of ``written``."""
    folder = Path(__file__).parent
    made = Environment(
        loader=FileSystemLoader([folder, folder / "sections"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {one.__name__: one for one in _FILTERS}
    return made


def _html(templates: Environment, module: ModuleType, content: Any) -> Markup:
    """What the template beside ``module`` makes of its content."""
    text = templates.get_template(f"{_name(module)}.html.jinja").render(vars(content))
    return Markup(text.rstrip("\n"))


def _name(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]
