"""A section of the page is a module and a template, and its code is the report's code."""

import dataclasses
from pathlib import Path

from foretaste.pipeline.fingerprint import closure
from foretaste.report import page
from foretaste.report.sections import opening

FOLDER = Path(opening.__file__).parent


def test_every_section_is_on_the_page_once_and_has_its_template_beside_it():
    modules = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    placed = [section.__name__.rpartition(".")[2] for section in page.SECTIONS]
    assert sorted([*placed, "opening"]) == sorted(modules)
    assert {path.name.removesuffix(".html.jinja") for path in FOLDER.glob("*.jinja")} == modules


def test_what_a_section_shows_is_a_frozen_dataclass():
    for section in (opening, *page.SECTIONS):
        shown = getattr(section, section.__name__.rpartition(".")[2].title().replace("_", ""))
        assert dataclasses.is_dataclass(shown) and shown.__dataclass_params__.frozen


def test_an_edit_of_a_section_makes_the_report_anew():
    found = closure("report", {})
    assert {section.__name__.removeprefix("foretaste.") for section in page.SECTIONS} <= found
