"""Small image and video networks of transformers, as folders like those that are published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModel, PreTrainedModel
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

#: What most of them share: pictures of 32 x 32 in patches of 8, D 24.
SMALL = {
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 48,
    "image_size": 32,
    "patch_size": 8,
}
CLIP = {**SMALL, "num_frames": 4}
#: Architecture -> its settings.
SETTINGS: dict[str, dict[str, Any]] = {
    "vit": SMALL,
    "deit": SMALL,
    "dinov2": SMALL,
    "dinov2_with_registers": {**SMALL, "num_register_tokens": 3},
    "dinov3_vit": {**SMALL, "num_register_tokens": 2},
    "siglip_vision_model": SMALL,
    "clip_vision_model": {**SMALL, "projection_dim": 16},
    "convnext": {"hidden_sizes": [8, 12, 16, 24], "depths": [1, 1, 1, 1]},
    "videomae": {**CLIP, "tubelet_size": 2},
    "timesformer": CLIP,
    "vjepa2": {
        "crop_size": 32, "patch_size": 8, "frames_per_clip": 4, "tubelet_size": 2, "hidden_size": 24,
        "num_attention_heads": 2, "num_hidden_layers": 2, "mlp_ratio": 2, "pred_hidden_size": 12,
        "pred_num_attention_heads": 2, "pred_num_hidden_layers": 3, "pred_num_mask_tokens": 2,
    },
}  # fmt: skip
CLIPS = ("videomae", "timesformer", "vjepa2")
READS = {"do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True,
         "image_mean": [0.4, 0.5, 0.6], "image_std": [0.2, 0.25, 0.3]}  # fmt: skip


def write(folder: Path, architecture: str, kind: type = AutoModel, **settings: Any) -> PreTrainedModel:
    """A network with random weights; returns it, in evaluation mode. ``kind``: with which head."""
    torch.manual_seed(0)
    config = CONFIG_MAPPING[architecture](**{**SETTINGS[architecture], **settings})
    model = kind.from_config(config) if hasattr(kind, "from_config") else kind(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    model.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(READS))
    return model.eval()
