"""Settings of a backbone: the network that turns frames into features, and when it is asked."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, PositiveFloat, PositiveInt, model_validator

from foretaste.settings.families import Part
from foretaste.settings.first_weights import first_weights
from foretaste.settings.language_models import check_name
from foretaste.settings.model_config import Objective
from foretaste.settings.options import Options
from foretaste.settings.setting_types import DataPath
from foretaste.settings.training_config import LoopConfig


class GridConfig(Options):
    """The grid of times at which a video's frames are turned into features."""

    fps: PositiveFloat
    """Grid times are k / fps from the start of the video."""
    shards: PositiveInt = 1
    """Files, one writer each."""
    batch: PositiveInt = 64
    """Frames or clips that the network sees at once: as its device's memory allows."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """bf16 is autocast."""


#: Settings of the view `clip` that say what a backbone is shown at a grid time; the others are about windows.
CLIP_OF_A_BACKBONE = {"kind", "frames", "rate", "geometry", "modality"}


class BackboneConfig(Options):
    """The network that turns frames into feature vectors: trained here, taken as others published it, or its
    vectors given as files.
    """

    grid: GridConfig
    """At which times it is asked."""
    init: Annotated[str, AfterValidator(check_name)] | None = None
    """Where the network `pretrained_vision` starts, named as a language model's `init` is."""
    view: Part("views") | None = None
    """What it is shown: a file of `views/`."""
    network: Part("models") | None = None
    """What it is: a file of `models/`."""
    objective: Objective = ()
    """The terms of its training."""
    training: LoopConfig | None = None
    """How it is trained; null: it is taken as it is."""
    files: DataPath | None = None
    """Feature files (HDF5, docs/formats.md) relative to data_root, where the features are not made here."""

    @property
    def published(self) -> str | None:
        """The file of weights that the network names, relative to data_root."""
        return None if self.network is None else first_weights(self.network)

    @model_validator(mode="after")
    def _made_or_given(self) -> BackboneConfig:
        if self.files is not None:
            if self.view or self.network or self.objective or self.training or self.init:
                raise ValueError("a backbone with files has nothing else but a grid")
            return self
        if self.view is None or self.network is None:
            raise ValueError("a backbone has either files, or view and network")
        kind = self.view.get("kind")
        if kind not in ("frames", "clip") or self.view.get("modality", "rgb") != "rgb":
            raise ValueError("a backbone sees frames or clips of RGB: view: {kind: frames} or {kind: clip}")
        if kind == "clip" and (unused := sorted(set(self.view) - CLIP_OF_A_BACKBONE)):
            raise ValueError(
                f"a backbone of clips knows no {', '.join(unused)}: {', '.join(sorted(CLIP_OF_A_BACKBONE))}"
            )
        if kind == "clip" and self.training is not None:
            raise ValueError("a backbone of clips is used as it was published, without training")
        if (self.training is None) != (not self.objective):
            raise ValueError("a backbone that is trained has objective and training")
        if (self.network.get("kind") == "pretrained_vision") != (self.init is not None):
            raise ValueError("init goes with network: {kind: pretrained_vision}")
        if self.training is None and self.init is None and self.published is None:
            raise ValueError("a backbone that is not trained starts from published weights")
        return self
