"""Hugging Face folders of six architectures as the hub serves them, tiny: their own kinds of tokenizers, and
config files that name no special token.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow as pa
import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AlbertConfig,
    AlbertForMaskedLM,
    BertConfig,
    BertForMaskedLM,
    BertModel,
    DistilBertConfig,
    DistilBertForMaskedLM,
    ElectraConfig,
    ElectraForMaskedLM,
    ElectraForPreTraining,
    RobertaConfig,
    RobertaForMaskedLM,
)

from foretaste.contracts.tables import PHRASES
from foretaste.contracts.view import Sources

LINES = [
    f"{verb} {thing}, {other} the {thing} <v> <a>"
    for verb, other in (
        ("take", "wash"),
        ("cut", "peel"),
        ("pour", "stir"),
        ("open", "close"),
        ("put", "pick up"),
    )
    for thing in (
        "pan",
        "fridge",
        "chopping board",
        "onion",
        "tea towel",
        "glass jar",
        "olive oil",
        "water",
        "lid",
    )
]
RECIPES = [
    [("take", "pan"), ("wash", "onion"), ("cut", "onion"), ("pour", "olive oil")],
    [("open", "fridge")],
    [("put", "chopping board"), ("stir", None), ("close", "glass jar")],
    [("peel", "onion"), ("pour", "water")],
    [
        ("pick up", "tea towel"),
        ("close", "lid"),
        ("open", "lid"),
        ("take", "lid"),
        ("put", "lid"),
        ("wash", "lid"),
    ],
]
WIDTH = 32
#: How each architecture is published: its tokenizer, and the network that its usual checkpoint holds.
KINDS = ("albert", "bert", "distilbert", "electra", "minilm", "roberta")


def word_pieces() -> Tokenizer:
    """BERT's: lower case, WordPiece, [CLS] and [SEP]."""
    words = sorted({word for line in LINES for word in re.findall(r"\w+|[^\w\s]", line)})
    letters = sorted({letter for word in words for letter in word})
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    # Written out: the library's trainer breaks ties at random.
    pieces = dict.fromkeys([*special, *letters, *(f"##{letter}" for letter in letters), *words])
    made = Tokenizer(
        models.WordPiece({piece: index for index, piece in enumerate(pieces)}, unk_token="[UNK]")
    )
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.add_special_tokens(special)
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    made.decoder = decoders.WordPiece()
    return made


def byte_pairs() -> Tokenizer:
    """RoBERTa's: byte-level BPE, <s> and </s>; a word in the middle of a text begins with its space."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        LINES,
        trainers.BpeTrainer(
            vocab_size=360, special_tokens=special, initial_alphabet=alphabet, show_progress=False
        ),
    )
    made.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False
    )
    made.decoder = decoders.ByteLevel()
    return made


def unigrams() -> Tokenizer:
    """ALBERT's: SentencePiece's unigrams, lower case, every word begins with a mark."""
    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.Sequence(
        [
            normalizers.NFKD(),
            normalizers.StripAccents(),
            normalizers.Lowercase(),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    special = ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"]
    made.train_from_iterator(
        LINES,
        trainers.UnigramTrainer(
            vocab_size=120, special_tokens=special, unk_token="<unk>", show_progress=False
        ),
    )
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    made.decoder = decoders.Metaspace(prepend_scheme="always")
    return made


def publish(folder: Path, kind: str, *, seed: int = 0) -> Path:
    """Write the model ``kind`` (KINDS, or ``electra_generator``) as the hub has it: `tokenizer_config.json`
    names no special token.
    """
    made = {"roberta": byte_pairs, "albert": unigrams}.get(kind, word_pieces)()
    size = made.get_vocab_size()
    usual = {
        "vocab_size": size,
        "hidden_size": WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "max_position_embeddings": 66,
        "initializer_range": 0.1,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
    }
    torch.manual_seed(seed)
    model = {
        "albert": lambda: AlbertForMaskedLM(
            AlbertConfig(**usual, embedding_size=16, pad_token_id=0, bos_token_id=2, eos_token_id=3)
        ),
        "bert": lambda: BertForMaskedLM(BertConfig(**usual)),
        "distilbert": lambda: DistilBertForMaskedLM(
            DistilBertConfig(
                vocab_size=size,
                dim=WIDTH,
                n_layers=2,
                n_heads=2,
                hidden_dim=64,
                max_position_embeddings=66,
                initializer_range=0.1,
                dropout=0.0,
                attention_dropout=0.0,
            )
        ),
        "electra": lambda: ElectraForPreTraining(ElectraConfig(**usual, embedding_size=16)),
        "electra_generator": lambda: ElectraForMaskedLM(
            ElectraConfig(**{**usual, "hidden_size": 16, "intermediate_size": 32}, embedding_size=16)
        ),
        "minilm": lambda: BertModel(BertConfig(**usual)),
        "roberta": lambda: RobertaForMaskedLM(
            RobertaConfig(**usual, pad_token_id=1, bos_token_id=0, eos_token_id=2)
        ),
    }[kind]()
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    made.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 512}))
    (folder / "README.md").write_text("not part of the model")
    return folder


def sources_of(folder: Path) -> Sources:
    """RECIPES as a table of phrases, with the language model of ``folder``."""
    rows = [
        (f"r{number}", "train", order, verb, thing, "-")
        for number, recipe in enumerate(RECIPES)
        for order, (verb, thing) in enumerate(recipe)
    ]
    columns = [pa.array(column, type=field.type) for column, field in zip(zip(*rows), PHRASES.schema)]
    return Sources(phrases=pa.table(columns, schema=PHRASES.schema), pretrained=folder)
