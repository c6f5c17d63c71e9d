"""The report, and the page of several runs, in a real browser: whole on a desk, in a hand and on paper, by
day and by night; clips play; tables sort and are there as files, plots too.
"""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from browsing import SCHEMES, SIZES, opened, too_wide
from made_up_run import make_run

from foretaste.report import comparison
from foretaste.stages import report

#: px, of A4 between margins of 10 mm.
PAPER = 718

#: JavaScript: what reaches beyond the paper.
CUT = """[...document.querySelectorAll('table, svg, img, figure, p, pre')]
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
    .map((one) => one.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The step of a finished report."""
    videos = {"training": 4, "validation": 5}
    step = make_run(tmp_path_factory.mktemp("run"), seeds=2, videos=videos, actions=20, pairs=True)
    report.run(step)
    return step


@pytest.fixture(scope="module")
def addresses(made):
    """Page -> where it is."""
    results = Path(__file__).parents[2] / "docs" / "results"
    several = made.outputs["report"].with_name("comparison.html")
    files = [results / "epic55_end.json", results / "epic55_all.json", results / "kitchen_start.json"]
    several.write_text(comparison.page(files), encoding="utf-8")
    return {"report": made.outputs["report"].as_uri(), "comparison": several.as_uri()}


@pytest.fixture
def desk(browser, made):
    """The page on a desk, by night."""
    with opened(browser, made.outputs["report"].as_uri(), "desk", "dark") as page:
        yield page


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("name", "section", "at"), [("report", "arms", 4), ("comparison", "numbers", 5)])
def test_it_fits_and_its_tables_sort(browser, addresses, name, section, at, size, scheme):
    with opened(browser, addresses[name], size, scheme) as page:
        assert too_wide(page) == 0
        table = page.locator(f"#{section} table").first
        head, was = table.locator(f"th:nth-child({at})"), column(table, at)
        told = [one for one in was if one]
        assert len(told) > 3 and told != sorted(told, key=float, reverse=True)
        absent = [""] * (len(was) - len(told))
        head.click()
        assert column(table, at) == sorted(told, key=float, reverse=True) + absent
        head.press("Enter")
        assert column(table, at) == sorted(told, key=float) + absent
        assert head.get_attribute("aria-sort") == "ascending"
        head.press("Enter")
        assert column(table, at) == was and head.get_attribute("aria-sort") is None


#: JavaScript: of every table whether each click keeps its rows, the third brings back their order, and every
#: format has a line a row; of every plot whether it is written.
EVERYTHING = """() => {
    const wrong = [];
    for (const table of document.querySelectorAll('table')) {
        const name = table.closest('section')?.id ?? 'opening';
        const told = () => [...table.tBodies[0].rows].map((row) => row.textContent).join();
        const was = told();
        const rows = table.tBodies[0].rows.length, all = rows + (table.tFoot?.rows.length ?? 0);
        for (const head of table.querySelectorAll('.sorts')) {
            head.click(); head.click();
            if (table.tBodies[0].rows.length !== rows) wrong.push(`${name}: rows`);
            head.click();
            if (told() !== was) wrong.push(`${name}: order`);
        }
        const lines = (text) => text.trimEnd().split('\\n').length;
        const found = [lines(csv(table)) - 1, lines(markdown(table)) - 2, lines(latex(table)) - 7];
        if (found.some((count) => count !== all)) wrong.push(`${name}: ${found} lines of ${all}`);
        if (table.querySelector('.track') && !forest(table).startsWith('<svg')) wrong.push(`${name}: plot`);
    }
    for (const svg of document.querySelectorAll('svg[viewBox]')) {
        if (!drawing(svg).includes('<text')) wrong.push(svg.outerHTML.slice(0, 80));
    }
    return wrong;
}"""


@pytest.mark.parametrize("name", ["report", "comparison"])
def test_every_table_and_plot_can_be_sorted_and_saved(browser, addresses, name):
    with opened(browser, addresses[name], "desk", "light") as page:
        assert page.locator("table").count() > 5
        assert page.locator(".files").count() >= page.locator("table").count()
        assert page.evaluate(EVERYTHING) == []


