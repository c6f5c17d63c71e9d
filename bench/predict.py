"""`foretaste predict` by a student of the kitchen on a video of 1280 x 720 at 30 frames a second (H.264 of
19 Mbit/s, a key frame in two seconds), a minute of it and ten: how many times as fast as the video plays it
all is done, start and all; seconds of video a CPU second, which say it where others use the machine; the
largest memory of the process; and in how much its logits and probabilities differ from those of scoring.

    python bench/predict.py [--model results/kitchen/lm_avt_demo/seed0/student_recipe_lm]
                            [--out bench/results/predict.json]

Needs a trained model that reads features (make demo), and is no part of `make bench` for that. The ten
minutes are the minute ten times over, its packets copied. The page and the overlay encode the video anew.
Logits and probabilities are compared over windows of the kitchen's own videos.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import moving_view
import numpy as np
import pyarrow as pa

from foretaste.contracts.tables import VIDEOS, read_table
from foretaste.contracts.view import Sources
from foretaste.features.store import FeatureStore
from foretaste.prediction.gathering import open_model
from foretaste.prediction.material import samples_of
from foretaste.prediction.predictor import Predictor
from foretaste.prediction.watched import watch
from foretaste.scores.mean import log_softmax
from foretaste.settings import families
from foretaste.training.checkpoint import load_model
from foretaste.training.material import build_view
from foretaste.training.samples import join
from foretaste.training.scoring import score

ROOT = Path(__file__).parents[1]
FPS, MINUTE_S, TIMES = 30, 60, 10
WINDOWS, VIDEOS_COMPARED = 200, 4


def repeated(source: Path, path: Path, times: int) -> Path:
    """The packets of a video again and again, without decoding."""
    length = MINUTE_S * FPS
    with av.open(str(path), "w") as made:
        stream = None
        for number in range(times):
            with av.open(str(source)) as given:
                video = given.streams.video[0]
                stream = stream or made.add_stream_from_template(video)
                shift = round(number * length / FPS / video.time_base)
                for packet in given.demux(video):
                    if packet.dts is not None:
                        packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.dts + shift, stream
                        packet.time_base = Fraction(video.time_base)
                        made.mux(packet)
    return path


def taken(model: Path, video: Path, option: str, path: Path) -> dict[str, float]:
    """What the command costs, of which nothing but the video's length is known beforehand."""
    words = [sys.executable, "-m", "foretaste", "predict", str(model), str(video), option, str(path)]
    start = time.monotonic()
    process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise SystemExit(f"{' '.join(words)} ended with {status}")
    cpu_s = usage.ru_utime + usage.ru_stime
    return {"wall_s": time.monotonic() - start, "cpu_s": cpu_s, "peak_mb": usage.ru_maxrss / 1024}


def compared(model: Path) -> dict[str, Any]:
    """How far logits and probabilities are from those that scoring gives over the stored features of the
    model's dataset.
    """
    package = open_model(model)
    predictor = Predictor(package, "cpu")
    dataset = model.parents[2]
    shards = tuple(sorted((dataset / "features").glob("*/*.h5")))
    store = FeatureStore(shards)
    videos = read_table(dataset / "videos.parquet", VIDEOS)
    logits, probabilities, count = 0.0, 0.0, 0
    for name in store.videos[:VIDEOS_COMPARED]:
        video = watch((dataset / f"world/videos/{name}.mp4").resolve())
        stops_s = video.times_s(0.5)
        samples = samples_of(stops_s - package.facts.window_s, stops_s, package.facts, predictor.classes)
        at = samples.schema.get_field_index("video_id")
        samples = samples.set_column(at, samples.schema.field(at), pa.array([name] * samples.num_rows))
        tables = {"videos": videos, "features": shards}
        tables["feature_width"] = store.origin.width
        view = families.load("views", "features")
        options = {key: value for key, value in package.facts.view.items() if key != "kind"}
        lacking = view.unseen(view.Config(**options), Sources(samples=samples, **tables))
        samples = samples.filter(pa.array(np.equal(lacking, None))).slice(0, WINDOWS // VIDEOS_COMPARED)
        sources = Sources(samples=samples, classes=predictor.classes, **tables)
        network, _ = load_model(package.parts["network"], sources)
        built = build_view(package.facts.view, sources)
        scored = score(network, join(built, samples, range(len(built)))).logits
        for row, moment in enumerate(predictor.moments(video, samples["window_stop_s"].to_numpy())):
            for head, values in moment.logits.items():
                other = scored[head][row]
                logits = max(logits, np.abs(values - other).max())
                shares = np.exp(log_softmax(np.stack([values, other])))
                probabilities = max(probabilities, np.abs(shares[0] - shares[1]).max())
            count += 1
    return {
        "windows": count,
        "largest_difference_of_logits": float(f"{logits:.2g}"),
        "largest_difference_of_probabilities": float(f"{probabilities:.2g}"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    model = ROOT / "results/kitchen/lm_avt_demo/seed0/student_recipe_lm"
    parser.add_argument("--model", type=Path, default=model)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "predict.json")
    arguments = parser.parse_args()
    found: dict[str, Any] = {
        "model": "/".join(open_model(arguments.model).facts.model.values()),
        "cores": os.cpu_count(),
        "load_at_the_start": round(os.getloadavg()[0], 1),
        **compared(arguments.model),
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        x264 = f"keyint={2 * FPS}:bframes=2"
        minute = moving_view.write(folder / "minute.mp4", 720, 1280, FPS, MINUTE_S, x264)
        ten = repeated(minute, folder / "ten.mp4", TIMES)
        for what, option, suffix, minutes, video in (
            ("json", "--json", ".json", 1, minute),
            ("json", "--json", ".json", TIMES, ten),
            ("page", "--html", ".html", 1, minute),
            ("overlay", "--out", ".mp4", 1, minute),
        ):
            cost = taken(arguments.model, video, option, folder / f"o{suffix}")
            length_s = MINUTE_S * minutes
            found[f"{what}, {minutes} min"] = {
                "times_real_time": round(length_s / cost["wall_s"], 2),
                "video_s_a_cpu_s": round(length_s / cost["cpu_s"], 2),
                "peak_memory_mb": round(cost["peak_mb"]),
            }
            print(what, minutes, found[f"{what}, {minutes} min"], flush=True)
    arguments.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
