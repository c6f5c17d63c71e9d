"""Can the run be planned: every system of it, down to the raw files that its steps would read?"""

from __future__ import annotations

from foretaste.contracts.errors import ForetasteError
from foretaste.doctor.examined import Examined
from foretaste.doctor.findings import Findings


def look(dataset: Examined, found: Findings) -> str:
    """The report of each system, and all that comes before it. Nothing is made."""
    steps: set[str] = set()
    systems = dataset.catalogue.systems_of(dataset.name)
    for system in systems:
        path = f"{dataset.catalogue.results}/{dataset.name}/{system}/report.html"
        try:
            node, _ = dataset.made.graph.at(path)
        except ForetasteError as error:
            found.error(error)
            continue
        steps |= {one.key for one in dataset.made.graph.walk([node])}
    return f"{len(steps)} steps of {', '.join(systems)}"
