"""Starting a stage in several processes, of this machine or of all nodes of a Slurm job.

On several nodes one task a node is started with srun: this module, run as a program, which starts the node's
share of the processes. They meet at the first node. Nothing here can change what a training gives.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

from torch.distributed.elastic.multiprocessing import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from foretaste.contracts.errors import DataError, ForetasteError
from foretaste.pipeline import console, ranks, slurm_job
from foretaste.pipeline.interruption import END, SIGNALS

#: Seconds that processes which are told to end have for their last checkpoint.
END_S = 600

#: The first of the ports at which nodes meet; a job takes one by its number.
PORTS, PORTS_FROM = 10_000, 20_000


@dataclass(frozen=True, kw_only=True)
class Share:
    """The processes of one node.

    node, nodes
        Its number, from 0, among so many.
    processes
        How many it starts.
    meeting
        Where all nodes meet, ``address:port``; where there is but one, it finds a port itself.
    """

    processes: int
    node: int = 0
    nodes: int = 1
    meeting: str = ""

    def config(self) -> LaunchConfig:
        """What torch's launcher is told."""
        met = {"rdzv_backend": "c10d", "rdzv_endpoint": "localhost:0"}
        if self.nodes > 1:
            rank = {"rank": self.node, "timeout": END_S}
            met = {"rdzv_backend": "static", "rdzv_endpoint": self.meeting, "rdzv_configs": rank}
        return LaunchConfig(
            min_nodes=self.nodes,
            max_nodes=self.nodes,
            nproc_per_node=self.processes,
            run_id=slurm_job.number() or uuid.uuid4().hex,
            max_restarts=0,
            shutdown_timeout=END_S,
            signals_to_handle="SIGTERM,SIGINT",
            **met,
        )


def launch(arguments: Sequence[str], processes: int, nodes: int, folder: Path) -> None:
    """Run ``foretaste <arguments>`` in several processes. When one fails the others are ended.

    nodes
        Over how many of the Slurm job's nodes they are spread evenly; outside of Slurm this machine has all.
    folder
        Where they leave word; all nodes see it.

    Raises the error of the first that failed, KeyboardInterrupt for an interrupt, and SystemExit where they
    were told to end, which they have said themselves.
    """
    with TemporaryDirectory(prefix="words", dir=folder) as words:
        if nodes > 1 and (job := slurm_job.number()) is not None:
            _on_nodes(arguments, processes // nodes, slurm_job.hosts(job), job, Path(words))
            return
        if nodes > 1:
            console.say(
                f"note: no Slurm job, so no {nodes} nodes: this machine runs all {processes} processes"
            )
        start(arguments, Share(processes=processes), Path(words))


def start(arguments: Sequence[str], share: Share, words: Path) -> None:
    """Run the processes of one node, and wait for them."""
    logging.disable(logging.CRITICAL)  # torch's launcher would repeat what is raised
    with _environment({ranks.LAUNCHER: str(os.getpid()), ranks.WORDS: str(words)}), _handlers():
        try:
            elastic_launch(share.config(), sys.executable)("-m", "foretaste", *arguments)
        except SignalException as error:
            ended = KeyboardInterrupt if error.sigval == signal.SIGINT else SystemExit(END)
            raise ended from error
        except ChildFailedError as error:
            rank, failure = error.get_first_failure()
            if failure.exitcode == END:
                raise SystemExit(END) from error
            how = failure.signal_name() if failure.exitcode < 0 else f"exit code {failure.exitcode}"
            raise ranks.word_of(rank, words) or DataError(
                f"ended with {how}",
                f"process {rank} of {share.processes * share.nodes}",
                "a process that lives as long as its step",
                "the log says how far it came",
            ) from error


def _on_nodes(
    arguments: Sequence[str], processes: int, hosts: Sequence[tuple[str, str]], job: str, words: Path
) -> None:
    """Start one task on each of the job's nodes, and wait for them."""
    meeting = f"{hosts[0][1]}:{PORTS_FROM + int(job) % PORTS}"
    share = Share(processes=processes, nodes=len(hosts), meeting=meeting)
    threads = processes * int(os.environ["OMP_NUM_THREADS"])
    words_for_slurm = ["--ntasks-per-node=1", f"--cpus-per-task={threads}", "--kill-on-bad-exit=1"]
    if os.environ.get("CUDA_VISIBLE_DEVICES"):  # Slurm has given the job GPUs
        words_for_slurm.append(f"--gpus-per-node={processes}")
    command = (
        "srun", f"--nodes={len(hosts)}", f"--ntasks={len(hosts)}", *words_for_slurm,
        sys.executable, "-m", "foretaste.training.launch", json.dumps(asdict(share)), str(words), *arguments,
    )  # fmt: skip
    names = ", ".join(name for name, _ in hosts)
    console.say(f"{processes * len(hosts)} processes on {names}, which meet at {meeting}")
    with subprocess.Popen(command) as tasks, _handlers(tasks):
        code = tasks.wait()
    if code == 0:
        return
    if left := sorted(words.iterdir()):
        raise DataError(*json.loads(left[0].read_text(encoding="utf-8")))
    if code == END:
        raise SystemExit(END)
    raise DataError(
        f"srun ended with exit code {code}", f"Slurm job {job}", "all its nodes to the end", "see its log"
    )


@contextmanager
def _environment(own: Mapping[str, str]) -> Iterator[None]:
    """Variables that are set for a while."""
    os.environ |= own
    try:
        yield
    finally:
        for name in own:
            del os.environ[name]


@contextmanager
def _handlers(tasks: subprocess.Popen | None = None) -> Iterator[None]:
    """Whoever is told to end tells it to ``tasks`` or, where torch's launcher waits, itself in the one way
    that it knows. What that puts in place of the handlers is undone.
    """
    before = {number: signal.getsignal(number) for number in (*SIGNALS, signal.SIGINT)}

    def pass_on(number: int, frame: FrameType | None) -> None:
        if tasks is None:
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            tasks.send_signal(signal.SIGTERM)

    for number in SIGNALS if tasks is not None else (signal.SIGUSR2,):
        signal.signal(number, pass_on)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def main(share: str, words: str, *arguments: str) -> int:
    """What srun runs on each node: the node's share of the processes."""
    own = Share(**json.loads(share) | {"node": int(os.environ["SLURM_NODEID"])})
    try:
        start(arguments, own, Path(words))
    except ForetasteError as error:
        # (Ranks leave theirs as numbers, which come first.)
        ranks.leave_word(error, Path(words), f"node{own.node}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
