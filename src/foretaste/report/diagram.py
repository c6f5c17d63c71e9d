"""The pipeline of a system as a picture: layers from left to right, lanes from text (top) to video (bottom).

Nodes follow from the models' settings, so the picture shows the run that was made: a preset without language
models has no text lane.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

#: Width and height of a node, gaps between layers and between nodes, margin.
_W, _H, _GAP_X, _GAP_Y, _PAD = 156, 42, 42, 14, 8


@dataclass(frozen=True)
class Node:
    """One artifact: ``kind`` (text, labels, video, teacher, student, result) picks lane and colour, ``stage``
    makes it.
    """

    name: str
    label: str
    stage: str
    kind: str


@dataclass(frozen=True)
class Graph:
    """Nodes, and edges (from, to) by name; edges lead to the right."""

    nodes: tuple[Node, ...]
    edges: tuple[tuple[str, str], ...]


_LANES = ("text", "labels", "teacher", "student", "result", "video")


def pipeline(models: Mapping[str, Mapping[str, Any]], pretrained: Sequence[str]) -> Graph:
    """The graph of a system.

    models
        name -> label, role, lm, backbone, frame_store, mentions (names of the models it learns from or
        averages), averaged (bool).
    pretrained
        Those language models that are pretrained on recipes.
    """
    nodes = [
        Node("segments", "segments", "read_annotations", "labels"),
        Node("samples", "samples", "make_samples", "labels"),
    ]
    edges = [("segments", "samples")]
    lms = [lm for lm in dict.fromkeys(model.get("lm") for model in models.values()) if lm in pretrained]
    if lms:
        chain = [
            Node("sentences", "sentences", "read_recipes", "text"), Node("extractions", "extractions",
            "extract_openie", "text"),
            Node("phrases", "phrases", "make_phrases", "text"),
        ]  # fmt: skip
        nodes += chain + [Node(f"lm/{lm}", lm, "pretrain", "text") for lm in lms]
        edges += [
            ("sentences", "extractions"),
            ("extractions", "phrases"),
            *(("phrases", f"lm/{lm}") for lm in lms),
        ]
    backbones = [name for name in dict.fromkeys(model.get("backbone") for model in models.values()) if name]
    stores = [name for name in dict.fromkeys(model.get("frame_store") for model in models.values()) if name]
    if backbones or stores:
        nodes.append(Node("videos", "videos", "probe_videos", "video"))
    for name in stores:
        nodes.append(Node(f"frames/{name}", f"frames {name}", "store_frames", "video"))
        edges.append(("videos", f"frames/{name}"))
    for name in backbones:
        nodes += [
            Node(f"net/{name}", f"backbone {name}", "train_backbone", "video"),
            Node(f"features/{name}", "features", "extract_features", "video"),
        ]
        edges += [("videos", f"net/{name}"), ("samples", f"net/{name}"), (f"net/{name}", f"features/{name}")]
    for name, model in models.items():
        nodes.append(
            Node(name, model["label"], "average" if model.get("averaged") else "train, score", model["role"])
        )
        edges += [(other, name) for other in model.get("mentions", ()) if other in models]
        if model.get("lm") in lms:
            edges.append((f"lm/{model['lm']}", name))
        if model.get("frame_store"):
            edges.append((f"frames/{model['frame_store']}", name))
        if model.get("backbone"):
            edges.append((f"features/{model['backbone']}", name))
        elif not model.get("averaged"):
            edges.append(("samples", name))
    nodes.append(Node("report", "metrics, report", "evaluate, report", "result"))
    edges += [
        (name, "report")
        for name in models
        if not any(name in other.get("mentions", ()) for other in models.values())
    ]
    return Graph(tuple(nodes), tuple(edges))


def layers(graph: Graph) -> dict[str, int]:
    """The column of every node: right of all its predecessors; teachers side by side, then means of teachers,
    then students.
    """
    depth = {node.name: 0 for node in graph.nodes}

    def settle() -> None:
        for _ in graph.nodes:
            for source, target in graph.edges:
                depth[target] = max(depth[target], depth[source] + 1)

    settle()
    stages = [{node.name for node in graph.nodes if node.kind == "teacher" and node.stage != "average"}]
    stages += [{node.name for node in graph.nodes if node.kind == kind} for kind in ("student", "result")]
    for together in stages:
        depth.update(dict.fromkeys(together, max((depth[name] for name in together), default=0)))
        settle()
    return depth


def draw(graph: Graph, colours: Mapping[str, str]) -> Markup:
    """The graph as inline SVG; ``colours``: node name -> CSS colour of its edge strip (models)."""
    depth = layers(graph)
    columns: dict[int, list[Node]] = {}
    for node in sorted(graph.nodes, key=lambda n: _LANES.index(n.kind)):
        columns.setdefault(depth[node.name], []).append(node)
    tallest = max(len(nodes) for nodes in columns.values())
    height = tallest * (_H + _GAP_Y) - _GAP_Y + 2 * _PAD
    place = {}
    for column, nodes in columns.items():
        for node, y in zip(nodes, _heights(nodes, height), strict=True):
            place[node.name] = (_PAD + column * (_W + _GAP_X), y)
    width = (max(columns) + 1) * (_W + _GAP_X) - _GAP_X + 2 * _PAD
    parts = [_edge(place[a], place[b], _coloured(a, graph, colours)) for a, b in graph.edges]
    parts += [_box(node, *place[node.name], colours.get(node.name)) for node in graph.nodes]
    title = "<title>Artifacts of this run and the stages that make them</title>"
    return Markup(
        f'<svg class="dag" viewBox="0 0 {width} {height:.0f}" role="img">{title}{"".join(parts)}</svg>'
    )


def _heights(nodes: Sequence[Node], height: float) -> list[float]:
    """Tops of a column's boxes: text hangs from the top, video stands on the bottom, the rest is centred
    between them.
    """
    step = _H + _GAP_Y
    above, below = (sum(node.kind == kind for node in nodes) for kind in ("text", "video"))
    between = len(nodes) - above - below
    lowest, highest = _PAD + above * step, height - _PAD + _GAP_Y - (below + between) * step
    middle = min(max((height - between * step + _GAP_Y) / 2, lowest), highest)
    tops = [_PAD + i * step for i in range(above)] + [middle + i * step for i in range(between)]
    return tops + [height - _PAD + _GAP_Y - (below - i) * step for i in range(below)]


def _coloured(source: str, graph: Graph, colours: Mapping[str, str]) -> str | None:
    kinds = {node.name: node.kind for node in graph.nodes}
    return colours.get(source) if kinds[source] == "teacher" else None


def _edge(source: tuple[float, float], target: tuple[float, float], colour: str | None) -> str:
    x1, y1, x2, y2 = source[0] + _W, source[1] + _H / 2, target[0], target[1] + _H / 2
    bend = min((x2 - x1) / 2, 60)
    style = f' style="stroke:{colour};opacity:.75"' if colour else ""
    return (
        f'<path class="edge" d="M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f}'
        f' {y2:.1f}"{style}/>'
    )


def _box(node: Node, x: float, y: float, colour: str | None) -> str:
    label, stage = (text if len(text) <= 22 else f"{text[:21]}…" for text in (node.label, node.stage))
    strip = (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="4" height="{_H}" rx="2" style="fill:{colour}"/>'
        if colour
        else ""
    )
    return (
        f'<g class="node {node.kind}"><title>{escape(node.label)} ({escape(node.stage)})</title>'
        f'<rect class="box" x="{x:.1f}" y="{y:.1f}" width="{_W}" height="{_H}" rx="5"/>{strip}'
        f'<text class="what" x="{x + 12:.1f}" y="{y + 18:.1f}">{escape(label)}</text>'
        f'<text class="stage" x="{x + 12:.1f}" y="{y + 33:.1f}">{escape(stage)}</text></g>'
    )
