"""The stage from segments, videos and a checkpoint to a feature file: on numbered clips, and on every real
clip there is.
"""

from __future__ import annotations

import barcode
import numpy as np
import pytest
import torch
import vision_folders
from spaces import SEGMENTS_OF_THREE, verb_noun

from foretaste.contracts.errors import DataError
from foretaste.contracts.tables import ISSUES, SEGMENTS, VIDEOS, read_table, write_table
from foretaste.contracts.view import Sources
from foretaste.features.store import FeatureStore
from foretaste.models.weights import VIT, write
from foretaste.pipeline.step import Step
from foretaste.settings import families
from foretaste.stages import extract_features, probe_videos
from foretaste.training.checkpoint import save_model
from foretaste.video.decode import frames_at
from foretaste.video.frame_table import look_at
from foretaste.video.transforms import Picture, centre, channels_first, covering

NETWORK = {"kind": "frame_classifier", "channels": 8, "stages": 2, "width": 16}
PICTURE = {"height": 24, "width": 32}
CLASSES = verb_noun(action=("cut",), verb=("cut",), noun=("it",), action_verb=(0,), action_noun=(0,))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("backbone") / "checkpoint"
    torch.manual_seed(0)
    save_model(
        folder, families.build("models", NETWORK, sources=Sources(classes=CLASSES)), NETWORK, CLASSES, {}
    )
    return folder


TAU_A, TAU_O = 0.5, 5.0


def run(folder, out, checkpoint, stops, on_bad_input="skip", shards=1, fps=4.0, published=None):
    """Probe ``folder``, then extract the windows that end at ``stops`` (video_id, stop_s); returns the shards
    and the issues. ``published``: inputs in the place of the checkpoint, network and picture.
    """
    made_by, network, picture = published or ({"checkpoint": checkpoint}, NETWORK, PICTURE)
    out.mkdir()
    probe_videos.run(
        Step(
            stage="probe_videos",
            inputs={},
            outputs={name: out / f"{name}.parquet" for name in ("videos", "issues")},
            config={"video_folders": {"rgb": str(folder)}, "patterns": {"rgb": "*"}, "on_bad_input": "skip"},
            scratch=out,
        )
    )
    rows = [
        {
            "segment_id": f"{i}",
            "dataset": "d",
            "split": "training",
            "video_id": video,
            "start_s": stop_s + TAU_A,
            "stop_s": stop_s + 9.0,
        }
        for i, (video, stop_s) in enumerate(stops)
    ]
    write_table(
        out / "segments.parquet",
        SEGMENTS,
        {f.name: [row.get(f.name) for row in rows] for f in SEGMENTS_OF_THREE},
    )
    for shard in range(shards):
        extract_features.run(
            Step(
                stage="extract_features",
                inputs={
                    "segments": out / "segments.parquet",
                    "videos": out / "videos.parquet",
                    **made_by,
                },
                outputs={"features": out / f"{shard}.h5", "issues": out / f"issues-{shard}.parquet"},
                config={
                    "network": network,
                    "view": picture if "kind" in picture else {"kind": "frames", "picture": picture},
                    "grid": {"fps": fps, "shards": shards, "batch": 16, "precision": "fp32"},
                    "shard": shard,
                    "on_bad_input": on_bad_input,
                    "video_folders": {"rgb": str(folder)},
                    "tasks": [{"kind": "anticipation", "tau_a": TAU_A, "tau_o": TAU_O}],
                },
                scratch=out / f"scratch{shard}",
            )
        )
    paths = [out / f"{shard}.h5" for shard in range(shards)]
    return paths, [
        row
        for shard in range(shards)
        for row in read_table(out / f"issues-{shard}.parquet", ISSUES).to_pylist()
    ]


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    for name, frames in [("a", 60), ("b", 40), ("c", 50)]:
        barcode.write_clip(folder / f"{name}.mp4", frames, numbers=range(frames, 2 * frames))
    return folder


STOPS = [("a", 3.1), ("b", 3.9), ("c", 2.0), ("a", 5.2), ("a", -0.3), ("gone", 1.0)]


def test_shards_hold_every_wanted_frame(clips, checkpoint, tmp_path):
    paths, issues = run(clips, tmp_path / "out", checkpoint, STOPS, shards=2)
    assert issues == []
    store = FeatureStore(paths)
    assert store.videos == ("a", "b", "c") and store.origin.width == 16 and store.origin.grid_fps == 4.0
    assert store.rows("a", np.arange(0, 21)).shape == (21, 16) and store.rows("b", np.arange(4, 16)).any()
    (whole,), _ = run(clips, tmp_path / "whole", checkpoint, STOPS)
    for video_id in store.videos:
        np.testing.assert_array_equal(
            FeatureStore([whole]).rows(video_id, np.arange(4, 9)), store.rows(video_id, np.arange(4, 9))
        )


def test_the_same_step_gives_the_same_bytes(clips, checkpoint, tmp_path):
    first, second = (run(clips, tmp_path / name, checkpoint, STOPS)[0][0].read_bytes() for name in ("x", "y"))
    assert first == second


