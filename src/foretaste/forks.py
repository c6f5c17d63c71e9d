"""The process that forks the jobs of a run (``pipeline.warm`` starts it and asks it): it imports every stage
and waits.

    python -m foretaste.forks FOLDER        its socket lies in FOLDER; it ends with its standard input
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import selectors
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from foretaste.__main__ import main
from foretaste.pipeline.warm import MOST_BYTES, SOCKET, THREADS

PACKAGE = Path(__file__).parent


def serve(folder: Path) -> None:
    """Import every stage, then fork until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(THREADS))
    os.environ |= {"OMP_WAIT_POLICY": "passive", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
    sources = _sources()
    for path in sorted((PACKAGE / "stages").glob("[a-z]*.py")):
        importlib.import_module(f"foretaste.stages.{path.stem}")
    gc.collect()
    gc.freeze()  # what is here is shared with the forks, and no collection shall touch it
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(folder / "socket"))
        listener.listen(64)
        _fork_until_the_end(listener, sources)


def _fork_until_the_end(listener: socket.socket, sources: object) -> None:
    selector, waiting = selectors.DefaultSelector(), {}
    selector.register(listener, selectors.EVENT_READ)
    selector.register(sys.stdin, selectors.EVENT_READ)
    while True:
        for ready in [key.fileobj for key, _ in selector.select()]:
            if ready is sys.stdin:
                return
            if ready is not listener:
                selector.unregister(ready)
                _tell_end(ready, *waiting.pop(ready))
                continue
            asked, _ = listener.accept()
            request, streams, *_ = socket.recv_fds(asked, MOST_BYTES, 3)
            process = os.fork() if request and _sources() == sources else None
            if process == 0:
                selector.close()
                listener.close()
                _be_the_job(asked, request, streams)
            for stream in streams:
                os.close(stream)
            if process is None:
                asked.close()
                continue
            asked.send(str(process).encode())
            ended = os.pidfd_open(process)
            waiting[ended] = (process, asked)
            selector.register(ended, selectors.EVENT_READ)


def _tell_end(ended: int, process: int, asked: socket.socket) -> None:
    """A process has ended: say with what, as a shell does."""
    os.close(ended)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    with suppress(BrokenPipeError):  # who asked was killed, and its fork with it
        asked.send(str(code if code >= 0 else 128 - code).encode())
    asked.close()


def _be_the_job(asked: socket.socket, request: bytes, streams: Sequence[int]) -> None:
    """In the fork: be what the asking process would have been; it does not return."""
    arguments, folder, environment = json.loads(request)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115 (line by line where it is a terminal now)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update({name: value for name, value in environment.items() if name != SOCKET})
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_end_with, args=[asked], daemon=True).start()
    sys.exit(main(arguments))


def _end_with(asked: socket.socket) -> None:
    """Who asked says nothing more: when it is killed, its fork is too."""
    asked.recv(1)
    os.kill(os.getpid(), signal.SIGKILL)


def _sources() -> list[tuple[str, int, int]]:
    """Path, size and time of every module of the package."""
    found = [(path, path.stat()) for path in sorted(PACKAGE.rglob("*.py"))]
    return [(str(path), facts.st_size, facts.st_mtime_ns) for path, facts in found]


if __name__ == "__main__":
    own, server = Path(sys.argv[1]), os.getpid()
    try:
        serve(own)
    finally:
        if os.getpid() == server:  # a fork's end is none of the folder
            shutil.rmtree(own, ignore_errors=True)
