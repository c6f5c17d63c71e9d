"""What a model is given and what it returns.

Dimension letters, used in every docstring and shape comment of the project:

    B  samples in the batch          T  time steps (frames) of a window
    N  tokens of a text              M  masked tokens of the whole batch
    C  classes of one head           D  width of a feature vector
    H  height, W  width (pixels)     K  kept classes (top-K)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import torch
from torch import Tensor

from foretaste.contracts.errors import ConfigError
from foretaste.contracts.view import AnyLook

#: Label of a position that has no label. Losses count such positions out; it never stands for a class.
UNLABELLED = -1

#: Labels that speak of positions and not of samples: of a head's past (``past_<head>``), of hidden words.
PAST, TOKEN = "past_", "token"

#: A feature map, as a term calls it: ``maps.<name>``.
MAPS = "maps."


class _Inputs(dict[str, Tensor]):
    """Inputs by name; asking for one that the view does not give is a mistake of the preset."""

    def __missing__(self, name: str) -> Tensor:
        raise ConfigError(
            f"no {name} among the inputs",
            "view and network of the preset",
            f"a network that reads {', '.join(self)}",
            f"change the network, or the view (its kind, or the option that makes {name})",
        )


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Samples as one model sees them.

    ids
        B sample ids, the key of every cached target.
    inputs
        What the view gives the network: e.g. ``input_ids`` (B, N) int64 and ``attention_mask`` (B, N) bool,
        ``features`` (B, T, D) float16 or float32, ``frames`` (B, 3, H, W) uint8.
    labels
        One entry a head: (B,) int64, ``past_<head>`` (B, T) int64, ``token`` (M,) int64.
        ``UNLABELLED`` marks a position without a label.
    beside
        Of each teacher that speaks live, the ``inputs`` for the same samples under the same look.
    look
        How the samples are shown.
    """

    ids: tuple[str, ...]
    inputs: Mapping[str, Tensor]
    labels: Mapping[str, Tensor] = field(default_factory=dict)
    beside: Mapping[str, Mapping[str, Tensor]] = field(default_factory=dict)
    look: AnyLook = None

    def __post_init__(self):
        object.__setattr__(self, "inputs", _Inputs(self.inputs))

    def as_seen_by(self, teacher: str) -> Batch:
        """The same samples as ``teacher`` sees them."""
        return replace(self, inputs=self.beside[teacher], beside={})

    @cached_property
    def labelled(self) -> Tensor:
        """(B,) bool on the CPU: which samples have a label for any head. Labels of the past and of hidden
        words, which the view makes, are none of the sample's own.
        """
        found = torch.zeros(len(self.ids), dtype=torch.bool)
        for name, values in self.labels.items():
            if name != TOKEN and not name.startswith(PAST):
                found |= values.cpu() != UNLABELLED
        return found

    def each(self, change: Callable[[Tensor], Tensor]) -> Batch:
        """The same batch with every tensor changed."""
        return replace(
            self,
            inputs={name: change(tensor) for name, tensor in self.inputs.items()},
            labels={name: change(tensor) for name, tensor in self.labels.items()},
            beside={
                teacher: {name: change(tensor) for name, tensor in inputs.items()}
                for teacher, inputs in self.beside.items()
            },
        )

    def to(self, device) -> Batch:
        """The same batch with every tensor on ``device`` (from pinned memory without waiting for it)."""
        return self.each(lambda tensor: tensor.to(device, non_blocking=True))


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """What every network returns; a field that a network does not make stays empty.

    logits
        One entry a head (``action``, ``verb``, ``noun``): (B, C) float; ``token``: (M, C), masked positions
        only.
    past_logits
        One entry a head: (B, T, C); position t speaks of the frame at time step t.
    features
        (B, T, D): the vectors that went in, the target of ``next_features``.
    next_features
        (B, T, D): position t predicts ``features`` at t + 1 (AVT-h's d_t); the last one predicts the future.
    embedding
        (B, D): one vector a sample (text teachers keep it in the score cache).
    maps
        Feature maps by the name of the place that they come from: (B, ..., D), D the channels.
    """

    logits: Mapping[str, Tensor] = field(default_factory=dict)
    past_logits: Mapping[str, Tensor] = field(default_factory=dict)
    features: Tensor | None = None
    next_features: Tensor | None = None
    embedding: Tensor | None = None
    maps: Mapping[str, Tensor] = field(default_factory=dict)
