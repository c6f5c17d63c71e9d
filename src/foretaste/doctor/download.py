"""A public file, by its address and sha256: whole and as published, or not there at all."""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path

from foretaste.contracts.errors import DataError
from foretaste.doctor.published import PublicFile
from foretaste.pipeline import artifact

#: Seconds without a byte after which a server has gone.
PATIENCE_S = 60.0

CHUNK = 1 << 20


def download(file: PublicFile, path: Path) -> int:
    """Write ``path`` and return its bytes; DataError where it cannot be had, or is another file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with artifact.whole(path) as partial:
        try:
            answer = urllib.request.urlopen(file.address, timeout=PATIENCE_S)
            with answer, open(partial, "wb") as out:
                while chunk := answer.read(CHUNK):
                    digest.update(chunk)
                    size += out.write(chunk)
        except (urllib.error.URLError, HTTPException, TimeoutError) as error:
            raise DataError(
                f"it cannot be fetched ({getattr(error, 'reason', None) or error})",
                file.address,
                "an answer of its server",
                f"look to the connection, or put the file at {path} by hand",
            ) from error
        if (found := digest.hexdigest()) != file.sha256:
            raise DataError(
                f"{size:,} bytes of another file, sha256 {found}",
                file.address,
                f"sha256 {file.sha256}",
                "nothing of it is kept: see whether a page came in its place, or its publisher changed it",
            )
    return size
