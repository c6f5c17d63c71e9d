"""Every preset is planned on every dataset that it is made for, down to the last job, as `snakemake -n` does,
but without Snakemake.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import stand_ins
from stand_ins import ROOT

from foretaste.contracts.errors import DataError
from foretaste.pipeline.catalogue import Catalogue
from foretaste.pipeline.contents import Contents
from foretaste.pipeline.graph import Graph, Node
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.resources import asked
from foretaste.pipeline.targets import Targets

#: Datasets that differ from another one in the number of a split or a world.
ALIKE = re.compile(r"kitchen_w\d+|\w+_s[23]")


def pairs() -> list[tuple[str, str]]:
    files = Catalogue({"dataset": "kitchen"}, ROOT).files
    found = []
    for dataset in files.names("datasets"):
        if not ALIKE.fullmatch(dataset):
            run = Catalogue({"dataset": dataset}, ROOT)
            found += [(dataset, system) for system in files.names("systems") if run.fits(dataset, system)]
    return found


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("data")


def planned(data: Path, dataset: str, system: str) -> list[Node]:
    given = {
        "data_root": str(data),
        "results_root": str(data / "results"),
        "recipes": str(data / "layer1.json"),
    }
    run = Catalogue({"dataset": dataset, "systems": [system], **given}, ROOT)
    graph = Graph(Plan(run), Contents(data / ".sha256", may_write=False))
    return graph.walk([graph.at(path)[0] for path in Targets(run).reports(dataset, [system])({})])


@pytest.mark.slow
@pytest.mark.parametrize(("dataset", "system"), pairs())
def test_every_preset_is_planned(data, dataset, system):
    stand_ins.write(data, dataset)
    # What else is missing is named, one by one: with it there, the plan is whole.
    for _ in range(100):
        try:
            steps = planned(data, dataset, system)
            break
        except DataError as error:
            missing = re.match(r"missing (file|video folder): (\S+?): ", str(error))
            assert missing and missing[2].startswith(str(data)), str(error)
            names = [""] if missing[1] == "file" else ["1.webm", "1.avi", "1.mp4"]
            for path in (Path(missing[2], name) for name in names):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(path.name)
    else:
        pytest.fail("always another file that is missing")
    assert 5 < len(steps) < 1000
    for step in steps:
        job = {"record": step.record, "names": step.names}
        assert asked(job, {}, str(data / "results"), attempt=1)["mem_mb"] >= 4000
