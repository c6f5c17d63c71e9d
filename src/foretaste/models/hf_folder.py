"""A model of the hub as every other step reads it: config.json, safetensors, and of a language model a fast
tokenizer with its special tokens named.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer as FastTokenizer

from foretaste.contracts.errors import DataError
from foretaste.contracts.foreign_files import UNREADABLE, check_is_itself, first_line
from foretaste.contracts.json_files import checked, read_json
from foretaste.settings.hugging_face import chosen_files

SPECIAL = ("pad_token", "mask_token", "cls_token", "sep_token", "unk_token", "bos_token", "eos_token")


def take_over(source: Path, folder: Path, reads_text: bool = True) -> dict[str, list[str]]:
    """Copy the model in ``source`` into ``folder``, which is made; returns which files are not the source's
    own. One that ``reads_text`` is given a whole tokenizer.

    ``converted``: weights that were a .bin, read as weights only. ``written``: what the tokenizer's class
    knows and the source's files do not say (the published BERT, RoBERTa and ALBERT name no mask token in
    them), or a tokenizer.json made of an older format. Raises DataError for weights that are not tensors, and
    where no fast tokenizer can be made.
    """
    folder.mkdir(parents=True)
    names = chosen_files([path.name for path in source.iterdir()], source)
    for name in names:
        check_is_itself(source / name)
    bins = [name for name in names if name.startswith("pytorch_model")]
    for name in names:
        if name not in bins:
            shutil.copyfile(source / name, folder / name)
    if bins:
        _convert([source / name for name in bins if name.endswith(".bin")], folder / "model.safetensors")
    return {
        "converted": ["model.safetensors"] if bins else [],
        "written": _complete_tokenizer(folder, source) if reads_text else [],
    }


def _convert(bins: list[Path], file: Path) -> None:
    from safetensors.torch import (
        save_file,
    )  # torch takes seconds to import, and most models need no conversion

    from foretaste.models.weight_files import read

    state = {name: tensor for path in bins for name, tensor in read(path).items()}
    # Tied weights are one tensor under several names, which safetensors refuses: each name gets its own.
    save_file({name: tensor.clone().contiguous() for name, tensor in state.items()}, file, {"format": "pt"})


def _complete_tokenizer(folder: Path, source: Path) -> list[str]:
    _check_tokenizer(folder / "tokenizer.json")
    named = _named(folder)
    lacking = [key for key in ("mask_token", "pad_token") if key not in named]
    if (folder / "tokenizer.json").is_file() and not lacking:
        return []
    from transformers import AutoTokenizer  # seconds to import as well

    try:
        tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, use_fast=True
        )
        fast = tokenizer.backend_tokenizer
    except (*UNREADABLE, ImportError) as error:
        raise DataError(
            f"no fast tokenizer ({first_line(error)})",
            source,
            "tokenizer.json",
            "write it with transformers' AutoTokenizer.save_pretrained where its own libraries are installed",
        ) from error
    written = []
    if not (folder / "tokenizer.json").is_file():
        fast.save(str(folder / "tokenizer.json"))
        written.append("tokenizer.json")
    known = {
        key: str(getattr(tokenizer, key)) for key in SPECIAL if getattr(tokenizer, key, None) is not None
    }
    if any(key in known for key in lacking):
        (folder / "special_tokens_map.json").write_text(
            json.dumps(known | named, indent=1, sort_keys=True) + "\n", encoding="utf-8"
        )
        written.append("special_tokens_map.json")
    return written


def _check_tokenizer(path: Path) -> None:
    """Before transformers reads it, whose errors are those of whatever it was doing."""
    if not path.is_file():
        return
    try:
        FastTokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises Exception itself, whatever is wrong with a file
        raise DataError(
            f"not a tokenizer ({first_line(error)})",
            path,
            "a file of the tokenizers library",
            "fetch it again",
        ) from error


def _named(folder: Path) -> dict[str, str | dict]:
    """Special tokens by name, as the source's own files say them."""
    named = {}
    for file in ("tokenizer_config.json", "special_tokens_map.json"):
        if (folder / file).is_file():
            values = checked(read_json(folder / file), dict[str, Any], folder / file, "fetch it again")
            named |= {key: values[key] for key in SPECIAL if values.get(key) is not None}
    return named
