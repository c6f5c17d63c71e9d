"""A small dataset as a CSV file, and the reader of such files."""

from __future__ import annotations

from foretaste.settings import families

HEADER = "video,start,stop,split,verb,noun,participant,narration"
ROWS = (
    "tea1,2.0,4.5,training,take,cup,Ann,take the cup",
    "tea1,4.5,8,training,pour,water,Ann,",
    "tea2,1,3.25,training,take,cup,Bea,take a cup",
    "tea3,2,4,validation,pour,milk,Cid,pour milk",
)


def write(folder, *lines, name="a.csv", newline="\n"):
    """Write lines as a file of this folder."""
    (folder / name).write_bytes("".join(f"{line}{newline}" for line in lines).encode())


def read(folder, **settings):
    """What the reader finds there, by default in the file that ``write`` writes by default."""
    source = {} if "files" in settings else {"file": "a.csv"}
    return families.build(
        "annotations", {"kind": "csv", **source, **settings}, root=folder, dataset="mine"
    ).read()
