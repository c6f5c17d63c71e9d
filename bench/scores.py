"""The score cache at the size of EPIC-55: bytes, time to write, open and read by sample id, and what storing
costs in exactness.

    python bench/scores.py [--rows 28472] [--out bench/results/scores.json]

Peer: the same fp16 rows in an HDF5 dataset (one row a chunk), read by h5py in shuffled batches, as many
training codes keep teacher outputs. CPU seconds of one process; scores are Gaussian logits of standard
deviation 3.5, 2,513 classes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from foretaste.contracts.classes import ClassSpace
from foretaste.scores.average import log_softmax
from foretaste.scores.format import RECORD
from foretaste.scores.reader import open_scores
from foretaste.scores.verify import verify
from foretaste.scores.writer import ScoreWriter

CLASSES, BATCH = 2513, 64


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """CPU seconds, and what the work returned."""
    start = time.process_time()
    result = work()
    return round(time.process_time() - start, 3), result


def write(folder: Path, logits: np.ndarray, ids: list[str]) -> None:
    """A cache of one split, in batches of 512 as a scoring run writes them."""
    space = ClassSpace(heads={"action": tuple(f"action {c}" for c in range(CLASSES))})
    writer = ScoreWriter(
        folder, model="teacher", record={field: None for field in RECORD if field != "classes"}, classes=space
    )
    for start in range(0, len(ids), 512):
        part = slice(start, start + 512)
        digests = [hashlib.sha256(sample.encode()).digest()[:16] for sample in ids[part]]
        writer.write("training", ids[part], digests, {"action": logits[part]})
    writer.finish()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=28_472)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "scores.json")
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3.5, (arguments.rows, CLASSES)).astype(np.float32)
    ids = [f"sample {i}" for i in range(arguments.rows)]
    batches = np.array_split(rng.permutation(arguments.rows), max(arguments.rows // BATCH, 1))
    with tempfile.TemporaryDirectory() as temporary:
        folder, peer = Path(temporary) / "scores", Path(temporary) / "peer.h5"
        result: dict[str, float] = {"rows": arguments.rows, "classes": CLASSES}
        result["write_s"], _ = timed(lambda: write(folder, logits, ids))
        result["mb"] = round(
            sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6, 1
        )
        result["open_and_first_read_s"], scores = timed(lambda: _opened(folder))
        result["shuffled_epoch_s"], _ = timed(
            lambda: [scores.logits("training", "action", [ids[i] for i in batch]) for batch in batches]
        )
        result["verify_s"], _ = timed(lambda: verify(folder))
        with h5py.File(peer, "w") as file:
            file.create_dataset("logits", data=logits.astype(np.float16), chunks=(1, CLASSES))
        with h5py.File(peer) as file:
            result["peer_shuffled_epoch_s"], _ = timed(
                lambda: [np.stack([file["logits"][i] for i in batch]) for batch in batches]
            )
        sample = logits[:2000]
        exact = log_softmax(sample)
        for name, kept in (
            ("kl_max", scores.logits("training", "action", ids[:2000])),
            ("peer_kl_max", sample.astype(np.float16)),
        ):
            result[name] = float(f"{(np.exp(exact) * (exact - log_softmax(kept))).sum(axis=1).max():.2e}")
    for name, value in result.items():
        print(f"{name:24}{value}")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def _opened(folder: Path):
    scores = open_scores(folder)
    scores.sample_ids("training")
    scores.logits("training", "action", scores.sample_ids("training")[:1])
    return scores


if __name__ == "__main__":
    main()
