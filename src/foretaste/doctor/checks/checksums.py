"""Are the label files, byte for byte, the published ones, as far as their sha256 is known
(``workflow/published``)?
"""

from __future__ import annotations

from foretaste.doctor.examined import Examined
from foretaste.doctor.findings import Findings, NothingToCheckError
from foretaste.pipeline.artifact import sha256


def look(dataset: Examined, found: Findings) -> str:
    """Each file that is read and known."""
    known = {} if dataset.published is None else {one.path: one for one in dataset.published.each_file()}
    compared = 0
    for path in dataset.label_files:
        name = path.relative_to(dataset.labels_root).as_posix()
        if name not in known or not path.is_file():
            continue
        compared += 1
        if (digest := sha256(path)) != known[name].sha256:
            found.warn(
                "another file than the published one",
                path,
                f"sha256 {known[name].sha256}, found {digest}",
                f"compare it with {known[name].address or 'the source'}; if it was changed on purpose, say so"
                " beside the numbers",
            )
    if not compared:
        raise NothingToCheckError("no checksum of these files is known")
    return f"{compared} of {len(dataset.label_files)} label files compared with their published sha256"
