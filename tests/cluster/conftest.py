"""A cluster, a checkout of the workflow that submits to it, and the log of what was seen.

``make cluster-test`` runs the short form, ``make cluster-test-full`` all of it; without either they skip.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from driving import PLUGIN, Checkout, Driver, new_checkout, say
from slurm_cluster import Cluster, call, missing

#: short, full, or nothing.
ASKED = os.environ.get("FORETASTE_CLUSTER", "")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = [item for item in items if item.path.parent == Path(__file__).parent]
    for item in here:
        if item.get_closest_marker("cluster") is None:
            continue
        if not ASKED:
            item.add_marker(pytest.mark.skip(reason="make cluster-test starts a cluster"))
        elif item.get_closest_marker("full") and ASKED != "full":
            item.add_marker(pytest.mark.skip(reason="make cluster-test-full runs it"))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Two nodes, which are gone at the end."""
    if lacking := missing():
        pytest.skip(lacking)
    if not PLUGIN.is_dir():
        pytest.skip(f"no {PLUGIN}: make cluster-plugin installs it")
    began = time.monotonic()
    # Who ends the tests ends the cluster, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    # (Not among pytest's folders, which only root may enter: munge's own user needs it.)
    with TemporaryDirectory(prefix="foretaste-slurm-") as folder, Cluster(Path(folder)) as cluster:
        say(f"# {len(call('sinfo', '-h', '-N', '-p', 'cpu').splitlines())} nodes after"
            f" {time.monotonic() - began:.0f} s", call("sinfo", "-N", "-o", "%N %P %T %c %m %G"))  # fmt: skip
        yield cluster


@pytest.fixture
def checkout(tmp_path) -> Iterator[Checkout]:
    """One without results; no driver that it started is left."""
    yield new_checkout(tmp_path / "foretaste")
    while Driver.started:
        Driver.started.pop().kill()
