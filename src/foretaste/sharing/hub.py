"""A dataset repository of the Hugging Face hub, through its own client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path

from httpx2 import HTTPError, TransportError  # what the hub's client raises without a connection
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.constants import HF_HUB_ETAG_TIMEOUT
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, RepositoryNotFoundError

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.sharing.place import CHUNK, HUB, no_such_place

#: The hub's answer to a commit upon one that is no longer the last.
MOVED_ON = 412

#: What the client raises: for a name, an answer that it does not understand, a refusal, a connection.
_ERRORS = (ValueError, EntryNotFoundError, HTTPError, OSError)

#: Of these, what it raises where the hub cannot be reached, or must not be (HF_HUB_OFFLINE).
_UNREACHED = (TransportError, ConnectionError)


class Repository:
    """The dataset repository ``<owner>/<name>``."""

    def __init__(self, name: str):
        self.where, self._name, self._api = f"{HUB}{name}", name, HfApi()

    @cached_property
    def _sizes(self) -> dict[str, int]:
        with self._reached():
            try:
                # Without a network this gives up at once, where the listing tries for 23 seconds. What is
                # answered is for the listing to tell, which tries again.
                with suppress(HfHubHTTPError):
                    self._api.dataset_info(self._name, timeout=HF_HUB_ETAG_TIMEOUT, expand=["sha"])
                tree = self._api.list_repo_tree(self._name, repo_type="dataset", recursive=True)
                return {file.path: file.size for file in tree if hasattr(file, "size")}
            except RepositoryNotFoundError:
                return {}

    def sizes(self, prefix: str) -> dict[str, int]:
        """See ``Place``; the repository is listed once."""
        inside = f"{prefix}/" if prefix else ""
        return {path: size for path, size in self._sizes.items() if path.startswith(inside)}

    def read(self, path: str, limit: int) -> bytes | None:
        """See ``Place``."""
        if path not in self._sizes:
            return None
        if self._sizes[path] > limit:
            raise DataError(
                f"more than {limit} bytes", f"{self.where}/{path}", "a small file", "look at what lies there"
            )
        return b"".join(self.chunks(path))

    def chunks(self, path: str) -> Iterator[bytes]:
        """See ``Place``."""
        try:
            local = self._api.hf_hub_download(self._name, path, repo_type="dataset")
        except _ERRORS as error:
            raise ConfigError(
                f"cannot be downloaded ({next(iter(str(error).splitlines()), error)})",
                f"{self.where}/{path}",
                "a file of the repository, and a connection",
                "try again",
            ) from error
        with open(local, "rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk

    def upload(self, files: Mapping[str, Path]) -> None:
        """See ``Place``: one commit."""
        with self._reached():
            self._api.create_repo(self._name, repo_type="dataset", exist_ok=True)
            self._commit([CommitOperationAdd(path, str(source)) for path, source in files.items()])

    def add(self, path: str, text: bytes) -> bool:
        """See ``Place``: a commit upon the one in which the path was looked for."""
        with self._reached():
            self._api.create_repo(self._name, repo_type="dataset", exist_ok=True)
            head = self._api.repo_info(self._name, repo_type="dataset").sha
            self._forget()
            if path in self._sizes:
                return False
            try:
                self._commit([CommitOperationAdd(path, text)], head)
            except HfHubHTTPError as error:
                if error.response.status_code != MOVED_ON:
                    raise
                self._forget()
                return False
        return True

    def _commit(self, operations: list[CommitOperationAdd], upon: str | None = None) -> None:
        message = f"foretaste: {len(operations)} files"
        self._api.create_commit(
            self._name, operations, commit_message=message, repo_type="dataset", parent_commit=upon
        )
        self._forget()

    def _forget(self) -> None:
        """What the repository holds is asked anew."""
        self.__dict__.pop("_sizes", None)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """What the client says that cannot reach the hub, or is refused, as one line."""
        try:
            yield
        except _UNREACHED as error:
            raise ConfigError(
                f"no answer from the hub ({next(iter(str(error).splitlines()), error)})",
                self.where,
                "a connection to it",
                "connect this machine (and unset HF_HUB_OFFLINE), or leave the hub out: a folder in its place"
                " can be carried to and fro",
            ) from error
        except _ERRORS as error:
            raise no_such_place(self.where, next(iter(str(error).splitlines()), error)) from error
