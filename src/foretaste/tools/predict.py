"""Say what will happen next in a video, through time: the five likeliest actions of every moment, by a
trained model.

    foretaste predict MODEL VIDEO                          lines for a person
    foretaste predict MODEL VIDEO --html out.html          a page with video, scrubber and timeline
    foretaste predict MODEL VIDEO --out overlay.mp4 --json out.json
    foretaste predict MODEL FOLDER --json OUT_FOLDER       every video of a folder
    ffmpeg ... -f mpegts - | foretaste predict MODEL -     a stream, as it comes; --json - for lines of JSON

MODEL is a model among results (results/<dataset>/<system>/seed<k>/<model>) or a folder of `foretaste export`.
What it says at a time is what scoring gives for a sample whose window ends there. A model of the task
recognition says what is happening now.

Of several videos, or a folder of them, each output is a folder with a file a video. A video that cannot be
used costs one line; the others go on, and the exit code is 1.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.pipeline.console import say
from foretaste.pipeline.video_files import SUFFIXES

#: The outputs: option -> (suffix of its files, what it is).
OUTPUTS = {
    "out": (".mp4", "the video with the predictions below its picture"),
    "html": (".html", "one page with video, scrubber and timeline"),
    "vtt": (".vtt", "subtitles"),
    "elan": (".eaf", "annotations for ELAN"),
    "json": (".json", "all of it, for programs"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("model", metavar="MODEL", type=Path, help="a model among results, or an exported one")
    parser.add_argument(
        "videos", metavar="VIDEO", nargs="+", help="files, a folder, or a stream: -, a pipe, a camera"
    )
    parser.add_argument("--every", type=float, default=0.5, metavar="S", help="seconds between moments (0.5)")
    parser.add_argument("--top", type=int, default=5, metavar="K", help="classes of a moment (5)")
    for name, (suffix, what) in OUTPUTS.items():
        parser.add_argument(f"--{name}", metavar=f"F{suffix}", type=Path, help=what)
    parser.add_argument("--labels", metavar="SEGMENTS", type=Path, help="segments.parquet: the truth beside")
    parser.add_argument(
        "--teacher", metavar="SCORES", type=Path, help="a scores/ folder: what it said beside"
    )
    parser.add_argument("--device", help="where to compute (default: a GPU if there is one)")


def run(arguments: argparse.Namespace) -> int:
    """Predict; 1 if some video could not be used."""
    # Before what imports torch, so that a wrong command line is told at once.
    from foretaste.prediction.stream import is_stream
    from foretaste.prediction.watched import check_every

    check_every(arguments.every)
    if arguments.top < 1:
        raise ConfigError(f"--top {arguments.top}", "command line", "at least 1", "correct it")
    asked = {name: getattr(arguments, name) for name in OUTPUTS if getattr(arguments, name) is not None}
    streams = [name for name in arguments.videos if is_stream(name)]
    if streams and (len(arguments.videos) > 1 or set(asked) - {"json"}):
        raise ConfigError(
            "a stream beside others, or made into a video or a page",
            streams[0],
            "one stream, and --json or nothing: it can be read once",
            "save it, and name the file",
        )
    named = [] if streams else [Path(name) for name in arguments.videos]
    videos = list(_videos(named))
    several = len(named) > 1 or any(path.is_dir() for path in named)
    places = [_places(asked, video, several) for video in videos]
    _check_apart(videos, places)
    told_only = set(asked) <= {"json"} and asked.get("json", Path("-")) == Path("-")
    if told_only and (arguments.labels or arguments.teacher):
        raise ConfigError(
            "--labels or --teacher for what is only printed",
            "command line",
            "--json F, --html F, --out F or --elan F, which hold them",
            "name a file to write, or leave them out",
        )

    from foretaste.prediction.command import Command

    command = Command(
        model=arguments.model,
        every_s=arguments.every,
        top=arguments.top,
        labels=arguments.labels,
        teacher=arguments.teacher,
        device=arguments.device,
    )
    for name in streams:
        command.follow(name, asked.get("json"))
    failed = 0
    for video, outputs in zip(videos, places, strict=True):
        try:
            command.predict(video, outputs)
        except DataError as error:
            if not several:
                raise
            say(f"error: {error}")
            failed += 1
    if failed:
        say(f"{failed} of {len(videos)} videos could not be used")
    return 1 if failed else 0


def _videos(named: list[Path]) -> Iterator[Path]:
    """The files that are named, and those of folders that are."""
    for path in named:
        if not path.is_dir():
            yield path
            continue
        found = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
        if not found:
            raise DataError("no video in a folder", path, f"files {', '.join(SUFFIXES)}", "correct the path")
        yield from found


def _places(asked: dict[str, Path], video: Path, several: bool) -> dict[str, Path]:
    """output -> its file."""
    if not several:
        return asked
    return {name: folder / f"{video.stem}{OUTPUTS[name][0]}" for name, folder in asked.items()}


def _check_apart(videos: list[Path], places: list[dict[str, Path]]) -> None:
    """Raise ConfigError where an output would be written over a folder, a video that is read, or another
    output.
    """
    taken = {video.resolve(): "a video that is read" for video in videos}
    for video, outputs in zip(videos, places, strict=True):
        for name, path in outputs.items():
            where = path.resolve()
            over = "a folder" if where.is_dir() else taken.get(where)
            if over is not None and path != Path("-"):
                raise ConfigError(
                    f"--{name} of {video} would be written over {over}",
                    path,
                    "a file of its own for every output of every video",
                    "name another; videos of one name go one after the other",
                )
            taken[where] = f"--{name} of {video}"
