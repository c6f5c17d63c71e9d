"""The page of predictions in a real browser, Debian's Chromium, at the sizes of a desk and of a hand, by day
and by night: it plays, complains of nothing, and the scrubber moves what is said, by keyboard and by finger.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import barcode
import numpy as np
import pytest
import tiny_package
from browsing import SCHEMES, SIZES, opened, too_wide

from foretaste.prediction.page import write_page
from foretaste.prediction.predictor import Predictor
from foretaste.prediction.told import Told, as_told, header, keep
from foretaste.prediction.watched import watch

NAME = "take_<!--<script></script><b>cup"
TRUTH = [
    {"start_s": 2.0, "stop_s": 4.0, "class": 1, "name": "fill_kettle",
     "teachers": [[{"class": 1, "name": "fill_kettle", "probability": 0.75}]]},
    {"start_s": 6.0, "stop_s": None, "class": 2, "name": "pour_water", "teachers": []},
]  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What was told of a clip of 8 s, and the clip."""
    folder = tmp_path_factory.mktemp("page")
    package = tiny_package.make(folder / "package")
    watched = watch(barcode.write_clip(folder / "a b.mp4", 80, size=(96, 128)))
    predictor = Predictor(package, "cpu")
    classes = predictor.classes
    renamed = (NAME, *classes.names("action")[1:])
    classes = replace(classes, heads={**classes.heads, "action": renamed})
    moments = predictor.moments(watched, watched.times_s(0.5))
    keep(folder / "lines", (as_told(moment, predictor.facts, classes, 3) for moment in moments))
    return Told(header("a b.mp4", watched, 0.5, predictor.facts, TRUTH), folder / "lines"), watched


@pytest.fixture(scope="module")
def page_file(told, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("html") / "out.html"
    write_page(*told, path)
    return path


def test_the_page_needs_no_network_and_is_one_file(page_file):
    text = page_file.read_text(encoding="utf-8")
    assert not re.search(r"""(src|href)\s*=\s*["'](?!data:)""", text)
    assert "@@" not in text and "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert NAME not in text, "a name of a class ends the script that holds it"


@pytest.fixture(params=[(size, scheme) for size in SIZES for scheme in SCHEMES], ids="-".join)
def page(request, browser, page_file):
    """The page, open."""
    with opened(browser, page_file.as_uri(), *request.param) as page:
        page.wait_for_function("document.getElementById('video').readyState >= 2")
        yield page


def said(page) -> tuple[float, list[str]]:
    """The time and the classes that are shown."""
    time_s = float(page.text_content("#said b").removesuffix(" s"))
    return time_s, page.locator("#said ol").first.locator(".name").all_text_contents()


def expected(told, time_s: float) -> list[str]:
    moments = {moment["time_s"]: moment for moment in told[0].moments()}
    return [one["name"].replace("_", " ") for one in moments[time_s]["top"]["action"]]


def playing_at(page) -> float:
    return page.evaluate("document.getElementById('video').currentTime")


def test_a_page_plays_and_its_scrubber_moves(page, told):
    assert said(page) == (0.0, expected(told, 0.0)) and page.is_visible("text=too early")
    assert too_wide(page) == 0

    page.focus("#scrubber")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert said(page) == (2.5, expected(told, 2.5))
    page.wait_for_function("document.getElementById('video').currentTime === 2.5")
    assert page.text_content("#truth") == "fill kettle (goes on then)"
    assert "2.5 seconds" in page.get_attribute("#scrubber", "aria-valuetext")
    assert page.is_visible("text=what its teacher said")
    page.keyboard.press("End")
    assert said(page) == (7.5, expected(told, 7.5))

    box = page.locator(".line").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 0.5, box["y"] + box["height"] / 2)
    assert said(page) == (4.0, expected(told, 4.0))
    assert page.text_content("#truth") == "pour water (1.0 s later)"
    drag(page, box, 0.5, 0.25)
    assert said(page) == (2.0, expected(told, 2.0))

    page.click("#play")
    page.wait_for_function("document.getElementById('video').currentTime > 3.1")
    time_s, classes = said(page)
    assert time_s >= 3.0 and classes == expected(told, time_s)
    page.click("#play")
    assert page.evaluate("document.getElementById('video').paused")
    stood = playing_at(page)
    page.wait_for_timeout(200)
    assert playing_at(page) == stood


def test_the_window_and_tau_a_are_drawn(page, told):
    page.focus("#scrubber")
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    header = told[0].header
    edges = page.evaluate(
        "[...document.querySelectorAll('.seen, .ahead')].map("
        "(one) => [one.x.baseVal.value, one.x.baseVal.value + one.width.baseVal.value])"
    )
    at = 1000 / header["video"]["duration_s"]
    times_s = [(6.0 - header["window_s"], 6.0), (6.0, 6.0 + header["tau_a"])]
    assert np.allclose(edges, [[start_s * at, stop_s * at] for start_s, stop_s in times_s], atol=0.01)


def drag(page, box, start: float, stop: float) -> None:
    """A finger that goes along the timeline, from one share of its width to another."""
    client = page.context.new_cdp_session(page)
    y = box["y"] + box["height"] / 2
    steps = np.linspace(box["x"] + box["width"] * start, box["x"] + box["width"] * stop, 8).tolist()
    for number, x in enumerate(steps):
        kind = "touchMove" if number else "touchStart"
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
