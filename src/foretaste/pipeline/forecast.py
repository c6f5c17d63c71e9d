"""What a step will cost, said before it runs: what steps like it cost before, as the records of the stores
tell; where there are none, what was measured of its stage (``measured_costs``); else nothing.

Like it are steps of its stage with the same settings, threads and processes, and first weights as large.
Seeds, names, the part of the data and the losses of an objective do not count, but where a loss asks a
teacher in every step. What they cost is taken times the bytes that this step will read over those that they
read, of the data that both read and that are not as large for both. Where that is more than ten, or less
than a tenth, or not known because what it reads is not there yet and nothing can be said of it, nothing is
said. A training whose length is given in steps costs the same on any data.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from foretaste.contracts.errors import DataError
from foretaste.pipeline.graph import Node, Source
from foretaste.pipeline.measured_costs import measured
from foretaste.pipeline.once import Once
from foretaste.pipeline.records import digest
from foretaste.pipeline.sizes import size_of
from foretaste.pipeline.store import RECORD, Cost, Estimate, Store, read_entry

#: The newest results of a stage that are looked at, so that a store may hold any number.
LOOKED_AT = 60

#: How many times as much, or as little, may be read as was before.
FACTOR = 10

#: Where an estimate comes from: steps that read as much, steps that read another amount.
BEFORE, BY_SIZE = "before", "before, by size"

#: Names and numbers that do not move what a step costs; and settings.
_NAMES = (
    "seed", "dataset", "system", "world", "model", "lm", "label", "title", "shard", "split", "evaluated",
    "command",
)  # fmt: skip
_SETTINGS = ("protocol", "data")

#: Inputs that are networks, of which one of another size is another; and one that is as its settings say.
_NETWORKS = ("lm", "generator", "pretrained", "weights", "archive")
_OWN = "checkpoint"


@dataclass(frozen=True)
class _Past:
    """What a step cost, and the bytes of its files."""

    cost: Cost
    bytes: int


class Forecast:
    """What the stores of a run tell of costs."""

    def __init__(self, store: Store):
        self._store = store
        self._roots = (store.own, *map(Path, store.others))
        self._past: dict[str, dict[str, list[_Past]]] = {}
        self._said: dict[str, Estimate | None] = {}
        self._raw_list = Once(lambda value: sum(size_of(one.path) for one in value))
        self._results: dict[str, int | None] = {}

    def of(self, node: Node) -> Estimate | None:
        """What a step will cost; None where nothing can be said."""
        if node.key not in self._said:
            self._said[node.key] = self._as_before(node) or measured(node)
        return self._said[node.key]

    def _as_before(self, node: Node) -> Estimate | None:
        if node.stage not in self._past:
            self._past[node.stage] = self._look(node.stage)
        past = self._past[node.stage].get(kin(node.record), [])
        factors = self._factors(node, past)
        near = [one for one in zip(past, factors, strict=True) if 1 / FACTOR <= one[1] <= FACTOR]
        if not near:
            return None
        same = all(abs(factor - 1) < 0.01 for _, factor in near)
        return Estimate(
            cpu_s=round(median(one.cost.cpu_s * factor for one, factor in near), 2),
            gpu_s=round(median(one.cost.gpu_s * factor for one, factor in near), 2),
            max_rss_mb=max(one.cost.max_rss_mb for one, _ in near),
            bytes=round(median(one.bytes * factor for one, factor in near)),
            source=BEFORE if same else BY_SIZE,
        )

    def _factors(self, node: Node, past: list[_Past]) -> list[float]:
        """What the cost of each past step is to be multiplied by; 0 where that is not known."""
        reads = self._reads(node) if past else {}
        if _counts_steps(node.record["config"]):
            reads = {name: size for name, size in reads.items() if _kind(name) in _NETWORKS}
        return [_factor(reads, one.cost.read_bytes) for one in past]

    def _look(self, stage: str) -> dict[str, list[_Past]]:
        """The newest results of a stage, by their kin."""
        found: dict[str, list[_Past]] = {}
        for folder in _newest(root / stage for root in self._roots):
            try:
                entry = read_entry(folder)
            except (DataError, FileNotFoundError):  # it is no result, or was dropped just now
                continue
            if entry.cost is not None:
                found.setdefault(kin(entry.record), []).append(_Past(entry.cost, entry.bytes))
        return found

    def _reads(self, node: Node) -> dict[str, int | None]:
        """Input -> its bytes, None where they are not known."""
        before = {other.key: other for other in node.before}

        def size(source: Source) -> int | None:
            return size_of(source.path) if source.key is None else self._bytes(before[source.key])

        def sizes(value: Source | tuple[Source, ...]) -> int | None:
            if isinstance(value, Source):
                return size(value)
            if value and value[0].key is None:  # a list is of raw files or of results
                return self._raw_list(value)
            found = [size(one) for one in value]
            return None if None in found else sum(found)

        return {name: sizes(value) for name, value in node.sources.items()}

    def _bytes(self, node: Node) -> int | None:
        """Bytes of a result: of the one that is there, or as it is estimated."""
        if node.key not in self._results:
            folder, said = self._store.find(node.key), self.of(node)
            known = said if folder is None else read_entry(folder)
            self._results[node.key] = None if known is None else known.bytes
        return self._results[node.key]


def kin(record: Mapping[str, Any]) -> str:
    """Equal of steps that cost the same on the same data."""
    config = record["config"]
    out = _SETTINGS if "live" in config else (*_SETTINGS, "objective")
    return digest([record["stage"], _without(config, out), record["threads"], record["processes"]])


def _without(value: Any, out: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        kept = {name: inner for name, inner in value.items() if name not in out}
        return {
            name: _without(inner, out)
            for name, inner in kept.items()
            if name not in _NAMES or isinstance(inner, Mapping)
        }
    return [_without(inner, out) for inner in value] if isinstance(value, list | tuple) else value


def _factor(now: Mapping[str, int | None], before: Mapping[str, int]) -> float:
    """What a cost is to be multiplied by, 0 where that is not known: input -> bytes, ``now`` and before."""
    both = [name for name in now if name in before and now[name] != before[name]]
    if (now and not before) or any(now[name] is None for name in both):
        return 0.0
    networks = [name for name in both if _kind(name) in _NETWORKS]
    if any(abs(now[name] - before[name]) > 0.1 * before[name] for name in networks):
        return 0.0
    data = [name for name in both if _kind(name) not in (*_NETWORKS, _OWN)]
    was = sum(before[name] for name in data)
    return sum(now[name] for name in data) / was if was else float(not data)


def _kind(name: str) -> str:
    """Of an input; that of a teacher that is asked in every step is called ``live.<teacher>.<input>``."""
    return name.rpartition(".")[2]


def _counts_steps(config: Mapping[str, Any]) -> bool:
    """Whether a training's length is given in steps."""
    inner = config["model"] if isinstance(config.get("model"), Mapping) else config
    training = inner.get("training")
    return isinstance(training, Mapping) and training.get("steps") is not None


def _newest(folders: Iterator[Path]) -> list[Path]:
    """The folders of results that were made last."""
    found: list[tuple[float, str]] = []
    for folder in folders:
        if folder.is_dir():
            with os.scandir(folder) as entries:
                found += [(one.stat().st_mtime, one.path) for one in entries if not one.name.startswith(".")]
    newest = sorted(found, reverse=True)[:LOOKED_AT]
    return [Path(path) for _, path in newest if Path(path, RECORD).is_file()]
