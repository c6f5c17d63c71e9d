"""The ways through the house grow no longer unnoticed."""

from __future__ import annotations

import pytest
from trips import trips

#: Modules on each way when this was last written. Who makes one longer says why, here. The sections of the
#: report count as one: each is handed the finished runs, and the way to one leads through no other. A
#: setting's way has the graph of all steps, where one gets its identity, and the file of its job, since
#: results are kept by identity; and what is set on the command line.
MOST = {"recipe line": 29, "segment": 37, "setting": 21}
SECTIONS = "report/sections/"


@pytest.mark.slow
def test_no_way_is_longer_than_it_was(tmp_path):
    found = trips(tmp_path)
    assert found.keys() == MOST.keys()
    for name, passed in found.items():
        modules = {SECTIONS if module.startswith(SECTIONS) else module for module in passed}
        assert 5 < len(modules) <= MOST[name], f"{name}: {' '.join(modules)}"
