"""Numbers and names as people read them: on the page, where they are filters, and on the page of results."""

from __future__ import annotations


def number(value: float | None, digits: int = 1) -> str:
    """Digits behind the point, a true minus sign, and an en dash for what is absent."""
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def tick(value: float) -> str:
    """A value on an axis, no digits more than it needs."""
    return f"{value:g}".replace("-", "−")


def signed(value: float, digits: int = 1) -> str:
    """As ``number``, with a plus sign."""
    return ("+" if value >= 0 else "") + number(value, digits)


def duration(seconds: float | None) -> str:
    """Seconds as people say them."""
    if seconds is None:
        return "–"
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def words(name: str) -> str:
    """A class name to read: ``take_pan`` as "take pan"."""
    return name.replace("_", " ")


def arrows(text: str) -> str:
    """ASCII arrows of a preset as arrows."""
    return text.replace("->", "→")
