"""A folder or a bucket, through fsspec."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import fsspec

from foretaste.contracts.errors import DataError
from foretaste.pipeline.artifact import sync
from foretaste.sharing.place import CHUNK, no_such_place


class FolderOrBucket:
    """The place at a path or URL: ``/shared/foretaste``, ``s3://bucket/prefix``."""

    def __init__(self, url: str):
        self.where = url.rstrip("/")
        if any(part.startswith(("http://", "https://")) for part in url.split("::")):
            # Of a server that is not there fsspec finds nothing, as if it were empty.
            raise no_such_place(url, "what lies on a web server cannot be listed")
        self._errors = _errors_of(self.where)
        try:
            # What a service was asked before, or where it was, is not remembered.
            fresh = {"use_listings_cache": False, "skip_instance_cache": True}
            self._files, self._root = fsspec.core.url_to_fs(self.where, **fresh)
        except (ImportError, ValueError) as error:
            raise no_such_place(url, error) from error
        self._local = self._files.protocol in ("file", ("file", "local"))

    def sizes(self, prefix: str) -> dict[str, int]:
        """See ``Place``."""
        with self._reached():
            try:
                found = self._files.find(self._at(prefix), detail=True)
            except FileNotFoundError:
                return {}
        return {path[len(self._root) :].lstrip("/"): facts["size"] for path, facts in found.items()}

    def read(self, path: str, limit: int) -> bytes | None:
        """See ``Place``."""
        with self._reached():
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
        with self._reached():
            try:
                with self._files.open(self._at(path), "rb") as file:
                    while chunk := file.read(CHUNK):
                        yield chunk
            except FileNotFoundError as error:
                raise DataError(
                    "missing file",
                    f"{self.where}/{path}",
                    "what its record tells of",
                    "tell who published it",
                ) from error

    def upload(self, files: Mapping[str, Path]) -> None:
        """See ``Place``. In a folder a file appears whole or not at all, as objects of a bucket do anyway."""
        if self._local:
            self._put_in_folder(files)
            return
        with self._reached():
            for path, source in files.items():
                self._files.put_file(str(source), self._at(path))

    def add(self, path: str, text: bytes) -> bool:
        """See ``Place``."""
        if self._local:
            with self._sending() as partial:
                if os.path.lexists(self._at(path)):
                    return False
                partial.write_bytes(text)
                _appear(partial, Path(self._at(path)))
            return True
        with self._reached():
            try:
                self._files.pipe_file(self._at(path), text, mode="create")
            except FileExistsError:
                return False
        return True

    def _put_in_folder(self, files: Mapping[str, Path]) -> None:
        with self._sending() as partial:
            for path, source in files.items():
                shutil.copyfile(source, partial)
                _appear(partial, Path(self._at(path)))

    @contextmanager
    def _sending(self) -> Iterator[Path]:
        """A file to write to. There is one publisher at a time, so that what was left of one that died is the
        next one's to write over.
        """
        sending = Path(self._root) / ".sending"
        sending.mkdir(parents=True, exist_ok=True)
        with open(sending / "lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield sending / "file"

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}".rstrip("/")

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """What a service says that cannot be reached, or will not be, as one line."""
        try:
            yield
        except self._errors as error:
            raise no_such_place(self.where, next(iter(str(error).splitlines()), error)) from error


def _appear(partial: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    sync(partial)
    os.replace(partial, target)


def _errors_of(url: str) -> tuple[type[Exception], ...]:
    """The errors of a service's own library, beside those of the system."""
    if not url.startswith("s3:"):
        return ()
    from botocore.exceptions import BotoCoreError, ClientError

    return (BotoCoreError, ClientError, OSError)
