"""Semantic role labelling by AllenNLP as a process of its own: a sentence a line in, its verbs and their
arguments a line out.

    python -I allennlp_worker.py --archive openie-model.tar.gz [--batch-size 256] [--spacy-model
    en_core_web_sm]

It runs in the environment of ``make openie-env`` or ``envs/openie.yaml``, whose libraries the rest of the
package cannot live with, so it imports nothing of it and keeps to Python 3.8. Lines are JSON:

    in      {"sentence": "Chop the onions.", "verbs": [[0, 4]]}       characters [start, stop) of the verbs to
            ask about
    in      (an empty line)                                           answer what has come since the last one
    out     {"ready": {"allennlp": "2.10.1", ...}}                    once, first
    out     {"words": [...], "starts": [...], "verbs": [{"verb": "Chop", "index": 0, "tags": ["B-V", "B-ARG1",
            ...]}]}
    out     {"error": "ValueError: ..."}                              for a sentence that the model cannot
            read

Sentences are answered in their order. Tags are those of the predictor ``semantic_role_labeling``, which every
SRL or OpenIE archive names as its own; the predictor ``open_information_extraction`` loses the first of two
equal verbs. Instances are batched by length.
"""

import argparse
import gc
import importlib.util
import itertools
import json
import os
import platform
import sys
import types
from importlib.metadata import version

#: Parsed once before the first sentence: an archive that cannot read this can read nothing.
TRIAL = {"sentence": "Mix the flour with the water.", "verbs": [[0, 3]]}


def load(archive, spacy_model):
    """The predictor of ``archive`` and, without ``spacy_model``, the component that marks the verbs it is
    asked about.
    """
    import transformers  # noqa: F401 (first: it looks for torchvision, and would find the stand-in)

    if importlib.util.find_spec("torchvision") is None:
        # AllenNLP's image loader imports it; nothing here loads an image.
        sys.modules["torchvision"] = types.ModuleType("torchvision")
        sys.modules["torchvision.transforms"] = sys.modules["torchvision"].transforms = types.ModuleType(
            "torchvision.transforms"
        )
    import spacy
    from allennlp.common.util import LOADED_SPACY_MODELS
    from allennlp.modules.augmented_lstm import AugmentedLstm
    from allennlp.predictors.predictor import Predictor
    from allennlp_models.structured_prediction import (
        SemanticRoleLabeler,  # registers models and predictors as well
    )

    marker = None
    if spacy_model is None:
        # The predictor would download en_core_web_sm. It wants tokens and parts of speech alone, which this
        # gives it.
        pipeline = spacy.blank("en")
        marker = Marker()
        spacy.language.Language.component("asked_verbs", func=marker)
        pipeline.add_pipe("asked_verbs")
        LOADED_SPACY_MODELS["en_core_web_sm", True, False, False] = pipeline
    elif not (spacy.util.is_package(spacy_model) or os.path.isdir(spacy_model)):
        sys.exit(f"no spaCy pipeline {spacy_model!r} in this environment")
    AugmentedLstm.forward = lean_lstm
    SemanticRoleLabeler.make_output_human_readable = decode
    predictor = Predictor.from_path(
        archive,
        predictor_name="semantic_role_labeling",
        import_plugins=False,
        language=spacy_model or "en_core_web_sm",
    )
    return predictor, marker


