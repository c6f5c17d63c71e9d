"""The tool `foretaste openie`, as scripts call it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from foretaste.__main__ import main
from foretaste.openie.extraction import Failure
from foretaste.openie.rules import Rules


def openie(*arguments: str, text: str | bytes = "") -> subprocess.CompletedProcess:
    data = text if isinstance(text, bytes) else text.encode()
    return subprocess.run(
        [sys.executable, "-m", "foretaste", "openie", *arguments],
        input=data,
        capture_output=True,
        check=False,
    )


def test_one_json_line_a_sentence_in_order_with_exactly_the_documented_keys():
    done = openie("-", text="Wash and chop the onions.\n\nThe cake is done.\r\nPick up the crème brûlée")
    assert done.returncode == 0 and done.stderr == b""
    lines = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [list(line) for line in lines] == [["sentence", "extractions"]] * 4
    assert [line["sentence"] for line in lines] == [
        "Wash and chop the onions.",
        "",
        "The cake is done.",
        "Pick up the crème brûlée",
    ]
    assert lines[0]["extractions"] == [
        {
            "verb": "wash",
            "verb_span": [0, 4],
            "object": "onions",
            "object_head": "onion",
            "object_span": [18, 24],
            "subject": None,
        },
        {
            "verb": "chop",
            "verb_span": [9, 13],
            "object": "onions",
            "object_head": "onion",
            "object_span": [18, 24],
            "subject": None,
        },
    ]
    assert lines[1]["extractions"] == lines[2]["extractions"] == []
    (pick,) = lines[3]["extractions"]
    assert pick["verb"] == "pick up" and pick["object"] == "crème brûlée" and "crème" in done.stdout.decode()


def test_a_line_is_what_ends_with_a_newline_and_other_line_breaks_lie_within_it():
    breaks = ["\u2028", "\u2029", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\r"]
    done = openie("-", text="".join(f"Wash the pan.{one}Chop the onions.\n" for one in breaks))
    assert done.returncode == 0 and len(done.stdout.decode().splitlines()) == len(breaks)
    for line in done.stdout.decode().split("\n")[:-1]:
        found = [(one["verb"], one["object"]) for one in json.loads(line)["extractions"]]
        assert found == [("wash", "pan"), ("chop", "onions")], line


def test_the_sentence_that_is_printed_is_the_line_without_markup_and_spans_index_it():
    done = openie("-", text="<p>Add <b>the\u200b eggs</b> &amp; milk<br>Stir well.</p>\nFry it.")
    first, second = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert (first["sentence"], second["sentence"]) == ("Add the eggs & milk. Stir well.", "Fry it.")
    add, stir = first["extractions"]
    assert (add["verb"], add["object"], stir["verb"]) == ("add", "eggs", "stir")
    assert (
        first["sentence"][slice(*add["object_span"])] == "eggs"
        and first["sentence"][slice(*stir["verb_span"])] == "Stir"
    )
    assert done.stderr.decode().splitlines() == [
        "HTML entities decoded in 1 line",
        "HTML tags removed in 1 line",
        "invisible characters removed in 1 line",
    ]


def test_settings(tmp_path):
    file = tmp_path / "text"
    file.write_text("Bring the water and the salt to a boil.\n")

    def verbs(*arguments: str) -> list[tuple]:
        found = json.loads(openie(str(file), *arguments).stdout)["extractions"]
        return [(e["verb"], e["object"]) for e in found]

    assert verbs() == verbs("--canonical") == [("boil", "water")]
    assert verbs("--no-canonical") == [("bring", "water")]
    assert verbs("--objects", "each") == [("boil", "water"), ("boil", "salt")]
    assert verbs("--as-published") == [("bring", "the water and the salt")]


@pytest.mark.parametrize(
    ("arguments", "text", "error"),
    [
        (["nowhere.txt"], "", "error: no such text: nowhere.txt: a file of sentences"),
        (
            ["-"],
            b"Boil.\n\xff\xfe\n",
            "error: not UTF-8 (invalid start byte): standard input: line 2: text in UTF-8",
        ),
    ],
)
def test_errors_are_one_line(arguments, text, error):
    done = openie(*arguments, text=text)
    assert done.returncode == 1
    assert done.stderr.decode().startswith(error) and done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--archive", "a.tar.gz"], "--archive belongs to --backend allennlp"),
        (
            ["--backend", "allennlp", "--archive", "a.tar.gz", "--objects", "each"],
            "--objects belongs to --backend rules",
        ),
        (
            ["--backend", "allennlp", "--archive", "a.tar.gz", "--no-canonical"],
            "--canonical belongs to --backend rules",
        ),
        (["--backend", "allennlp"], "--backend allennlp needs --archive FILE"),
        (
            ["--backend", "allennlp", "--archive", "a.tar.gz", "--batch-size", "0"],
            "--batch-size is at least 1",
        ),
        (["--as-published", "--canonical"], "--canonical and --as-published say the opposite"),
        (["--as-published", "--objects", "each"], "--objects each and --as-published say the opposite"),
    ],
)
def test_wrong_usage_is_2_and_names_flags_as_they_were_given(arguments, error, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["openie", "-", *arguments])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert f"error: {error}" in said and "openie_" not in said


def test_sentences_that_cannot_be_read_are_named_and_end_in_an_error_line(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(
        Rules, "extract", lambda rules, sentence: Failure("no idea") if sentence == "?" else []
    )
    file = tmp_path / "text"
    file.write_text("Stir.\n?\n")
    assert main(["openie", str(file)]) == 1
    said = capfd.readouterr()
    assert [json.loads(line)["extractions"] for line in said.out.splitlines()] == [[], []]
    first, last = said.err.splitlines()
    assert first == "line 2: no idea" and last.startswith(f"error: 1 sentence could not be read: {file}: ")


def test_a_reader_that_stops_early_is_no_error():
    command = (
        f"yes 'Boil the eggs and serve.' | head -20000 | {sys.executable} -m foretaste openie - | head -1"
    )
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, check=False)
    assert json.loads(done.stdout)["sentence"] == "Boil the eggs and serve." and done.stderr == b""
