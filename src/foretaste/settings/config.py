"""The configuration: one dataset, one system; read from YAML, merged, checked, resolved. Never imports torch.

How a preset is put together from its files: ``preset_files``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    Tag,
    ValidationError,
    model_validator,
)

from foretaste.contracts.metrics import METRICS
from foretaste.contracts.modalities import RGB, Modality
from foretaste.settings.average_config import AverageConfig
from foretaste.settings.backbone_config import BackboneConfig
from foretaste.settings.explain import explain
from foretaste.settings.families import Part
from foretaste.settings.history_config import HistoryConfig
from foretaste.settings.language_models import check_name
from foretaste.settings.model_config import AnyModel, Objective
from foretaste.settings.options import EachOnce, Options
from foretaste.settings.setting_types import DataPath, Seed, as_tuple, distinct
from foretaste.settings.table_config import Tables
from foretaste.settings.training_config import LoopConfig


class OpenieConfig(Options):
    """How sentences become extractions."""

    backend: Part("openie") = {"kind": "rules"}
    """What finds them: a file of `openie/`."""
    shards: PositiveInt = 1
    """Jobs that the corpus is cut into."""


class TextConfig(Options):
    """How recipes become the phrases that a language model reads."""

    openie: OpenieConfig = OpenieConfig()
    """How sentences become extractions."""
    phrases: dict[str, Any] = {}
    """How extractions become phrases (text/phrases.py)."""


class FrameNumbers(Options):
    """How the frames of a video are numbered that come as JPEG files, in a tar or a folder."""

    fps: PositiveFloat
    """How many numbers there are a second, whatever the video's own rate (EPIC-KITCHENS-55: 60; its optical
    flow: 30).
    """
    first: NonNegativeInt = 1
    """The number of the frame that is shown at 0 s."""


class VideoFolder(Options):
    """Where a dataset's videos lie."""

    folder: DataPath
    """Relative to data_root."""
    pattern: str = "**/*"
    """Which files of the folder are videos, in any letter case; those whose suffix is no video's are left
    alone.
    """
    frames: FrameNumbers | None = None
    """Set where each video is a `.tar` or a folder of numbered JPEG frames."""
    unlabelled: bool = False
    """Whether files that no segment is of are videos of the dataset, too: pairs are drawn from them
    (`tasks: {pairs: {unlabelled: COUNT}}`).
    """


def _one_or_several(value: Any) -> str:
    inner = value.values() if isinstance(value, Mapping) else [None]
    several = all(isinstance(one, Mapping | VideoFolder) for one in inner)
    return "by modality" if several else "VideoFolder"


class DatasetConfig(Options):
    """One dataset and split: how it is read, its clock, and what is anticipated."""

    title: str
    """What tables and reports call it."""
    systems: Annotated[tuple[str, ...], BeforeValidator(as_tuple), Field(min_length=1), EachOnce]
    """One or several systems, which are run where config.yaml names none."""
    reader: Part("annotations")
    """What reads its labels: a file of `annotations/`."""
    tau_a: NonNegativeFloat | None = None
    """Of anticipation: seconds between the end of the observation window and the action."""
    tau_o: PositiveFloat | None = None
    """Of anticipation: seconds of the observation window."""
    earliest_stop_s: float | None = None
    """In a run with video: samples whose window ends earlier are dropped, for all models (AVT: 1/30 s). Text
    alone keeps them.
    """
    tasks: dict[str, dict[str, Any]] = {}
    """Settings of tasks other than these: `pairs: {count: 5000}`."""
    evaluated: Literal["validation", "test"] = "validation"
    """The split that is measured, and that learning curves follow."""
    choose: Annotated[int, Field(ge=2)] | None = None
    """Set in a dataset for choosing settings: one in so many training videos are measured in the place of
    the split above, whose segments are left out.
    """
    withheld_pairs: PositiveInt | None = None
    """How many pairs of verb and noun are kept from training, which shows their verbs and nouns in other
    pairs: `top1.unseen_pairs` measures them, of every head. Training segments of them are left out.
    """
    tail: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Share of the training segments that tail verbs have, the rarest, and tail nouns (EPIC-KITCHENS-100:
    0.2); for a dataset whose files list no tail classes.
    """
    videos: (
        Annotated[
            Annotated[VideoFolder, Tag("VideoFolder")]
            | Annotated[dict[Modality, VideoFolder], Tag("by modality")],
            Discriminator(_one_or_several),
        ]
        | None
    ) = None
    """Where its RGB videos lie; or, by modality (`rgb`, `flow`), where those of each do."""
    boxes: DataPath | None = None
    """Boxes of the things in the frames of its RGB videos: a table (docs/formats.md) in data_root."""
    world: dict[str, Any] | None = None
    """Settings of the generated kitchen; only generated datasets have them."""
    pool: Annotated[tuple[str, ...], EachOnce] = ()
    """Datasets that this one only pools in a report: only its words are read, its settings are theirs."""
    source: str = ""
    """Where to get it."""
    licence: str | None = None
    """Of its annotations and videos, as whoever gives them says; null: not stated. Scores carry it."""
    terms: str | None = None
    """What else its use is bound to, in words; null: not stated. Scores carry it."""


class LmConfig(Options):
    """One language model: where it starts, and how it is pretrained on recipes (not at all without
    `training`).
    """

    init: Annotated[str, AfterValidator(check_name)]
    """`minilm`, a folder of data_root as `weights/<folder>`, or a name of the Hugging Face hub
    (`<name>@<revision>` to pin it).
    """
    generator: Annotated[str, AfterValidator(check_name)] | None = None
    """The generator of ELECTRA's replaced-token detection, named as `init` is."""
    text: str = "recipes"
    """The text of the preset that it is pretrained on."""
    view: Part("views") | None = None
    """What it is shown: a file of `views/`."""
    network: Part("models") | None = None
    """What it is: a file of `models/`."""
    objective: Objective = ()
    """The terms of its pretraining."""
    training: LoopConfig | None = None
    """How it is pretrained; null: it is taken as it is."""

    @model_validator(mode="after")
    def _all_or_nothing(self) -> LmConfig:
        if len({self.view is None, self.network is None, self.training is None, not self.objective}) != 1:
            raise ValueError("pretraining needs view, network, objective and training together")
        detects = self.network is not None and self.network.get("kind") == "replaced_token_detection"
        if detects != (self.generator is not None):
            raise ValueError("a generator goes with network: {kind: replaced_token_detection}")
        return self


