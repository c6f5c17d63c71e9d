"""The tokenizer of a language model's folder, without importing torch or transformers."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Encoding
from tokenizers import Tokenizer as FastTokenizer

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.json_files import checked, read_json
from foretaste.settings.hugging_face import TOKENIZER_FILES

#: Most tokens of a text where nothing else is said, as published.
LONGEST = 512

_AGAIN = "fetch it again, or write it with transformers' save_pretrained"


class Tokenizer:
    """The tokenizer of one language model: text in, token ids out, never padded.

    With ``longest`` a text of more tokens is cut as Hugging Face cuts it: the special tokens at its ends
    stay. Without, none is cut.

    With ``masked`` false the language model need not know masks (a decoder). A text then begins with the
    token that begins texts, so that the empty one has a token too; a model without padding, which nothing
    reads, is padded with what ends texts.

    pad, mask
        Ids of the padding and the mask token; ``mask`` is None where there is none.
    mask_token
        The mask token as text, or None.
    special
        Ids of all special tokens, sorted.
    size
        Entries of the vocabulary.
    """

    def __init__(self, folder: Path, *, masked: bool = True, longest: int | None = None):
        folder = Path(folder)
        path = folder / "tokenizer.json"
        if not path.is_file():
            raise DataError(
                "no fast tokenizer",
                path,
                "tokenizer.json",
                "write it once with transformers' AutoTokenizer.save_pretrained",
            )
        try:
            self._fast = FastTokenizer.from_file(str(path))
        except Exception as error:  # tokenizers raises Exception itself, whatever is wrong with a file
            raise DataError(
                f"not a tokenizer ({error})", path, "a file of the tokenizers library", "write it again"
            ) from error
        self._fast.no_padding()
        self._fast.no_truncation()
        if longest is not None:
            self._fast.enable_truncation(longest)
        begins = not masked and not self._fast.encode("").ids
        named = _special_tokens(
            folder,
            {"pad_token"} | ({"mask_token"} if masked else set()) | ({"bos_token"} if begins else set()),
            masked,
        )
        self.mask_token = named.get("mask_token")
        for name, token in named.items():
            if self._fast.token_to_id(token) is None and name != "eos_token":
                raise DataError(
                    f"{name} {token!r} is not in the vocabulary", path, "files of one tokenizer", _AGAIN
                )
        self.mask = None if self.mask_token is None else self._fast.token_to_id(self.mask_token)
        self.pad = self._fast.token_to_id(named["pad_token"])
        self._first = [self._fast.token_to_id(named["bos_token"])] if begins else []
        added = self._fast.get_added_tokens_decoder()
        self.special = tuple(
            sorted(
                {index for index, token in added.items() if token.special} | ({self.mask, self.pad} - {None})
            )
        )
        self.size = self._fast.get_vocab_size()

    def encode(self, text: str) -> Encoding:
        """``text`` as the model reads it, special tokens included; ``.ids`` and ``.offsets`` (characters)
        a token.
        """
        return self._fast.encode(text)

    def ids(self, text: str) -> np.ndarray:
        """``text`` as the model reads it: (N,) int64, special tokens included."""
        return np.asarray([*self._first, *self._fast.encode(text).ids], dtype=np.int64)

    def token(self, index: int) -> str:
        """The entry ``index`` of the vocabulary as it would read in a text."""
        return self._fast.decode([index], skip_special_tokens=False).strip()


@dataclass(frozen=True, kw_only=True)
class _Stated:
    """What a config.json says of positions."""

    model_type: str | None = None
    max_position_embeddings: int | None = None
    n_positions: int | None = None
    pad_token_id: int | None = None


def positions(folder: Path) -> int | None:
    """How many tokens the language model of a folder can read at once; None where its config.json does not
    say.
    """
    path = Path(folder) / "config.json"
    if not path.is_file():
        return None
    config = _table(path)
    inner = config.get("text_config")
    stated = checked({**config, **(inner if isinstance(inner, dict) else {})}, _Stated, path, _AGAIN)
    number = stated.n_positions if stated.max_position_embeddings is None else stated.max_position_embeddings
    if number is not None and stated.model_type == "roberta":
        number -= (
            1 if stated.pad_token_id is None else stated.pad_token_id
        ) + 1  # positions begin behind the padding token's id
    return number


def most_tokens(longest: int | None, folder: Path) -> int:
    """The setting ``longest`` of a view; where it is None, ``LONGEST`` or what the model of ``folder`` can
    read, if that is less.
    """
    readable = positions(folder)
    if longest is None:
        return LONGEST if readable is None else min(LONGEST, readable)
    if readable is not None and longest > readable:
        raise ConfigError(
            f"longest: {longest} and a language model of {readable} positions",
            folder,
            f"at most {readable} tokens",
            "lower longest, or leave it out",
        )
    return longest


def _special_tokens(folder: Path, wanted: set[str], masked: bool) -> dict[str, str]:
    """Special tokens as text, from whichever of the two files of a Hugging Face folder says them;
    ``eos_token`` may stand in for any of a model without masks.
    """
    named: dict[str, str] = {}
    for file in ("tokenizer_config.json", "special_tokens_map.json"):
        if (folder / file).is_file():
            for key, value in _table(folder / file).items():
                if key in ("mask_token", "pad_token", "bos_token", "eos_token") and value is not None:
                    named[key] = checked(
                        value.get("content") if isinstance(value, dict) else value, str, folder / file, _AGAIN
                    )
    if not masked and "eos_token" in named:
        named = {**dict.fromkeys(wanted, named["eos_token"]), **named}
    if missing := wanted - set(named):
        raise DataError(
            f"tokenizer without {' and '.join(sorted(missing))}",
            folder,
            "special tokens in tokenizer_config.json",
            "use a language model that was trained on masked words" if masked else "name its eos_token there",
        )
    return named


def _table(path: Path) -> dict[str, Any]:
    return checked(read_json(path), dict[str, Any], path, _AGAIN)


def copy(source: Path, folder: Path) -> None:
    """Copy the tokenizer's files from one Hugging Face folder to another."""
    for name in TOKENIZER_FILES:
        if (source / name).is_file():
            shutil.copyfile(source / name, folder / name)


def pad(rows: Sequence[np.ndarray], value: int) -> tuple[np.ndarray, np.ndarray]:
    """B sequences of ids -> ids (B, N) int64 filled up on the right with ``value``, and which are real (B,
    N) bool.
    """
    lengths = np.array([len(row) for row in rows])
    real = np.arange(lengths.max(initial=0)) < lengths[:, None]
    ids = np.full(real.shape, value, dtype=np.int64)
    ids[real] = np.concatenate(rows) if rows else []
    return ids, real
