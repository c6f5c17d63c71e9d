"""AllenNLP's own environment, and a tiny archive that is trained in it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
ENVIRONMENT = REPOSITORY / ".venv-openie"
SIDE = REPOSITORY / "tests" / "openie" / "allennlp_side.py"


def command(*arguments: object) -> list[str]:
    """What runs ``allennlp_side.py``."""
    return [str(ENVIRONMENT / "bin" / "python"), "-I", str(SIDE), *map(str, arguments)]


def run(*arguments: object, text: str = "") -> str:
    """What ``allennlp_side.py`` prints."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        command(*arguments), input=text, capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def train(folder: Path) -> None:
    """Write ``folder``/model.tar.gz, and ``folder``/pipeline, a spaCy pipeline that knows its verbs."""
    subprocess.run(["make", "--silent", "openie-env"], cwd=REPOSITORY, check=True)
    run("train", folder)
    run("pipeline", folder / "pipeline")


def one_by_one(archive: Path, language: Path, sentences: list[str]) -> list[dict]:
    """What the real predictor says of each sentence alone."""
    said = run(
        "predict",
        archive,
        language,
        text="".join(json.dumps({"sentence": sentence}) + "\n" for sentence in sentences),
    )
    return [json.loads(line) for line in said.splitlines()[:-1]]
