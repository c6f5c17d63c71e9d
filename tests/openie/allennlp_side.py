"""What the tests need done in AllenNLP's environment: train a tiny archive, and call the real predictor one
sentence at a time.

Run by that environment's Python; imports nothing of foretaste but the worker, where its path is given.
"""

import importlib.util
import itertools
import json
import os
import sys
import time
import types

import torch
import transformers  # noqa: F401 (before the stand-in)

for name in ("torchvision", "torchvision.transforms"):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__spec__ = importlib.util.spec_from_loader(name, None)

# These look for torchvision when they are imported, so they stand after its stand-in (E402).
import spacy  # noqa: E402
from allennlp.common import Params  # noqa: E402
from allennlp.common.util import LOADED_SPACY_MODELS  # noqa: E402
from allennlp.data import Batch, DatasetReader, Token, Vocabulary  # noqa: E402
from allennlp.models import Model  # noqa: E402
from allennlp.models.archival import archive_model  # noqa: E402
from allennlp.modules.augmented_lstm import AugmentedLstm  # noqa: E402
from allennlp.predictors import Predictor  # noqa: E402
from allennlp_models import structured_prediction  # noqa: E402

VERBS = ["chop", "mix", "add", "beat", "stir", "grease", "open", "wash", "peel", "heat"]
NOUNS = ["onions", "flour", "water", "drawer", "pan", "carrots", "butter", "eggs", "milk", "dish"]
#: As many as a parser of propositions has.
LABELS = ["O", *(f"{mark}-{name}" for name in ("V", *(f"ARG{n}" for n in range(29))) for mark in "BI")]


def sentences():
    """(words, verb's index, tags): "Chop the onions and mix flour ." once for each of its verbs."""
    for i, first in enumerate(VERBS):
        for j, noun in enumerate(NOUNS):
            second, thing = VERBS[(i + j) % len(VERBS)], NOUNS[(i + 3 * j) % len(NOUNS)]
            words = [first.capitalize(), "the", noun, "and", second, thing, "."]
            yield [*words[:3], "."], 0, ["B-V", "B-ARG1", "I-ARG1", "O"]
            yield words[:3], 0, ["B-V", "B-ARG1", "I-ARG1"]
            yield words, 0, ["B-V", "B-ARG1", "I-ARG1", "O", "O", "O", "O"]
            yield words, 4, ["O", "O", "O", "O", "B-V", "B-ARG1", "O"]


def config(encoder):
    return {
        "dataset_reader": {"type": "srl"},
        "model": {
            "type": "srl",
            "text_field_embedder": {
                "token_embedders": {
                    "tokens": {"type": "embedding", "embedding_dim": encoder["input_size"] - 8}
                }
            },
            "encoder": encoder,
            "binary_feature_dim": 8,
            "ignore_span_metric": True,
            "srl_eval_path": None,
        },
    }


def train(folder, epochs=15, encoder=None, labels=()):
    """Write ``folder``/model.tar.gz: an SRL model that has seen the sentences above."""
    torch.manual_seed(1)
    torch.set_num_threads(1)  # the same archive on every machine
    encoder = encoder or {
        "type": "alternating_lstm",
        "input_size": 40,
        "hidden_size": 48,
        "num_layers": 2,
        "use_highway": True,
    }
    settings = json.dumps(config(encoder))
    reader = DatasetReader.from_params(Params({"type": "srl"}))
    instances = []
    for words, verb, tags in sentences():
        marks = [int(at == verb) for at in range(len(words))]
        instances.append(reader.text_to_instance([Token(word) for word in words], marks, tags))
    vocabulary = Vocabulary.from_instances(instances, tokens_to_add={"labels": list(labels)})
    model = Model.from_params(vocab=vocabulary, params=Params(json.loads(settings)["model"]))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(epochs):
        for start in range(0, len(instances), 50):
            batch = Batch(instances[start : start + 50])
            batch.index_instances(vocabulary)
            optimizer.zero_grad()
            model(**batch.as_tensor_dict())["loss"].backward()
            optimizer.step()
    os.makedirs(folder, exist_ok=True)
    vocabulary.save_to_files(os.path.join(folder, "vocabulary"))
    torch.save(model.state_dict(), os.path.join(folder, "best.th"))
    with open(os.path.join(folder, "config.json"), "w") as file:
        file.write(settings)
    archive_model(folder)


def large(folder):
    """An untrained model of the size of the published archive: what counts is its speed."""
    train(
        folder,
        0,
        {
            "type": "alternating_lstm",
            "input_size": 208,
            "hidden_size": 300,
            "num_layers": 8,
            "use_highway": True,
        },
        LABELS,
    )


