"""What the system or a library says of a file becomes one line that points at the right place."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest

from foretaste import __main__ as command
from foretaste.contracts.errors import DataError
from foretaste.pipeline import artifact


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            OSError("no file named model.safetensors in the folder"),
            "error: no file named model.safetensors in the folder: a file or a connection",
        ),
        (
            ConnectionResetError(errno.ECONNRESET, "reset by peer"),
            "error: reset by peer: a file or a connection",
        ),
        (TimeoutError(), "error: TimeoutError: a file or a connection"),
        (
            OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
            "error: No space left on device: the output folder",
        ),
        (
            UnicodeEncodeError("utf-8", "caf\udce9.mp4", 3, 4, "surrogates not allowed"),
            r"error: a name that is not UTF-8: 'caf\udce9.mp4': names in UTF-8: rename",
        ),
        (
            UnicodeEncodeError("ascii", "caf\u00e9", 3, 4, "ordinal not in range"),
            r"error: no '\xe9' in ascii: standard output: an output in UTF-8",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "/data/x.csv"),
            "error: Permission denied: /data/x.csv",
        ),
    ],
)
def test_the_output_folder_is_named_only_where_it_is_meant(error, said, monkeypatch, capsys):
    def fail(*_):
        raise error

    monkeypatch.setattr(command, "_run", fail)
    assert command.main(["train"]) == 1
    shown = capsys.readouterr().err
    assert shown.startswith(said) and ("output folder" in shown) == ("output folder" in said)


@pytest.mark.parametrize(
    "words", [("why", "results/x"), ("config", "lm_avt", "kitchen"), ("doctor", "kitchen")]
)
def test_what_needs_a_project_says_so_elsewhere(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert command.main([*words]) == 1
    assert "error: no config.yaml: " in capsys.readouterr().err


@pytest.mark.parametrize("linked", [False, True])
def test_a_file_is_never_written_over_a_folder(linked, tmp_path):
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers/thesis.tex").touch()
    out = tmp_path / "papers"
    if linked:
        (out := tmp_path / "link").symlink_to("papers")
    with pytest.raises(DataError, match="a folder where a file is to be written"), artifact.whole(out) as one:
        one.write_text("x")
    assert (out / "thesis.tex").exists() and len(list(tmp_path.iterdir())) == 1 + linked


def test_who_write_one_file_at_once_write_it_whole(tmp_path):
    """The first ends while the second is at it."""
    writer = (
        "import sys, time\nfrom pathlib import Path\nfrom foretaste.pipeline.artifact import whole\n"
        "with whole(Path('out')) as partial, open(partial, 'w') as file:\n"
        "    file.write(sys.argv[1])\n    file.flush()\n    print(flush=True)\n    sys.stdin.readline()\n"
        "    file.write(sys.argv[1])\n"
    )
    each = {}
    for name in "ab":
        words = [sys.executable, "-c", writer, name]
        piped = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        each[name] = subprocess.Popen(words, cwd=tmp_path, text=True, **piped)
        each[name].stdout.readline()
    for name, process in each.items():
        process.communicate("go\n")
        assert (tmp_path / "out").read_text() == 2 * name and process.returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with artifact.whole(tmp_path / "out") as partial:
        partial.write_text("x")
        left = partial.with_name(f"{partial.name.rpartition('-')[0]}-{gone.pid}")
        left.write_text("half")
    with artifact.whole(tmp_path / "out") as partial:
        partial.write_text("y")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
