"""The tokenizer of a language model's folder, without importing torch or transformers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tokenizers import Encoding
from tokenizers import Tokenizer as FastTokenizer

from foretaste.contracts.errors import DataError
from foretaste.pipeline.hugging_face import TOKENIZER_FILES


class Tokenizer:
    """The tokenizer of one language model: text in, token ids out, never cut and never padded.

    pad, mask
        Ids of the padding and the mask token.
    mask_token
        The mask token as text.
    special
        Ids of all special tokens, sorted.
    size
        Entries of the vocabulary.
    """

    def __init__(self, folder: Path):
        folder = Path(folder)
        path = folder / "tokenizer.json"
        if not path.is_file():
            raise DataError("no fast tokenizer", path, "tokenizer.json", "write it once with transformers' AutoTokenizer.save_pretrained")
        self._fast = FastTokenizer.from_file(str(path))
        self._fast.no_padding()
        self._fast.no_truncation()
        named = _special_tokens(folder)
        self.mask_token = named["mask_token"]
        self.mask, self.pad = (self._fast.token_to_id(named[key]) for key in ("mask_token", "pad_token"))
        added = self._fast.get_added_tokens_decoder()
        self.special = tuple(sorted({index for index, token in added.items() if token.special} | {self.mask, self.pad}))
        self.size = self._fast.get_vocab_size()

    def encode(self, text: str) -> Encoding:
        """``text`` as the model reads it, special tokens included; ``.ids`` and ``.offsets`` (characters) a token."""
        return self._fast.encode(text)

    def ids(self, text: str) -> np.ndarray:
        """``text`` as the model reads it: (N,) int64, special tokens included."""
        return np.asarray(self._fast.encode(text).ids, dtype=np.int64)

    def token(self, index: int) -> str:
        """The entry ``index`` of the vocabulary as it would read in a text."""
        return self._fast.decode([index], skip_special_tokens=False).strip()


def _special_tokens(folder: Path) -> dict[str, str]:
    """``mask_token`` and ``pad_token`` as text, from whichever of the two files of a Hugging Face folder says them."""
    named: dict[str, str] = {}
    for file in ("tokenizer_config.json", "special_tokens_map.json"):
        if (folder / file).is_file():
            for key, value in json.loads((folder / file).read_text(encoding="utf-8")).items():
                if key in ("mask_token", "pad_token") and value is not None:
                    named[key] = value["content"] if isinstance(value, dict) else value
    if missing := {"mask_token", "pad_token"} - set(named):
        raise DataError(
            f"tokenizer without {' and '.join(sorted(missing))}", folder, "special tokens in tokenizer_config.json",
            "use a language model that was trained on masked words",
        )  # fmt: skip
    return named


def copy(source: Path, folder: Path) -> None:
    """Copy the tokenizer's files from one Hugging Face folder to another."""
    for name in TOKENIZER_FILES:
        if (source / name).is_file():
            shutil.copyfile(source / name, folder / name)


def pad(rows: Sequence[np.ndarray], value: int) -> tuple[np.ndarray, np.ndarray]:
    """B sequences of ids -> ids (B, N) int64 filled up on the right with ``value``, and which are real (B, N) bool."""
    lengths = np.array([len(row) for row in rows])
    real = np.arange(lengths.max(initial=0)) < lengths[:, None]
    ids = np.full(real.shape, value, dtype=np.int64)
    ids[real] = np.concatenate(rows) if rows else []
    return ids, real
