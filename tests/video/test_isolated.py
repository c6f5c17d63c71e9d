"""A file that crashes the decoder, makes it hang or asks for all the memory is an error of that file; the
next one is looked at.
"""

from __future__ import annotations

import os
import signal
import struct
import threading

import barcode
import numpy as np
import pytest

from foretaste.contracts.errors import DataError
from foretaste.video.frame_table import as_row, look_at
from foretaste.video.isolated import Onlooker


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return barcode.write_clip(tmp_path_factory.mktemp("clips") / "a.mp4", 30)


@pytest.fixture(scope="module")
def onlooker():
    with Onlooker(patience_s=20.0) as onlooker:
        yield onlooker


def test_what_is_found_is_what_is_found_here(onlooker, clip):
    (found, taken), here = onlooker.look(clip, True), as_row(look_at(clip))
    assert taken.frames == 30 and taken.cpu_s > 0
    assert found.keys() == here.keys()
    for name, value in here.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


def test_errors_are_the_same_as_here(onlooker, tmp_path):
    (tmp_path / "b.mp4").write_bytes(b"no video" * 100)
    said = []
    for look in (look_at, lambda path: onlooker.look(path, False)):
        with pytest.raises(DataError) as raised:
            look(tmp_path / "b.mp4")
        said.append(str(raised.value))
    assert said[0] == said[1]


def test_a_crash_is_an_error_of_the_file_and_the_next_is_looked_at(onlooker, clip):
    process = onlooker.start()
    os.kill(process.pid, signal.SIGSTOP)  # so that it is at the file when it dies
    threading.Timer(0.5, os.kill, (process.pid, signal.SIGSEGV)).start()
    threading.Timer(0.6, os.kill, (process.pid, signal.SIGCONT)).start()
    with pytest.raises(DataError, match=r"FFmpeg crashes \(signal 11\).*a\.mp4"):
        onlooker.look(clip, False)
    assert onlooker.look(clip, False)[0]["frames"] == 30


def test_a_hang_is_an_error_of_the_file_and_the_next_is_looked_at(clip):
    with Onlooker(patience_s=30.0) as onlooker:
        process = onlooker.start()
        onlooker.look(clip, False)
        os.kill(process.pid, signal.SIGSTOP)
        onlooker._patience_s = 0.5
        with pytest.raises(DataError, match=r"FFmpeg hangs: nothing comes for 0\.5 s.*a\.mp4"):
            onlooker.look(clip, False)
        onlooker._patience_s = 30.0
        assert onlooker.look(clip, False)[0]["frames"] == 30
    assert process.returncode == -signal.SIGKILL


def test_a_process_that_is_slow_to_start_is_no_fault_of_the_file(clip, tmp_path, monkeypatch):
    """As on a machine that has much else to do."""
    (tmp_path / "sitecustomize.py").write_text("import time\ntime.sleep(7)\n")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
    with Onlooker(patience_s=6.0) as onlooker:
        assert onlooker.look(clip, False)[0]["frames"] == 30


def test_a_bomb_is_an_error_of_the_file_and_the_next_is_looked_at(onlooker, clip, tmp_path):
    """A GIF of a few bytes that says it is 65,535 pixels wide and high."""
    screen = struct.pack("<6sHHBBB", b"GIF89a", 65535, 65535, 0xF0, 0, 0) + bytes(6)
    image = struct.pack("<BHHHHB", 0x2C, 0, 0, 65535, 65535, 0) + bytes([2, 2, 0x44, 1, 0])
    (tmp_path / "bomb.gif").write_bytes(screen + image * 3 + b";")
    with pytest.raises(DataError, match=r"bomb\.gif"):
        onlooker.look(tmp_path / "bomb.gif", True)
    assert onlooker.look(clip, False)[0]["frames"] == 30
