"""A program of another environment that answers lines of JSON with lines of JSON (``allennlp_worker`` says
how they talk).
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from foretaste.contracts.errors import DataError

#: What its last words are cut to.
_LONGEST = 400


class Worker:
    """A running program. It ends when ``close`` is called, and when this process dies: its standard input
    ends then.
    """

    def __init__(self, command: Sequence[str], what: str, to_do: str):
        """Start ``command`` and wait until it is ready; errors call it ``what`` and say ``to_do``."""
        self.what, self.to_do = what, to_do
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed by close)
        # Settings of this Python are not for that one.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        self.process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=environment,
            text=True,
            encoding="utf-8",
        )
        self.ready: dict[str, str] = self._answer()["ready"]

    def ask(self, requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """One answer for each request, in their order; DataError if the program is dead."""
        try:
            # It reads all of a group before it answers, so that neither side waits for the other.
            self.process.stdin.writelines(json.dumps(request) + "\n" for request in requests)
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise self._dead() from error
        return [self._answer() for _ in requests]

    def close(self) -> None:
        """Let the program end, and wait for it."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        with suppress(BrokenPipeError):  # What was still to be sent to a dead program is lost with it.
            self.process.stdin.close()
        self.errors.close()

    def _answer(self) -> dict[str, Any]:
        line = self.process.stdout.readline()
        if not line.endswith("\n"):
            raise self._dead()
        return json.loads(line)

    def _dead(self) -> DataError:
        code = self.process.wait()
        self.errors.seek(0)
        words = self.errors.read().decode("utf-8", "replace").strip().splitlines() or ["(nothing)"]
        self.close()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return DataError(
            f"the {self.what} died ({how})",
            f"its last words: {words[-1][-_LONGEST:]}",
            "a program that answers",
            self.to_do,
        )
