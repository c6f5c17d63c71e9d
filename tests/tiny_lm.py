"""Real Hugging Face language models, small enough to make in a test: two layers, 32 wide, a WordPiece
vocabulary.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
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
    RobertaConfig,
    RobertaForMaskedLM,
)

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = (
    "take", "put", "open", "close", "wash", "cut", "pour", "stir", "pick", "up", "turn", "on",
    "pan", "fridge", "lid", "onion", "water", "board", "chop", "##ping", "tea", "towel", "glass", "jar",
    "salt",
    ",", "<", ">", "v", "a", "-", "[", "]", "or", "fold",
)  # fmt: skip
WIDTH = 32


def tokenizer() -> Tokenizer:
    """A lower-casing WordPiece tokenizer that puts [CLS] first and [SEP] last."""
    vocabulary = {word: index for index, word in enumerate((*SPECIAL, *WORDS))}
    made = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    made.add_special_tokens(list(SPECIAL))
    made.enable_truncation(8)  # packaged tokenizers come with such settings; they must not cut our texts
    made.enable_padding(length=8)
    return made


def write_tokenizer(folder: Path) -> None:
    """tokenizer.json and tokenizer_config.json."""
    tokenizer().save(str(folder / "tokenizer.json"))
    named = {
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "mask_token": "[MASK]",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(named))


def make(folder: Path, kind: str = "bert", *, head: bool = True, dropout: float = 0.0, seed: int = 0) -> Path:
    """Write a language model of an architecture; without ``head`` (bert only) the masked-word head is
    missing.
    """
    size = len(SPECIAL) + len(WORDS)
    common = {
        "vocab_size": size,
        "pad_token_id": 0,
        "initializer_range": 0.1,
    }  # 0.02 is for wide models; these would learn slowly
    usual = {
        **common,
        "hidden_size": WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "max_position_embeddings": 66,
        "hidden_dropout_prob": dropout,
        "attention_probs_dropout_prob": dropout,
    }
    torch.manual_seed(seed)
    model = {
        "albert": lambda: AlbertForMaskedLM(AlbertConfig(**usual, embedding_size=16)),
        "bert": lambda: (BertForMaskedLM if head else BertModel)(BertConfig(**usual)),
        "distilbert": lambda: DistilBertForMaskedLM(
            DistilBertConfig(
                **common,
                dim=WIDTH,
                n_layers=2,
                n_heads=2,
                hidden_dim=64,
                dropout=dropout,
                attention_dropout=dropout,
            )
        ),
        "electra": lambda: ElectraForMaskedLM(ElectraConfig(**usual, embedding_size=16)),
        "roberta": lambda: RobertaForMaskedLM(RobertaConfig(**usual)),
    }[kind]()
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    write_tokenizer(folder)
    return folder
