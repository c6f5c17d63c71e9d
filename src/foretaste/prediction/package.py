"""What a trained model needs to speak of a new video, and nothing else: as a folder (``foretaste export``),
or where the workflow left it.

    package.json        format, task, window, view, how frames become features, sha256 of every other file
    network/            the trained network: model.safetensors, classes.json, manifest.json
    network_start/      the folder of a published network that it is built from, where it is built from one
    backbone/           the network whose vectors it reads, if it reads features: as network/
    backbone_start/     likewise
    network.onnx, backbone.onnx    both for programs without torch, where they were asked for
    README.md           how to use the folder

``Package`` is what the folder says, with the place of each part: in the folder itself, or in the store of
results.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ConfigDict, PositiveFloat, PositiveInt

from foretaste.contracts.errors import DataError
from foretaste.contracts.json_files import checked, read_json, versioned
from foretaste.features.given import Dtype
from foretaste.pipeline.artifact import sha256

FORMAT = 1

#: The file that makes a folder a package.
NAME = "package.json"

#: The parts that are folders.
NETWORK, BACKBONE = "network", "backbone"
START = "{}_start"

_AGAIN = "export it again, or copy it again"


@dataclass(frozen=True, kw_only=True)
class FeaturesMade:
    """How the features that a model reads were made of frames, as feature files say it of themselves
    (``features.shard.Origin``), and what else moves their last bits.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    network: dict[str, Any]
    weights_sha256: str
    picture: dict[str, Any]
    clip: dict[str, Any] | None
    grid_fps: PositiveFloat
    dtype: Dtype
    batch: PositiveInt
    precision: str


@dataclass(frozen=True, kw_only=True)
class Facts:
    """``package.json``, but for its format.

    model
        Where it comes from: dataset, system, seed and model, as the results call them.
    task, ahead, tau_a
        What is predicted: what happens ``tau_a`` seconds after the end of the window (``ahead``), or in it.
    window_s
        Seconds that a window reaches back.
    view, test_views
        What the network sees of a window when it is scored, resolved.
    temperatures
        head -> what its logits are divided by.
    features
        How features are made; None where the network sees frames.
    frames
        modality -> how frames were kept that it was shown (``features.frame_shard.Origin``).
    threads
        That the scores were computed with.
    scores
        Identity of its scores; ``licence`` and ``terms`` are those of the data that it learnt from.
    files
        Path in the folder -> sha256.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    model: dict[str, str]
    task: str
    ahead: bool
    tau_a: float
    window_s: PositiveFloat
    view: dict[str, Any]
    test_views: dict[str, Any] | None
    temperatures: dict[str, PositiveFloat]
    features: FeaturesMade | None
    frames: dict[str, dict[str, Any]]
    threads: PositiveInt
    scores: str
    licence: str | None
    terms: str | None
    files: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Package:
    """The facts, and where each part lies; ``labels`` and ``teachers`` are the table of segments and the
    scores of teachers that are known of a model among results, and none of the folder.
    """

    facts: Facts
    parts: Mapping[str, Path]
    labels: Path | None = None
    teachers: tuple[Path, ...] = ()

    def start(self, part: str) -> Path | None:
        """The folder of a published network that ``part`` is built from."""
        return self.parts.get(START.format(part))


def is_package(folder: Path) -> bool:
    """Whether ``foretaste export`` made a folder."""
    return (folder / NAME).is_file()


def read_package(folder: Path) -> Package:
    """The package in ``folder``; DataError where a file is missing, or not as it was written."""
    path = folder / NAME
    said = versioned(read_json(path, "foretaste export"), FORMAT, "package", path)
    facts = checked({key: value for key, value in said.items() if key != "format"}, Facts, path, _AGAIN)
    for name, digest in facts.files.items():
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise DataError(f"a file named {name!r}", path, "names inside the folder", _AGAIN)
        if not (folder / name).is_file() or sha256(folder / name) != digest:
            raise DataError("missing or damaged file", folder / name, f"sha256 {digest}", _AGAIN)
    names = {name.partition("/")[0] for name in facts.files if "/" in name}
    if NETWORK not in names:
        raise DataError("a package without a network", path, f"files of {NETWORK}/", _AGAIN)
    return Package(facts=facts, parts={name: folder / name for name in names})
