"""Write the submission file of an EPIC-KITCHENS-100 challenge, of anticipation or of recognition, from any
scores of its test split.

    foretaste submission --scores DIR --out test.json
    foretaste submission --scores F.npz --out test.json --sls-pt 2 \\
        --samples results/epic100/samples/anticipation.parquet
    foretaste submission --challenge recognition --scores DIR --out test.json

DIR is a score cache, F.npz an archive as `foretaste scores export` writes it. With --samples every segment of
the split must have a score, dropped or not, as the challenge demands. An archive does not say which split it
holds: that is checked with --samples alone. The supervision levels say what an entry learnt from: --sls-pt
pretraining, --sls-tl labels, --sls-td data, 0 to 5 each; the defaults are those of the anticipation
challenge's own baseline.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pyarrow.compute as pc

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.tables import SAMPLES, read_table
from foretaste.evaluation.submission import CHALLENGES, submission
from foretaste.pipeline import artifact
from foretaste.scores.exchange import read_split


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument(
        "--scores", required=True, metavar="DIR|F.npz", type=Path, help="a scores/ folder, or a NumPy archive"
    )
    parser.add_argument("--out", required=True, metavar="FILE", type=Path, help="the JSON file to write")
    parser.add_argument(
        "--challenge", choices=tuple(CHALLENGES), default="anticipation", help="(default: %(default)s)"
    )
    parser.add_argument(
        "--split", help="the split to submit (default: test); of an archive with --samples only"
    )
    parser.add_argument(
        "--samples",
        metavar="FILE",
        type=Path,
        help="the table of samples, to check that the segments are those of the split",
    )
    for name, default, what in (
        ("pt", 1, "pretraining"),
        ("tl", 4, "training labels"),
        ("td", 3, "training data"),
    ):
        parser.add_argument(
            f"--sls-{name}",
            type=int,
            default=default,
            help=f"supervision level of {what} (default: %(default)s)",
        )


def run(arguments: argparse.Namespace) -> None:
    """Write the file, whole or not at all."""
    split, unchecked = (
        arguments.split or "test",
        arguments.scores.is_file() and arguments.samples is None,
    )
    if unchecked and arguments.split is not None:
        raise ConfigError(
            f"--split {split} of an archive, which does not say what it holds",
            arguments.scores,
            "--samples, or no --split",
            "give the table of samples of the dataset",
        )
    scored = read_split(arguments.scores, split)
    if arguments.samples is not None:
        table = read_table(arguments.samples, SAMPLES)
        wanted = set(table.filter(pc.equal(table["split"], split))["sample_id"].to_pylist())
        if odd := sorted(wanted.symmetric_difference(scored.sample_ids)):
            raise DataError(
                f"scores of {len(scored.sample_ids)} segments, {len(odd)} differ, e.g. {odd[0]}",
                arguments.scores,
                f"the {len(wanted)} of split {split}",
                "score all of them (no earliest_stop_s, no skipped videos)",
            )
    levels = {name: getattr(arguments, name) for name in ("sls_pt", "sls_tl", "sls_td")}
    with artifact.whole(arguments.out) as partial, open(partial, "w", encoding="utf-8") as file:
        for piece in submission(scored, levels, arguments.challenge):
            file.write(piece)
    of = "a split that was not checked (--samples checks it)" if unchecked else split
    print(f"{arguments.out}: {len(scored.sample_ids)} segments of {of}")
