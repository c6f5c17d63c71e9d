"""The networks of a package in ONNX, for programs that have no torch: each checked against the network.

    network.onnx     what a window shows -> logits, an output a head
    backbone.onnx    frames, or clips, uint8 -> features

The first dimension of every input and output is the batch. How frames are chosen, resized and cut is what
``package.json`` says; it is no part of a network.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from foretaste.contracts.batch import Batch
from foretaste.contracts.errors import ConfigError
from foretaste.contracts.foreign_files import first_line
from foretaste.prediction.material import inputs_of
from foretaste.prediction.package import BACKBONE, NETWORK
from foretaste.prediction.predictor import Predictor

#: What writes, and what reads and checks.
NEEDED = ("onnx", "onnxscript", "onnxruntime")

#: Largest share of the spread of a network's outputs that rounding may move one of them by.
TOLERANCE = 1e-4

#: Rows of the batches that are traced with and compared.
TRACED, COMPARED = 2, (1, 3)


class _Logits(nn.Module):
    """A network as a function of tensors by name."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return dict(self.network(Batch(ids=(), inputs=inputs)).logits)


class _Features(nn.Module):
    def __init__(self, backbone: nn.Module):
        super().__init__()
        self.backbone = backbone

    def forward(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {"features": self.backbone.embed(inputs["frames"])}


def check_installed() -> None:
    """ConfigError where a library is missing."""
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise ConfigError(
            f"ONNX without {', '.join(missing)}",
            "--onnx",
            "the libraries that write and check it",
            "pip install 'foretaste[onnx]'",
        )


def write_onnx(predictor: Predictor, folder: Path) -> list[str]:
    """Write what can be written into ``folder``; a line for each network, which says how far ONNX Runtime is
    from it, or why it is not there.
    """
    parts: dict[str, tuple[nn.Module, dict[str, Tensor]]] = {
        NETWORK: (_Logits(predictor.model), inputs_of(predictor.facts, predictor.base, TRACED))
    }
    if predictor.backbone is not None and predictor.settings is not None:
        picture, clip = predictor.settings.picture, predictor.settings.clip
        shape = (TRACED, *(() if clip is None else (clip.frames,)), 3, picture.height, picture.width)
        frames = torch.randint(0, 256, shape, dtype=torch.uint8)
        parts[BACKBONE] = (_Features(predictor.backbone), {"frames": frames})
    return [f"{name}.onnx: {_written(*part, folder / f'{name}.onnx')}" for name, part in parts.items()]


def _written(network: nn.Module, inputs: dict[str, Tensor], path: Path) -> str:
    network.eval()
    with torch.inference_mode():
        said = network(inputs)
    # It tells of what no network here uses, and of its own libraries.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _export(network, inputs, list(said), path)
    except (torch.onnx.OnnxExporterError, RuntimeError) as error:
        path.unlink(missing_ok=True)
        return f"not written: torch cannot ({first_line(error.__cause__ or error)})"
    worst = max(_difference(network, inputs, rows, path) for rows in COMPARED)
    if not worst <= TOLERANCE:
        path.unlink()
        return f"not written: ONNX Runtime says something else, by {worst:.2g} of the spread of outputs"
    return f"as the network, within {worst:.1g} of the spread of its outputs"


def _export(network: nn.Module, inputs: dict[str, Tensor], outputs: list[str], path: Path) -> None:
    batch = torch.export.Dim("batch", min=1)
    torch.onnx.export(
        network,
        (),
        path,
        kwargs={"inputs": inputs},
        input_names=list(inputs),
        output_names=outputs,
        dynamic_shapes={"inputs": {name: {0: batch} for name in inputs}},
        external_data=False,
        dynamo=True,
        verbose=False,
    )


def _difference(network: nn.Module, inputs: dict[str, Tensor], rows: int, path: Path) -> float:
    """The largest difference of an output from ONNX Runtime's, as a share of their spread."""
    import onnxruntime

    random = np.random.default_rng(rows)
    batch = {
        name: torch.from_numpy(
            random.integers(0, 256, (rows, *value.shape[1:])).astype(np.uint8)
            if value.dtype == torch.uint8
            else random.normal(size=(rows, *value.shape[1:])).astype(np.float32)
        )
        for name, value in inputs.items()
    }
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found = session.run(None, {name: value.numpy() for name, value in batch.items()})
    with torch.inference_mode():
        expected = [value.numpy() for value in network(batch).values()]
    gaps = [
        np.abs(one - other).max() / max(float(np.ptp(other)), 1e-9) for one, other in zip(found, expected)
    ]
    return float(max(gaps))
