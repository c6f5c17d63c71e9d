"""Kills a small training at every instant of every write of a checkpoint, lets it go on, and compares all
that it leaves.

    python tests/training/killing_saves.py FOLDER [--optimizer sgd adamw] [--every 1] [--chains 20]

An instant is a call that changes the disk: a file made, written half or whole, flushed, renamed or removed, a
line of the log begun. Each try is a process of its own that ends itself by SIGKILL. A chain is one training
that is killed again and again at random instants. Prints one line an optimizer, and what differed; exit code
1 if anything did.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tiny_training import train

from foretaste.training import loop, progress

OPTIMIZERS = {
    "sgd": {"kind": "sgd", "lr": 0.05, "momentum": 0.9},
    "sgd_plain": {"kind": "sgd", "lr": 0.05, "momentum": 0.0, "nesterov": False},
    "adamw": {"kind": "adamw", "lr": 0.01, "weight_decay": 0.1},
}
SETTINGS = {"dropout": 0.3, "precision": "fp32", "buckets": True, "epochs": 1, "checkpoint_steps": 2}


class Instants:
    """Counts the calls that change the disk; the process dies at the ``last`` one, some calls half done."""

    def __init__(self, last: int | None):
        self.count, self.last = 0, last

    def reached(self) -> bool:
        self.count += 1
        return self.count == self.last

    def watch(self) -> None:
        """From now on in this process."""
        for name in ("fsync", "mkdir", "replace", "rmdir", "truncate", "unlink"):
            setattr(os, name, self._dies_before(getattr(os, name)))
        progress.save_file = self._dies_half_way(progress.save_file)
        loop.open = self._dies_in_a_line

    def _dies_before(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any, **named: Any) -> Any:
            if self.reached():
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **named)

        return watched

    def _dies_half_way(self, save: Callable[..., None]) -> Callable[..., None]:
        def watched(tensors: dict, path: Path) -> None:
            save(tensors, path)
            if self.reached():
                os.truncate(path, path.stat().st_size // 2)
                os.kill(os.getpid(), signal.SIGKILL)

        return watched

    def _dies_in_a_line(self, path: Path, *arguments: Any, **named: Any) -> Any:
        log = open(path, *arguments, **named)  # noqa: SIM115 (who asks for it closes it)
        write = log.writelines

        def watched(lines: Iterable[str]) -> None:
            if self.reached():
                log.write('{"epoch": 1, "lo')
                log.flush()
                os.kill(os.getpid(), signal.SIGKILL)
            write(lines)

        log.writelines = watched
        return log


def attempt(out: Path, optimizer: dict, last: int | None) -> int:
    """Train in a process of its own that dies at instant ``last``; how many instants there were, 0 if it
    died.
    """
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 (until this process ends)
        instants = Instants(last)
        instants.watch()
        train(out, optimizer=optimizer, **SETTINGS)
        os.write(write, str(instants.count).encode())
        os._exit(0)
    os.close(write)
    _, status = os.waitpid(child, 0)
    with open(read, encoding="utf-8") as said:
        count = int(said.read() or 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0:
        raise RuntimeError(f"the training failed in {out}")
    return count


def left(out: Path) -> dict[str, bytes]:
    """The log, and every file of the checkpoints."""
    return {
        str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()
    }


def compare(folder: Path, name: str, every: int, chains: int) -> list[str]:
    """Every ``every``-th instant of a training, and ``chains`` chains of kills; the folders of those that
    ended otherwise, which are kept.
    """
    whole = folder / f"{name}-whole"
    count = attempt(whole, OPTIMIZERS[name], None)
    expected, different, kills = left(whole), [], 0
    chance = random.Random(name)
    tries: list[tuple[str, list[int]]] = [(f"at-{last}", [last]) for last in range(1, count + 1, every)]
    tries += [(f"chain-{chain}", [chance.randint(1, count) for _ in range(12)]) for chain in range(chains)]
    for label, instants in tries:
        out = folder / f"{name}-{label}"
        for last in instants:
            kills += attempt(out, OPTIMIZERS[name], last) == 0
        attempt(out, OPTIMIZERS[name], None)
        if left(out) != expected:
            different.append(str(out))
        else:
            shutil.rmtree(out)
    print(
        f"{name}: {count} instants, {kills} kills in {len(tries)} trainings, {len(different)} ended"
        " otherwise",
        flush=True,
    )
    return different


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--optimizer", nargs="+", choices=OPTIMIZERS, default=list(OPTIMIZERS))
    parser.add_argument("--every", type=int, default=1, help="only every so many instants")
    parser.add_argument("--chains", type=int, default=20, help="trainings that are killed up to twelve times")
    arguments = parser.parse_args()
    train(
        arguments.folder / "warm", **SETTINGS
    )  # what torch imports at its first step is then there in every child
    different = [
        one
        for name in arguments.optimizer
        for one in compare(arguments.folder, name, arguments.every, arguments.chains)
    ]
    print("\n".join(different) or "all as without a kill")
    sys.exit(bool(different))


if __name__ == "__main__":
    main()
