"""What must hold between the models of a preset, found before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from foretaste.contracts.errors import ConfigError, unknown
from foretaste.settings.average_config import AverageConfig, SoftminConfig
from foretaste.settings.components import geometry_of
from foretaste.settings.config import SystemConfig
from foretaste.settings.input_checks import check_inputs
from foretaste.settings.look_checks import check_crops, check_looks, check_test_views
from foretaste.settings.model_config import STORE_READER, LabelsConfig, ModelConfig
from foretaste.settings.model_outputs import MAPS, given, kept
from foretaste.settings.names import check_name
from foretaste.settings.parts import behind, labels_of
from foretaste.settings.rate_checks import check_rate
from foretaste.settings.task_checks import check_labelled, check_view
from foretaste.settings.term_checks import Speaker, TermChecks


def check_preset(system: SystemConfig, where: str) -> None:
    """Raise ConfigError for names that mean nothing, circles, and averages whose parts do not fit
    together.
    """
    if same := [a for a, b in system.comparisons if a == b]:
        raise ConfigError(
            f"{same[0]} compared with itself", f"{where}: comparisons", "two models", "name the other"
        )
    for model in (name for pair in system.comparisons for name in pair):
        if model not in system.models:
            raise unknown("model", model, system.models, f"{where}: comparisons")
    kinds = {
        "model": system.models,
        "language model": system.lms,
        "backbone": system.backbones,
        "frame store": system.frame_stores,
        "text": system.texts,
    }
    for kind, named in kinds.items():
        for name in named:
            check_name(kind, name, where)
    for name, lm in system.lms.items():
        if lm.training is not None and lm.text not in system.texts:
            raise unknown("text", lm.text, system.texts, f"{where}: lms.{name}")
    _check_mentions(system, where)
    for name, settings in system.models.items():
        if isinstance(settings, AverageConfig):
            labels = labels_of(system, name, f"{where}: models.{name}")
            _check_weights(settings, labels, f"{where}: models.{name}")
            if settings.fits:
                _check_fit(system, name, settings, f"{where}: models.{name}")
        if isinstance(settings, ModelConfig):
            _check_window(settings, f"{where}: models.{name}")
        for teacher in getattr(settings, "live", ()):
            _check_live(system, teacher, f"{where}: models.{name}.live")


def check_components(
    system: SystemConfig, heads: Sequence[str], known: Mapping[str, Any], where: str
) -> None:
    """Raise ConfigError for tasks, views, terms and kept maps that do not go together, on a dataset with
    these heads.

    known
        The generated schemas of components, with what their files say of them.
    """
    check_labelled(system.task, True, known, f"{where}: task")
    speakers = {name: _speaker(system, name, heads, known) for name in system.models}
    checks = TermChecks(heads=heads, speakers=speakers, known=known)
    for kind, trained in (("lms", system.lms), ("backbones", system.backbones)):
        for name, settings in trained.items():
            if settings.network is not None:
                checks.check_objective(settings.network, settings.objective, f"{where}: {kind}.{name}")
    for name, backbone in system.backbones.items():
        if backbone.view is not None:
            check_inputs(backbone.view, backbone.network, known, f"{where}: backbones.{name}")
    for name, settings in system.models.items():
        if isinstance(settings, ModelConfig):
            place = f"{where}: models.{name}"
            for task in settings.extra:
                check_labelled(task, False, known, f"{place}.extra")
            _check_frame_store(system, settings, known, f"{place}.frame_store")
            if settings.test_views is not None:
                check_test_views(settings, known, f"{place}.test_views")
            if settings.looks or settings.kept_looks:
                check_looks(system, settings, known, place)
            for view in settings.each_view:
                check_view(view, system.task, system.history.rule, known, place)
                check_rate(view, _grid_fps(system, settings), known, place)
                _check_told(view, settings, known, place)
                if settings.labels is not None and known["views"][view["kind"]]["shows"] == "narration":
                    raise ConfigError(
                        "a narration tells the label, and that of a segment without a label is hidden",
                        f"{place}.labels",
                        "all labels for who reads narrations",
                        "leave labels out, or use another view",
                    )
            for sees in (settings.sees, settings.as_scored.sees):
                check_inputs(sees, settings.network, known, place)
            if settings.looks or settings.live:
                check_crops(system, settings, known, place)
            checks.check_maps(name, settings.maps, f"{place}.maps")
            checks.check_objective(settings.network, settings.objective, place, settings.live)


def _speaker(system: SystemConfig, name: str, heads: Sequence[str], known: Mapping[str, Any]) -> Speaker:
    settings = system.models[name]
    if isinstance(settings, ModelConfig):
        maps = [f"{MAPS}{place}" for place in settings.maps]
        cached = [*kept(settings.network, heads, known), *maps]
        return Speaker(live=given(settings.network, heads, known), cached=cached)
    first, *others = (_speaker(system, part, heads, known).cached for part in settings.average)
    common = [head for head in first if head in heads and all(head in other for other in others)]
    return Speaker(live=common, cached=common)


def _grid_fps(system: SystemConfig, model: ModelConfig) -> float | None:
    """How many times a second the backbone of a model is asked; None of a model without one."""
    return system.backbones[model.backbone].grid.fps if model.backbone in system.backbones else None


def _check_mentions(system: SystemConfig, where: str) -> None:
    """Every mentioned model is there, and nobody learns from itself, however indirectly."""
    open_ends = {name: model.mentions for name, model in system.models.items()}
    for name, mentioned in open_ends.items():
        for other in sorted(mentioned - set(system.models)):
            raise unknown("model", other, system.models, f"{where}: models.{name}")
    while leaves := [name for name, mentioned in open_ends.items() if not mentioned & set(open_ends)]:
        for name in leaves:
            del open_ends[name]
    if open_ends:
        raise ConfigError(
            f"models that learn from each other in a circle: {', '.join(open_ends)}",
            f"{where}: models",
            "teachers that need no student",
            "break the circle",
        )


def _check_window(settings: ModelConfig, where: str) -> None:
    """What a student sees ends tau_a before the action; only a teacher, in training, may see the action."""
    shown = [view.get("window") for view in settings.each_view]
    if settings.role == "student" and "target" in shown:
        raise ConfigError(
            "a student that sees the action itself",
            f"{where}: window",
            "window: observed",
            "leave it out; a teacher that sees the action may teach this student",
        )


def _check_told(view: Mapping[str, Any], settings: ModelConfig, known: Mapping[str, Any], where: str) -> None:
    """A narration tells the label of the very sample that a student is asked about."""
    if settings.role == "student" and known["views"][view["kind"]]["shows"] == "narration":
        raise ConfigError(
            "a student that reads the narration of the action itself: who scores it tells it the label",
            f"{where}: view",
            "a view of the video; narrations are for teachers",
            "use another view, or role: teacher; a teacher that reads narrations may teach this student",
        )


def _check_frame_store(
    system: SystemConfig, model: ModelConfig, known: Mapping[str, Any], where: str
) -> None:
    """Raise ConfigError for a store that the preset does not have, that none of the model's views reads, or
    whose pictures are smaller than a view asks for.
    """
    if model.frame_store is None:
        return
    if model.frame_store not in system.frame_stores:
        raise unknown("frame store", model.frame_store, system.frame_stores, where)
    side = system.frame_stores[model.frame_store].side
    readers = [view for view in model.each_view if model.reads_store(view)]
    if not readers:
        what = "a frame store that no view reads"
        raise ConfigError(what, where, f"a view of kind {STORE_READER}", "leave frame_store out")
    for view in readers:
        geometry = geometry_of(view, known)
        largest = max(geometry["scoring_side"], *geometry["training_sides"])
        if largest > side:
            what = f"a view that shows pictures of {largest} pixels a side, stored with {side}"
            raise ConfigError(what, where, f"side: {largest} or more", "raise side of the frame store")


def _check_live(system: SystemConfig, name: str, where: str) -> None:
    """Who speaks live is one network, or a mean of the logits of several by numbers, and says what its cached
    scores say.
    """
    settings = system.models[name]
    if isinstance(settings, AverageConfig):
        numbers = settings.weights == "equal" or isinstance(settings.weights, tuple)
        if settings.space == "logits" and numbers and not settings.seeds and settings.prior_exponent == 0:
            for part in settings.average:
                _check_live(system, part, where)
            return
        said = "it is an average of another kind than a mean of logits by numbers"
    elif settings.folds:
        said = f"its scores of the training rows come from {settings.folds} other models (folds)"
    elif settings.calibrate:
        said = "its scores are calibrated"
    elif settings.scored_view is not None:
        said = "it is scored with another view than it was trained with (scored_view)"
    else:
        return
    raise ConfigError(
        f"{name} cannot speak live: {said}",
        where,
        "a trained model, without folds, scored_view and not calibrated",
        "leave it out of live: its cached scores are the target then",
    )


def _check_weights(settings: AverageConfig, labels: LabelsConfig | None, where: str) -> None:
    """Weights by each row's label need the labels of all of them."""
    asked = settings.weights
    if labels is not None and isinstance(asked, SoftminConfig) and asked.kind == "per_sample":
        raise ConfigError(
            f"weights: per_sample of models that are given a share of the labels ({labels.share:g})",
            where,
            "weights that need no label of every training row",
            "choose other weights (held_out, equal, numbers), or give the models all labels",
        )


def _check_fit(system: SystemConfig, name: str, settings: AverageConfig, where: str) -> None:
    """What is fitted has rows to be fitted on: the same ones of every trained model behind the average."""
    trained = dict(behind(system, name))
    what = f"{' and '.join(settings.fits)}: fitted"
    if lacking := [model for model, one in trained.items() if not (one.folds or one.held_out)]:
        raise ConfigError(
            f"{what}, and {', '.join(lacking)} saw all training videos",
            where,
            "held_out or folds in every model of the average",
            "set held_out: 10 in each, or give a number",
        )
    shares = {model: one.held_out for model, one in trained.items() if one.held_out}
    if len(set(shares.values())) > 1:
        said = ", ".join(f"{model} {share}" for model, share in shares.items())
        raise ConfigError(
            f"{what} on different videos (held_out: {said})", where, "one number for all", "use the same"
        )