def test_features_of_a_window_do_not_depend_on_the_video_after_it(checkpoint, tmp_path):
    """The observation boundary through decoding, transform and network: two videos that differ from 3.0 s
    on.
    """
    stores = []
    for name, later in (("x", 0), ("y", 500)):
        folder = tmp_path / f"videos-{name}"
        folder.mkdir()
        ticks = [i * 60 for i in range(60)]
        pictures = [*range(30), *range(30 + later, 60 + later)]
        barcode.write_clip(
            folder / "a.mp4",
            60,
            ticks=ticks,
            numbers=pictures,
            x264="keyint=10:bframes=0:scenecut=0:rc-lookahead=0:qp=20",
        )
        stores.append(FeatureStore(run(folder, tmp_path / name, checkpoint, [("a", 5.0)])[0]))
    before, after = np.arange(0, 12), np.arange(12, 20)
    np.testing.assert_array_equal(*(store.rows("a", before) for store in stores))
    assert (stores[0].rows("a", after) != stores[1].rows("a", after)).any(axis=1).all()


@pytest.mark.parametrize("kind", ["pretrained_vision", "vit"])
def test_a_network_that_others_published_is_taken_as_it_is(clips, tmp_path, kind):
    picture = {"height": 32, "width": 32}
    if kind == "vit":
        network = {"kind": "vit", "image": 32, "patch": 8, "width": 24, "layers": 1, "heads": 2}
        theirs = families.build("models", network, sources=Sources())
        write(theirs, VIT, tmp_path / "vit.safetensors")
        network["weights"] = "vit.safetensors"
        inputs = {"weights": tmp_path / "vit.safetensors"}
    else:
        network, inputs = {"kind": "pretrained_vision"}, {"pretrained": tmp_path / "dino"}
        vision_folders.write(tmp_path / "dino", "dinov2")
        (tmp_path / "dino" / "manifest.json").write_text("{}")
        theirs = families.build("models", network, sources=Sources(**inputs))
    (path,), issues = run(clips, tmp_path / "out", None, STOPS, fps=2.0, published=(inputs, network, picture))
    assert issues == []
    store, seen = FeatureStore([path]), look_at(clips / "a.mp4")
    frames, _ = frames_at(seen, np.arange(6) / 2.0, covering(seen.shown_size, Picture(**picture)))
    with torch.inference_mode():
        expected = theirs.eval().embed(channels_first(centre(frames, Picture(**picture))))
    np.testing.assert_allclose(store.rows("a", np.arange(6)), expected.half().numpy(), atol=2e-3)


def test_fail_lists_every_bad_video_and_writes_nothing(clips, checkpoint, tmp_path):
    with pytest.raises(DataError) as raised:
        run(clips, tmp_path / "out", checkpoint, [*STOPS, ("b", 9.0), ("c", 7.0)], on_bad_input="fail")
    assert "2 bad inputs" in str(raised.value)
    assert "b.mp4, sample 6, b: window ends at 9.00 s" in str(raised.value) and "c.mp4, sample 7, c" in str(
        raised.value
    )
    assert not (tmp_path / "out" / "0.h5").exists() and not (tmp_path / "out" / "issues-0.parquet").exists()


def test_every_real_clip(shared_data, checkpoint, tmp_path):
    """Nine clips (H.264, HEVC, MPEG-4, VP8, AV1, GIF) give features over their whole length; the damaged one
    is an issue.
    """
    folder = shared_data / "video"
    ends = {
        "arm_wrestle": 9.9,
        "counter_h265": 0.9,
        "ego_stir_pan": 1.9,
        "flip_pancake": 10.2,
        "knead_dough": 4.8,
        "makeup": 6.4,
        "pattern_av1": 4.9,
        "ssv2_121896": 10.9,
        "weightlift_19fps": 18.0,
    }
    stops = [
        (name, end - back)
        for name, end in {**ends, "truncated": 2.0}.items()
        for back in (0.0, 5.0, 10.0, 15.0)
    ]
    paths, issues = run(folder, tmp_path / "out", checkpoint, stops)
    probed = read_table(tmp_path / "out" / "issues.parquet", ISSUES).to_pylist()
    assert [(row["file"], row["action"]) for row in probed] == [
        ("truncated.mp4", "skipped")
    ] and "Invalid data" in probed[0]["reason"]
    assert issues == []
    assert set(read_table(tmp_path / "out" / "videos.parquet", VIDEOS)["video_id"].to_pylist()) == set(ends)
    store = FeatureStore(paths)
    assert store.videos == tuple(sorted(ends))
    for name, end in ends.items():
        rows = store.rows(name, np.arange(0, int(end * 4) + 1))
        assert np.isfinite(rows).all() and rows.any(axis=1).all()
        assert (store.times(name, np.arange(0, int(end * 4) + 1)) <= np.arange(0, int(end * 4) + 1) / 4).all()
