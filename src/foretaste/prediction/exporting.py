"""A package as a folder: files copied, facts written, and a README that says how to use it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from foretaste.contracts.classes import read_classes
from foretaste.contracts.errors import ConfigError
from foretaste.pipeline.artifact import sha256, whole, write_json
from foretaste.prediction.onnx import write_onnx
from foretaste.prediction.package import FORMAT, NAME, NETWORK, Package, is_package
from foretaste.prediction.predictor import Predictor

README = """# {model}

A model of foretaste, exported: {what}.

```sh
foretaste predict . VIDEO.mp4 --html out.html
```

```python
from pathlib import Path
from foretaste.prediction.package import read_package
from foretaste.prediction.predictor import Predictor
from foretaste.prediction.watched import watch

predictor = Predictor(read_package(Path(".")))
video = watch(Path("VIDEO.mp4"))
for moment in predictor.moments(video, video.times_s(0.5)):
    number, probability = moment.top("{head}", 1)[0]
    print(f"{{moment.time_s:.1f}} s", predictor.classes.names("{head}")[number], probability)
```

Data that it learnt from: licence {licence}; terms {terms}. Scores {scores}.
{onnx}"""

#: Files of a checkpoint that a network is built from; siblings that score their own folds are left out.
_CHECKPOINT = ("model.safetensors", "classes.json", "manifest.json")


def export(package: Package, out: Path, onnx: bool = False) -> list[str]:
    """Write ``package`` to the folder ``out``, whole or not at all, with its networks in ``onnx``, too, if
    that is asked for: what became of each, in a line.

    A package that is there already is replaced; ConfigError where something else is.
    """
    if out.exists() and not is_package(out):
        raise ConfigError("something else is there", out, "a folder to make", "remove it, or name another")
    with whole(out) as folder:
        folder.mkdir(parents=True)
        for name, source in package.parts.items():
            for file in _files(source):
                place = folder / name / file.relative_to(source)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, place)
        lines = write_onnx(Predictor(package, "cpu"), folder) if onnx else []
        (folder / "README.md").write_text(_readme(package, lines), encoding="utf-8")
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        digests = {path.relative_to(folder).as_posix(): sha256(path) for path in files}
        facts = replace(package.facts, files=digests)
        write_json(folder / NAME, {"format": FORMAT, **asdict(facts)})
    return lines


def _files(source: Path) -> Iterator[Path]:
    """The files of a part: of a checkpoint those of the model itself, of a published network all."""
    own = [source / name for name in _CHECKPOINT if (source / name).is_file()]
    if (source / "manifest.json").is_file() and (source / "model.safetensors").is_file():
        yield from own
    else:
        yield from (path for path in sorted(source.rglob("*")) if path.is_file())


def _readme(package: Package, lines: Sequence[str]) -> str:
    facts = package.facts
    what = (
        f"what happens {facts.tau_a:g} s after what it sees"
        if facts.ahead
        else "what happens in what it sees"
    )
    head = read_classes(package.parts[NETWORK] / "classes.json").main
    return README.format(
        model="/".join(facts.model.values()) or "A model",
        what=f"{facts.task}, {what}",
        head=head,
        licence=facts.licence or "not stated",
        terms=facts.terms or "not stated",
        scores=facts.scores,
        onnx="".join(f"\n{line}\n" for line in lines),
    )
