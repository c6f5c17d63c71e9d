from __future__ import annotations

import pytest
from stored import make

from foretaste.pipeline.store import Store
from foretaste.sharing.opening import open_place
from foretaste.sharing.remote import publish


@pytest.fixture
def shared(tmp_path):
    """A store with a result that is published to a folder, and another that is empty."""
    store = Store(tmp_path / "ours")
    key, place = make(store, "text"), open_place(str(tmp_path / "place"))
    publish(store, key, place)
    return store, key, place, Store(tmp_path / "theirs")
