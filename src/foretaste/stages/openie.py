"""Find who does what to what in sentences of instructions: one sentence a line in, one line of JSON a sentence out.

Each line of FILE (or of standard input) gives {"sentence", "extractions": [{"verb", "verb_span", "object", "object_head",
"object_span", "subject"}]}, in order. Spans are [start, end) characters of the sentence, verbs are base forms with their
particle ("pick up"), null stands where there is none.

    echo "Wash and chop the onions." | foretaste openie -
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Iterator

from foretaste.contracts.errors import DataError
from foretaste.text.openie_rules import Config, Rules


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="text in UTF-8, one sentence a line; - for standard input")
    parser.add_argument(
        "--canonical", action=argparse.BooleanOptionalAction, default=True,
        help='say what is done: "bring the water to a boil" is (boil, water), "let it stand" (stand, it); --no-canonical keeps bring and let',
    )  # fmt: skip
    parser.add_argument(
        "--objects", choices=("first", "each"), default="first",
        help="of objects that are joined (the salt and the pepper): the first, or an extraction for each",
    )  # fmt: skip
    parser.add_argument("--as-published", action="store_true", help="the quirks of the published extraction (docs/openie.md)")


def run(arguments: argparse.Namespace) -> int | None:
    rules = Rules(Config(canonical=arguments.canonical, objects=arguments.objects, as_published=arguments.as_published))
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="\n", write_through=False)
    try:
        for sentence in _lines(arguments.file):
            found = [extraction._asdict() for extraction in rules.extract(sentence)]
            out.write(json.dumps({"sentence": sentence, "extractions": found}, ensure_ascii=False) + "\n")
        out.flush()
    except BrokenPipeError:
        # the reader has seen enough (head); nothing is left to flush into the closed pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        out.detach()
    return None


def _lines(name: str) -> Iterator[str]:
    where = "standard input" if name == "-" else name
    try:
        with sys.stdin.buffer if name == "-" else open(name, "rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    yield line.decode("utf-8").rstrip("\r\n")
                except UnicodeDecodeError as error:
                    raise DataError(
                        f"not UTF-8 ({error.reason})", f"{where}: line {number}", "text in UTF-8", "convert the file"
                    ) from error
    except (FileNotFoundError, IsADirectoryError) as error:
        raise DataError("no such text", where, "a file of sentences, one a line, or -", "correct the path") from error
