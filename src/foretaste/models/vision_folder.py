"""The folder that an image or video network of transformers was published in: its weights, and how it reads
pixels.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import transformers
from pydantic import BaseModel, PositiveFloat, model_validator
from torch import nn
from transformers import AutoModel

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.json_files import checked, read_json
from foretaste.models.pixels import Pixels
from foretaste.models.pretrained import TOWERS, check_fits, load_network, read_config, sees
from foretaste.pipeline import console
from foretaste.settings.hugging_face import PREPROCESSORS

#: Architectures whose first token stands for the whole picture (registers may follow it).
WITH_CLASS_TOKEN = (
    "beit", "clip_vision_model", "deit", "dinov2", "dinov2_with_registers", "dinov3_vit", "timesformer",
    "vit", "vit_mae", "vit_msn", "vivit",
)  # fmt: skip

#: What a folder may hold that nothing here uses: heads of a pretraining, classifiers, the half that reads
#: text.
_LEFT_OUT = re.compile(
    r"^(classifier|head|lm_head|fc_norm|decoder|encoder_to_decoder|cls_classifier|distillation_classifier"
    r"|text_model|text_projection|visual_projection|logit_scale|logit_bias|pooler)\b"
    r"|mask_token$|position_ids$"
)

#: Architectures whose patches come step by step, each of ``tubelet_size`` frames.
_STEP_BY_STEP = ("videomae", "vjepa2")

Pool = Literal["class_token", "mean", "pooler", "tokens", "steps"]


class Preprocessor(BaseModel, extra="ignore", frozen=True):
    """What of a folder's ``preprocessor_config.json`` says how pixels are read; sizes are the view's."""

    do_rescale: bool = True
    rescale_factor: float = 1 / 255
    do_normalize: bool = True
    image_mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    image_std: tuple[PositiveFloat, PositiveFloat, PositiveFloat] = (1.0, 1.0, 1.0)

    @model_validator(mode="after")
    def _said(self) -> Preprocessor:
        if self.do_normalize and not {"image_mean", "image_std"} <= self.model_fields_set:
            raise ValueError("do_normalize without image_mean and image_std")
        return self


def read_pixels(folder: Path) -> Pixels:
    """How the network of a folder reads pixels; DataError where its files do not say, or say what is not done
    here.
    """
    there = [folder / name for name in PREPROCESSORS if (folder / name).is_file()]
    if not there:
        raise DataError(
            f"nothing says how it reads pixels (no {' or '.join(PREPROCESSORS)})",
            folder,
            "the whole folder, as it was published",
            "fetch the file, or set pixels: {mean: ..., std: ...} of the network",
        )
    said = checked(
        read_json(there[0]), Preprocessor, there[0], "fetch it again, or set pixels of the network"
    )
    scale = said.rescale_factor if said.do_rescale else 1.0
    if abs(255 * scale - 1) > 1e-6:
        raise DataError(f"pixels times {scale}", there[0], "1 / 255", "set pixels of the network")
    if not said.do_normalize:
        return Pixels(mean=(0.0,) * 3, std=(1.0,) * 3)
    return Pixels(mean=said.image_mean, std=said.image_std)


def open_network(folder: Path, pool: Pool) -> nn.Module:
    """The network of a folder, without what nothing here uses.

    Raises ConfigError for another architecture or one without what ``pool`` asks for, DataError where a
    weight that is used is missing, or one is there that nobody knows.
    """
    config = read_config(folder)
    if not sees(config):
        raise ConfigError(
            f"{config.model_type} sees neither pictures nor clips",
            folder / "config.json",
            "vit, dinov2, siglip, videomae, vjepa2 or another image or video encoder of transformers",
            "use another folder",
        )
    kind: type = AutoModel
    if (tower := TOWERS.get(config.model_type)) is not None:
        kind, config = getattr(transformers, tower), config.vision_config
    if pool == "class_token" and config.model_type not in WITH_CLASS_TOKEN:
        raise ConfigError(
            f"{config.model_type} has no class token",
            "network of the preset: pool",
            f"mean or pooler; class_token of {', '.join(WITH_CLASS_TOKEN)}",
            "set another pool",
        )
    if pool == "steps" and config.model_type not in _STEP_BY_STEP:
        raise ConfigError(
            f"patches of {config.model_type} do not come step by step",
            "network of the preset: pool",
            f"tokens, or steps of {', '.join(_STEP_BY_STEP)}",
            "set another pool",
        )
    hf, found = load_network(kind, folder, config, attention=None)
    unused_pooler = pool != "pooler" and getattr(hf, "pooler", None) is not None
    lacking = [name for name in found["missing_keys"] if not (unused_pooler and name.startswith("pooler."))]
    check_fits(sorted(lacking), found, folder)
    if strangers := sorted(name for name in found["unexpected_keys"] if not _LEFT_OUT.search(name)):
        raise DataError(
            f"weights that config.json does not describe: {', '.join(strangers[:3])}",
            folder,
            "every weight, and no other",
            "use a folder whose config.json and weights belong together",
        )
    if left_out := sorted({name.partition(".")[0] for name in found["unexpected_keys"]}):
        console.say(f"not used of its weights: {', '.join(left_out)}")
    if unused_pooler:
        hf.pooler = None
    if pool == "pooler" and getattr(hf, "pooler", None) is None and not hasattr(hf, "head"):
        raise ConfigError(
            f"{config.model_type} has no pooler",
            "network of the preset: pool",
            "mean or class_token",
            "set pool",
        )
    return hf
