"""What other readers make of the files of every kind: how many of the frames that are asked for by number
come out wrong, without an error.

    python tests/video/other_readers.py [--seeds 3] [READER]

Every third frame of each file; a reader that does not import is said to be absent (torchcodec needs shared
libraries of FFmpeg, which it does not bring). One that gives nothing for 20 s, or dies, has refused the file.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import barcode
import numpy as np
from made_clips import RIGHT
from test_every_kind_of_file import oracle

PATIENCE_S = 20.0


def decord(path: Path, frames: list[int]) -> np.ndarray:
    import decord

    return decord.VideoReader(str(path), num_threads=1).get_batch(frames).asnumpy()


def torchcodec(path: Path, frames: list[int]) -> np.ndarray:
    from torchcodec.decoders import VideoDecoder

    decoder = VideoDecoder(str(path), seek_mode="exact", num_ffmpeg_threads=1, dimension_order="NHWC")
    return decoder.get_frames_at(frames).data.numpy()


READERS = {"decord": decord, "torchcodec": torchcodec}


def answer(reader: str, path: Path, frames: list[int], to: multiprocessing.connection.Connection) -> None:
    """The numbers in the pictures that a reader gives."""
    to.send([barcode.read(picture) for picture in READERS[reader](path, frames)])


def asked(reader: str, path: Path, frames: list[int]) -> list[int] | None:
    """Its answer, by a process of its own; None where there is none."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=answer, args=(reader, path, frames, there))
    process.start()
    there.close()
    try:
        return here.recv() if here.poll(PATIENCE_S) else None
    except EOFError:
        return None
    finally:
        process.kill()
        process.join()


def of_every_kind(reader: str, seeds: int) -> dict[str, object]:
    """Counts over all files, and the kinds among them of which frames are wrong or files refused."""
    counts: Counter[str] = Counter()
    kinds: dict[str, list[str]] = {"wrong": [], "refused": []}
    for kind, make in RIGHT.items():
        found: Counter[str] = Counter()
        for seed in range(seeds):
            with tempfile.TemporaryDirectory() as folder:
                path, _ = make(Path(folder), random.Random(f"{kind} {seed}"))
                numbers = oracle(path)
                frames = list(range(0, len(numbers), 3))
                given = asked(reader, path, frames)
                found["files"] += 1
                found["refused"] += given is None
                if given is not None:
                    found["frames"] += len(frames)
                    found["wrong"] += sum(one != numbers[at] for one, at in zip(given, frames, strict=True))
        counts += found
        for name, of in kinds.items():
            of += [kind] if found[name] else []
    return {**counts, "kinds": kinds}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("reader", nargs="?", choices=READERS, help="one of them (default: all)")
    parser.add_argument("--seeds", type=int, default=3, help="files of each kind (default: %(default)s)")
    arguments = parser.parse_args()
    readers = [arguments.reader] if arguments.reader else list(READERS)
    with tempfile.TemporaryDirectory() as folder:
        whole, _ = RIGHT["h264.mp4"](Path(folder), random.Random(0))
        absent = {reader: asked(reader, whole, [0]) is None for reader in readers}
    for reader in readers:
        found = "absent" if absent[reader] else of_every_kind(reader, arguments.seeds)
        print(json.dumps({reader: found}))


if __name__ == "__main__":
    main()
