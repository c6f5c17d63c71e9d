"""Probing and extracting half an hour of video takes no more memory than a minute does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av
import barcode

MEASURED = """
import sys, resource
sys.path[:0] = [{tests!r}]
import barcode, numpy as np, pyarrow as pa, torch
from pathlib import Path
from foretaste.contracts.tables import VIDEOS, write_table
from foretaste.features.extract import Settings, extract_shard
from foretaste.features.shard import write_features
from foretaste.pipeline.video_files import video_files
from foretaste.video.frame_table import frame_tables
from foretaste.video.probe import probe
from foretaste.video.transforms import Picture

torch.set_num_threads(1)
folder = Path({folder!r})
columns, _ = probe(folder, video_files(folder).items())
write_table(folder / "videos.parquet", VIDEOS, columns)
videos = frame_tables(pa.table(columns, schema=VIDEOS.schema), folder)
picture = Picture(height=48, width=64)
settings = Settings(grid_fps=4.0, picture=picture, backbone={{}}, weights_sha256="0")
cells = barcode.CellMeans()
plan = {{"a": np.arange(int(videos["a"].end_s * 4))}}
features, issues = extract_shard(plan, videos, cells, settings, folder)
write_features(folder / "a.features", settings.origin(cells.width), features)
assert not issues
here, beside = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(len(plan["a"]), here, beside)
"""


def repeated(source: Path, path: Path, times: int) -> Path:
    """The packets of a clip again and again, each time where the last one ended."""
    with av.open(str(source)) as given, av.open(str(path), "w") as container:
        stream = container.add_stream_from_template(given.streams.video[0])
        packets = [bytes(one) for one in given.demux(given.streams.video[0]) if one.size]
        step = given.streams.video[0].duration // len(packets)
        for number, content in enumerate(packets * times):
            packet = av.Packet(content)
            packet.stream, packet.time_base = stream, given.streams.video[0].time_base
            packet.pts = packet.dts = number * step
            packet.duration, packet.is_keyframe = step, number % 10 == 0
            container.mux(packet)
    return path


def test_half_an_hour_takes_no_more_memory_than_a_minute(tmp_path):
    """Within 5 %, of the process and of the one that looks at files."""
    clip = barcode.write_clip(tmp_path / "clip.mp4", 600, x264="keyint=10:min-keyint=10:bframes=0:scenecut=0")
    taken = []
    for minutes in (1, 30):
        (tmp_path / str(minutes)).mkdir()
        repeated(clip, tmp_path / str(minutes) / "a.mp4", minutes)
        script = MEASURED.format(tests=str(Path(__file__).parents[1]), folder=str(tmp_path / str(minutes)))
        said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        taken.append([int(value) for value in said.stdout.split()])
    (few, *minute), (many, *half_an_hour) = taken
    assert (few, many) == (240, 7200)
    for short, long in zip(minute, half_an_hour, strict=True):
        assert long < 1.05 * short, (minute, half_an_hour)
