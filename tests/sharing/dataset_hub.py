"""As much of the Hugging Face hub as a dataset repository needs: it is made, gets commits (files in the
commit and large ones beside it), is listed, and its files are downloaded.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote


@dataclass
class Hub:
    """What the server holds: repository -> path -> bytes; whatever a test puts there is served.

    large
        From so many bytes on a file goes beside the commit.
    downloads
        Paths in the order in which their bytes were asked for.
    torn
        Paths of which the next download breaks off in the middle.
    meanwhile
        What somebody else commits just before the next commit arrives.
    """

    address: str = ""
    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict)
    large: int = 500
    objects: dict[str, bytes] = field(default_factory=dict)
    downloads: list[str] = field(default_factory=list)
    torn: set[str] = field(default_factory=set)
    meanwhile: dict[str, bytes] = field(default_factory=dict)


@contextmanager
def hub() -> Iterator[Hub]:
    """A server on this machine."""
    held = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, held))
    held.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield held
    server.shutdown()
    server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, held: Hub, *arguments: Any):
        self.held = held
        super().__init__(*arguments)

    def do_GET(self) -> None:
        path = unquote(self.path.partition("?")[0])
        if path.startswith("/api/datasets/"):
            owner, name, *what = path.removeprefix("/api/datasets/").split("/")
            self._of(f"{owner}/{name}", self._tree if what[:1] == ["tree"] else self._info)
        elif path.startswith("/datasets/"):
            owner, name, _, _, file = path.removeprefix("/datasets/").split("/", 4)
            self._of(f"{owner}/{name}", lambda files: self._file(files, file))
        else:
            self._json({"error": "not found"}, 404)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        path, body = unquote(self.path.partition("?")[0]), self._body()
        if path == "/api/repos/create":
            asked = json.loads(body)
            name = f"{asked.get('organization') or 'me'}/{asked['name']}"
            there = name in self.held.repositories
            self.held.repositories.setdefault(name, {})
            self._json({"url": f"{self.held.address}/datasets/{name}"}, 409 if there else 200)
        elif path.endswith("/info/lfs/objects/batch"):
            self._json(
                {"transfer": "basic", "objects": [self._upload(one) for one in json.loads(body)["objects"]]}
            )
        elif "/preupload/" in path:
            modes = [
                {
                    "path": one["path"],
                    "uploadMode": "lfs" if one["size"] >= self.held.large else "regular",
                    "shouldIgnore": False,
                }
                for one in json.loads(body)["files"]
            ]
            self._json({"files": modes})
        else:
            owner, name, *_ = path.removeprefix("/api/datasets/").split("/")
            self._commit(self.held.repositories[f"{owner}/{name}"], body)

    def do_PUT(self) -> None:
        self.held.objects[self.path.rpartition("/")[2]] = self._body()
        self._answer(b"")

    def _of(self, name: str, answer: Callable[[dict[str, bytes]], None]) -> None:
        if name in self.held.repositories:
            answer(self.held.repositories[name])
        else:
            self._json({"error": "Repository not found"}, 404, {"X-Error-Code": "RepoNotFound"})

    def _tree(self, files: dict[str, bytes]) -> None:
        listed = [
            {"type": "file", "path": path, "size": len(text), "oid": "0" * 40} for path, text in files.items()
        ]
        self._json([{"type": "directory", "path": "score", "oid": "0" * 40}, *listed])

    def _info(self, files: dict[str, bytes]) -> None:
        self._json({"id": "me/x", "sha": _commit_of(files), "siblings": []})

    def _file(self, files: dict[str, bytes], path: str) -> None:
        if path not in files:
            self._json({"error": "Entry not found"}, 404, {"X-Error-Code": "EntryNotFound"})
            return
        text = files[path]
        facts = {"ETag": f'"{hashlib.sha256(text).hexdigest()}"', "X-Repo-Commit": _commit_of(files)}
        if self.command == "GET":
            self.held.downloads.append(path)
        if self.command == "GET" and path in self.held.torn:
            self.held.torn.discard(path)
            self._answer(text[: len(text) // 2], 200, {**facts, "Content-Length": str(len(text))})
            self.connection.close()
            return
        self._answer(text, 200, facts)

    def _upload(self, asked: dict[str, Any]) -> dict[str, Any]:
        to = {"href": f"{self.held.address}/objects/{asked['oid']}"}
        return {**asked, "actions": {"upload": to}}

    def _commit(self, files: dict[str, bytes], body: bytes) -> None:
        lines = [json.loads(line) for line in body.splitlines()]
        if any(line["value"]["path"].startswith("names/") for line in lines if line["key"] != "header"):
            files |= self.held.meanwhile
            self.held.meanwhile = {}
        upon = lines[0]["value"].get("parentCommit")
        if upon is not None and upon != _commit_of(files):
            self._json({"error": "the branch has moved on"}, 412)
            return
        for what in lines:
            value = what["value"]
            if what["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif what["key"] == "lfsFile":
                files[value["path"]] = self.held.objects[value["oid"]]
        self._json(
            {
                "commitUrl": f"{self.held.address}/datasets/me/ours/commit/{_commit_of(files)}",
                "commitOid": _commit_of(files),
            }
        )

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        text = b""
        while size := int(self.rfile.readline(), 16):
            text += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return text

    def _json(self, value: Any, code: int = 200, headers: dict[str, str] | None = None) -> None:
        self._answer(
            json.dumps(value).encode(), code, {"Content-Type": "application/json", **(headers or {})}
        )

    def _answer(self, body: bytes, code: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        pass


def _commit_of(files: dict[str, bytes]) -> str:
    parts = [f"{path} {hashlib.sha256(text).hexdigest()}" for path, text in sorted(files.items())]
    return hashlib.sha1("\n".join(parts).encode()).hexdigest()
