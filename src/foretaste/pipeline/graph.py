"""Every step of a run with its record, planned before anything is built: what a step is follows from its
settings, its code and the steps that it reads from, down to the raw files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foretaste.pipeline.contents import Contents
from foretaste.pipeline.fingerprint import code_of, imported
from foretaste.pipeline.once import Once
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.planned import Planned
from foretaste.pipeline.records import identity, listed, versions
from foretaste.settings.places import check_given
from foretaste.settings.result_paths import PATHS, file_of, path_of, steps_of


@dataclass(frozen=True)
class Source:
    """Where an input lies: a raw file at ``path``, or ``file`` of the result ``key``, which people know as
    ``path``.
    """

    path: str
    key: str | None = None
    file: str | None = None

    @property
    def identity(self) -> str:
        """Of an output of a step."""
        return f"{self.key}:{self.file}"


Sources = Source | tuple[Source, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Node:
    """One step.

    sources, places
        Where its inputs and its places lie.
    names
        Output, as it is called in the store -> the path that people use.
    before
        The steps that it reads from.
    key
        ``<stage>/<identity>`` of its result: the identity of its record, or of an earlier one whose result
        somebody accepted in its place.
    pinned
        Whether that result is one that a preset names, and is never made.
    """

    key: str
    stage: str
    record: Mapping[str, Any]
    sources: Mapping[str, Sources]
    places: Mapping[str, Any]
    names: Mapping[str, str]
    before: tuple[Node, ...]
    pinned: bool


@dataclass(frozen=True)
class Choice:
    """The result that is taken for a planned step; ``pinned``: by its name, and it is never made."""

    key: str
    pinned: bool = False


#: Of a stage, the names in the paths of what it makes, and its record.
Chosen = Callable[[str, Mapping[str, str], Mapping[str, Any]], Choice]


def as_planned(stage: str, names: Mapping[str, str], record: Mapping[str, Any]) -> Choice:
    """The planned result itself."""
    return Choice(f"{stage}/{identity(record)}")


class Graph:
    """The steps of one run, each planned when it is first asked for; ``chosen``: which results are taken for
    those that are planned.
    """

    def __init__(self, plan: Plan, contents: Contents, chosen: Chosen = as_planned):
        self.plan, self.contents, self._chosen = plan, contents, chosen
        self._results = f"{plan.results}/"
        self._nodes: dict[tuple[str, tuple[tuple[str, str], ...]], Node] = {}
        self._given: dict[tuple[str, ...], Sources] = {}
        self._lists = Once(lambda value: _of_list(value, contents))

    def step(self, stage: str, names: Mapping[str, str]) -> Node:
        """The step of ``stage`` that makes what has these names in its path."""
        key = stage, tuple(sorted(names.items()))
        if key not in self._nodes:
            self._nodes[key] = self._planned(stage, names)
        return self._nodes[key]

    def at(self, path: str) -> tuple[Node, str] | None:
        """The step, and which of its outputs, that ``path`` names or lies in; None for a file of no step."""
        inner = path.removeprefix(self._results).rstrip("/")
        if inner == path or not path.startswith(self._results):
            return None
        for stage, output, names in steps_of(inner):
            if self.plan.makes(stage, names):
                return self.step(stage, names), output
        return None

    def walk(
        self,
        last: Iterable[Node],
        wanted: Callable[[Node], bool] = lambda node: True,
        before: Callable[[Node], Iterable[Node]] = lambda node: node.before,
    ) -> list[Node]:
        """The steps ``last`` and all ``before`` them, each once and after those that it reads from; steps
        that are not ``wanted`` are left out, and what only they read.
        """
        found: dict[str, Node] = {}

        def visit(node: Node) -> None:
            if node.key in found or not wanted(node):
                return
            for other in before(node):
                visit(other)
            found[node.key] = node

        for node in last:
            visit(node)
        return list(found.values())

    def _planned(self, stage: str, names: Mapping[str, str]) -> Node:
        planned = self.plan.describe(stage, names)
        before: dict[str, Node] = {}
        sources = {name: self._sources(value, before) for name, value in planned.inputs.items()}
        places = _each_text(planned.places, lambda path: self._source(path, before))
        record = self._record(stage, planned, sources)
        choice = self._chosen(stage, names, record)
        return Node(
            key=choice.key,
            stage=stage,
            record=record,
            sources=sources,
            places=places,
            names={
                file_of(stage, output): self._results + path_of(stage, output, **names)
                for output in PATHS[stage]
            },
            before=() if choice.pinned else tuple(before.values()),
            pinned=choice.pinned,
        )

    def _record(self, stage: str, planned: Planned, sources: Mapping[str, Sources]) -> dict[str, Any]:
        code = code_of(stage, planned.config)
        return {
            "stage": stage,
            "config": planned.config,
            "inputs": identities(sources, self.contents, self._lists),
            "code": code,
            "libraries": versions(imported(code)),
            "threads": planned.threads,
            "processes": planned.processes,
        }

    def _sources(self, value: str | list[str], before: dict[str, Node]) -> Sources:
        if isinstance(value, str):
            return self._source(value, before, given=True)
        paths = tuple(value)
        if paths not in self._given:
            found = tuple(self._source(path, before, given=True) for path in paths)
            if any(source.key is not None for source in found):
                return found
            self._given[paths] = (
                found  # hundreds of thousands of clips are looked at once, not for every shard
            )
        return self._given[paths]

    def _source(self, path: str, before: dict[str, Node], given: bool = False) -> Source:
        """``given``: a raw file, which has to be there."""
        found = self.at(path)
        if found is None:
            if given:
                check_given([path])
            return Source(path)
        node, output = found
        before[node.key] = node
        return Source(path, node.key, file_of(node.stage, output))


def identities(
    sources: Mapping[str, Sources],
    contents: Contents,
    lists: Callable[[tuple[Source, ...]], Any] | None = None,
) -> dict[str, Any]:
    """What a record holds of a step's inputs; ``lists``: of those that are lists, where that is known."""
    of_list = lists or (lambda value: _of_list(value, contents))
    return {
        name: of_list(value) if isinstance(value, tuple) else _of_one(value, contents)
        for name, value in sources.items()
    }


def _of_one(source: Source, contents: Contents) -> str:
    return contents.of(source.path) if source.key is None else source.identity


def _of_list(value: tuple[Source, ...], contents: Contents) -> list[str] | dict[str, Any]:
    if any(source.key is not None for source in value):
        return listed([_of_one(source, contents) for source in value])
    return listed(contents.of_all(tuple(source.path for source in value)))


def raw_files(sources: Mapping[str, Sources]) -> Iterator[Path]:
    """The files among the inputs that no step makes."""
    for value in sources.values():
        for source in value if isinstance(value, tuple) else (value,):
            if source.key is None:
                yield Path(source.path)


def _each_text(value: Any, change: Callable[[str], Any]) -> Any:
    """``value`` with every text in its tables changed."""
    if isinstance(value, Mapping):
        return {name: _each_text(inner, change) for name, inner in value.items()}
    return change(value)
