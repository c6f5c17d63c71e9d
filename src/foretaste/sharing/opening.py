"""From a URL or path to the place that it names."""

from __future__ import annotations

from foretaste.sharing.folder_or_bucket import FolderOrBucket
from foretaste.sharing.place import HUB, Place


def open_place(url: str) -> Place:
    """The place at a URL or path. Raises ConfigError for one of a kind that cannot be opened."""
    if url.startswith(HUB):
        from foretaste.sharing.hub import Repository  # its client takes a while to import

        return Repository(url.removeprefix(HUB))
    return FolderOrBucket(url)
