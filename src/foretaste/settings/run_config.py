"""What `config.yaml` and the command line say: what a run is about, and where its files are."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, PositiveInt

from foretaste.settings.options import EachOnce, Options
from foretaste.settings.overrides import parsed
from foretaste.settings.places import expanded
from foretaste.settings.resources import Asked
from foretaste.settings.setting_types import Place, Seed, as_tuple, distinct, seeds_in, spelt

#: A folder, or a URL.
StorePlace = Annotated[str, AfterValidator(lambda place: place if "://" in place else expanded(place))]


def _without_braces(path: str) -> str:
    if "{" in path or "}" in path:
        raise ValueError("a folder without { and }, which are wildcards to Snakemake")
    return path


def _installed(tracker: str) -> str:
    if find_spec(tracker) is None:
        raise ValueError(f"{tracker} is not installed: pip install {tracker}")
    return tracker


class RunConfig(Options):
    """`config.yaml`: what this run is about and where its files are."""

    dataset: str
    """A file of workflow/datasets."""
    systems: Annotated[tuple[str, ...], BeforeValidator(as_tuple), EachOnce] = ()
    """Files of workflow/systems; none: the systems that the dataset names."""
    seeds: Annotated[tuple[Seed, ...], BeforeValidator(seeds_in), AfterValidator(distinct)] = (0,)
    """Seeds of teachers and students: a list, [0,1,2]; a number alone is refused."""
    results_root: Annotated[Place, AfterValidator(_without_braces)] = "results"
    """Where everything is written: not data_root, nor a folder that holds it."""
    stores: Annotated[tuple[StorePlace, ...], BeforeValidator(as_tuple)] = ()
    """Where else results are looked for: a store (`<results>/.store` of somebody, a folder that was published
    to), which is read where it lies, or a URL, from which they are fetched.
    """
    view: Annotated[str, spelt("[a-z0-9_]*", "small letters, digits and _")] = ""
    """Results get their names in `<results_root>/views/<view>`; runs of other settings keep theirs."""
    data_root: Place = "data"
    """Where datasets lie; only read."""
    recipes: Place | None = None
    """Recipe1M's layer1.json, plain or compressed (.gz, .xz, .bz2); the kitchen writes its own."""
    history_rule: Literal["end", "start", "all"] | None = None
    """Overrides the system's rule: which earlier segments a text teacher may see."""
    history_from: Literal["all_splits", "own_split"] | None = None
    """Overrides whose segments count as history."""
    on_bad_input: Literal["fail", "skip"] = "fail"
    """`fail` lists every bad input and stops; `skip` leaves it out, with a row in issues.parquet."""
    openie: dict[str, Any] = {}
    """Laid over `openie` of every text of the presets: shards, the place of an archive, another backend."""
    phrases: dict[str, Any] = {}
    """Laid over `phrases` of every text of the presets."""
    set: Annotated[dict[str, Any], BeforeValidator(parsed)] = {}
    """Settings of the systems by path, laid over the presets: `student_lm.training.epochs: 3`
    (settings/overrides.py).
    """
    processes: dict[str, PositiveInt] = {}
    """Processes that share a training, by the name of its model, language model or backbone; `score`: that
    share every scoring. At most one for each sample of a batch. Part of what makes a result, for their number
    moves its last bits.
    """
    threads: dict[str, PositiveInt] = {}
    """Threads of a stage where they are not 1; part of what makes a result."""
    trackers: Annotated[
        tuple[Annotated[Literal["tensorboard", "trackio", "wandb"], AfterValidator(_installed)], ...],
        BeforeValidator(as_tuple),
        EachOnce,
    ] = ()
    """Who is told, beside log.jsonl, how trainings go. No part of what makes a result."""
    resources: dict[str, Asked] = {}
    """What jobs ask a cluster for, by stage, by the name of a training (as in `processes`), or by `gpu` and
    `all`; no part of what makes a result (docs/cluster.md).
    """

    def tracked(self, run: str) -> dict[str, dict[str, str]]:
        """Places of a step that trains ``run``: whom it tells."""
        if not self.trackers:
            return {}
        folder = f"{self.results_root}/trackers"
        return {"trackers": {"kinds": " ".join(self.trackers), "run": run, "folder": folder}}
