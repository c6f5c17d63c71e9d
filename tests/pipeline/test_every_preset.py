"""Every preset is planned on every dataset that it is made for, down to the last job, as `snakemake -n` does,
but without Snakemake.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import stand_ins
from stand_ins import ROOT

from foretaste.settings.catalogue import Catalogue
from foretaste.settings.resources import asked

#: Datasets that differ from another one in the number of a split or a world.
ALIKE = re.compile(r"kitchen(_compositional)?_w\d+|\w+_s[23]")


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


@pytest.mark.slow
@pytest.mark.parametrize(("dataset", "system"), pairs())
def test_every_preset_is_planned(data, dataset, system):
    steps = stand_ins.whole_plan(data, dataset, system)
    assert 5 < len(steps) < 1000
    for step in steps:
        job = {"record": step.record, "names": step.names}
        assert asked(job, {}, str(data / "results"), attempt=1)["mem_mb"] >= 4000
