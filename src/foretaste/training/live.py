"""Teachers that speak live: each as it was trained, with a view of its own of the student's samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from foretaste.contracts.view import View
from foretaste.training.checkpoint import load_model
from foretaste.training.material import build_view, given_labels, of_labelled_splits, read_sources

#: What all models of a dataset read alike.
SHARED = ("samples", "extra", "segments", "classes")


@dataclass(frozen=True)
class Live:
    """A teacher, and what it sees; row r of the view is row r of the student's."""

    model: nn.Module
    view: View


def open_live(inputs: Mapping[str, Path | list[Path]], config: Mapping[str, Any]) -> dict[str, Live]:
    """teacher -> what ``config["live"]`` describes, from the inputs called ``live.<teacher>.<input>``.

    Raises what loading a checkpoint raises, and DataError for a view that shows what it may not.
    """
    return {
        teacher: _open(teacher, settings, inputs, config)
        for teacher, settings in config.get("live", {}).items()
    }


def _open(
    teacher: str,
    settings: Mapping[str, Any],
    inputs: Mapping[str, Path | list[Path]],
    config: Mapping[str, Any],
) -> Live:
    prefix = f"live.{teacher}."
    own = {name.removeprefix(prefix): path for name, path in inputs.items() if name.startswith(prefix)}
    shared = {name: inputs[name] for name in SHARED if name in inputs}
    sources = given_labels(of_labelled_splits(read_sources({**shared, **own}, config)), settings)
    view = build_view(settings["view"], sources, f"view of {teacher}")
    model, _ = load_model(own["checkpoint"], sources)
    return Live(model, view)
