"""Jobs that do not wait for Python: a process that has imported every stage (``foretaste.forks``) forks one
for each of them.

Importing torch takes seconds, most of what a short job costs. So the driver of a run on one machine starts
that process beside its first jobs. A job is started as ever, by its line; it hands its
arguments, folder, environment and standard streams over, waits, and ends as the fork does. Where there is
nobody to ask, or the sources are no longer those that were imported, it runs by itself. Nothing here changes
a result.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from foretaste.pipeline import console

#: The socket of the process that forks, for the jobs of the driver that started it.
SOCKET = "FORETASTE_WARM"

#: Fewer jobs than this are over before it is worth its start.
FEWEST = 4

#: What a request takes at most; one with a larger environment runs by itself.
MOST_BYTES = 200_000

#: How many threads the libraries were told of at their import, for which a fork can be used.
THREADS = 1


def begin(jobs: int) -> None:
    """In the driver: start the process that forks, which ends with the driver, unless ``jobs`` are few."""
    if jobs < FEWEST:
        return
    folder = tempfile.mkdtemp(prefix="foretaste-")
    os.environ[SOCKET] = f"{folder}/socket"
    command = [sys.executable, "-m", "foretaste.forks", folder]
    # Its standard input is a pipe that ends when the driver does, however it ends.
    subprocess.Popen(command, stdin=subprocess.PIPE)


def run_forked(arguments: Sequence[str]) -> int | None:
    """In a job's process: have the command line ``arguments`` run by a fork, and return what it ended with;
    None where it has to run here.
    """
    if SOCKET not in os.environ:
        return None
    request = json.dumps([list(arguments), os.getcwd(), dict(os.environ)]).encode()
    if len(request) > MOST_BYTES:
        return None
    asked = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        asked.connect(os.environ[SOCKET])
        socket.send_fds(asked, [request], [0, 1, 2])
        process = asked.recv(32)
    except OSError:
        return None
    if not process:
        return None
    # An interrupt of the terminal reaches the fork by itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, lambda number, _: os.kill(int(process), number))
    ended = asked.recv(32)
    if not ended:
        console.say(
            f"error: nobody says how it ended: process {int(process)}, which ran this job:"
            " the driver alive until its jobs are done: run the workflow again"
        )
        return 1
    return int(ended)
