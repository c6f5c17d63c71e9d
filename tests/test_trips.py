"""The ways through the house grow no longer unnoticed."""

from __future__ import annotations

import pytest
from trips import trips

#: Modules on each way when this was last written. Who makes one longer says why, here. A segment's has each
#: section of the report, a module since every one of them is handed the finished runs. A setting's has the
#: graph of all steps, where one gets its identity, and the file of its job, since results are kept by
#: identity; and what is set on the command line.
MOST = {"recipe line": 29, "segment": 50, "setting": 21}


@pytest.mark.slow
def test_no_way_is_longer_than_it_was(tmp_path):
    found = trips(tmp_path)
    assert found.keys() == MOST.keys()
    for name, modules in found.items():
        assert 5 < len(modules) <= MOST[name], f"{name}: {' '.join(modules)}"
