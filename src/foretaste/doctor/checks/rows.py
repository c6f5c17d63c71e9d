"""Can every row of the label files be used?"""

from __future__ import annotations

from foretaste.doctor.examined import Examined
from foretaste.doctor.findings import Findings


def look(dataset: Examined, found: Findings) -> str:
    """What ``read_annotations`` reads, and every row that it would stop at."""
    read = dataset.annotations
    found.issues(read.issues, "a row that can be used", "mend the row; or leave it out: on_bad_input: skip")
    return f"{read.segments.num_rows:,} segments read, {len(read.issues)} bad rows"
