"""Is every label file there, and is it itself: not empty, no Git-LFS pointer, no web page?"""

from __future__ import annotations

from pathlib import Path

from foretaste.contracts.errors import DataError
from foretaste.contracts.foreign_files import check_is_itself
from foretaste.doctor.examined import Examined
from foretaste.doctor.findings import Findings


def look(dataset: Examined, found: Findings) -> str:
    """Each file that the reader reads."""
    paths = dataset.label_files
    for path in paths:
        if not path.exists():
            _missing(path, dataset, found)
            continue
        try:
            check_is_itself(path)
        except DataError as error:
            found.error(error)
    return f"{len(paths)} label files"


def _missing(path: Path, dataset: Examined, found: Findings) -> None:
    beside = path.parent.iterdir() if path.parent.is_dir() else ()
    alike = sorted(one.name for one in beside if one.name.casefold() == path.name.casefold())
    near = f" (there is {', '.join(alike)})" if alike else ""
    to_do = f"foretaste fetch {dataset.name}, or correct data_root and the reader's folders"
    found.fail(f"missing label file{near}", path, "a file that the reader reads", to_do)