def lean_lstm(layer, inputs, states=None):
    """AllenNLP's ``AugmentedLstm.forward`` for a model that is not trained, cheaper on a CPU: inputs and
    outputs are not padded, and what a step works on stays in the cache.

    layer: an AugmentedLstm; inputs: PackedSequence of (sum of lengths, D) float32; states: None, as in every
    layer of a labeller. Gates stand in the order input, forget, memory, output, highway (He et al. 2017,
    "Deep Semantic Role Labeling").
    """
    import torch

    if layer.training or states is not None:
        raise ValueError("an LSTM in training, or with a first state")
    entry, recurrence, width = layer.cell.input_linearity, layer.cell.state_linearity, layer.lstm_dim
    gates = (5 if layer.use_highway else 4) * width
    bias = entry.weight.new_zeros(len(entry.weight)) if entry.bias is None else entry.bias.clone()
    bias[:gates] += recurrence.bias
    sizes = inputs.batch_sizes.tolist()
    stops = list(itertools.accumulate(sizes))
    out = bias.new_empty(len(inputs.data), width)
    state, memory = bias.new_zeros(2, sizes[0], width)
    space = bias.new_empty(sizes[0], len(bias))
    for step in range(len(sizes)) if layer.go_forward else reversed(range(len(sizes))):
        size = sizes[step]
        rows = slice(stops[step] - size, stops[step])
        projected = torch.addmm(bias, inputs.data[rows], entry.weight.t(), out=space[:size])
        fused, own, now = projected[:, :gates], memory[:size], out[rows]
        fused.addmm_(state[:size], recurrence.weight.t())
        entering, forgetting = fused[:, : 2 * width].sigmoid_().chunk(2, 1)
        leaving = fused[:, 3 * width :].sigmoid_()
        own.mul_(forgetting).addcmul_(entering, fused[:, 2 * width : 3 * width].tanh_())
        torch.mul(leaving[:, :width], own.tanh(), out=now)
        if layer.use_highway:
            torch.lerp(projected[:, gates:], now, leaving[:, width:], out=now)
        state[:size] = now
    packed = torch.nn.utils.rnn.PackedSequence(
        out, inputs.batch_sizes, inputs.sorted_indices, inputs.unsorted_indices
    )
    return packed, (state.unsqueeze(0), memory.unsqueeze(0))


def decode(model, outputs):
    """AllenNLP's ``SemanticRoleLabeler.make_output_human_readable``, for all sentences of one length at once:
    the best valid tags by Viterbi.

    Its ``viterbi_decode`` enters the first tag from a start tag with the score 100000, beside which float32
    rounds probabilities to 1/128, so that ties are common. Sums and the search for the largest are therefore
    those of that function, over the same rows.
    """
    import torch

    never = -float("inf")
    labels = model.vocab.get_index_to_token_vocabulary("labels")
    # Two tags more: the start and the end.
    steps = torch.zeros(len(labels) + 2, len(labels) + 2)
    steps[:-2, :-2] = model.get_viterbi_pairwise_potentials()
    steps[-2, :-2] = model.get_start_transitions()
    steps[-1, :] = steps[:, -2] = steps[-2:, -1] = never
    probabilities, lengths = outputs["class_probabilities"].detach().cpu(), outputs["mask"].sum(-1).tolist()
    outputs["tags"] = [[] for _ in lengths]
    for length in sorted(set(lengths)):
        rows = [row for row, own in enumerate(lengths) if own == length]
        tagged = torch.nn.functional.pad(probabilities[rows, :length], (0, 2), value=never)
        scores = torch.zeros(len(rows), len(steps))
        scores[:, -2] = 100000.0
        paths = []
        for step in range(length):
            best, path = (scores.unsqueeze(2) + steps).topk(1, dim=1)
            scores = tagged[:, step] + best.squeeze(1)
            paths.append(path.squeeze(1))
        tags = [(scores + steps[:, -1]).topk(1, dim=1)[1]]
        for path in reversed(paths[1:]):
            tags.append(path.gather(1, tags[-1]))
        for row, sequence in zip(rows, torch.cat(tags[::-1], 1).tolist()):
            outputs["tags"][row] = [labels[tag] for tag in sequence]
    return outputs


class Marker:
    """A spaCy component: the tokens in which the verbs of the sentence at hand begin are VERB."""

    def __init__(self):
        self.starts = []

    def __call__(self, doc):
        for start in self.starts:
            doc.char_span(start, start + 1, alignment_mode="expand")[0].pos_ = "VERB"
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
            answers.append(
                {
                    "words": [token.text for token in tokens],
                    "starts": [token.idx for token in tokens],
                    "verbs": [],
                }
            )
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
    return {
        "verb": output["verb"],
        "index": instance["metadata"].metadata["verb_index"],
        "tags": list(output["tags"]),
    }


def told(error):
    """An exception as one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--archive", required=True, help="model.tar.gz of an SRL or OpenIE model")
    parser.add_argument(
        "--batch-size", type=int, default=256, help="verbs that go through the model together"
    )
    parser.add_argument(
        "--spacy-model",
        help="a spaCy pipeline that tags the sentences, instead of the verbs that come with them",
    )
    arguments = parser.parse_args()
    # Libraries print what they like: the answers keep standard output to themselves.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    worker = Parser(*load(arguments.archive, arguments.spacy_model), arguments.batch_size)
    trial = worker.answer([TRIAL])[0]
    if "error" in trial:
        sys.exit("the archive cannot read a plain sentence: " + trial["error"])
    # The libraries' objects stay: the collector need not look through them again and again.
    gc.freeze()
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
