"""Semantic role labelling by AllenNLP as a process of its own: a sentence a line in, its verbs and their arguments a line out.

    python -I allennlp_worker.py --archive openie-model.tar.gz [--batch-size 64] [--spacy-model en_core_web_sm]

It runs in the environment of ``make openie-env`` or ``envs/openie.yaml``, whose libraries the rest of the package cannot live with, so it
imports nothing of it and keeps to Python 3.8. Lines are JSON:

    in      {"sentence": "Chop the onions.", "verbs": [[0, 4]]}       characters [start, stop) of the verbs to ask about
    in      (an empty line)                                           answer what has come since the last one
    out     {"ready": {"allennlp": "2.10.1", ...}}                    once, first
    out     {"words": [...], "starts": [...], "verbs": [{"verb": "Chop", "index": 0, "tags": ["B-V", "B-ARG1", ...]}]}
    out     {"error": "ValueError: ..."}                              for a sentence that the model cannot read

Sentences are answered in their order. Tags are those of the predictor ``semantic_role_labeling``, which every SRL or OpenIE archive
names as its own; the predictor ``open_information_extraction`` loses the first of two equal verbs. Instances are batched by length.
"""

import argparse
import importlib.util
import json
import os
import platform
import sys
import types
from importlib.metadata import version

#: Parsed once before the first sentence: an archive that cannot read this can read nothing.
TRIAL = {"sentence": "Mix the flour with the water.", "verbs": [[0, 3]]}


def load(archive, spacy_model):
    """The predictor of ``archive`` and, without ``spacy_model``, the component that marks the verbs it is asked about."""
    import transformers  # noqa: F401 (first: it looks for torchvision, and would find the stand-in)

    if importlib.util.find_spec("torchvision") is None:
        # AllenNLP's image loader imports it; nothing here loads an image.
        sys.modules["torchvision"] = types.ModuleType("torchvision")
        sys.modules["torchvision.transforms"] = sys.modules["torchvision"].transforms = types.ModuleType("torchvision.transforms")
    import spacy
    from allennlp.common.util import LOADED_SPACY_MODELS
    from allennlp.predictors.predictor import Predictor
    from allennlp_models import structured_prediction  # noqa: F401 (registers the model and its predictor)

    marker = None
    if spacy_model is None:
        # The predictor would download en_core_web_sm. It wants tokens and parts of speech alone, which this gives it.
        pipeline = spacy.blank("en")
        marker = Marker()
        spacy.language.Language.component("asked_verbs", func=marker)
        pipeline.add_pipe("asked_verbs")
        LOADED_SPACY_MODELS["en_core_web_sm", True, False, False] = pipeline
    elif not (spacy.util.is_package(spacy_model) or os.path.isdir(spacy_model)):
        sys.exit(f"no spaCy pipeline {spacy_model!r} in this environment")
    predictor = Predictor.from_path(
        archive, predictor_name="semantic_role_labeling", import_plugins=False, language=spacy_model or "en_core_web_sm"
    )
    return predictor, marker


class Marker:
    """A spaCy component: the tokens in which the verbs of the sentence at hand begin are VERB."""

    def __init__(self):
        self.starts = []

    def __call__(self, doc):
        for token in doc:
            if any(token.idx <= start < token.idx + len(token) for start in self.starts):
                token.pos_ = "VERB"
        return doc


class Parser:
    """Answers groups of sentences with the outputs that the predictor gives for each alone."""

    def __init__(self, predictor, marker, batch_size):
        self.predictor, self.marker, self.batch_size = predictor, marker, batch_size

    def instances(self, request):
        """The tokens of a sentence, and an instance of the model for each of its verbs."""
        if self.marker is not None:
            self.marker.starts = [start for start, _ in request["verbs"]]
        tokens = self.predictor._tokenizer.tokenize(request["sentence"])
        return tokens, self.predictor.tokens_to_instances(tokens)

    def answer(self, requests):
        """An answer for each request, in their order."""
        answers, todo = [], []
        for number, request in enumerate(requests):
            try:
                tokens, instances = self.instances(request)
            except Exception as error:  # noqa: BLE001 (whatever a sentence makes the libraries raise is that sentence's answer)
                answers.append({"error": told(error)})
                continue
            answers.append({"words": [token.text for token in tokens], "starts": [token.idx for token in tokens], "verbs": []})
            todo += [(number, instance) for instance in instances]
        todo.sort(key=lambda pair: len(answers[pair[0]]["words"]))
        for start in range(0, len(todo), self.batch_size):
            batch = todo[start : start + self.batch_size]
            for (number, instance), output in zip(batch, self.outputs([instance for _, instance in batch])):
                if isinstance(output, Exception):
                    answers[number] = {"error": told(output)}
                elif "error" not in answers[number]:
                    # Sorting is stable, so the verbs of a sentence come in their order.
                    answers[number]["verbs"].append(verb(instance, output))
        return answers

    def outputs(self, instances):
        """The model's output for each instance, or what it raises."""
        try:
            return self.predictor._model.forward_on_instances(instances)
        except Exception as error:  # noqa: BLE001 (as above; which of the batch it is shows when each stands alone)
            if len(instances) == 1:
                return [error]
            return [output for instance in instances for output in self.outputs([instance])]


def verb(instance, output):
    """What the predictor says of one verb, and at which word it stands."""
    return {"verb": output["verb"], "index": instance["metadata"].metadata["verb_index"], "tags": list(output["tags"])}


def told(error):
    """An exception as one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", required=True, help="model.tar.gz of an SRL or OpenIE model")
    parser.add_argument("--batch-size", type=int, default=64, help="verbs that go through the model together")
    parser.add_argument("--spacy-model", help="a spaCy pipeline that tags the sentences, instead of the verbs that come with them")
    arguments = parser.parse_args()
    # Libraries print what they like: the answers keep standard output to themselves.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    worker = Parser(*load(arguments.archive, arguments.spacy_model), arguments.batch_size)
    trial = worker.answer([TRIAL])[0]
    if "error" in trial:
        sys.exit("the archive cannot read a plain sentence: " + trial["error"])
    names = ("allennlp", "allennlp-models", "spacy", "torch", "transformers")
    say(out, [{"ready": {"python": platform.python_version(), **{name: version(name) for name in names}}}])
    requests = []
    for line in sys.stdin.buffer:
        if line.strip():
            requests.append(json.loads(line))
        else:
            say(out, worker.answer(requests))
            requests = []
    say(out, worker.answer(requests))


def say(out, lines):
    for line in lines:
        out.write(json.dumps(line) + "\n")
    out.flush()


if __name__ == "__main__":
    main()
