"""The attentional-pooling loss between maps of 392 and of 1,568 places, with its gradient: a few samples at a
time, as it is here, against the same formula over the whole batch; and keeping maps beside scores.

    python bench/pooling_loss.py [--batch 32] [--width 832] [--rounds 3]

392 places are 2 x 14 x 14 (JHMDB, clips of 8 frames, Mixed_4f), 1,568 are 8 x 14 x 14 (EPIC-55, 32 frames).
Each measurement has a process of its own. Seconds are the CPU's, with one thread, medians of rounds; memory
is the most that is held at once beyond the two maps. Kept maps are written, checked and read by sample.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from foretaste.losses.attentional_pooling import attentional_pooling
from foretaste.scores.maps import MapWriter, open_maps

#: Places -> the map's frames, rows and columns.
SIZES = {392: (2, 14, 14), 1568: (8, 14, 14)}

#: Samples that are kept and read.
KEPT = 64


def plain(a: torch.Tensor, r: torch.Tensor) -> torch.Tensor:
    """Equations 4 to 9 with torch's own operations and memory."""
    alpha = a.shape[-1] ** -0.5

    def phi(query: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        return torch.softmax(alpha * query @ places.mT, -1) @ places

    student = (phi(a, r) - phi(a, a)).square().sum((1, 2))
    return student + (phi(r, a) - phi(r, r)).square().sum((1, 2))


FORMS = {"ours": attentional_pooling, "plain": plain}


def held() -> int:
    """Bytes in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def measure(form: str, places: int, batch: int, width: int, rounds: int) -> dict[str, float]:
    """Of one form, in this process."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    # Vectors of length 1 each, as far apart as those of a network after its first layers.
    a, r = (torch.randn(batch, places, width) / width**0.5 * 4 for _ in range(2))
    a.requires_grad_()
    loss = FORMS[form]
    loss(a[:1, :8], r[:1, :8]).sum().backward()
    before, taken = held(), []
    for _ in range(rounds):
        a.grad = None
        start = time.process_time()
        loss(a, r).mean().backward()
        taken.append(time.process_time() - start)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "seconds": statistics.median(taken),
        "bytes": most - before,
        "value": loss(a[:1].detach(), r[:1]).item(),
        "gradient": a.grad[0].norm().item(),
    }


def apart(form: str, places: int, arguments: argparse.Namespace) -> dict[str, float]:
    """``measure`` in a process of its own."""
    words = ["--form", form, "--places", str(places), "--batch", str(arguments.batch)]
    words += ["--width", str(arguments.width), "--rounds", str(arguments.rounds)]
    done = subprocess.run([sys.executable, __file__, *words], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def compared(places: int, arguments: argparse.Namespace) -> dict[str, float]:
    """Both forms, which must say the same."""
    found = {form: apart(form, places, arguments) for form in FORMS}
    for name in ("value", "gradient"):
        ours, theirs = found["ours"][name], found["plain"][name]
        assert abs(ours - theirs) <= 1e-4 * abs(theirs), f"{name}: {ours} and {theirs}"
    ours, theirs = found["ours"], found["plain"]
    return {
        "ours_s": round(ours["seconds"], 3),
        "plain_s": round(theirs["seconds"], 3),
        "ours_over_plain_time": round(ours["seconds"] / theirs["seconds"], 3),
        "ours_mb": round(ours["bytes"] / 1e6, 1),
        "plain_mb": round(theirs["bytes"] / 1e6, 1),
        "ours_over_plain_memory": round(ours["bytes"] / theirs["bytes"], 3),
    }


def kept(places: int, width: int) -> dict[str, float]:
    """Bytes and CPU milliseconds a sample: written with its checksum, and read at random once checked."""
    random, ids = np.random.default_rng(0), [f"s{number}" for number in range(KEPT)]
    maps = random.normal(size=(8, *SIZES[places], width)).astype(np.float32)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "maps"
        start = time.process_time()
        writer = MapWriter(folder, ("map",))
        writer.begin("training", ids)
        for at in range(0, KEPT, 8):
            writer.write(np.arange(at, at + 8), {"map": maps})
        writer.finish()
        written = time.process_time() - start
        rows = open_maps(folder).rows("training", "map", ids)
        order = random.permutation(KEPT)
        start = time.process_time()
        for at in range(0, KEPT, 8):
            rows[order[at : at + 8]]
        read = time.process_time() - start
        size = sum(path.stat().st_size for path in folder.iterdir())
    return {
        "mb_a_sample": round(size / KEPT / 1e6, 3),
        "write_ms_a_sample": round(written / KEPT * 1e3, 2),
        "read_ms_a_sample": round(read / KEPT * 1e3, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--width", type=int, default=832)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "pooling_loss.json")
    parser.add_argument("--form", choices=FORMS, help=argparse.SUPPRESS)
    parser.add_argument("--places", type=int, choices=SIZES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.form:
        settings = (arguments.places, arguments.batch, arguments.width, arguments.rounds)
        print(json.dumps(measure(arguments.form, *settings)))
        return
    loss, maps = {}, {}
    for places in SIZES:
        loss[f"{places}_places"] = compared(places, arguments)
        maps[f"{places}_places"] = kept(places, arguments.width)
    result = {"batch": arguments.batch, "width": arguments.width, "loss": loss, "kept_maps": maps}
    print(json.dumps(result, indent=1))
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
