"""The networks of an export in ONNX say what the networks say, by a runtime that knows nothing of torch."""

from __future__ import annotations

import json
from dataclasses import replace

import barcode
import numpy as np
import pytest
import tiny_package
from torch import nn

from foretaste.__main__ import main
from foretaste.contracts.errors import ConfigError
from foretaste.prediction import onnx as writing
from foretaste.prediction.exporting import export
from foretaste.prediction.onnx import check_installed, write_onnx
from foretaste.prediction.predictor import Predictor
from foretaste.prediction.watched import watch
from foretaste.video.decode import frames_at

runtime = pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return tiny_package.make(tmp_path_factory.mktemp("package"))


def test_a_prediction_is_made_of_the_two_files_alone(package, tmp_path):
    lines = export(package, tmp_path / "out", onnx=True)
    assert [line.partition(": ")[0] for line in lines] == ["network.onnx", "backbone.onnx"]
    assert all("as the network" in line for line in lines)
    clip = barcode.write_clip(tmp_path / "a.mp4", 60)
    video = watch(clip)
    (moment,) = Predictor(package, "cpu").moments(video, np.array([4.0]))

    backbone, network = (
        runtime.InferenceSession(str(tmp_path / "out" / f"{name}.onnx")) for name in ("backbone", "network")
    )
    frames, _ = frames_at(video.frames, np.array([2.5, 3.0, 3.5, 4.0]), (48, 64))
    (features,) = backbone.run(None, {"frames": np.ascontiguousarray(frames.transpose(0, 3, 1, 2))})
    kept = features.astype(np.float16).astype(np.float32)[None]
    (logits,) = network.run(None, {"features": kept})
    assert np.abs(logits[0] / 2.0 - moment.logits["action"]).max() < 1e-4
    files = json.loads((tmp_path / "out" / "package.json").read_text())["files"]
    assert {"network.onnx", "backbone.onnx"} <= files.keys()


class Odd(nn.Module):
    """Says one thing when it is traced, and another afterwards."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network, self.asked = network, 0

    def forward(self, batch):
        self.asked += 1
        said = self.network(batch)
        return replace(said, logits={head: one + self.asked for head, one in said.logits.items()})


class Untraceable(nn.Module):
    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, batch):
        said = self.network(batch)
        if float(said.logits["action"].sum()) > 0:
            return said
        return replace(said, logits={head: -one for head, one in said.logits.items()})


@pytest.mark.parametrize(("kind", "why"), [(Odd, "says something else"), (Untraceable, "torch cannot")])
def test_what_is_not_as_the_network_is_not_written(package, tmp_path, kind, why):
    predictor = Predictor(package, "cpu")
    predictor.model = kind(predictor.model)
    line, _ = write_onnx(predictor, tmp_path)
    assert line.startswith("network.onnx: not written") and why in line
    assert [path.name for path in tmp_path.iterdir()] == ["backbone.onnx"]


def test_a_missing_library_is_told_before_anything_is_read(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(writing, "NEEDED", ("onnx", "no_such_library"))
    with pytest.raises(ConfigError, match="without no_such_library"):
        check_installed()
    assert main(["export", str(tmp_path / "absent"), "--out", str(tmp_path / "out"), "--onnx"]) == 1
    assert "pip install 'foretaste[onnx]'" in capsys.readouterr().err


def test_without_being_asked_for_there_is_none(package, tmp_path):
    assert export(package, tmp_path / "out") == []
    assert not list((tmp_path / "out").glob("*.onnx"))
