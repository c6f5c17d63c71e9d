"""The AllenNLP worker beside the real predictor, with an archive that is trained here."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys

import allennlp_archive
import pytest

from foretaste.openie.allennlp import PROGRAM, AllenNlp, build
from foretaste.openie.extraction import Failure
from foretaste.openie.predicates import verbs
from foretaste.openie.worker import Worker
from foretaste.settings import families

pytestmark = pytest.mark.slow

SENTENCES = [
    "Chop the onions and mix flour.", "Add the butter, beat the eggs and add milk", "The cake is done.",
    "Open drawer", "", "   ",
    "Preheat the oven to 350 degrees F. (180 C), then grease a 9x13-inch dish…", "Stir.",
    "Crème brûlée: heat the milk; don't stir it!",
    *(f"{a.capitalize()} the {b} and {c} {d}." for a, b, c, d in itertools.islice(itertools.product(
        ["wash", "peel", "heat"], ["carrots", "pan", "two large white onions"], ["chop", "stir"], ["water",
        "eggs"]), 40)),
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tiny_archive):
    return tiny_archive


def backend(folder, **settings) -> AllenNlp:
    spec = {
        "kind": "allennlp",
        "archive": str(folder / "model.tar.gz"),
        "environment": str(allennlp_archive.ENVIRONMENT),
        **settings,
    }
    return families.build("openie", spec)


def pairs(found) -> list[tuple[str, str | None]]:
    return [(extraction.verb, extraction.object) for extraction in found]


def test_the_worker_says_what_the_predictor_says_of_each_sentence_alone(folder):
    alone = allennlp_archive.one_by_one(folder / "model.tar.gz", folder / "pipeline", SENTENCES)
    python = str(allennlp_archive.ENVIRONMENT / "bin" / "python")
    said = {}
    for spacy_model in (None, folder / "pipeline"):
        command = [python, "-I", str(PROGRAM), "--archive", str(folder / "model.tar.gz"), "--batch-size", "5"]
        worker = Worker(command + (["--spacy-model", str(spacy_model)] if spacy_model else []), "worker", "")
        said[spacy_model] = worker.ask(
            [{"sentence": sentence, "verbs": verbs(sentence)} for sentence in SENTENCES]
        )
        worker.close()
    for sentence, own, other in zip(SENTENCES, said[folder / "pipeline"], alone, strict=True):
        assert [{"verb": v["verb"], "tags": v["tags"]} for v in own["verbs"]] == [
            {"verb": v["verb"], "tags": v["tags"]} for v in other["verbs"]
        ]
        assert (
            own["words"] == other["words"] or not other["verbs"]
        )  # without a verb it gives tokens, not words
        assert [sentence[a : a + len(w)] for a, w in zip(own["starts"], own["words"], strict=True)] == own[
            "words"
        ]
    # the verbs that are handed over are asked about, and answered alike
    for sentence, handed, own in zip(SENTENCES, said[None], said[folder / "pipeline"], strict=True):
        assert [handed["starts"][v["index"]] for v in handed["verbs"]] == [
            start for start, _ in verbs(sentence)
        ]
        by_index = {v["index"]: v for v in own["verbs"]}
        assert all(by_index[v["index"]] == v for v in handed["verbs"] if v["index"] in by_index)


def test_decoding_together_is_allennlps_decoding(folder):
    assert allennlp_archive.run("decode", PROGRAM) == "61\n"


def test_the_lean_lstm_is_allennlps(folder):
    assert allennlp_archive.run("lstm", PROGRAM) == "8\n"


def test_extractions_of_instructions_that_the_archive_has_learnt(folder):
    parser = backend(folder)
    found = parser.extract_all(
        ["Chop the onions and mix flour.", "Open drawer", "Add the onions and add water."]
    )
    assert [pairs(one) for one in found] == [
        [("chop", "onions"), ("mix", "flour")],
        [("open", "drawer")],
        [("add", "onions"), ("add", "water")],
    ]
    parser.close()
    published = backend(folder, as_published=True)
    assert [pairs(one) for one in published.extract_all(["Chop the onions.", "Chop the onions"])] == [
        [("chop", "the onions")],
        [("chop", None)],
    ]
    published.close()


def test_a_distinct_sentence_is_parsed_once(folder, monkeypatch):
    asked = []
    monkeypatch.setattr(
        Worker,
        "ask",
        lambda worker, requests, ask=Worker.ask: (
            asked.extend(r["sentence"] for r in requests) or ask(worker, requests)
        ),
    )
    parser = backend(folder)
    twice = parser.extract_all(["Stir.", "Chop the onions.", "Stir.", "Chop the onions."])
    again = parser.extract_all(["Chop the onions.", "Heat the milk."])
    parser.close()
    assert asked == ["Stir.", "Chop the onions.", "Heat the milk."]
    assert twice[:2] == twice[2:] and again[0] == twice[1]


def test_a_sentence_at_which_the_model_raises_is_a_failure_and_no_other_is(folder, monkeypatch):
    parser = backend(folder)
    long = "Chop the onions. " * 60_000  # longer than spaCy takes
    found = parser.extract_all(["Chop the onions.", long, "Heat the milk."])
    parser.close()
    assert isinstance(found[1], Failure) and found[1].reason.startswith("AllenNLP: ValueError: [E088]")
    assert [pairs(one) for one in (found[0], found[2])] == [[("chop", "onions")], [("heat", "milk")]]

    command = allennlp_archive.command("poisoned", PROGRAM, folder / "model.tar.gz")
    worker = Worker(command, "poisoned worker", "")
    texts = ["Chop the onions.", "Chop the poison and heat milk.", "Heat the milk."]
    said = worker.ask([{"sentence": text, "verbs": verbs(text)} for text in texts])
    worker.close()
    assert said[1] == {"error": "RuntimeError: a word that nobody can read"}
    assert said[0]["verbs"][0]["tags"] == ["B-V", "B-ARG1", "I-ARG1", "O"] and said[2]["verbs"][0][
        "tags"
    ] == [
        "B-V",
        "B-ARG1",
        "I-ARG1",
        "O",
    ]


def test_answers_outlive_the_worker(folder, tmp_path, monkeypatch):
    config = backend(folder).config
    first = build(config, tmp_path)
    found = first.extract_all(["Chop the onions."])
    first.close()
    monkeypatch.setattr("foretaste.openie.allennlp.Worker", None)  # a second start would fail
    second = build(config, tmp_path)
    assert second.extract_all(["Chop the onions."]) == found
    second.close()


def test_the_tool_gives_the_layout_of_the_rules(folder):
    arguments = [
        "--backend",
        "allennlp",
        "--archive",
        str(folder / "model.tar.gz"),
        "--environment",
        str(allennlp_archive.ENVIRONMENT),
    ]
    lines = {}
    for name, flags in (("rules", []), ("allennlp", arguments)):
        done = subprocess.run(
            [sys.executable, "-m", "foretaste", "openie", "-", *flags],
            input=b"Chop the onions.\nStir.\n",
            capture_output=True,
            check=True,
        )
        lines[name] = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines["rules"] == lines["allennlp"]


def test_a_wrong_archive_is_one_error(folder, tmp_path):
    wrong = tmp_path / "model.tar.gz"
    wrong.write_bytes(b"no archive")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "foretaste",
            "openie",
            "-",
            "--backend",
            "allennlp",
            "--archive",
            str(wrong),
            "--environment",
            str(allennlp_archive.ENVIRONMENT),
        ],
        input=b"Stir.\n",
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1 and done.stderr.count(b"\n") == 1
    assert done.stderr.startswith(b"error: the AllenNLP worker died (exit code 1): its last words: ")
