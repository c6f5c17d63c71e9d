"""Measure any score file, of this project or another's.

    foretaste evaluate --scores DIR --samples results/<dataset>/samples/<task>.parquet --split validation
    foretaste evaluate --scores F.npz --samples results/<dataset>/samples/<task>.parquet --split test --json

DIR is a score cache (`foretaste scores show DIR`). F.npz holds sample_id (text) and by the name of each head
that is scored (action) float32 logits, one row a sample (of probabilities their logarithms); F.classes.json
beside it gives the class order (`foretaste scores export` writes such a pair, and docs/formats.md names the
other formats that are read). Classes are matched by name with the classes.json beside the
samples, where there is one. Every labelled sample of the split needs a score. Verbs and nouns are measured
from the actions' probabilities, actions of a model that has verbs and nouns alone from theirs. Numbers are
per cent; "-" (null in JSON) stands where a dataset has no such classes. `--split held_out` measures a model
with `held_out: k` on the training videos that it went without, for choices that validation must not make.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from foretaste.contracts.classes import read_classes
from foretaste.contracts.metrics import METRICS
from foretaste.evaluation.measuring import evaluate
from foretaste.evaluation.protocols import heads_in


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument(
        "--scores", required=True, metavar="DIR|F.npz", type=Path, help="a scores/ folder, or a NumPy archive"
    )
    parser.add_argument(
        "--samples", required=True, metavar="FILE", type=Path, help="the samples of the dataset's task"
    )
    parser.add_argument("--split", required=True, help="e.g. validation")
    parser.add_argument("--json", action="store_true", help="print what metrics.json would hold")


def run(arguments: argparse.Namespace) -> None:
    """Print the numbers."""
    # Of a dataset's results they lie one folder up: samples/<task>.parquet, classes.json.
    places = [folder / "classes.json" for folder in arguments.samples.absolute().parents[:2]]
    beside = next((path for path in places if path.exists()), None)
    metrics = evaluate(
        arguments.scores,
        arguments.samples,
        arguments.split,
        None if beside is None else read_classes(beside),
    )
    if arguments.json:
        print(json.dumps(metrics, indent=1, sort_keys=True))
        return
    print(f"{metrics['samples']} samples of {arguments.split}, per cent")
    heads = heads_in(metrics)
    widths = [max(8, len(head) + 2) for head in heads]
    print(f"{'':25}{''.join(f'{head:>{width}}' for head, width in zip(heads, widths))}")
    for name in METRICS:
        values = ["-" if metrics[head][name] is None else f"{metrics[head][name]:.2f}" for head in heads]
        print(f"{name:25}{''.join(f'{value:>{width}}' for value, width in zip(values, widths))}")
