"""What a training logs, shown while it runs by TensorBoard, trackio or W&B.

They are told the lines of ``log.jsonl``, which stays the truth. Each start of a training opens a run of its
own and tells it the log from its beginning: so a training that was killed, and whose last steps are taken
again, shows each step once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accelerate.tracking import LOGGER_TYPE_TO_CLASS, GeneralTracker

from foretaste.pipeline import artifact, console

#: What all runs are filed under.
PROJECT = "foretaste"


@dataclass(frozen=True, kw_only=True)
class Tracked:
    """What is told of a training.

    kinds
        ``tensorboard``, ``trackio``, ``wandb``.
    run
        What they call it: ``kitchen/lm_avt_demo/seed0/student_lm``.
    folder
        Where they write, each in a folder of its name (trackio: where it always does).
    """

    kinds: tuple[str, ...]
    run: str
    folder: Path


def tracked(config: Mapping[str, Any]) -> Tracked | None:
    """What a step's ``trackers`` say; None where there are none."""
    told = config.get("trackers")
    if told is None:
        return None
    return Tracked(kinds=tuple(told["kinds"].split()), run=told["run"], folder=Path(told["folder"]))


class Trackers:
    """Those of ``wanted`` (None: none), which are told what is in ``log`` now and, by ``follow``, what was
    written since.
    """

    def __init__(self, wanted: Tracked | None, log: Path):
        self._log, self._read = log, 0
        self._all = [] if wanted is None else [_opened(kind, wanted) for kind in wanted.kinds]
        self.follow()

    def __enter__(self) -> Trackers:
        return self

    def __exit__(self, *_: object) -> None:
        for tracker in self._all:
            tracker.finish()

    def follow(self) -> None:
        """Tell them the lines that they do not know."""
        if not self._all:
            return
        with open(self._log, "rb") as log:
            log.seek(self._read)
            lines = log.read().splitlines()
            self._read = log.tell()
        for line in map(json.loads, lines):
            values = dict(_values(line))
            for tracker in self._all:
                tracker.log(values, step=line["step"])


def _opened(kind: str, wanted: Tracked) -> GeneralTracker:
    folder = wanted.folder / kind
    tracker = LOGGER_TYPE_TO_CLASS[kind]
    if kind == "tensorboard":
        artifact.discard(folder / wanted.run)  # what an earlier start was told
        opened = tracker(wanted.run, logging_dir=folder)
        console.say(f"tensorboard --logdir {folder}")
    elif kind == "wandb":
        folder.mkdir(parents=True, exist_ok=True)
        opened = tracker(PROJECT, name=wanted.run, dir=str(folder))
    else:
        opened = tracker(PROJECT, name=wanted.run)
    opened.start()
    return opened


def _values(line: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """What of a line of the log is a number: ``training/loss``, ``training/parts/<term>``,
    ``validation/action_top1``.
    """
    group = line.get("monitor", "training")
    told = {name: value for name, value in line.items() if name not in ("monitor", "step", "parts")}
    told |= {f"parts/{term}": value for term, value in line.get("parts", {}).items()}
    for name, value in told.items():
        if value is not None:
            yield f"{group}/{name}", value
