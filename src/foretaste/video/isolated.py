"""Video files looked at in a process of their own: one that crashes FFmpeg, makes it hang or asks for all the
memory costs that process, and is an error of that file.

    with Onlooker() as onlooker:
        row = onlooker.look(path, every_frame=False)

The process says a line when it is ready. It reads a line of JSON a file and says a dot now and then while
packets or frames come, then how it went; what it found it leaves in a file. A file with which nothing comes
for ``PATIENCE_S`` is given up.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from foretaste.contracts.errors import DataError, of_system
from foretaste.contracts.tables import VIDEOS
from foretaste.video.frame_table import as_row, look_at
from foretaste.video.numbered_frames import Clock
from foretaste.video.packets import unreadable
from foretaste.video.remarks import Taken
from foretaste.video.whole import decodes_throughout, decodes_to_the_end

#: Seconds without a packet or a frame, and bytes of memory, that a file may take.
PATIENCE_S, MEMORY = 20.0, 4 << 30

#: Seconds between two dots.
_BEAT_S = 1.0


class Onlooker:
    """A process that looks at files, one after the other; started when it is needed, and again after one that
    it did not survive.
    """

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = tempfile.TemporaryDirectory()

    def __enter__(self) -> Onlooker:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()
        self._folder.cleanup()

    def look(self, path: Path, every_frame: bool, clock: Clock | None = None) -> tuple[dict[str, Any], Taken]:
        """The columns of the VIDEOS table that are of the file, and what decoding its frames took; DataError
        for one that cannot be used. ``clock`` is that of numbered frames.
        """
        process = self.start()
        found = Path(self._folder.name) / "found.arrow"
        numbered = None if clock is None else asdict(clock)
        request = {"path": str(path), "every_frame": every_frame, "clock": numbered, "found": str(found)}
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        answer = self._answer(process, path)
        if "error" in answer:
            raise DataError(*answer["error"])
        with pa.OSFile(str(found)) as source:
            row = pa.ipc.open_file(source).get_batch(0)
            columns = {name: _value(row.column(name)) for name in row.schema.names}
        return columns, Taken(answer["frames"], answer["cpu_s"])

    def start(self) -> subprocess.Popen[bytes]:
        """The running process."""
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "foretaste.video.isolated"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            # On a busy machine this takes long, and no file is to blame for it.
            self._process.stdout.readline()
        return self._process

    def _answer(self, process: subprocess.Popen[bytes], path: Path) -> dict[str, Any]:
        said, output = b"", process.stdout.fileno()
        while not said.endswith(b"\n") or said.rstrip(b".\n") == b"":
            ready, _, _ = select.select([output], [], [], self._patience_s)
            if not ready:
                self._stop()
                raise unreadable(path, f"FFmpeg hangs: nothing comes for {self._patience_s:g} s")
            part = os.read(output, 1 << 16)
            if not part:
                code = self._stop()
                how = f"signal {-code}" if code < 0 else f"exit code {code}"
                raise unreadable(path, f"FFmpeg crashes ({how})")
            said += part
        return json.loads(said.splitlines()[-1])

    def _stop(self) -> int:
        """End the process; the code that it ended with."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.stdin.close()
        process.stdout.close()
        try:
            return process.wait(timeout=_BEAT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()


def _value(column: pa.Array) -> Any:
    """The one value of a column; a list as an array."""
    value = column[0]
    return value.values.to_numpy() if isinstance(value, pa.ListScalar) and value.is_valid else value.as_py()


class _Beat:
    """Says a dot when it is called, but not more often than every ``_BEAT_S``."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self) -> None:
        if time.monotonic() - self._last > _BEAT_S:
            self._last = time.monotonic()
            print(".", flush=True)


def _look(request: dict[str, Any]) -> dict[str, Any]:
    """Look at a file and leave what was found; the answer, with the parts of the error where it cannot be
    used.
    """
    beat = _Beat()
    try:
        clock = request["clock"]
        video = look_at(Path(request["path"]), beat, None if clock is None else Clock(**clock))
        before_s = time.process_time()
        frames = (decodes_throughout if request["every_frame"] else decodes_to_the_end)(video, beat)
        cpu_s = time.process_time() - before_s
    except DataError as error:
        return {"error": [str(part) for part in error.args]}
    except OSError as error:
        return {"error": [str(part) for part in of_system(error).args]}
    except MemoryError:
        error = unreadable(Path(request["path"]), f"takes more than {MEMORY >> 30} GB of memory")
        return {"error": [str(part) for part in error.args]}
    row = as_row(video)
    schema = pa.schema([VIDEOS.schema.field(name) for name in row])
    batch = pa.record_batch([pa.array([row[name]], schema.field(name).type) for name in row], schema=schema)
    with pa.OSFile(request["found"], "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        writer.write_batch(batch)
    return {"frames": frames, "cpu_s": cpu_s}


def main() -> None:
    """Answer until standard input ends, or whoever asks is gone."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, hard))
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(_look(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
