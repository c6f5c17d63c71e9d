"""A folder or a bucket, through fsspec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import fsspec

from foretaste.contracts.errors import DataError
from foretaste.sharing.place import no_such_place

CHUNK = 2**22


class FolderOrBucket:
    """The place at a path or URL: ``/shared/foretaste``, ``s3://bucket/prefix``."""

    def __init__(self, url: str):
        self.where = url.rstrip("/")
        try:
            self._files, self._root = fsspec.core.url_to_fs(self.where, use_listings_cache=False)
        except (ImportError, ValueError) as error:
            raise no_such_place(url, error) from error
        self._local = self._files.protocol in ("file", ("file", "local"))

    def sizes(self, prefix: str) -> dict[str, int]:
        """See ``Place``."""
        try:
            found = self._files.find(self._at(prefix), detail=True)
        except FileNotFoundError:
            return {}
        return {path[len(self._root) :].lstrip("/"): facts["size"] for path, facts in found.items()}

    def read(self, path: str, limit: int) -> bytes | None:
        """See ``Place``."""
        try:
            with self._files.open(self._at(path), "rb") as file:
                found = file.read(limit + 1)
        except FileNotFoundError:
            return None
        if len(found) > limit:
            raise DataError(
                f"more than {limit} bytes", f"{self.where}/{path}", "a small file", "look at what lies there"
            )
        return found

    def chunks(self, path: str) -> Iterator[bytes]:
        """See ``Place``."""
        try:
            with self._files.open(self._at(path), "rb") as file:
                while chunk := file.read(CHUNK):
                    yield chunk
        except FileNotFoundError as error:
            raise DataError(
                "missing file", f"{self.where}/{path}", "what its record tells of", "tell who published it"
            ) from error

    def upload(self, files: Mapping[str, Path]) -> None:
        """See ``Place``. In a folder a file appears whole or not at all, as objects of a bucket do anyway."""
        for path, source in files.items():
            target = self._at(path)
            self._files.makedirs(target.rpartition("/")[0], exist_ok=True)
            if not self._local:
                self._files.put_file(str(source), target)
                continue
            partial = f"{target}.partial"
            self._files.put_file(str(source), partial)
            self._files.mv(partial, target)

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}".rstrip("/")
