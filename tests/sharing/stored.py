"""Results in a store, made up."""

from __future__ import annotations

from foretaste.pipeline.records import identity
from foretaste.pipeline.store import Cost, Store


def make(store: Store, text: str, inputs=()) -> str:
    """A result; returns its key."""
    record = {
        "stage": "score",
        "config": {"text": text},
        "inputs": {f"i{n}": f"{key}:scores" for n, key in enumerate(inputs)},
    }
    made = store.results / ".scratch" / text
    for name in ("scores/manifest.json", "scores/shards/a.bin", "log.jsonl"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(f"{text} of {name}" * 50)
    key = f"score/{identity(record)}"
    store.publish(made, key, record, Cost(wall_s=1.0, cpu_s=2.0, max_rss_mb=3.0))
    return key
