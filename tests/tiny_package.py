"""A package of two small untrained networks: frames of a clip become features, a transformer reads them."""

from __future__ import annotations

from pathlib import Path

import spaces
import torch

from foretaste.contracts.view import Sources
from foretaste.pipeline.artifact import sha256
from foretaste.prediction.package import BACKBONE, NETWORK, Facts, FeaturesMade, Package
from foretaste.settings import families
from foretaste.training.checkpoint import save_model

CLASSES = spaces.verb_noun(
    action=["take_cup", "fill_kettle", "pour_water"], verb=["take", "fill", "pour"],
    noun=["cup", "kettle", "water"], action_verb=[0, 1, 2], action_noun=[0, 1, 2],
)  # fmt: skip
FRAMES = {"kind": "frame_classifier", "channels": 4, "stages": 2, "width": 8}
AVT = {"kind": "avt", "width": 16, "layers": 1, "heads": 2, "dropout": 0.0, "init_std": 0.5}


def make(folder: Path, window_s: float = 4.0) -> Package:
    """The package, its parts in ``folder``."""
    torch.manual_seed(0)
    backbone = families.build("models", FRAMES, "network", sources=Sources(classes=CLASSES))
    sources = Sources(classes=CLASSES, feature_width=backbone.width)
    network = families.build("models", AVT, "network", sources=sources)
    save_model(folder / BACKBONE, backbone, FRAMES, CLASSES, {})
    save_model(folder / NETWORK, network, AVT, CLASSES, {})
    facts = Facts(
        model={"dataset": "tea", "system": "mine", "seed": "0", "model": "student"},
        task="anticipation",
        ahead=True,
        tau_a=1.0,
        window_s=window_s,
        view={"kind": "features", "frames": 4, "rate": 2.0},
        test_views=None,
        temperatures={"action": 2.0},
        features=FeaturesMade(
            network=FRAMES,
            weights_sha256=sha256(folder / BACKBONE / "model.safetensors"),
            picture={"height": 48, "width": 64, "margin": 1.0},
            clip=None,
            grid_fps=4.0,
            dtype="float16",
            batch=16,
            precision="fp32",
        ),
        frames={},
        threads=1,
        scores="0" * 64,
        licence=None,
        terms=None,
    )
    return Package(facts=facts, parts={NETWORK: folder / NETWORK, BACKBONE: folder / BACKBONE})
