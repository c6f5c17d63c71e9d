"""Scores that another program wrote, as a cache: what it holds and where it comes from, no more.

How they were made is not known here, so the record names nothing but the files; a row's digest, which tells
equal inputs elsewhere, is that of the file and the sample.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from foretaste.contracts.errors import DataError, unknown
from foretaste.pipeline import artifact
from foretaste.scores.exchange import read_file
from foretaste.scores.format import DIGEST_BYTES, HELD_OUT, RECORD
from foretaste.scores.plain import SplitScores
from foretaste.scores.writer import ScoreWriter

#: Splits that data sets have, and that of rows which a model went without.
SPLITS = ("training", "validation", "test", HELD_OUT)


def import_scores(
    files: Mapping[str, Path],
    classes: Path,
    folder: Path,
    *,
    trained_on: Sequence[str] | None = None,
    licence: str | None = None,
    terms: str | None = None,
) -> None:
    """Write the cache ``folder``, whole or not at all, from split -> file.

    classes
        The class list of all files: the order of their columns.
    trained_on
        Splits that the model was trained on; None: not stated.
    licence, terms
        Of the data that was scored; None: not stated.

    Raises what ``exchange.read_file`` does; ConfigError for a split that no data set has: rows of a misspelt
    one would count as never trained on. DataError for a folder that is there, for files of different heads,
    and for logits that half precision cannot hold (``format.encode``).
    """
    for split in (*files, *(trained_on or ())):
        if split not in SPLITS:
            raise unknown("split", split, SPLITS, "--split and --trained-on")
    if folder.exists():
        raise DataError("it is there already", folder, "a new folder", "remove it, or choose another --out")
    read = {split: read_file(path, classes) for split, path in files.items()}
    digests = {split: artifact.sha256(path) for split, path in files.items()}
    names = [Path(path).name for path in files.values()]
    record = dict.fromkeys(set(RECORD) - {"classes"})
    facts = {
        "data": {"licence": licence, "terms": terms},
        "imported": [
            {"split": split, "file": name, "sha256": digests[split]}
            for split, name in zip(files, names, strict=True)
        ],
    }
    with artifact.whole(folder) as partial:
        writer = ScoreWriter(
            partial,
            record={**record, "weights": dict(zip(files, digests.values(), strict=True))},
            classes=next(iter(read.values())).classes,
            trained_on=trained_on,
            facts=facts,
        )
        for split, scored in read.items():
            writer.write(split, scored.sample_ids, _row_digests(scored, digests[split]), scored.logits)
        writer.finish()


def _row_digests(scored: SplitScores, file: str) -> list[bytes]:
    texts = [f"{file} {sample}" for sample in scored.sample_ids]
    return [hashlib.sha256(text.encode()).digest()[:DIGEST_BYTES] for text in texts]
