"""Which files of a Hugging Face folder are the model."""

from __future__ import annotations

import re
from collections.abc import Collection

from foretaste.contracts.errors import DataError

#: Files that make the tokenizer.
TOKENIZER_FILES = (
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "vocab.txt", "vocab.json", "merges.txt", "spiece.model", "sentencepiece.bpe.model",
)  # fmt: skip

#: Files that say how a network of pictures or clips reads pixels, in the order in which they are looked for.
PREPROCESSORS = ("video_preprocessor_config.json", "preprocessor_config.json")

#: Weights in the order of preference: one file, or several with their index.
_WEIGHTS = (
    r"model\.safetensors", r"model(-\d+-of-\d+\.safetensors|\.safetensors\.index\.json)",
    r"pytorch_model\.bin", r"pytorch_model(-\d+-of-\d+\.bin|\.bin\.index\.json)",
)  # fmt: skip


def chosen_files(names: Collection[str], where: object) -> list[str]:
    """Of the names of a folder's files those that are read: config, tokenizer, how pixels are read, and one
    form of the weights; else DataError.
    """
    if "config.json" not in names:
        raise DataError("not a model", where, "a Hugging Face folder with config.json", "correct the name")
    for pattern in _WEIGHTS:
        if weights := sorted(name for name in names if re.fullmatch(pattern, name)):
            others = ("config.json", *TOKENIZER_FILES, *PREPROCESSORS)
            return [*(name for name in others if name in names), *weights]
    raise DataError(
        "no weights",
        where,
        "model.safetensors or pytorch_model.bin, whole or in parts with an index",
        "fetch the model again",
    )
