"""A stream is decoded once, as it comes: what is said of it is what is said of the same video as a file, and
as few frames are held of a long one as of a short one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import av
import barcode
import numpy as np
import pytest
import tiny_package

from foretaste.__main__ import main
from foretaste.contracts.errors import DataError
from foretaste.prediction.exporting import export
from foretaste.prediction.predictor import Predictor
from foretaste.prediction.stream import is_stream, opened_stream
from foretaste.prediction.watched import watch

SOURCE = Path(__file__).parents[2] / "src"


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return tiny_package.make(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def exported(package, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported") / "model"
    export(package, folder)
    return folder


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return barcode.write_clip(tmp_path_factory.mktemp("clip") / "a.mkv", 200)


def as_file(package, clip, every_s):
    video = watch(clip)
    return list(Predictor(package, "cpu").moments(video, video.times_s(every_s)))


def as_stream(package, clip, every_s):
    with opened_stream(str(clip)) as stream:
        return list(Predictor(package, "cpu").of_stream(stream, every_s))


def alike(streamed, filed) -> None:
    assert [one.time_s for one in streamed] == [one.time_s for one in filed]
    assert [one.shown_s for one in streamed] == pytest.approx([one.shown_s for one in filed])
    for one, other in zip(streamed, filed, strict=True):
        assert np.abs(one.logits["action"] - other.logits["action"]).max() <= 1e-6


@pytest.mark.parametrize("every_s", [0.1, 0.5, 0.7])
def test_a_stream_says_what_a_file_says(package, clip, every_s):
    alike(as_stream(package, clip, every_s), as_file(package, clip, every_s))


def test_of_uneven_frames_too(package, tmp_path):
    steps = np.random.default_rng(0).integers(5, 300, 100)
    clip = barcode.write_clip(tmp_path / "vfr.mp4", 100, ticks=[0, *np.cumsum(steps)[:-1].tolist()])
    alike(as_stream(package, clip, 0.3), as_file(package, clip, 0.3))


def test_frames_that_nothing_shows_are_let_go(package, clip):
    held = []
    with opened_stream(str(clip)) as stream:
        for _ in Predictor(package, "cpu").of_stream(stream, 0.5):
            held.append(len(stream.held))
    # A window of 4 s on a grid of 4 a second, the first frame, and those of the moments that are computed.
    assert max(held[20:]) <= 30 and max(held[20:]) <= max(held[:20]) + 1


def test_a_pipe_is_followed_as_it_comes(exported, clip):
    """Moments are said while the stream goes on, and once it ends all of them were."""
    words = [sys.executable, "-m", "foretaste", "predict", str(exported), "-", "--json", "-"]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    content = clip.read_bytes()
    with subprocess.Popen(words, env=environment, **pipes) as process:
        process.stdin.write(content[: len(content) * 3 // 4])
        process.stdin.flush()
        first = json.loads(process.stdout.readline())
        assert first["time_s"] == 0.0 and process.poll() is None
        process.stdin.write(content[len(content) * 3 // 4 :])
        process.stdin.close()
        said = [first, *map(json.loads, process.stdout)]
    assert process.returncode == 0 and [one["time_s"] for one in said] == [at / 2 for at in range(40)]


def test_a_named_pipe(exported, clip, tmp_path, capsys):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(clip.read_bytes()))
    writer.start()
    out = tmp_path / "o.jsonl"
    assert main(["predict", str(exported), str(pipe), "--every", "5", "--json", str(out)]) == 0
    writer.join()
    assert [json.loads(line)["time_s"] for line in out.read_text().splitlines()] == [0.0, 5.0, 10.0, 15.0]


def test_what_is_a_stream(clip, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    streams = ["-", "pipe:0", "rtsp://camera/1", str(tmp_path / "pipe")]
    assert [is_stream(name) for name in streams] == [True] * 4
    assert not any(is_stream(str(name)) for name in (clip, tmp_path, tmp_path / "absent"))


def test_a_stream_cannot_be_made_into_a_page(exported, capsys):
    assert main(["predict", str(exported), "-", "--html", "o.html"]) == 1
    assert "it can be read once" in capsys.readouterr().err


def test_what_is_no_stream_is_told(tmp_path):
    (tmp_path / "text").write_text("no video")
    with pytest.raises(DataError, match="FFmpeg"), opened_stream(str(tmp_path / "text")):
        pass


def test_memory_does_not_grow_with_the_video(exported, tmp_path):
    """The peak of a process over six times as long a file; it is the file that grows, not the process."""
    clip = barcode.write_clip(tmp_path / "short.mp4", 200, x264="keyint=12:bframes=0")
    long = tmp_path / "long.mp4"
    with av.open(str(long), "w") as made:
        stream = None
        for number in range(6):
            with av.open(str(clip)) as given:
                video = given.streams.video[0]
                stream = stream or made.add_stream_from_template(video)
                for packet in given.demux(video):
                    if packet.dts is not None:
                        shift = round(20 * number / packet.time_base)
                        packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.dts + shift, stream
                        made.mux(packet)
    short_mb, long_mb = (peak_mb(exported, path, tmp_path / "o.json") for path in (clip, long))
    assert len(json.loads((tmp_path / "o.json").read_text())["moments"]) == 600
    assert long_mb < short_mb * 1.05 + 5


def peak_mb(model: Path, video: Path, out: Path) -> float:
    words = ["-m", "foretaste", "predict", str(model), str(video), "--every", "0.2", "--json", str(out)]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    process = subprocess.Popen([sys.executable, *words], env=environment, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss / 1024
