"""Scores as other programs leave them, in three formats."""

from __future__ import annotations

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

IDS = [f"P01_{i}" for i in range(20)]
LOGITS = np.random.default_rng(0).normal(0, 4, (20, 5)).astype(np.float32)
SOFTMAX = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
#: Format -> a file of it that holds all scores.
FULL = {"npz": "F.npz", "hdf5": "F.h5", "parquet": "F.parquet"}


def npz(path, ids=IDS, **arrays):
    """An archive of NumPy."""
    np.savez(path, sample_id=np.array(ids), **(arrays or {"action": LOGITS}))


def h5(path, change=lambda file: None):
    """As AVT leaves it."""
    with h5py.File(path, "w") as file:
        file.create_dataset("logits/action", data=LOGITS, maxshape=(None, 5), compression="gzip")
        file.create_dataset("uid", data=np.array(IDS, dtype="S64"))
        file.create_dataset("target/action", data=np.zeros(20, dtype=np.int64))
        file.create_dataset("idx", data=np.arange(20))
        file.create_dataset("epoch", data=np.zeros(20))
        change(file)


def table(path, change=lambda columns: None):
    """A table that lists all classes of a sample, the best first."""
    best = np.argsort(-LOGITS, axis=1)
    log_prob = np.take_along_axis(LOGITS - np.log(np.exp(LOGITS).sum(1, keepdims=True)), best, axis=1)
    columns = {
        "sample_id": pa.array(IDS),
        "action.class_id": pa.array(best.tolist()),
        "action.log_prob": pa.array(log_prob.tolist(), pa.list_(pa.float32())),
        "action.tail": pa.array(np.zeros(20, dtype=np.float32)),
    }
    change(columns)
    pq.write_table(pa.table(columns), path)
