"""Settings of a generated world: its seed and its sizes."""

from __future__ import annotations

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from foretaste.settings.options import Options


class WorldConfig(Options):
    """Everything that a generated world depends on; equal settings give equal bytes.

    Tune on seeds 100 and up; seeds 0 to 4 are for reporting.
    """

    seed: int = Field(0, ge=0)
    """Makes dishes, kitchens, participants, runs and words."""

    recipes: PositiveInt = 4200
    """How many recipe texts."""
    train_videos: PositiveInt = 36
    """How many labelled training videos; few, so that the text knows what they lack."""
    validation_videos: PositiveInt = 60
    """How many validation videos; fewer than 48 cannot tell a small gain from none."""
    train_kitchens: PositiveInt = 12
    """Kitchens (and participants: one each) of the training videos."""
    validation_kitchens: PositiveInt = 12
    """Kitchens (and participants) of the validation videos, none of them in training."""

    shown_dishes: PositiveInt = 24
    """Dishes that videos show and recipes tell."""
    told_dishes: int = Field(24, ge=0)
    """Dishes that only recipes tell."""
    stickiness: NonNegativeFloat = 2.0
    """Log-odds of going on with what the last action was about, against turning to something else."""
    orderliness: NonNegativeFloat = 0.8
    """Log-odds against each place further down the dish's own list of steps."""

    trivial_kept: float = Field(0.85, ge=0, le=1)
    """Share of the trivial steps (opening, taking, washing, turning knobs) that a recipe mentions."""
    synonyms: float = Field(0.5, ge=0, le=1)
    """Share of verbs and nouns of a recipe that are written with another word than the label's."""
    extra_steps: float = Field(0.08, ge=0, le=1)
    """Chance, a step, that a step of another dish follows it in a recipe."""
    broken_steps: float = Field(0.08, ge=0, le=1)
    """Chance, a step, that a recipe names another object than it should."""

    min_seconds: PositiveFloat = 40.0
    """Shortest video, in seconds."""
    max_seconds: PositiveFloat = 90.0
    """Longest video, in seconds; a longer run is cut off."""
    width: PositiveInt = 192
    """Pixels; even."""
    height: PositiveInt = 144
    """Pixels; even."""
    fps: PositiveInt = 10
    """Frames a second."""
    group_of_pictures: PositiveInt = 50
    """Most frames between two key frames."""
    crf: int = Field(26, ge=0, le=51)
    """Quality of the H.264 encoder (x264's constant rate factor; lower is better)."""

    many_shot: PositiveInt = 40
    """A verb or noun class is many-shot with more annotated segments than this (EPIC-KITCHENS-55, with 28,472
    segments: 100).
    """

    @model_validator(mode="after")
    def _consistent(self) -> WorldConfig:
        if self.width % 2 or self.height % 2:
            raise ValueError("width and height must be even (4:2:0 chroma)")
        if self.min_seconds > self.max_seconds:
            raise ValueError("min_seconds is above max_seconds")
        return self
