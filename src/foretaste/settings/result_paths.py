"""What results are called: the path of every output of every stage, within the results.

A path that ends in / is a folder, which a stage writes as a whole. People, scripts and the plan name results
by these paths; where the bytes lie is the store's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import PurePosixPath

from foretaste.settings.table_config import TABLE

_MODEL = "{dataset}/{system}/seed{seed}/{model}"

#: stage -> output -> path.
PATHS: dict[str, dict[str, str]] = {
    "read_recipes": {
        "sentences": "text/{corpus}/sentences.parquet",
        "issues": "text/{corpus}/issues.parquet",
    },
    "extract_openie": {
        "extractions": "text/{text}/shards/{shard}.parquet",
        "issues": "text/{text}/issues/extract_openie-{shard}.parquet",
    },
    "make_phrases": {
        "phrases": "text/{text}/phrases.parquet",
        "extractions": "text/{text}/extractions.parquet",
    },
    "fetch_weights": {"weights": "weights/{weights}/"},
    "pretrain": {"checkpoint": "lm/{corpus}/{lm}/checkpoint/", "metrics": "lm/{corpus}/{lm}/metrics.json"},
    "make_kitchen": {"part": "{dataset}/world/{part}/"},
    "read_annotations": {
        "segments": "{dataset}/segments.parquet",
        "classes": "{dataset}/classes.json",
        "issues": "{dataset}/issues/read_annotations.parquet",
    },
    "make_samples": {"samples": "{dataset}/samples/{task}.parquet"},
    "probe_videos": {
        "videos": "{dataset}/videos.parquet",
        "issues": "{dataset}/issues/probe_videos.parquet",
    },
    "train_backbone": {
        "checkpoint": "{dataset}/backbones/{backbone}/checkpoint/",
        "metrics": "{dataset}/backbones/{backbone}/metrics.json",
        "log": "{dataset}/backbones/{backbone}/log.jsonl",
    },
    "extract_features": {
        "features": "{dataset}/features/{backbone}/{shard}.h5",
        "issues": "{dataset}/issues/extract_features-{backbone}-{shard}.parquet",
    },
    "store_frames": {
        "frames": "{dataset}/frames/{frame_store}/{modality}/{shard}.h5",
        "issues": "{dataset}/issues/store_frames-{frame_store}-{modality}-{shard}.parquet",
    },
    "gather_issues": {"issues": "{dataset}/issues.parquet"},
    "train": {
        "checkpoint": f"{_MODEL}/checkpoint/",
        "log": f"{_MODEL}/log.jsonl",
        "config": f"{_MODEL}/config.yaml",
    },
    "score": {"scores": f"{_MODEL}/scores/"},
    "average": {"scores": f"{_MODEL}/scores/"},
    "evaluate": {"metrics": f"{_MODEL}/metrics.json"},
    "report": {
        "summary": "{dataset}/{system}{scope}/summary.json",
        "report": "{dataset}/{system}{scope}/report.html",
    },
}

#: What stands in the place of a name, where it is not small letters, digits and _.
_NAMES = {
    # A folder of its own, beside those of datasets.
    "dataset": r"(?!(?:text|weights|lm|views)/)[a-z0-9_]+",
    "corpus": r"[A-Za-z0-9_-]+",
    # A corpus, or one of the texts of presets that are made from it.
    "text": r"[A-Za-z0-9_-]+(?:/[a-z0-9_]+)?",
    "weights": r"[A-Za-z0-9_-]+",
    "seed": r"\d+",
    "shard": r"\d+",
    "modality": "rgb|flow",
    "part": "recipes|annotations|videos",
    "scope": f"|/teachers|/seeds|/{TABLE}",
}


def path_of(stage: str, output: str, **names: object) -> str:
    """The path of an output, without the / of a folder."""
    return PATHS[stage][output].format(**names).rstrip("/")


def is_folder(stage: str, output: str) -> bool:
    """Whether an output is a folder."""
    return PATHS[stage][output].endswith("/")


def file_of(stage: str, output: str) -> str:
    """What an output is called among those of its step: ``segments.parquet``, ``checkpoint``."""
    return output + PurePosixPath(PATHS[stage][output]).suffix


def steps_of(path: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """(stage, output, names) of everything that ``path`` (within the results) can be, or lie in."""
    for stage, output in _patterns():
        found = _patterns()[stage, output].fullmatch(path)
        if found:
            yield stage, output, {name: value or "" for name, value in found.groupdict().items()}


def log_of(path: str) -> str:
    """Where the job that makes what is called ``path`` says what it does."""
    parts = [part for part in PurePosixPath(path).with_suffix("").parts if part not in ("/", "..")]
    return str(PurePosixPath("logs", *parts)) + ".log"


@cache
def _patterns() -> Mapping[tuple[str, str], re.Pattern[str]]:
    return {
        (stage, output): re.compile(_pattern(path))
        for stage, paths in PATHS.items()
        for output, path in paths.items()
    }


def _pattern(path: str) -> str:
    parts = re.split(r"\{(\w+)\}", path.rstrip("/"))
    made = [
        f"(?P<{part}>{_NAMES.get(part, '[a-z0-9_]+')})" if number % 2 else re.escape(part)
        for number, part in enumerate(parts)
    ]
    return "".join(made) + ("(?:/.*)?" if path.endswith("/") else "")
