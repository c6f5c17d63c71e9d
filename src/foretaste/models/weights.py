"""Published weights in and out: how others name and store the parameters of our networks.

A layout renames our parameters, one by one, to the published names; the same table reads and writes. Reading
is strict: every parameter must be there in its shape, and nothing may be left over but what the layout knows
to hold no parameter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from foretaste.contracts.errors import DataError
from foretaste.models.torch_files import is_dense, is_swollen, load


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A published naming.

    renames
        (regular expression, replacement) pairs; each is applied to our name in turn, so order matters.
    transposed
        Our names whose matrices are stored (in, out) instead of (out, in).
    ignored
        Published names that hold no parameter: constant masks and tables.
    """

    renames: tuple[tuple[str, str], ...] = ()
    transposed: str = r"(?!)"
    ignored: str = r"(?!)"

    def published(self, name: str) -> str:
        """The published name of our parameter ``name``."""
        for pattern, replacement in self.renames:
            name = re.sub(pattern, replacement, name)
        return name

    def turn(self, name: str, tensor: Tensor) -> Tensor:
        """``tensor`` of our parameter ``name``, from our storage order to the published one or back."""
        return tensor.T if re.search(self.transposed, name) else tensor


#: timm 0.4-1.0 ``vit_*``: our names are its names; ``head`` is the classifier of the pretraining.
VIT = Layout(ignored=r"^head\.")

#: facebookresearch/AVT: GPT-2 of Hugging Face inside (Conv1D weights are (in, out)); ``backbone.model`` is
#: timm's ViT.
AVT = Layout(
    renames=(
        (r"^(encoder|decoder)\.", r"future_predictor.\1."),
        (r"^backbone\.", "backbone.model."),
        (r"^transformer\.position$", "future_predictor.gpt_model.wpe.weight"),
        (r"^transformer\.norm\.", "future_predictor.gpt_model.ln_f."),
        (r"^transformer\.blocks\.(\d+)\.", r"future_predictor.gpt_model.h.\1."),
        (r"(gpt_model\.h\.\d+)\.norm(\d)\.", r"\1.ln_\2."),
        (r"(gpt_model\.h\.\d+)\.attention\.query_key_value\.", r"\1.attn.c_attn."),
        (r"(gpt_model\.h\.\d+)\.attention\.output\.", r"\1.attn.c_proj."),
        (r"(gpt_model\.h\.\d+)\.mlp\.0\.", r"\1.mlp.c_fc."),
        (r"(gpt_model\.h\.\d+)\.mlp\.2\.", r"\1.mlp.c_proj."),
    ),
    transposed=r"^transformer\.blocks\.\d+\.(attention\.(query_key_value|output)|mlp\.[02])\.weight$",
    ignored=r"attn\.(bias|masked_bias)$|^cls_map_|^backbone\.model\.head\.",
)


def export(model: nn.Module, layout: Layout) -> dict[str, Tensor]:
    """The parameters of ``model`` under their published names, in published order and storage."""
    return {
        layout.published(name): layout.turn(name, tensor.detach()).contiguous()
        for name, tensor in model.named_parameters()
    }


def install(model: nn.Module, state: Mapping[str, Tensor], layout: Layout, where: object) -> None:
    """Copy published parameters into ``model``.

    Raises DataError, naming ``where`` and the first few parameters, if one is missing, unknown or of another
    shape.
    """
    ours = {layout.published(name): (name, parameter) for name, parameter in model.named_parameters()}
    missing = [name for name in ours if name not in state]
    extra = [name for name in state if name not in ours and not re.search(layout.ignored, name)]
    if missing or extra:
        raise DataError(
            f"weights of another network: missing {_few(missing)}, not known {_few(extra)}",
            where,
            f"{len(ours)} parameters",
            "use the preset that these weights were trained with",
        )
    turned = {name: layout.turn(own, state[name]) for name, (own, _) in ours.items()}
    for name, (_, parameter) in ours.items():
        if turned[name].shape != parameter.shape:
            raise DataError(
                f"{name} has shape {tuple(turned[name].shape)}",
                where,
                f"{tuple(parameter.shape)}",
                "use the preset that these weights were trained with",
            )
    with torch.no_grad():
        for name, (_, parameter) in ours.items():
            parameter.copy_(turned[name])


def read(path: Path, entry: str | None = None) -> dict[str, Tensor]:
    """Tensors by name from a ``.safetensors`` file, or from a ``.pth`` or ``.bin`` read as weights only
    (nothing in it is run).

    ``entry`` names the part of a ``.pth`` checkpoint that holds the parameters ("model" in AVT's). Whatever
    is wrong with the file is one DataError. What has no checksum cannot be checked: a bit flipped among the
    numbers of a .safetensors file, or of a .pth older than torch's zip format, is read as a number.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(
            "missing weights", path, "a .safetensors or .pth file", "download it, or correct the path"
        )
    stored = load(path, "weights")
    if entry is not None:
        if not isinstance(stored, dict) or entry not in stored:
            found = _few(list(stored)) if isinstance(stored, dict) else type(stored).__name__
            raise DataError(
                f"no entry {entry!r}", path, f"one of {found}", "name the entry that holds the parameters"
            )
        stored = stored[entry]
    if not isinstance(stored, dict) or not all(_is_parameter(*item) for item in stored.items()):
        raise DataError(
            "not a table of tensors",
            path,
            "parameter name -> tensor",
            "name the entry that holds the parameters",
        )
    if swollen := [name for name, tensor in stored.items() if is_swollen(tensor, path)]:
        raise DataError(f"{swollen[0]} is larger than its file", path, "a whole file", "fetch it again")
    return dict(stored)


def _is_parameter(name: object, value: object) -> bool:
    return isinstance(name, str) and is_dense(value)


def _few(names: list[str]) -> str:
    return (
        ", ".join(map(str, names[:3])) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        if names
        else "none"
    )
