"""Find who does what to what in sentences of instructions: one sentence a line in, one line of JSON a
sentence out.

Each line of FILE (or of standard input) gives {"sentence", "extractions": [{"verb", "verb_span", "object",
"object_head", "object_span", "subject"}]}, in order. A line ends with a newline; other line breaks (U+2028)
part sentences within it. "sentence" is the line without markup and invisible characters. Spans are [start,
end) characters of it, verbs are base forms with their particle ("pick up"), null stands where there is none.

    echo "Wash and chop the onions." | foretaste openie -
    foretaste openie recipes.txt --backend allennlp --archive openie-model.2020.03.26.tar.gz

A sentence that cannot be read has no extractions; standard error says which it was, and at the end the exit
code is 1. Standard error also says in how many lines something was cleaned.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from typing import Any

from foretaste.contracts.errors import DataError
from foretaste.openie.cleaning import clean
from foretaste.openie.extraction import Failure
from foretaste.pipeline import console
from foretaste.settings import families

#: Flags of one backend alone -> the setting.
FLAGS = {
    "rules": {"--canonical": "canonical", "--objects": "objects"},
    "allennlp": {
        "--archive": "archive",
        "--environment": "environment",
        "--batch-size": "batch_size",
        "--spacy-model": "spacy_model",
    },
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(refuse=parser.error)
    parser.add_argument(
        "file", metavar="FILE", help="text in UTF-8, one sentence a line; - for standard input"
    )
    parser.add_argument(
        "--backend",
        choices=("rules", "allennlp"),
        default="rules",
        help="who reads the sentences (default: %(default)s)",
    )
    parser.add_argument(
        "--canonical",
        action=argparse.BooleanOptionalAction,
        help=(
            'rules: say what is done: "bring the water to a boil" is (boil, water), "let it stand" (stand,'
            " it); --no-canonical keeps bring and let"
        ),
    )
    parser.add_argument(
        "--objects",
        choices=("first", "each"),
        help=(
            "rules: of objects that are joined (the salt and the pepper) the first, or an extraction for each"
        ),
    )
    parser.add_argument("--archive", help="allennlp: the model.tar.gz of an SRL or OpenIE model")
    parser.add_argument(
        "--environment", help="allennlp: the folder of its Python environment (make openie-env: .venv-openie)"
    )
    parser.add_argument("--batch-size", type=int, help="allennlp: verbs that go through the model together")
    parser.add_argument(
        "--spacy-model", help="allennlp: a spaCy pipeline of that environment that finds the verbs"
    )
    parser.add_argument(
        "--as-published", action="store_true", help="the quirks of the published extraction (docs/openie.md)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the lines; wrong usage ends the process with 2, sentences that could not be read are an error at
    the end.
    """
    settings = _settings(arguments)
    failed = 0
    cleaned: Counter[str] = Counter()
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="\n", write_through=False)
    try:
        with closing(families.build("openie", settings, "command line")) as backend:
            lines = enumerate(_sentences(arguments.file, cleaned), 1)
            while block := list(islice(lines, backend.block)):
                for (number, sentence), found in zip(
                    block, backend.extract_all([sentence for _, sentence in block]), strict=True
                ):
                    if isinstance(found, Failure):
                        failed += 1
                        console.say(f"line {number}: {found.reason}")
                        found = []
                    extractions = [extraction._asdict() for extraction in found]
                    out.write(
                        json.dumps({"sentence": sentence, "extractions": extractions}, ensure_ascii=False)
                        + "\n"
                    )
                out.flush()
    finally:
        out.detach()
    for kind, count in sorted(cleaned.items()):
        console.say(f"{kind} in {count} line{'s' if count > 1 else ''}")
    if failed:
        raise DataError(
            f"{failed} sentence{'s' if failed > 1 else ''} could not be read",
            arguments.file,
            "text that the backend can read",
            "see the lines above; the output has no extractions there",
        )
    return 0


def _settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """The backend's settings: the flags that were given. A flag that can have no effect, or not this one, is
    wrong usage.
    """
    given = {}
    for backend, flags in FLAGS.items():
        for flag, name in flags.items():
            value = getattr(arguments, name)
            if value is not None and backend != arguments.backend:
                arguments.refuse(
                    f"{flag} belongs to --backend {backend}: leave it out, or choose that backend"
                )
            if value is not None:
                given[name] = value
    if arguments.backend == "allennlp" and arguments.archive is None:
        arguments.refuse(
            "--backend allennlp needs --archive FILE, the model.tar.gz of an SRL or OpenIE model"
        )
    if arguments.batch_size is not None and arguments.batch_size < 1:
        arguments.refuse("--batch-size is at least 1")
    if arguments.as_published and (arguments.canonical or arguments.objects == "each"):
        wrong = "--canonical" if arguments.canonical else "--objects each"
        arguments.refuse(f"{wrong} and --as-published say the opposite: leave one out")
    return {"kind": arguments.backend, **given, "as_published": arguments.as_published}


def _sentences(name: str, cleaned: Counter[str]) -> Iterator[str]:
    """The lines without markup; ``cleaned`` counts the lines in which each kind was found."""
    for line in _lines(name):
        text, done = clean(line)
        cleaned.update(done)
        yield text


def _lines(name: str) -> Iterator[str]:
    where = "standard input" if name == "-" else name
    try:
        with sys.stdin.buffer if name == "-" else open(name, "rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    yield line.decode("utf-8").rstrip("\r\n")
                except UnicodeDecodeError as error:
                    raise DataError(
                        f"not UTF-8 ({error.reason})",
                        f"{where}: line {number}",
                        "text in UTF-8",
                        "convert the file",
                    ) from error
    except (FileNotFoundError, IsADirectoryError) as error:
        raise DataError(
            "no such text", where, "a file of sentences, one a line, or -", "correct the path"
        ) from error
