"""A trained model as a folder: weights, label space, and what network they belong to.

    model.safetensors   parameters and buffers by name; tied weights once
    classes.json        the label space
    manifest.json       format, network, how many parameters, sha256 of the files, and what it was trained for

Loading compares the names and shapes one by one: a checkpoint fits, or it is an error that names the first
difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import torch
from pydantic import BaseModel, model_validator
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from foretaste.contracts.classes import ClassSpace, read_classes
from foretaste.contracts.errors import DataError
from foretaste.contracts.json_files import checked, read_json, versioned
from foretaste.contracts.view import Sources
from foretaste.pipeline import artifact
from foretaste.settings import families
from foretaste.settings.first_weights import trained

FORMAT = 1


@runtime_checkable
class Resizable(Protocol):
    """A model whose buffers are as large as what it learned: the tables of a count teacher."""

    def resize(self, shapes: Mapping[str, torch.Size]) -> None:
        """Give those buffers the shapes of a checkpoint."""


class Manifest(BaseModel, extra="allow", frozen=True):
    """What a manifest must hold; the rest are facts that its stage tells."""

    network: dict[str, Any]
    parameters: int
    sha256: dict[Literal["model.safetensors", "classes.json"], str]

    @model_validator(mode="after")
    def _whole(self) -> Manifest:
        if "model.safetensors" not in self.sha256:
            raise ValueError("no sha256 of model.safetensors")
        return self


def weights(model: nn.Module) -> dict[str, Tensor]:
    """Parameters and buffers by name, contiguous; of names that share one tensor (tied weights) the first
    stands for all.
    """
    seen, kept = set(), {}
    for name, tensor in model.state_dict().items():
        place = (tensor.data_ptr(), tensor.shape, tensor.stride()) if tensor.numel() else name
        if place not in seen:
            seen.add(place)
            kept[name] = tensor.detach().contiguous()
    return kept


def load_weights(model: nn.Module, stored: Mapping[str, Tensor], where: object) -> None:
    """Copy ``stored`` into ``model``; raises DataError unless names, shapes and dtypes are the same.

    A model with a ``resize`` method (tables of counts, whose size is what was counted) is given the stored
    shapes first.
    """
    if hasattr(model, "resize"):
        model.resize({name: tensor.shape for name, tensor in stored.items()})
    own = weights(model)
    missing, unknown = sorted(set(own) - set(stored)), sorted(set(stored) - set(own))
    if missing or unknown:
        raise DataError(
            f"weights of another network (missing {missing[:3]}, unknown {unknown[:3]})",
            where,
            f"{len(own)} tensors",
            "train again",
        )
    for name, tensor in own.items():
        if stored[name].shape != tensor.shape or stored[name].dtype != tensor.dtype:
            found = f"{name} of shape {tuple(stored[name].shape)} {stored[name].dtype}"
            raise DataError(
                found, where, f"{tuple(tensor.shape)} {tensor.dtype}", "train again with these settings"
            )
    state = model.state_dict()
    with torch.no_grad():
        for name in own:
            state[name].copy_(stored[name])


def save_model(
    folder: Path,
    model: nn.Module,
    network: Mapping[str, Any],
    classes: ClassSpace | None,
    facts: Mapping[str, Any],
) -> None:
    """Write ``model`` into ``folder`` (made if it is not there; not atomic: stages write inside
    ``artifact.whole``).

    network
        The preset's ``network``: what ``load_model`` builds it from, but for a file of weights that it
        started from.
    facts
        JSON values to keep: ``view``, ``seed``, ``trained_on`` ...
    """
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.cpu() for name, tensor in weights(model).items()}, folder / "model.safetensors")
    files = ["model.safetensors"]
    if classes is not None:
        (folder / "classes.json").write_text(classes.to_json(), encoding="utf-8")
        files.append("classes.json")
    manifest = {
        "format": FORMAT,
        "network": trained(network),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "sha256": {name: artifact.sha256(folder / name) for name in files},
        **facts,
    }
    artifact.write_json(folder / "manifest.json", manifest)


def load_model(folder: Path, sources: Sources) -> tuple[nn.Module, dict[str, Any]]:
    """The model, in evaluation mode on the CPU, and its manifest.

    Raises DataError for a damaged file, a newer format, another network, and for class names that are not
    those of ``sources``.
    """
    path = folder / "manifest.json"
    manifest = versioned(read_json(path, "the stage that trains it"), FORMAT, "checkpoint", folder)
    for name, digest in checked(manifest, Manifest, path, "train again, or fetch it again").sha256.items():
        if not (folder / name).is_file() or artifact.sha256(folder / name) != digest:
            raise DataError(
                "damaged file", folder / name, f"sha256 {digest}", "train again, or fetch it again"
            )
    if (
        "classes.json" in manifest["sha256"]
        and sources.classes is not None
        and read_classes(folder / "classes.json") != sources.classes
    ):
        raise DataError(
            "model of another label space",
            folder / "classes.json",
            "the classes of this dataset",
            "train it on this dataset",
        )
    model = families.build("models", manifest["network"], f"{folder}/manifest.json", sources=sources)
    stored = load_file(folder / "model.safetensors")
    if isinstance(model, Resizable):
        model.resize({name: tensor.shape for name, tensor in stored.items()})
    load_weights(model, stored, folder)
    return model.eval(), manifest
