"""Several networks, each of which sees one of a model's views by name; their logits are averaged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from pydantic import Field
from torch import nn

from foretaste.contracts.batch import Batch, Outputs
from foretaste.contracts.errors import ConfigError
from foretaste.contracts.view import Sources
from foretaste.settings.families import Parts
from foretaste.settings.options import Options

#: What it gives, as terms call it.
GIVES = ("<heads>",)


class Config(Options):
    networks: Parts("models") = Field(min_length=1)
    """The network of each view, by the view's name; all have the same heads."""


class LateFusion(nn.Module):
    """Mean of logits, with equal weights."""

    def __init__(self, networks: Mapping[str, nn.Module]):
        super().__init__()
        self.networks = nn.ModuleDict(networks)

    def forward(self, batch: Batch) -> Outputs:
        """``<view>.<input>`` of every view -> ``logits`` of every head (B, C). ConfigError for networks of
        different heads.
        """
        found = [network(_seen_by(name, batch)).logits for name, network in self.networks.items()]
        if len({frozenset(logits) for logits in found}) > 1:
            said = zip(self.networks, found, strict=True)
            raise ConfigError(
                "; ".join(f"{name} says {', '.join(logits)}" for name, logits in said),
                "network: late_fusion",
                "networks of the same heads",
                "set classify alike in each",
            )
        return Outputs(
            logits={head: torch.stack([logits[head] for logits in found]).mean(0) for head in found[0]}
        )


def _seen_by(name: str, batch: Batch) -> Batch:
    inputs = {
        key.removeprefix(f"{name}."): tensor
        for key, tensor in batch.inputs.items()
        if key.startswith(f"{name}.")
    }
    return replace(batch, inputs=inputs)


def build(config: Config, sources: Sources, networks: Mapping[str, nn.Module]) -> LateFusion:
    """The networks together, each built from the same ``sources``."""
    return LateFusion(networks)
