"""Phrases on disk: the same windows and masks as from a table in memory, and memory that the size of the
corpus does not matter to.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import tiny_lm
from tiny_pretraining import write_corpus

from foretaste.contracts.errors import DataError
from foretaste.contracts.table_stream import TableWriter
from foretaste.contracts.tables import PHRASES, read_table
from foretaste.contracts.view import Look, Sources
from foretaste.settings import families
from foretaste.text import phrase_store
from foretaste.text.phrase_store import Mapped, recipe_starts, store
from foretaste.views import masked_text

#: Anonymous memory in MB (what a mapped file does not count to) that views of 40,000 and of 400,000 sequences
#: may differ by.
DIFFERENCE_MB = 24


@pytest.mark.parametrize("window", [None, (2, 4)])
def test_the_same_as_from_memory(tmp_path, monkeypatch, window):
    parquet = write_corpus(tmp_path / "phrases.parquet")
    tiny_lm.write_tokenizer(tmp_path)
    monkeypatch.setattr("foretaste.contracts.table_stream.BATCH", 7)  # recipes lie across batches
    store(parquet, tmp_path / "phrases.arrow")
    mapped, table = Mapped(tmp_path / "phrases.arrow"), read_table(parquet, PHRASES)
    assert mapped["verb"].num_chunks > 10
    assert mapped.table.combine_chunks() == table.select(list(phrase_store.COLUMNS)).combine_chunks()
    assert recipe_starts(mapped).tolist() == np.flatnonzero(table["order"].to_numpy() == 0).tolist()
    monkeypatch.setattr(masked_text, "RECIPES_AT_ONCE", 5)
    views = []
    for phrases, at_once in ((mapped, 5), (table, 1 << 17)):
        monkeypatch.setattr(masked_text, "RECIPES_AT_ONCE", at_once)
        sources = Sources(phrases=phrases, pretrained=tmp_path)
        views.append(families.build("views", {"kind": "masked_text", "window": window}, sources=sources))
    assert tuple(views[0].ids) == tuple(views[1].ids)
    assert views[0].weights().tolist() == views[1].weights().tolist()
    rows = list(range(0, len(views[0]), 3))
    a, b = (view.fetch(rows, Look(1, 2)) for view in views)
    for name in a.inputs:
        assert a.inputs[name].equal(b.inputs[name]), name


@pytest.mark.parametrize("left", [b"", b"ARROW1", None], ids=["empty", "cut", "one byte changed"])
def test_a_store_that_a_kill_left_is_written_anew(tmp_path, left):
    parquet = write_corpus(tmp_path / "phrases.parquet")
    store(parquet, tmp_path / "phrases.arrow")
    whole = (tmp_path / "phrases.arrow").read_bytes()
    middle = len(whole) // 2
    changed = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    (tmp_path / "phrases.arrow").write_bytes(changed if left is None else left)
    store(parquet, tmp_path / "phrases.arrow")
    assert (tmp_path / "phrases.arrow").read_bytes() == whole
    assert {path.name for path in tmp_path.iterdir()} == {"phrases.parquet", "phrases.arrow"}


@pytest.mark.parametrize("orders", [[0, 1, 3], [1, 2], [0, 1, 0]], ids=["a gap", "no beginning", "again"])
def test_phrases_out_of_order_are_an_error(tmp_path, orders):
    rows = {
        "recipe_id": ["r1"] * len(orders),
        "partition": ["train"] * len(orders),
        "order": orders,
        "verb": ["take"] * len(orders),
        "object": ["pan"] * len(orders),
        "phrase": ["take pan"] * len(orders),
    }
    with TableWriter(tmp_path / "phrases.parquet", PHRASES) as writer:
        writer.write(rows)
    with pytest.raises(DataError, match=r"phrase \d where \d is due: .*recipe r1"):
        store(tmp_path / "phrases.parquet", tmp_path / "phrases.arrow")
    assert not (tmp_path / "phrases.arrow").exists()


def write_large(path: Path, sequences: int) -> Path:
    """Recipes of ten phrases, quickly: ``sequences`` phrases in all."""
    verbs, things = (
        np.array(["take", "open", "wash", "cut", "pour"]),
        np.array(["pan", "fridge", "chopping board", "onion", "tea towel"]),
    )
    random = np.random.default_rng(0)
    with TableWriter(path, PHRASES) as writer:
        for start in range(0, sequences, 50_000):
            rows = np.arange(start, min(start + 50_000, sequences))
            verb, thing = (
                pa.array(verbs[random.integers(5, size=len(rows))]),
                pa.array(things[random.integers(5, size=len(rows))]),
            )
            recipe = pa.array(np.char.mod("%010x", rows // 10))
            partition = pa.array(np.where(rows // 10 % 20 == 0, "val", "train"))
            columns = {
                "recipe_id": recipe,
                "partition": partition,
                "order": pa.array((rows % 10).astype(np.int32)),
                "verb": verb,
                "object": thing,
            }
            writer.write({**columns, "phrase": verb})
    return path


MEASURE = """
import json, sys
from pathlib import Path
import test_phrase_store as here
print(json.dumps(here.peak(Path(sys.argv[1]), int(sys.argv[2]))))
"""


def peak(folder: Path, sequences: int) -> dict[str, float]:
    """Largest anonymous memory in MB, sampled, while a view is built and one in ``sequences`` // 20,000
    batches of an epoch is read.
    """
    from foretaste.training.samples import Loader, own_rows

    parquet = write_large(folder / f"{sequences}.parquet", sequences)
    found = [anonymous_mb()]
    store(parquet, folder / f"{sequences}.arrow")
    found.append(anonymous_mb())
    sources = Sources(phrases=Mapped(folder / f"{sequences}.arrow"), pretrained=folder)
    view = families.build("views", {"kind": "masked_text", "window": [3, 6]}, sources=sources)
    found.append(anonymous_mb())
    loader = Loader(samples=own_rows(view, view.ids), batch=32, buckets=True)
    loader.samples.digest()
    for step, epoch, positions in loader.steps_from(0, loader.steps):
        if step % max(loader.steps // 600, 1) == 0:
            loader.samples.batch(positions, Look(loader.seed, epoch))
            found.append(anonymous_mb())
    return {"sequences": len(view), "before_mb": found[0], "most_mb": max(found)}


def anonymous_mb() -> float:
    """Memory of this process that no file backs (Linux)."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0]) / 1e3


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
@pytest.mark.slow
def test_texts_are_not_in_memory(tmp_path):
    """Ten times the sequences cost their index arrays (about 60 bytes a sequence at the most), not their
    texts.
    """
    tiny_lm.write_tokenizer(tmp_path)
    used = []
    for sequences in (50_000, 500_000):
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, str(tmp_path), str(sequences)],
            capture_output=True,
            text=True,
            timeout=300,
            check=True,
            env={**os.environ, "PYTHONPATH": ":".join(filter(None, sys.path))},
        )
        used.append(json.loads(done.stdout.splitlines()[-1]))
    assert used[0]["sequences"] == 38_000 and used[1]["sequences"] == 380_000
    assert used[1]["most_mb"] - used[0]["most_mb"] < DIFFERENCE_MB + 0.45e6 * 60 / 1e6, used
