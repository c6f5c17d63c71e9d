"""Which kind of file features of another program lie in, told by what is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.features.array_files import ArrayFiles, Arrays, archive_of_videos, read_npy, read_npz, read_pt
from foretaste.features.frame_keys import FrameKeys
from foretaste.features.given import Source
from foretaste.features.lmdb_file import is_lmdb
from foretaste.pipeline.found_files import matching

#: Suffix of a file a video -> its kind, and what reads it.
_KINDS: dict[str, tuple[str, Callable[[Path, str], Arrays]]] = {
    ".npy": ("npy", read_npy),
    ".npz": ("npz", read_npz),
    ".pt": ("pt", read_pt),
    ".pth": ("pt", read_pt),
}

_EXPECTED = "an LMDB (data.mdb), files .npy, .npz, .pt or .pth, one a video, or one .npz of all videos"


def open_source(path: Path) -> Source:
    """The features at ``path``: an LMDB's folder or file, a folder of files a video, an archive of arrays.

    Raises DataError where there are none, or those of several kinds, or two files of one video.
    """
    if not path.exists():
        raise DataError("nothing there", path, _EXPECTED, "correct the path")
    if (path / "data.mdb").is_file():
        return FrameKeys(path / "data.mdb")
    if path.is_dir():
        return _folder(path)
    if path.suffix == ".npz":
        return archive_of_videos(path)
    if is_lmdb(path):
        return FrameKeys(path)
    raise ConfigError(f"a file {path.suffix or 'without a suffix'}", path, _EXPECTED, "name one of these")


def _folder(path: Path) -> Source:
    paths: dict[str, Path] = {}
    kinds = set()
    for suffix, (kind, read) in _KINDS.items():
        for file in matching(path, f"**/*{suffix}"):
            if file.stem in paths:
                both = f"{paths[file.stem]} and {file}"
                raise DataError(
                    f"two files of {file.stem}", both, "one file a video", "name the folder of one kind"
                )
            paths[file.stem] = file
            kinds.add((kind, read))
    if len(kinds) != 1:
        found = " and ".join(sorted(kind for kind, _ in kinds)) or "nothing of the kind"
        raise DataError(f"{found} in a folder", path, _EXPECTED, "name a folder of one kind of file")
    ((kind, read),) = kinds
    return ArrayFiles(kind, paths, read)
