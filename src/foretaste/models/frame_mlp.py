"""A perceptron on each frame's features by itself; what the frames say is averaged (Tran et al. 2019, of
ResNet-152 features on THUMOS14).
"""

from __future__ import annotations

from pydantic import Field, PositiveInt
from torch import nn

from foretaste.contracts.batch import Batch, Outputs
from foretaste.contracts.errors import ConfigError
from foretaste.contracts.view import Sources
from foretaste.settings.options import Options

#: What it gives, as terms call it.
GIVES = ("<heads>", "embedding")


class Config(Options):
    width: PositiveInt = 512
    """H of the hidden layer."""
    dropout: float = Field(0.5, ge=0, lt=1)
    """On the hidden layer."""
    classify: tuple[str, ...] = ()
    """Heads; none: all of the dataset's."""


class FrameMlp(nn.Module):
    """Linear, relu, dropout, and one linear classifier a head."""

    def __init__(self, config: Config, feature_width: int, classes: dict[str, int]):
        super().__init__()
        self.hidden = nn.Sequential(nn.Linear(feature_width, config.width), nn.ReLU())
        self.dropout = nn.Dropout(config.dropout)
        self.classifiers = nn.ModuleDict(
            {head: nn.Linear(config.width, count) for head, count in classes.items()}
        )

    def forward(self, batch: Batch) -> Outputs:
        """``features`` (B, T, D) -> ``logits`` of every head and ``embedding`` (B, H), means over T."""
        features = batch.inputs["features"]
        if features.dim() != 3:
            raise ConfigError(
                f"features {tuple(features.shape)} of a batch",
                "view of the preset",
                "vectors, (B, T, D)",
                "give it vectors; it reads no maps",
            )
        hidden = self.hidden(features.to(self.hidden[0].weight.dtype))
        kept = self.dropout(hidden)
        logits = {head: classifier(kept).mean(1) for head, classifier in self.classifiers.items()}
        return Outputs(logits=logits, embedding=hidden.mean(1))


def build(config: Config, sources: Sources) -> FrameMlp:
    """The network for the features and classes of ``sources``."""
    space = sources.need("classes", "frame_mlp")
    width = sources.need("feature_width", "frame_mlp")
    return FrameMlp(config, width, space.sizes(config.classify or space.heads))
