"""Settings of one model of a preset: what it sees, its network, what it is trained on, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    NonNegativeFloat,
    Tag,
    model_validator,
)

from foretaste.settings.average_config import AverageConfig
from foretaste.settings.families import Part, Parts
from foretaste.settings.options import EachOnce, Options
from foretaste.settings.setting_types import spelt
from foretaste.settings.several_views import SeveralViews
from foretaste.settings.training_config import CountingConfig, LoopConfig

#: Targets that are not the name of a model.
LABELS, FEATURES = "labels", "features"

#: The view that reads stored frames.
STORE_READER = "clip"

#: The sampler that can show several clips of a window.
CLIPS_OF = "strided"

#: The view that shows several by name.
NAMED = "named"


def views_of(view: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """``view``, or those that it holds by name."""
    return tuple(view["views"].values()) if "views" in view else (view,)


def with_each_view(
    view: Mapping[str, Any], change: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    """``view``; of several by name each, changed."""
    if "views" not in view:
        return change(view)
    return {**view, "views": {name: change(one) for name, one in view["views"].items()}}


class TermConfig(Options):
    """One term of an objective: a loss between something the network returns and a target.

    The value of a term is (sum of its per-position losses) / (count of positions), over the whole global
    batch.
    """

    loss: Part("losses")
    """The loss function and its options."""
    of: str
    """What the network returns: a head (`action`, `verb`, `noun`, `token`), `past_<head>`, `next_features`,
    `embedding`, or a feature map (`maps.<name>`).
    """
    to: str = "labels"
    """`labels`, `features` (the network's own inputs one step on), `<model>` (what that model says for `of`),
    or `<model>.<field>`, with a field named as in `of`.
    """
    through: Part("adapters") | None = None
    """What `of` goes through before it is compared: a map that is trained with the network and is no part of
    it afterwards.
    """
    weight: NonNegativeFloat = 1.0
    """What its value is multiplied by in the sum; 0: it is left out."""
    over: Literal["labelled", "unlabelled", "all"] = "labelled"
    """Which samples count."""
    reduction: Literal["batch", "positions", "elements"] = "batch"
    """`batch`: mean over positions that have a target. `positions`: unlabelled positions count as zeros
    (AVT's own past loss). `elements`: as `batch`, and divided by the number of classes compared (the element
    mean of the published KL).
    """
    class_weights: Literal["none", "balanced"] | Annotated[float, Field(gt=0, lt=1)] = "none"
    """`balanced`: n / (C * count) from the training rows; a number: that to this power. The mean is then
    weighted as well.
    """

    @model_validator(mode="after")
    def _target_has_a_meaning(self) -> TermConfig:
        name, dot, field = self.to.partition(".")
        if dot and (not field or name in (LABELS, FEATURES)):
            raise ValueError(f"to: {self.to}: labels, features, <model> or <model>.<field>")
        if self.through is not None and self.teacher is None:
            raise ValueError(f"through: only towards a model, not towards {self.to}")
        if self.to == LABELS:
            if self.over == "unlabelled":
                raise ValueError("over: unlabelled, whose labels nobody has: name a teacher in `to`")
        elif self.class_weights != "none" or self.reduction == "positions":
            raise ValueError("class_weights and reduction: positions are for terms to labels")
        if self.reduction == "positions" and self.class_weights != "none":
            raise ValueError("reduction: positions has no class_weights")
        return self

    @property
    def name(self) -> str:
        """What logs, and groups of learning rates, call the term."""
        return f"{self.of}.{self.loss.get('kind')}" + ("" if self.teacher is None else f".{self.to}")

    @property
    def teacher(self) -> str | None:
        """The model that is the target; None where it is the labels, or the network's own inputs."""
        name = self.to.partition(".")[0]
        return None if name in (LABELS, FEATURES) else name

    @property
    def field(self) -> str:
        """What of that model is the target."""
        return self.to.partition(".")[2] or self.of


def _terms_fit(terms: tuple[TermConfig, ...]) -> tuple[TermConfig, ...]:
    counted = [term.name for term in terms if term.weight]
    if terms and not counted:
        raise ValueError("an objective needs a term of weight above 0")
    if twice := {name for name in counted if counted.count(name) > 1}:
        raise ValueError(f"two terms {min(twice)}: each loss, output and target once")
    return terms


#: The terms that a model is trained on.
Objective = Annotated[tuple[TermConfig, ...], AfterValidator(_terms_fit)]


def _kind(value: Any, usual: str) -> str:
    return value.get("kind", usual) if isinstance(value, Mapping) else getattr(value, "kind", usual)


class LabelsConfig(Options):
    """How many of the labels there are a model is given."""

    share: Annotated[float, Field(gt=0, lt=1)]
    """Of the training segments. The others are unlabelled samples: they count in terms over `unlabelled` and
    `all`. Neither labels of the past nor histories tell what they are.
    """
    seed: int = Field(0, ge=0)
    """Draws which; one seed draws the same for all models, and more of a larger share."""


class ReuseConfig(Options):
    """Scores that somebody shared, in the place of those that would be made here."""

    name: Annotated[
        str, spelt(r"[a-z0-9][a-z0-9._-]*@[1-9][0-9]*", "<name>@<version>, such as epic55-recipe-minilm@2")
    ]
    """`<name>@<version>`, at one of the run's `stores`."""
    differs: bool = False
    """Whether they may have been made of something else than is planned here (settings, code, libraries)."""


def _as_reuse(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


class ModelConfig(Options):
    """One model: a teacher or a student; which of the two is said by who mentions whose scores."""

    role: Literal["teacher", "student"]
    """What the report files it under."""
    label: str
    """Its name in tables and figures."""
    view: Part("views") | None = None
    """What it sees of a sample."""
    views: Parts("views") = {}
    """In place of `view`: several views by name, one look for all; inputs are called `<view>.<input>`."""
    scored_view: Part("views") | None = None
    """What it sees where it is scored, if that is something else than where it is trained: a network that
    recognises actions, asked about what stands before them.
    """
    test_views: SeveralViews | None = None
    """Set: samples are scored in several fixed views, and the mean counts; those of the training split,
    which others learn from, in one.
    """
    network: Part("models")
    """What it is: a file of `models/`."""
    lm: str | None = None
    """The language model of the preset that it starts from."""
    backbone: str | None = None
    """The backbone of the preset whose features its view reads."""
    frame_store: str | None = None
    """The frame store of the preset that its views `clip` read; null: they decode the videos."""
    objective: Objective = ()
    """The terms that it is trained on."""
    live: Annotated[tuple[str, ...], EachOnce] = ()
    """Of the models that the objective mentions, those that are asked while this one is trained, on the same
    samples, crops and flips; the others speak from their cached scores.
    """
    looks: int = Field(0, ge=0)
    """V: in training its samples are shown in V looks alone, one an epoch in turn, which are the same for all
    models and seeds; 0: in another look in every epoch.
    """
    kept_looks: int = Field(0, ge=0)
    """Its scores also hold what it says of so many looks at each training sample (and its `maps` of them),
    for models with `looks` that do not ask it live.
    """
    maps: Annotated[tuple[str, ...], EachOnce] = ()
    """Feature maps of its network that are kept with its scores, for models that learn from them and do not
    ask it live.
    """
    training: Annotated[
        Annotated[LoopConfig, Tag("loop")] | Annotated[CountingConfig, Tag("counting")],
        Discriminator(lambda value: _kind(value, "loop")),
    ]
    """How it is trained; `kind: counting` of what only counts."""
    extra: Annotated[tuple[str, ...], EachOnce] = ()
    """Tasks whose samples it takes beside those of its system's: `pairs`. They have no labels: terms over
    `unlabelled` or `all` are trained on them, and they are scored, for models that learn from this one.
    """
    labels: LabelsConfig | None = None
    """Set where it is given a part of the training labels."""
    folds: int = Field(0, ge=0)
    """k >= 2: its scores of the training rows come from k models, each trained without the videos of those
    rows.
    """
    held_out: int = Field(0, ge=0)
    """k >= 2: one more model, trained without 1/k of the training videos, scores these as the split
    `held_out`. What is fitted afterwards (class prior, weights of an average) is fitted there, for one
    training more where `folds` takes k.
    """
    reuse: Annotated[ReuseConfig | None, BeforeValidator(_as_reuse)] = None
    """Shared scores that are used in the place of this model's own: `epic55-recipe-minilm@2`."""
    calibrate: bool = False
    """Divide its logits by one temperature a head, fitted on training rows that the model never saw (needs
    folds or held_out).
    """

    @model_validator(mode="after")
    def _consistent(self) -> ModelConfig:
        if (self.view is None) != bool(self.views):
            raise ValueError("a model has either view, or views by name")
        if 1 in (self.folds, self.held_out):
            raise ValueError("folds and held_out are 0 or at least 2")
        if self.folds and self.held_out:
            raise ValueError("give folds or held_out: folds hold out every video in turn")
        if self.maps and self.test_views is not None:
            raise ValueError("maps are kept of one view: leave maps or test_views out")
        if self.calibrate and not (self.folds or self.held_out):
            raise ValueError("calibrate needs folds or held_out")
        if self.training.kind == "loop" and not self.objective:
            raise ValueError("training by the loop needs an objective")
        if idle := sorted(set(self.live) - self.mentions):
            raise ValueError(f"live: {idle[0]}, which no term of the objective mentions")
        if (self.folds or self.held_out) and self.mentions:
            raise ValueError(
                "a model that learns from another's scores has no folds or held_out: those scores knew the"
                " videos left out"
            )
        return self

    @property
    def sees(self) -> dict[str, Any]:
        """Its view as one component."""
        return dict(self.view) if self.view is not None else {"kind": NAMED, "views": self.views}

    @property
    def each_view(self) -> tuple[Mapping[str, Any], ...]:
        """Its views, one or several, in training and where it is scored."""
        own = views_of(self.sees)
        return own if self.scored_view is None else (*own, self.scored_view)

    @property
    def as_scored(self) -> ModelConfig:
        """The model with the view that it is scored with."""
        if self.scored_view is None:
            return self
        return self.model_copy(update={"view": self.scored_view, "views": {}, "scored_view": None})

    def reads_store(self, view: Mapping[str, Any]) -> bool:
        """Whether one of its views reads its frame store."""
        return self.frame_store is not None and view["kind"] == STORE_READER

    @property
    def mentions(self) -> frozenset[str]:
        """The models that it learns from."""
        return frozenset(term.teacher for term in self.objective) - {None}


def _averages(value: Any) -> str:
    named = isinstance(value, AverageConfig) or (isinstance(value, Mapping) and "average" in value)
    return "AverageConfig" if named else "ModelConfig"


#: A model of a preset: an average where it says what of, else one that is trained.
AnyModel = Annotated[
    Annotated[ModelConfig, Tag("ModelConfig")] | Annotated[AverageConfig, Tag("AverageConfig")],
    Discriminator(_averages),
]