def column(table, at: int) -> list[str]:
    """The numbers of a column; "" for what is absent."""
    texts = table.locator(f"tbody td:nth-child({at})").all_text_contents()
    return [re.match(r"[\d.]*", text.strip())[0] for text in texts]


def test_clips_play(desk):
    clips = desk.locator("#known video")
    assert clips.count() > 1
    clip = clips.first
    clip.scroll_into_view_if_needed()
    clip.evaluate("(one) => one.play()")
    desk.wait_for_function("document.querySelector('#known video').currentTime > 0.3")
    seconds = clip.evaluate("(one) => one.duration")
    shown = [float(text) for text in desk.locator("#known .times").first.evaluate(
        "(one) => [...one.children].map((part) => part.style.flexGrow)"
    )]  # fmt: skip
    assert len(shown) == 3 and abs(sum(shown) - seconds) < 0.2


@pytest.mark.parametrize("name", ["report", "comparison"])
def test_on_paper_nothing_is_cut_or_folded_and_the_ink_is_dark(browser, addresses, name):
    with opened(browser, addresses[name], "desk", "dark") as page:
        folded = page.locator("details").count()
        page.set_viewport_size({"width": PAPER, "height": 1040})
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.evaluate(CUT) == []
        assert folded and page.locator("details[open]").count() == folded
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(33, 30, 25)"
        assert not page.locator(".files").first.is_visible()
        if name == "report":
            assert page.locator(".still").first.is_visible() and not page.locator("video").first.is_visible()
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator("details[open]").count() == 0
        assert page.pdf(format="A4").startswith(b"%PDF")


def saved(page, of: str, label: str, folder: Path) -> str:
    """What a button saves."""
    button = page.locator(f'.files[data-of="{of}"]').first.get_by_text(label, exact=True)
    with page.expect_download() as download:
        button.click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path.read_text(encoding="utf-8")


def test_tables_are_files(desk, made, tmp_path):
    summary = json.loads(made.outputs["summary"].read_text())
    arms = [summary["arms"][name] for name in summary["models"]]
    rows = list(csv.DictReader(saved(desk, "arms-table", "CSV", tmp_path).splitlines()))
    assert (tmp_path / "kitchen-lm_avt_demo-arms.csv").exists()
    students = [arm for arm in arms if arm["role"] == "student"]
    assert [row["arm"] for row in rows] == [arm["label"] for arm in students]
    for row, arm in zip(rows, students, strict=True):
        for name, metric in (("top-1", "top1"), ("class-mean recall@5", "class_mean_recall5")):
            shown = arm["action"][metric]
            assert (row[name], row[f"{name} sd"]) == (f"{shown['mean']:.1f}", f"{shown['sd']:.1f}")
    differences = list(csv.DictReader(saved(desk, "opening-table", "CSV", tmp_path).splitlines()))
    assert all(re.fullmatch(r"-?\d+\.\d", row["points"]) for row in differences)

    lines = saved(desk, "arms-table", "Markdown", tmp_path).splitlines()
    assert len(lines) == 2 + len(students) and len({line.count("|") for line in lines}) == 1
    assert lines[1].startswith("|---|--:|") and lines[2].startswith("| AVT | ")
    tex = saved(desk, "settings-table", "LaTeX", tmp_path)
    assert r"history\_length" in tex and r"\begin{tabular}{llr" in tex and "_" not in tex.replace(r"\_", "")
    counts = {line.count("&") for line in tex.splitlines() if line.endswith(r"\\")}
    assert len(counts) == 1


@pytest.mark.parametrize(
    "of", ["curves-plot", "pipeline-plot", "confusion-plot", "agreement-table", "classes-table"]
)
def test_plots_are_drawings_in_the_colours_of_paper(desk, tmp_path, of):
    text = saved(desk, of, "SVG", tmp_path)
    drawing = ElementTree.fromstring(text)
    assert drawing.tag == "{http://www.w3.org/2000/svg}svg" and float(drawing.get("width")) > 100
    assert "var(" not in text and "class=" not in text and "color(" not in text
    words = [one for one in drawing.iter() if one.tag.endswith("text")]
    assert words and all("rgb(236, 230, 218)" not in one.get("style") for one in words), (
        "the ink of the night"
    )
