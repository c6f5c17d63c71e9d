"""A page in a real browser, Debian's Chromium: as on a desk or in a hand, by day or by night, without a
network, and with an ear for what the browser complains of.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

SIZES = {"desk": (1280, 900), "hand": (400, 800)}
SCHEMES = ("light", "dark")


@contextmanager
def opened(browser, address: str, size: str, scheme: str, *, offline: bool = True) -> Iterator:
    """The page at ``address``, open; AssertionError at the end if the browser said anything was wrong with
    it, or if it asked for anything from elsewhere. ``page.complaints``: what was said so far.
    """
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, has_touch=True, offline=offline
    )
    page = context.new_page()
    page.complaints = []
    home = address.rpartition("/")[0] if "://127." in address else address
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on(
        "console",
        lambda said: page.complaints.append(said.text) if said.type in ("error", "warning") else None,
    )
    page.on(
        "request",
        lambda asked: (
            None if asked.url.startswith((home, "data:", "blob:")) else page.complaints.append(asked.url)
        ),
    )
    page.goto(address)
    yield page
    assert page.complaints == []
    context.close()


def too_wide(page) -> int:
    """By how many pixels a page is wider than its screen."""
    return page.evaluate("Math.max(document.documentElement.scrollWidth - innerWidth, 0)")
