"""What the benchmarks have measured of stages, for steps that nothing like was run before
(docs/performance.md; a test compares these figures with bench/results).

What they are multiplied by has to be known before anything is built: here, the size of layer1.json.
"""

from __future__ import annotations

from dataclasses import dataclass

from foretaste.pipeline.graph import Node, raw_files
from foretaste.pipeline.store import Estimate

#: MB of a layer1.json that are read in a second, and instructions in a MB of it: bench/results/recipes.json.
RECIPES_MB_PER_S, INSTRUCTIONS_PER_MB = 175.3, 8660


@dataclass(frozen=True)
class Rate:
    """Seconds of CPU that a MB of recipes costs a stage, and the file of bench/results that says so."""

    cpu_s_per_mb: float
    file: str


READING = Rate(1 / RECIPES_MB_PER_S, "recipes.json")

#: Backend of OpenIE -> what it costs; an instruction counts as one sentence.
OPENIE_PER_S = {"rules": 66663, "allennlp": 227.7}
OPENIE = {
    backend: Rate(INSTRUCTIONS_PER_MB / per_s, "openie.json") for backend, per_s in OPENIE_PER_S.items()
}


def measured(node: Node) -> Estimate | None:
    """What a step will cost at the measured rate; None where there is none."""
    config = node.record["config"]
    rate, share, read = None, 1, 0
    if node.stage == "read_recipes":
        rate, read = READING, _raw_bytes(node)
    elif node.stage == "extract_openie":
        rate, share = OPENIE.get(config["backend"]["kind"]), config["shards"]
        read = sum(map(_raw_bytes, node.before))
    if rate is None or not read:
        return None
    cpu_s = rate.cpu_s_per_mb * read / 1e6 / share
    return Estimate(cpu_s=round(cpu_s, 2), source=f"bench/results/{rate.file}")


def _raw_bytes(node: Node) -> int:
    return sum(path.stat().st_size for path in raw_files(node.sources))
