"""What it saves a student to learn from teachers of pixels whose scores of several looks are kept, against
asking the same teachers live in every step, and what it changes in what is learnt.

    python bench/cached_and_live.py [--samples 64] [--looks 2] [--rounds 3] [--out FILE]

Student and teachers are Video Swins of the size of `multimodal_demo` on clips of 10 frames of 96 x 96 pixels,
from a frame store of generated videos; batches of 8, AdamW in fp32, one thread, the loop itself. A round
trains both ways for as many epochs as there are looks, in turns; times are medians over its steps without the
first two, ratios medians over rounds. Differences are the largest of the loss in a step between the two ways:
of a student that is taught logits, which scores hold in half precision, and of one that is taught vectors,
which they hold in single precision.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import torch
from torch import nn
from waiting import BATCH, VIEW, prepared

from foretaste.contracts.batch import Batch, Outputs
from foretaste.contracts.view import Sources, kept_look
from foretaste.scores.format import LOOK, RECORD
from foretaste.scores.writer import ScoreWriter
from foretaste.settings import families
from foretaste.settings.model_config import TermConfig
from foretaste.settings.training_config import LoopConfig
from foretaste.training.loop import fit
from foretaste.training.objective import build_objective
from foretaste.training.samples import Loader, Samples, join
from foretaste.training.scoring import score
from foretaste.training.targets import LiveTargets, Targets, open_targets

SWIN = {
    "kind": "video_swin", "width": 32, "depths": [2, 2], "heads": [2, 4], "patch": [2, 8, 8],
    "window": [4, 4, 4], "drop_path": 0.0,
}  # fmt: skip
#: The target, one network or a mean of several, as `multimodal` has it.
TEACHER = "teacher"
LOGITS = {
    "loss": {"kind": "kl", "temperature": 2.0, "t_squared": True},
    "of": "action",
    "to": TEACHER,
    "over": "all",
}
VECTORS = {
    "loss": {"kind": "smooth_l1"},
    "of": "embedding",
    "to": TEACHER,
    "over": "all",
    "reduction": "elements",
}


class Timed:
    """Targets that note when they are asked, once a step."""

    def __init__(self, targets: Targets):
        self._targets, self.times = targets, []

    def __call__(self, batch: Batch) -> Mapping[str, Outputs]:
        self.times.append(time.perf_counter())
        return self._targets(batch)

    @property
    def step_ms(self) -> float:
        """The median of a step, without the first two."""
        taken = [after - before for before, after in pairwise(self.times)][2:]
        return 1e3 * statistics.median(taken)


def network(seed: int, sources: Sources) -> nn.Module:
    """A Video Swin with random weights."""
    torch.manual_seed(seed)
    return families.build("models", SWIN, sources=sources)


def keep(folder: Path, teacher: nn.Module, samples: Samples, sources: Sources, looks: int) -> float:
    """Write what ``teacher`` says of so many looks at ``samples``; seconds that a look took."""
    writer = ScoreWriter(
        folder,
        record={name: None for name in RECORD if name != "classes"},
        classes=sources.classes,
        trained_on=["training"],
    )
    start = time.perf_counter()
    for number in range(looks):
        said = score(teacher, samples, look=kept_look(number), batch=BATCH)
        view, embedding = LOOK.format(number), said.embedding
        writer.write("training", said.ids, said.digests, said.logits, embedding=embedding, view=view)
    writer.finish()
    return (time.perf_counter() - start) / looks


def trained(
    out: Path, samples: Samples, targets: Targets, sources: Sources, term: Mapping[str, Any], looks: int
) -> tuple[float, list[float]]:
    """Milliseconds of a step, and the loss in every step, of a student that is trained for ``looks``
    epochs.
    """
    config = LoopConfig(
        epochs=looks, batch=BATCH, checkpoint_steps=10**9, optimizer={"kind": "adamw", "lr": 1e-3}
    )
    loaders = {"training": Loader(samples=samples, batch=BATCH, looks=looks)}
    timed = Timed(targets)
    fit(network(0, sources), timed, build_objective([TermConfig(**term)]), loaders, config, out)
    lines = (out / "log.jsonl").read_text(encoding="utf-8").splitlines()
    return timed.step_ms, [json.loads(line)["loss"] for line in lines]


def compared(
    folder: Path, samples: Samples, sources: Sources, teachers: int, looks: int, rounds: int
) -> dict[str, float]:
    """Figures of a student of one teacher, or of the mean of several that see the same clips."""
    speakers = {f"part_{number}": network(1 + number, sources) for number in range(teachers)}
    means = {TEACHER: dict.fromkeys(speakers, 1 / teachers)} if teachers > 1 else None
    if means is None:
        speakers = {TEACHER: speakers["part_0"]}
    live = LiveTargets(speakers, torch.device("cpu"), "fp32", means)
    beside = replace(samples, beside=dict.fromkeys(speakers, samples.view))
    mean = Mean(list(speakers.values()))
    scores, terms = folder / "scores", {"logits": LOGITS} if means else {"logits": LOGITS, "vectors": VECTORS}
    scoring_s = keep(scores, mean, samples, sources, looks)
    steps: dict[str, list[float]] = {"cached": [], "live": []}
    found: dict[str, float] = {}
    for taught, term in terms.items():
        objective = build_objective([TermConfig(**term)])
        given = ({TEACHER: scores}, objective, "training", samples.ids, sources.classes)
        cached, losses = open_targets(*given, looks=looks, by_look=[TEACHER]), {}
        for number in range(rounds if taught == "logits" else 1):
            for way, shown, targets in (("cached", samples, cached), ("live", beside, live)):
                out = folder / f"{taught}-{way}-{number}"
                taken, losses[way] = trained(out, shown, targets, sources, term, looks)
                if taught == "logits":
                    steps[way].append(taken)
        apart = max(abs(one - other) for one, other in zip(losses["cached"], losses["live"], strict=True))
        found[f"largest_difference_{taught}"] = float(f"{apart:.2g}")
    ratios = [one / other for one, other in zip(steps["live"], steps["cached"], strict=True)]
    batches = -(-len(samples) // BATCH)
    return {
        "cached_epoch_s": round(statistics.median(steps["cached"]) * batches / 1e3, 2),
        "live_epoch_s": round(statistics.median(steps["live"]) * batches / 1e3, 2),
        "live_against_cached": round(statistics.median(ratios), 2),
        "scoring_one_look_s": round(scoring_s, 2),
        **found,
    }


class Mean(nn.Module):
    """Networks that see the same clips, as one: the mean of their logits."""

    def __init__(self, parts: list[nn.Module]):
        super().__init__()
        self.parts = nn.ModuleList(parts)

    def forward(self, batch: Batch) -> Outputs:
        said = [part(batch) for part in self.parts]
        logits = {head: torch.stack([one.logits[head] for one in said]).mean(0) for head in said[0].logits}
        return Outputs(logits=logits, embedding=said[0].embedding)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=64, help="clips of an epoch (default: %(default)s)")
    parser.add_argument("--looks", type=int, default=2, help="and epochs of a round (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="(default: %(default)s)")
    default = Path(__file__).parent / "results" / "cached_and_live.json"
    parser.add_argument("--out", type=Path, default=default)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    found: dict[str, Any] = {"torch": torch.__version__, "clips of an epoch": arguments.samples}
    with tempfile.TemporaryDirectory() as folder:
        sources = prepared(Path(folder), 60.0)["frame store"]
        view = families.build("views", VIEW, sources=sources)
        samples = join(view, sources.samples, range(arguments.samples))
        for teachers, name in ((1, "one teacher"), (3, "a mean of three")):
            (Path(folder) / name).mkdir()
            found[name] = compared(
                Path(folder) / name, samples, sources, teachers, arguments.looks, arguments.rounds
            )
    print(json.dumps(found, indent=1))
    if arguments.out:
        arguments.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
