"""The score cache at the size of EPIC-55: bytes, time to write, open and read by sample id, and what storing
costs in exactness.

    python bench/scores.py [--rows 30000] [--out bench/results/scores.json]

Peers, all asked for the 50 best classes of the same shuffled batches of 64 samples: fp32 logits in one npy
file through a memory map, cut on reading by torch.topk, a sample at a time as a Dataset's __getitem__ does;
one file a sample (torch.save, as torchdistill kept them); top-50 lists in HDF5, row by row.
`times_as_fast_as_*` compares CPU seconds a batch, of one process, with the files in the page cache; all are
asked by row number: of the cache the ids were looked up, and the lists cut, once before (`first_cut_s`), as
training does; `by_id` looks them up in every batch. `whole_rows_*` reads full logits: of the
cache, and of fp16 rows in HDF5, a row a chunk. Sizes are shares of the npy file: of the cache, and of its
Parquet sidecar of top-50 lists. `kl_max_*` is the largest KL divergence (nats) of stored from exact at a
temperature, of 2,000 rows. Scores are Gaussian logits of standard deviation 3.5, 2,513 classes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch

from foretaste.contracts.classes import ClassSpace
from foretaste.scores.exchange import export
from foretaste.scores.format import RECORD
from foretaste.scores.mean import log_softmax
from foretaste.scores.reader import Scores, open_scores
from foretaste.scores.verify import verify
from foretaste.scores.writer import ScoreWriter

CLASSES, BATCH, K = 2513, 64, 50


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
    parser.add_argument("--rows", type=int, default=30_000)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "scores.json")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3.5, (arguments.rows, CLASSES)).astype(np.float32)
    ids = [f"sample {i}" for i in range(arguments.rows)]
    batches = np.array_split(rng.permutation(arguments.rows), max(arguments.rows // BATCH, 1))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        result: dict[str, float] = {"rows": arguments.rows, "classes": CLASSES}
        scores = of_the_cache(folder / "scores", logits, ids, batches, result)
        against_peers(folder, scores, logits, ids, batches, result)
        exactness(scores, logits[:2000], ids[:2000], result)
    for name, value in result.items():
        print(f"{name:40}{value}")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def of_the_cache(
    folder: Path, logits: np.ndarray, ids: list[str], batches: list[np.ndarray], result: dict[str, float]
) -> Scores:
    """What its own work costs."""
    result["write_s"], _ = timed(lambda: write(folder, logits, ids))
    result["open_and_first_read_s"], scores = timed(lambda: _opened(folder))
    result["whole_rows_epoch_s"], _ = timed(
        lambda: [scores.logits("training", "action", [ids[i] for i in batch]) for batch in batches]
    )
    result["verify_s"], _ = timed(lambda: verify(folder))
    result["first_cut_s"], _ = timed(lambda: scores.top_k("training", "action", K, ids[:1]))
    return scores


def against_peers(
    folder: Path,
    scores: Scores,
    logits: np.ndarray,
    ids: list[str],
    batches: list[np.ndarray],
    result: dict[str, float],
) -> None:
    """Sizes, and CPU seconds a batch of top-50 lists."""
    full = folder / "full.npy"
    np.save(full, logits)
    export(scores, "training", "parquet", folder / "top.parquet", K)
    size = full.stat().st_size
    cache = sum(file.stat().st_size for file in scores.folder.rglob("*") if file.is_file())
    result["mb"], result["full_mb"] = round(cache / 1e6, 1), round(size / 1e6, 1)
    result["share_of_full"] = round(cache / size, 4)
    result["share_of_full_as_top50"] = round((folder / "top.parquet").stat().st_size / size, 4)

    lists = scores.top_k("training", "action", K, ids)
    own = a_batch(lists.rows, batches)
    result["top50_batch_us"] = round(1e6 * own, 1)
    named = [[ids[i] for i in batch] for batch in batches]
    by_id = a_batch(lambda batch: scores.top_k("training", "action", K, batch), named)
    result["top50_batch_by_id_us"] = round(1e6 * by_id, 1)
    mapped = np.load(full, mmap_mode="r")
    cut = a_batch(lambda batch: _stacked([_best(mapped[i]) for i in batch]), batches[:100])
    result["times_as_fast_as_npy_and_topk"] = round(cut / own, 1)
    result["by_id_times_as_fast_as_npy_and_topk"] = round(cut / by_id, 1)

    few = batches[:40]
    (folder / "rows").mkdir()
    for i in np.concatenate(few):
        torch.save(torch.from_numpy(logits[i].copy()), folder / "rows" / f"{i}.pt")
    apart = a_batch(
        lambda batch: _stacked([_best(torch.load(folder / "rows" / f"{i}.pt").numpy()) for i in batch]), few
    )
    result["times_as_fast_as_a_file_a_sample"] = round(apart / own, 1)
    result["by_id_times_as_fast_as_a_file_a_sample"] = round(apart / by_id, 1)

    with h5py.File(folder / "top.h5", "w") as file:
        file.create_dataset("index", data=lists.indices.astype(np.int16))
        file.create_dataset("logit", data=lists.logits.astype(np.float16))
    with h5py.File(folder / "top.h5") as file:
        index, logit = file["index"], file["logit"]
        rows = a_batch(
            lambda batch: _stacked([(torch.from_numpy(logit[i]), torch.from_numpy(index[i])) for i in batch]),
            batches[:100],
        )
    result["times_as_fast_as_hdf5_top50"] = round(rows / own, 1)
    result["by_id_times_as_fast_as_hdf5_top50"] = round(rows / by_id, 1)

    with h5py.File(folder / "whole.h5", "w") as file:
        file.create_dataset("logits", data=logits.astype(np.float16), chunks=(1, CLASSES))
    with h5py.File(folder / "whole.h5") as file:
        found, _ = timed(lambda: [np.stack([file["logits"][i] for i in batch]) for batch in batches])
    result["whole_rows_epoch_hdf5_s"] = found


def exactness(scores: Scores, logits: np.ndarray, ids: list[str], result: dict[str, float]) -> None:
    """The largest KL of stored from exact, and of raw half precision."""
    stored = scores.logits("training", "action", ids).astype(np.float64)
    raw = logits.astype(np.float16).astype(np.float64)
    for temperature in (1, 5, 10):
        exact = log_softmax(logits.astype(np.float64) / temperature)
        for name, kept in (("kl_max", stored), ("fp16_kl_max", raw)):
            apart = (np.exp(exact) * (exact - log_softmax(kept / temperature))).sum(axis=1).max()
            result[f"{name}_at_{temperature}"] = float(f"{apart:.2e}")


def a_batch(read: Callable[[Any], object], batches: list[Any]) -> float:
    """CPU seconds a batch: the least of three passes."""
    passes = []
    for _ in range(3):
        start = time.process_time()
        for batch in batches:
            read(batch)
        passes.append((time.process_time() - start) / len(batches))
    return min(passes)


def _best(row: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    return tuple(torch.topk(torch.from_numpy(np.array(row)), K))


def _stacked(rows: list[tuple[torch.Tensor, torch.Tensor]]) -> tuple[torch.Tensor, torch.Tensor]:
    """A batch, as torch's loader makes one."""
    return torch.stack([row[0] for row in rows]), torch.stack([row[1] for row in rows])


def _opened(folder: Path) -> Scores:
    scores = open_scores(folder)
    scores.sample_ids("training")
    scores.logits("training", "action", scores.sample_ids("training")[:1])
    return scores


if __name__ == "__main__":
    main()
