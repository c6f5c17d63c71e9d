"""What counting is worth on the real labels, beside reference values that an independent program of counts
gave.

    python bench/counts.py --data DIR [--times official] [--out bench/results/counts.json]

DIR holds epic55/ (EPIC-KITCHENS-55's annotation files) and rulstm/ (ek55/ and egtea/ of RULSTM/data). Nothing
is random.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from foretaste.contracts.batch import Batch
from foretaste.contracts.view import Sources
from foretaste.evaluation.measure import measure
from foretaste.evaluation.protocols import targets
from foretaste.scores.average import divide_by_prior
from foretaste.settings import families
from foretaste.tasks import anticipation

AVERAGE = ("trigram", "distances", "parts")


class Case(NamedTuple):
    """One line of the table: what is counted, what is seen, and the reference values."""

    tables: tuple[str, ...]
    rule: str
    source: str
    prior_exponent: float
    reference: tuple[float, ...]


def _case(
    tables: str | tuple[str, ...],
    rule: str,
    *reference: float,
    source: str = "all_splits",
    prior_exponent: float = 0.0,
) -> Case:
    return Case((tables,) if isinstance(tables, str) else tables, rule, source, prior_exponent, reference)


#: dataset -> (tau_a, the reference's metrics, lines). The reference counts with RULSTM's clock.
CASES: dict[str, tuple[float, tuple[str, ...], tuple[Case, ...]]] = {
    "epic55": (
        1.0,
        ("top1", "top5", "many_shot_recall5_and", "many_shot_recall5_or"),
        (
            _case("unigram", "start", 2.6, 8.2, 1.1, 0.6),
            _case("repeat", "end", 8.8, 15.7, 6.7, 5.5),
            _case("bigram", "end", 11.6, 23.0, 13.1, 9.1),
            _case("trigram", "end", 11.2, 23.3, 13.5, 9.9),
            _case("parts", "end", 11.2, 22.4, 16.3, 12.9),
            _case(AVERAGE, "end", 12.7, 26.8, 17.8, 14.0),
            _case("repeat", "start", 10.3, 17.0, 8.2, 6.7),
            _case("bigram", "start", 16.2, 30.0, 18.9, 13.4),
            _case("trigram", "start", 15.8, 31.2, 20.7, 15.3),
            _case("parts", "start", 11.8, 27.1, 22.8, 18.4),
            _case(AVERAGE, "start", 17.5, 35.7, 25.2, 20.4),
            _case("bigram", "all", 17.4, 32.1, 20.1, 14.8),
            _case(AVERAGE, "all", 19.3, 38.4, 27.6, 22.7),
        ),
    ),
    "egtea": (
        0.5,
        ("top1", "class_mean_recall1", "top5"),
        (
            _case("unigram", "start", 7.4, 0.9, 20.7),
            _case("repeat", "end", 17.9, 14.9, 32.3),
            _case("bigram", "end", 24.9, 20.1, 48.8),
            _case("trigram", "end", 21.0, 20.7, 45.8, prior_exponent=0.5),
            _case("bigram", "start", 26.3, 23.6, 55.0),
            _case("trigram", "start", 24.1, 24.3, 50.5, prior_exponent=0.5),
            _case("bigram", "end", 24.2, 16.9, 45.4, source="own_split"),
            _case("bigram", "start", 24.9, 19.1, 49.8, source="own_split"),
        ),
    ),
}  # fmt: skip


def lines(dataset: str, data: Path, times: str = "rulstm_30fps", every: int = 1) -> Iterator[dict[str, Any]]:
    """The table of one dataset, or each ``every``-th line of it: a dictionary a line, metrics in per cent."""
    tau_a, metrics, cases = CASES[dataset]
    reader = {"kind": "epic55", "times": times} if dataset == "epic55" else {"kind": "egtea"}
    read = families.build("annotations", reader, root=data, dataset=dataset).read()
    samples = anticipation.build(anticipation.Config(tau_a=tau_a, tau_o=5.0), segments=read.segments)
    sources = Sources(samples=samples, segments=read.segments, classes=read.classes)
    target = torch.from_numpy(samples.column("action_id").to_numpy().astype(np.int64))
    training = torch.tensor([split == "training" for split in samples.column("split").to_pylist()])
    wanted = targets(samples, "validation")
    counts = np.bincount(target[training], minlength=len(read.classes.names("action")))
    for case in cases[::every]:
        begin = time.perf_counter()
        view = families.build(
            "views", {"kind": "action_ids", "rule": case.rule, "source": case.source}, sources=sources
        )
        history = view.fetch(range(len(view))).inputs["history"]
        model = families.build("models", {"kind": "counts", "tables": case.tables}, sources=sources)
        model.fit(history[training], target[training])
        parts = [
            model(Batch(ids=(), inputs={"history": part})).logits["action"]
            for part in history[~training].split(512)
        ]
        logits = torch.cat(parts).numpy()
        if case.prior_exponent:
            logits = divide_by_prior(logits, counts, case.prior_exponent)
        found = measure({"action": logits}, wanted, read.classes)["action"]
        yield {
            "tables": list(case.tables),
            "rule": case.rule,
            "source": case.source,
            "prior_exponent": case.prior_exponent,
            "metrics": found,
            "reference": dict(zip(metrics, case.reference, strict=True)),
            "seconds": round(time.perf_counter() - begin, 2),
        }


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument(
        "--times",
        choices=("rulstm_30fps", "official"),
        default="rulstm_30fps",
        help="EPIC-55's clock (default: %(default)s)",
    )
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    results = {}
    for dataset, (tau_a, metrics, _) in CASES.items():
        print(f"{dataset}, tau_a {tau_a} s: here (reference), per cent")
        print(
            f"{'tables':32}{'rule':7}{'history from':14}{'prior^x':9}"
            + "".join(f"{name.replace('many_shot_', 'ms_'):>24}" for name in metrics)
        )
        results[dataset] = []
        for line in lines(dataset, arguments.data, arguments.times):
            cells = (f"{line['metrics'][name]:.2f} ({line['reference'][name]})" for name in metrics)
            head = (
                f"{'+'.join(line['tables']):32}{line['rule']:7}{line['source']:14}{line['prior_exponent']:<9}"
            )
            print(head + "".join(f"{cell:>24}" for cell in cells), flush=True)
            results[dataset].append(line)
    if arguments.out:
        arguments.out.write_text(
            json.dumps({"times": arguments.times, **results}, indent=1, sort_keys=True) + "\n"
        )


if __name__ == "__main__":
    main()
