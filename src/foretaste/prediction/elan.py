"""Predictions as annotations of ELAN (EAF 3.0), beside the truth where it is known.

A tier a head says the likeliest class at the times at which it was said; for models that look ahead another
one says it at the times that are meant, tau_a later. Moments in a row with one likeliest class are one
annotation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO
from xml.sax.saxutils import escape, quoteattr

from foretaste.pipeline.artifact import whole
from foretaste.prediction.told import Told, spans

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="foretaste" DATE="1970-01-01T00:00:00+00:00" FORMAT="3.0" VERSION="3.0"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">
<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
<MEDIA_DESCRIPTOR MEDIA_URL={url} MIME_TYPE="video/mp4" RELATIVE_MEDIA_URL={relative}/>
</HEADER>
"""
_TAIL = """<LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="default" TIME_ALIGNABLE="true"/>
</ANNOTATION_DOCUMENT>
"""


@dataclass(frozen=True)
class Annotation:
    """A text over a span of the video, in seconds."""

    start_s: float
    stop_s: float
    text: str


def write_elan(told: Told, path: Path) -> None:
    """Write the file; ELAN finds the video beside it, or asks for it."""
    tiers = list(_tiers(told))
    name = told.header["video"]["file"]
    with whole(path) as partial, open(partial, "w", encoding="utf-8") as file:
        file.write(_HEAD.format(url=quoteattr(name), relative=quoteattr(f"./{name}")))
        _write_times(file, tiers)
        number = 0
        for tier, inner in tiers:
            file.write(f'<TIER LINGUISTIC_TYPE_REF="default" TIER_ID={quoteattr(tier)}>\n')
            for one in inner:
                number += 1
                slots = f'TIME_SLOT_REF1="ts{2 * number - 1}" TIME_SLOT_REF2="ts{2 * number}"'
                file.write(f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a{number}" {slots}>')
                file.write(f"<ANNOTATION_VALUE>{escape(one.text)}</ANNOTATION_VALUE>")
                file.write("</ALIGNABLE_ANNOTATION></ANNOTATION>\n")
            file.write("</TIER>\n")
        file.write(_TAIL)


def _write_times(file: TextIO, tiers: list[tuple[str, list[Annotation]]]) -> None:
    file.write("<TIME_ORDER>\n")
    number = 0
    for _, inner in tiers:
        for one in inner:
            for time_s in (one.start_s, one.stop_s):
                number += 1
                file.write(f'<TIME_SLOT TIME_SLOT_ID="ts{number}" TIME_VALUE="{round(time_s * 1000)}"/>\n')
    file.write("</TIME_ORDER>\n")


def _tiers(told: Told) -> Iterator[tuple[str, list[Annotation]]]:
    """Their names and what stands in them."""
    heads = list(next(told.moments())["top"])
    shift_s, duration_s = told.header["tau_a"], told.header["video"]["duration_s"]
    for head in heads:
        said = _runs(told, head)
        yield f"{head}, when it is said", said
        if told.header["ahead"]:
            meant = [
                Annotation(one.start_s + shift_s, min(one.stop_s + shift_s, duration_s), one.text)
                for one in said
                if one.start_s + shift_s < duration_s
            ]
            yield f"{head}, when it is to be", meant
    known = [
        Annotation(one["start_s"], duration_s if one["stop_s"] is None else one["stop_s"], one["name"] or "")
        for one in told.header["truth"]
    ]
    if known:
        yield "truth", known


def _runs(told: Told, head: str) -> list[Annotation]:
    """The likeliest class of a head, moments of one class in a row as one."""
    found: list[Annotation] = []
    for start_s, stop_s, moment in spans(told):
        name = moment["top"][head][0]["name"]
        if found and found[-1].text == name:
            found[-1] = Annotation(found[-1].start_s, stop_s, name)
        else:
            found.append(Annotation(start_s, stop_s, name))
    return found
