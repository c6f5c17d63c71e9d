"""What a run will cost, a line a stage, for people: the last thing that a dry run says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from foretaste.pipeline.forecast import BEFORE, BY_SIZE
from foretaste.pipeline.picture import clock
from foretaste.pipeline.sizes import in_bytes
from foretaste.pipeline.store import Estimate
from foretaste.settings.catalogue import Catalogue
from foretaste.settings.preset_files import Files

#: What is not known of a step of which something is.
UNKNOWN = "unknown"

_HEAD = ("planned", "jobs", "CPU time", "GPU time", "disk", "memory", "from")

_LEGEND = {
    BEFORE: "what steps of equal settings took, whatever their seeds and losses (median; the largest memory)",
    BY_SIZE: "the same times the bytes that are read over those that were",
}

#: ``# Cost  ...`` in the head of a preset, with the lines that go on further in.
_COST = re.compile(r"^# Cost +(.*(?:\n# {5,}.*)*)", re.M)

_Stages = Mapping[str, Sequence[Estimate]]


def lines(planned: Sequence[tuple[str, Estimate | None]], catalogue: Catalogue) -> Iterator[str]:
    """The table, what its words mean, and what the presets say themselves; ``planned``: (stage, estimate)."""
    if not planned:
        return
    known: dict[str, list[Estimate]] = {}
    for stage, estimate in planned:
        if estimate is not None:
            known.setdefault(stage, []).append(estimate)
    yield ""
    if known:
        yield from _table(known)
    unknown = Counter(stage for stage, estimate in planned if estimate is None)
    if unknown:
        told = ", ".join(f"{stage} ({count})" for stage, count in unknown.items())
        yield f"in no sum, for nothing like them was run or measured: {told}"
    yield from _of_presets(catalogue)


def _table(known: _Stages) -> Iterator[str]:
    everything = [estimate for some in known.values() for estimate in some]
    rows = [_HEAD, *(_row(stage, some) for stage, some in known.items()), _row("all", everything)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *numbers, source in rows:
        right = "  ".join(f"{cell:>{width}}" for cell, width in zip(numbers, widths[1:-1], strict=True))
        yield f"{name:{widths[0]}}  {right}  {source}"
    sources = {one.source for one in everything}
    yield from (f"{word}: {meaning}" for word, meaning in _LEGEND.items() if word in sources)


def _row(name: str, estimates: Sequence[Estimate]) -> tuple[str, ...]:
    sources = Counter(one.source for one in estimates)
    told = (f"{source} ({count})" for source, count in sources.items())
    return (
        name,
        str(len(estimates)),
        _told(sum, (one.cpu_s for one in estimates), clock),
        _told(sum, (one.gpu_s for one in estimates), clock),
        _told(sum, (one.bytes for one in estimates), in_bytes),
        _told(max, (one.max_rss_mb for one in estimates), lambda mb: in_bytes(mb * 1e6)),
        ", ".join(told) if len(sources) > 1 else next(iter(sources)),
    )


def _told(add: Callable, values: Iterable[float | None], written: Callable[[float], str]) -> str:
    known = [value for value in values if value is not None]
    return written(add(known)) if known else UNKNOWN


def _of_presets(catalogue: Catalogue) -> Iterator[str]:
    """What the presets of a run state at their heads or, where they do not, the nearest that they are based
    on.
    """
    files = catalogue.files
    chains = [files.chain("systems", system) for system in catalogue.systems]
    nearest = (next(filter(None, (_stated(files, name) for name in chain)), None) for chain in chains)
    yield from dict.fromkeys(filter(None, nearest))


def _stated(files: Files, name: str) -> str | None:
    found = _COST.search(files.text("systems", name))
    return found and f"workflow/systems/{name}.yaml: {' '.join(found[1].replace('#', ' ').split())}"
