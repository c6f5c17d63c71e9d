"""Write a trained model as one folder that `foretaste predict` and a few lines of Python need, and nothing
else.

    foretaste export MODEL --out FOLDER
    foretaste export MODEL --out FOLDER --onnx      its networks in ONNX, too, checked against them

MODEL is a model among results (results/<dataset>/<system>/seed<k>/<model>) that sees video. The folder holds
its network, the network whose features it reads, and how frames become what they see: safetensors and JSON.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("model", metavar="MODEL", type=Path, help="a model among results")
    parser.add_argument("--out", required=True, metavar="FOLDER", type=Path, help="folder to make")
    parser.add_argument("--onnx", action="store_true", help="write the networks in ONNX, too")


def run(arguments: argparse.Namespace) -> None:
    """Write the folder, whole or not at all."""
    from foretaste.prediction.exporting import export
    from foretaste.prediction.gathering import open_model
    from foretaste.prediction.onnx import check_installed

    if arguments.onnx:
        check_installed()
    package = open_model(arguments.model)
    for line in export(package, arguments.out, arguments.onnx):
        print(line)
    size = sum(path.stat().st_size for path in arguments.out.rglob("*") if path.is_file())
    print(f"{arguments.out}: {size / 1e6:.1f} MB; foretaste predict {arguments.out} VIDEO")