def pipeline(folder):
    """A spaCy pipeline on disk that knows the verbs above."""
    nlp = spacy.blank("en")
    nlp.add_pipe("attribute_ruler").add(patterns=[[{"LOWER": {"IN": VERBS}}]], attrs={"POS": "VERB"})
    nlp.to_disk(folder)


def predict(archive, language):
    """The predictor's answer to each sentence of standard input, one at a time, with a spaCy pipeline on
    disk; last the CPU seconds that it took.
    """
    one_by_one(Predictor.from_path(archive, import_plugins=False, language=language), None)


def predict_asked(archive, worker):
    """The same where the sentences come with their verbs, as the worker gets them: these are the verbs of
    the predictor's pipeline.
    """
    nlp, marker = spacy.blank("en"), module_of(worker).Marker()
    spacy.language.Language.component("asked_verbs", func=marker)
    nlp.add_pipe("asked_verbs")
    LOADED_SPACY_MODELS["en_core_web_sm", True, False, False] = nlp
    one_by_one(Predictor.from_path(archive, import_plugins=False), marker)


def one_by_one(predictor, marker):
    assert type(predictor).__name__ == "SemanticRoleLabelerPredictor"
    requests, answers = [json.loads(line) for line in sys.stdin], []
    start = time.process_time()
    for request in requests:
        if marker is not None:
            marker.starts = [first for first, _ in request["verbs"]]
        answers.append(predictor.predict(sentence=request["sentence"]))
    seconds = time.process_time() - start
    for found in answers:
        print(json.dumps({"words": [str(word) for word in found["words"]], "verbs": found["verbs"]}))
    print(json.dumps({"cpu_s": seconds}))


def module_of(worker):
    spec = importlib.util.spec_from_file_location("allennlp_worker", worker)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def decode(worker):
    """Assert that the worker's decoding is AllenNLP's: 61 labels, random and equal probabilities, all
    lengths.
    """
    vocabulary = Vocabulary(tokens_to_add={"labels": LABELS})
    own = structured_prediction.SemanticRoleLabeler
    model = types.SimpleNamespace(vocab=vocabulary)
    model.get_viterbi_pairwise_potentials = lambda: own.get_viterbi_pairwise_potentials(model)
    model.get_start_transitions = lambda: own.get_start_transitions(model)
    torch.manual_seed(0)
    for trial in range(12):
        lengths = torch.randint(1, 9, (30,))
        mask = torch.arange(int(lengths.max()))[None] < lengths[:, None]
        size = (*mask.shape, vocabulary.get_vocab_size("labels"))
        given = {"class_probabilities": torch.softmax(torch.randn(size) * (trial % 4), -1), "mask": mask}
        alone = own.make_output_human_readable(model, dict(given))["tags"]
        assert module_of(worker).decode(model, dict(given))["tags"] == alone
    print(len(LABELS))


def lstm(worker):
    """Assert that the worker's LSTM is AllenNLP's: both directions, with and without highway and input
    bias, many lengths, in float64.
    """
    torch.manual_seed(0)
    allennlps, ours = AugmentedLstm.forward, module_of(worker).lean_lstm
    layers = 0
    for go_forward, highway, bias in itertools.product((True, False), repeat=3):
        layer = (
            AugmentedLstm(5, 7, go_forward, use_highway=highway, use_input_projection_bias=bias)
            .double()
            .eval()
        )
        for lengths in ([4], [1, 1], [3, 3, 3], [9, 6, 2, 1, 1]):
            padded = torch.randn(len(lengths), max(lengths), 5, dtype=torch.float64)
            given = torch.nn.utils.rnn.pack_padded_sequence(padded, lengths, batch_first=True)
            with torch.no_grad():
                (theirs, states), (own, own_states) = allennlps(layer, given), ours(layer, given)
            for a, b in zip((theirs.data, *states), (own.data, *own_states)):
                torch.testing.assert_close(a, b, rtol=0, atol=1e-12)
        layers += 1
    print(layers)


def poisoned(worker, archive):
    """The worker itself, with a model that raises wherever it meets the word "poison"."""
    module = module_of(worker)
    read = Model.forward_on_instances

    def raising(model, instances):
        if any("poison" in instance["metadata"].metadata["words"] for instance in instances):
            raise RuntimeError("a word that\nnobody can read")
        return read(model, instances)

    Model.forward_on_instances = raising
    sys.argv = [worker, "--archive", archive]
    module.main()


if __name__ == "__main__":
    MODES = (train, large, pipeline, predict, predict_asked, decode, lstm, poisoned)
    {mode.__name__: mode for mode in MODES}[sys.argv[1]](*sys.argv[2:])
