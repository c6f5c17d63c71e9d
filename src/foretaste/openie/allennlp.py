"""OpenIE by AllenNLP's semantic role labeller, as the published pipeline used it, in an environment of its
own.

``make openie-env`` makes the environment; the archive is the user's (docs/openie.md says which). A worker
process parses every distinct sentence once, batched by length. What the tags become is in ``roles``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import PositiveInt

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.openie.answers import Answers
from foretaste.openie.extraction import Failure, Found
from foretaste.openie.predicates import verbs
from foretaste.openie.roles import extractions, published_extractions
from foretaste.openie.worker import Worker
from foretaste.pipeline import console
from foretaste.settings.options import Options

#: Run in the other environment, never imported.
PROGRAM = Path(__file__).with_name("allennlp_worker.py")
#: A group of sentences that is sorted by length holds this many batches.
_BATCHES = 8


class Config(Options):
    """Settings of the AllenNLP backend."""

    archive: str
    """The model.tar.gz of an SRL or OpenIE model (published: openie-model.2020.03.26.tar.gz)."""
    environment: str = ".venv-openie"
    """The folder of the Python environment that holds AllenNLP."""
    batch_size: PositiveInt = 256
    """Verbs that go through the model together."""
    spacy_model: str | None = None
    """A spaCy pipeline of that environment, or a folder, that finds the verbs (published: en_core_web_sm);
    none: word lists and rules find them, which need no download and do not take the verbs of short
    instructions for nouns.
    """
    as_published: bool = False
    """The quirks of the published extraction: sentences in lower case, verbs as written, the object strictly
    the first ARG1, lost where it ends the sentence without a period.
    """


class AllenNlp:
    """Asks the worker, which is started at the first sentence that has no answer yet."""

    def __init__(self, config: Config, answers: Answers):
        self.config, self.answers = config, answers
        self.block = _BATCHES * config.batch_size
        self._worker: Worker | None = None

    def extract_all(self, sentences: Sequence[str]) -> list[Found]:
        """What is found in each of the sentences; a Failure for one at which the model raises."""
        if self.config.as_published:
            sentences = [_lower(sentence) for sentence in sentences]
        distinct = list(dict.fromkeys(sentences))
        answers = self.answers.of(distinct)
        new = [sentence for sentence in distinct if sentence not in answers]
        for start in range(0, len(new), self.block):
            group = new[start : start + self.block]
            said = self.worker().ask(
                [{"sentence": sentence, "verbs": self._verbs(sentence)} for sentence in group]
            )
            self.answers.add(zip(group, said, strict=True))
            answers.update(zip(group, said, strict=True))
        return [self._found(sentence, answers[sentence]) for sentence in sentences]

    def worker(self) -> Worker:
        """The running worker."""
        if self._worker is None:
            python = Path(self.config.environment) / "bin" / "python"
            if not python.exists():
                raise ConfigError(
                    "no environment for AllenNLP",
                    python,
                    "a Python with AllenNLP",
                    "make openie-env, or set environment",
                )
            if not Path(self.config.archive).is_file():
                raise DataError(
                    "no such archive",
                    self.config.archive,
                    "the model.tar.gz of an SRL or OpenIE model",
                    "correct archive",
                )
            command = [
                str(python),
                "-I",
                str(PROGRAM),
                "--archive",
                self.config.archive,
                "--batch-size",
                str(self.config.batch_size),
            ]
            if self.config.spacy_model is not None:
                command += ["--spacy-model", self.config.spacy_model]
            to_do = (
                "check archive and environment (make openie-env); the step goes on from here when it is"
                " started again"
            )
            self._worker = Worker(command, "AllenNLP worker", to_do)
            console.say(
                "AllenNLP worker: "
                + ", ".join(f"{name} {version}" for name, version in self._worker.ready.items())
            )
        return self._worker

    def close(self) -> None:
        if self._worker is not None:
            self._worker.close()
        self.answers.close()

    def _verbs(self, sentence: str) -> list[tuple[int, int]]:
        return [] if self.config.spacy_model is not None else verbs(sentence)

    def _found(self, sentence: str, answer: dict) -> Found:
        if "error" in answer:
            return Failure(f"AllenNLP: {answer['error']}")
        return published_extractions(answer) if self.config.as_published else extractions(sentence, answer)


def _lower(sentence: str) -> str:
    """In lower case, letter by letter, so that spans still fit (the lower case of "İ" is two letters)."""
    return "".join(low if len(low := letter.lower()) == 1 else letter for letter in sentence)


def build(config: Config, scratch: Path | None = None) -> AllenNlp:
    """``scratch``: a folder that keeps the answers over a kill; none: they are kept in memory."""
    return AllenNlp(config, Answers(None if scratch is None else scratch / "answers.sqlite"))