class FrameStoreConfig(Options):
    """Frames that are decoded once and kept as JPEG, for models that are trained end to end."""

    side: Annotated[int, Field(ge=16)]
    """Pixels that the shorter side of a stored picture has at most; views that read it ask for no more."""
    quality: Annotated[int, Field(ge=1, le=100)] = 95
    """Of the JPEGs (OpenCV, libjpeg's scale)."""
    flow: Literal["dis", "farneback"] | None = None
    """How optical flow is computed from the RGB videos, where views show it; null: the dataset has videos of
    it.
    """
    shards: PositiveInt = 1
    """Files of each modality, one writer each."""

    def made_from(self, modality: Modality) -> Modality:
        """The videos that the frames of a modality come from."""
        return RGB if self.flow is not None else modality


class SystemConfig(Options):
    """A preset: the models of one paper's system and how they are compared."""

    title: str
    """What tables and reports call it."""
    paper: str | None = None
    """What it follows; nothing where it is nobody's but one's own."""
    task: str = "anticipation"
    """How segments become samples: a file of `tasks/`."""
    datasets: Annotated[tuple[str, ...], EachOnce] = ()
    """The datasets that it is made for, with those based on them; none: those whose own systems are its bases
    or based on it.
    """
    primary_metric: Literal[tuple(name for name, metric in METRICS.items() if metric.counts_hits)]
    """The one number, of the dataset's first head, that the report is about, named beforehand."""
    history: HistoryConfig = HistoryConfig()
    """Which earlier segments its text teachers are shown."""
    texts: dict[str, TextConfig] = {}
    """What recipes are made into, by name; `recipes` is what a language model reads that names none."""
    lms: dict[str, LmConfig] = {}
    """Language models, by name."""
    backbones: dict[str, BackboneConfig] = {}
    """Networks or files that features come from, by name."""
    frame_stores: dict[str, FrameStoreConfig] = {}
    """Stores of decoded frames, by name."""
    models: dict[str, AnyModel]
    """Teachers, students and averages, by name."""
    sweep: dict[str, dict[str, tuple[Any, ...]]] = {}
    """Models that differ from a model in one setting, and are compared with it:
    `{student_lm: {objective.1.weight: [1, 2, 8]}}`.
    """
    comparisons: Annotated[tuple[tuple[str, str], ...], EachOnce] = ()
    """Pairs (a, b) whose difference a minus b the report gives with its interval."""
    tables: Tables = {}
    """Tables of its paper, each a target `<system>_<table>` with the seeds of a study."""
    teacher_seeds: PositiveInt = 1
    """A student of seed k learns from the teachers of seed k mod this."""
    study_seeds: Annotated[tuple[Seed, ...], AfterValidator(distinct)] = (0, 1, 2, 3, 4)
    """Seeds of the target <system>_seeds."""

    @model_validator(mode="after")
    def _seeds_there_are(self) -> SystemConfig:
        for name, model in self.models.items():
            if isinstance(model, AverageConfig) and any(seed >= self.teacher_seeds for seed in model.seeds):
                raise ValueError(
                    f"models.{name} averages seeds {list(model.seeds)}, teacher_seeds is {self.teacher_seeds}"
                )
        return self


def validated(model: type[Options], value: Mapping[str, Any], where: str) -> Any:
    """``value`` as an instance of ``model``; the first mistake is a ConfigError that lists the choices."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise explain(error, where, model, value) from error
